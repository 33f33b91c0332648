package task_test

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/supervisor"
	"github.com/kista-go/kista/task"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errBoom  = errors.New("boom")
	errOther = errors.New("other")
)

// bubble runs a test with a node of its own in virtual time, and a task supervisor
// on it. No process may be left when the test is over, and nothing at all when the
// node has stopped.
func bubble(t *testing.T, f func(t *testing.T, n *kista.Node, sup kista.PID)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n, err := kista.Start(kista.Config{Name: "a", Logger: slog.New(slog.DiscardHandler)})
		assert.NoError(t, err)
		sup, err := task.StartSupervisor(t.Context(), n, supervisor.Opts{})
		assert.NoError(t, err)
		t.Cleanup(func() {
			assert.NoError(t, n.Stop(context.Background()))
			if s := n.Stats(); s.Processes != 0 || s.Executions != 0 || s.Zombies != 0 || s.Timers != 0 || s.Names != 0 {
				t.Errorf("after stop: %+v", s)
			}
		})
		f(t, n, sup)
		synctest.Wait()
		left := 1
		if !n.Alive(sup) {
			left = 0
		}
		if s := n.Stats(); s.Processes != left || s.Zombies != 0 {
			t.Errorf("left behind: %+v", s)
		}
	})
}

// wait returns the exit reason of a process that ends, or has ended.
func wait(t testing.TB, pid kista.PID) error {
	t.Helper()
	reason, err := kista.Wait(context.Background(), pid)
	assert.NoError(t, err)
	return reason
}

// three is a task's function that answers.
func three(*kista.Self) (int, error) { return 3, nil }

// forever waits until it is told to end.
func forever(s *kista.Self) (int, error) {
	<-s.Done()
	return 0, s.Err()
}

// after answers after some time, unless it is told to end.
func after(d time.Duration) task.Func[int] {
	return func(s *kista.Self) (int, error) {
		select {
		case <-time.After(d):
			return int(d / time.Second), nil
		case <-s.Done():
			return 0, s.Err()
		}
	}
}

// ends are ways in which a function can come back, or not.
var ends = map[string]func() (int, error){
	"error":  func() (int, error) { return 0, errBoom },
	"panic":  func() (int, error) { panic(errBoom) },
	"goexit": func() (int, error) { runtime.Goexit(); return 0, nil },
	"crash":  func() (int, error) { return 0, task.Crash(errBoom) },
}

// starters are the ways to start a task, for an owner of either kind.
func starters(n *kista.Node, sup kista.PID) map[string]func(ctx context.Context, fn task.Func[int]) *task.Task[int] {
	all := map[string]func(ctx context.Context, fn task.Func[int]) *task.Task[int]{
		"on":     func(ctx context.Context, fn task.Func[int]) *task.Task[int] { return task.AsyncOn(ctx, n, fn) },
		"nolink": func(ctx context.Context, fn task.Func[int]) *task.Task[int] { return task.AsyncNolink(ctx, sup, fn) },
	}
	return all
}

// linkers are those for a process that is linked.
func linkers(sup kista.PID) map[string]func(s *kista.Self, fn task.Func[int]) *task.Task[int] {
	return map[string]func(s *kista.Self, fn task.Func[int]) *task.Task[int]{
		"async": task.Async[int],
		"under": func(s *kista.Self, fn task.Func[int]) *task.Task[int] { return task.AsyncUnder(s, sup, fn) },
	}
}

// journal keeps what tasks did.
type journal struct {
	mu  sync.Mutex
	all []string
}

func (j *journal) add(s string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.all = append(j.all, s)
}

func (j *journal) take() (out []string) {
	synctest.Wait()
	j.mu.Lock()
	defer j.mu.Unlock()
	out, j.all = j.all, nil
	return out
}
