package statem_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/statem"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errBoom  = errors.New("boom")
	errOther = errors.New("other")
)

// loggedNode is a node whose records are kept. It is stopped at the test's end,
// and must leave nothing.
func loggedNode(t testing.TB, name string) (*kista.Node, *records) {
	t.Helper()
	r := new(records)
	n, err := kista.Start(kista.Config{Name: name, Logger: slog.New(r)})
	assert.NoError(t, err)
	t.Cleanup(func() { stop(t, n) })
	return n, r
}

// stop stops a node, which must leave nothing.
func stop(t testing.TB, n *kista.Node) {
	t.Helper()
	assert.NoError(t, n.Stop(context.Background()))
	if s := n.Stats(); s.Processes != 0 || s.Executions != 0 || s.Zombies != 0 || s.Timers != 0 || s.Names != 0 {
		t.Errorf("after stop: %+v", s)
	}
}

// bubble runs a test with a node of its own in virtual time.
func bubble(t *testing.T, f func(t *testing.T, n *kista.Node, log *records)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n, log := loggedNode(t, "a")
		f(t, n, log)
	})
}

func start[S comparable, A any](t testing.TB, n *kista.Node, f statem.Factory[S, A], args A, o statem.Opts) kista.PID {
	t.Helper()
	pid, err := statem.Start(context.Background(), n, f, args, o)
	assert.NoError(t, err)
	return pid
}

// within runs body as a process of n and waits until it has returned nil.
func within(t *testing.T, n *kista.Node, body func(s *kista.Self)) {
	t.Helper()
	gate, ran := make(chan struct{}), make(chan struct{})
	pid := n.Spawn(func(s *kista.Self) error {
		<-gate
		body(s)
		close(ran)
		return nil
	})
	end := endOf(n, pid)
	close(gate)
	reason := <-end
	select {
	case <-ran:
	default:
		t.Fatalf("the process did not get to its end: %v", reason)
	}
}

// endOf tells, now that it lives, how a process will end.
func endOf(n *kista.Node, pid kista.PID) <-chan error {
	ch := make(chan error, 1)
	watching := make(chan struct{})
	n.Spawn(func(s *kista.Self) error {
		s.Monitor(pid)
		close(watching)
		d, err := kista.Receive[kista.Down](s)
		if err == nil {
			ch <- d.Reason
		}
		return err
	})
	<-watching
	return ch
}

// pass lets time pass in a bubble, and what it brings come to rest.
func pass(d time.Duration) {
	time.Sleep(d) // sleep: time is virtual
	synctest.Wait()
}

// journal keeps what machines did, for the test to read meanwhile.
type journal struct {
	mu  sync.Mutex
	all []any
}

func (j *journal) add(v any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.all = append(j.all, v)
}

// take returns what was added since the last time, once all has come to rest.
func (j *journal) take() (out []any) {
	synctest.Wait()
	j.mu.Lock()
	defer j.mu.Unlock()
	out, j.all = j.all, nil
	return out
}

// ask is a request for any answer.
type ask struct {
	server.Replies[string]
	What string
}

type (
	ctx  = statem.Ctx[string]
	none = struct{}
)
