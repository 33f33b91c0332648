package kistatest_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// witness is a test that is expected to fail, and writes down how.
type witness struct {
	testing.TB
	cleanups []func()
	said     []string
}

func (w *witness) Helper()          {}
func (w *witness) Cleanup(f func()) { w.cleanups = append(w.cleanups, f) }
func (w *witness) Errorf(format string, args ...any) {
	w.said = append(w.said, fmt.Sprintf(format, args...))
}

func (w *witness) Fatalf(format string, args ...any) {
	w.Errorf(format, args...)
	panic(w)
}

func (w *witness) Fatal(args ...any) { w.Fatalf("%s", fmt.Sprint(args...)) }

// fails returns what the test f says until it fails or is over.
func fails(t testing.TB, f func(t testing.TB)) string {
	t.Helper()
	w := &witness{TB: t}
	func() {
		defer func() {
			if v := recover(); v != nil && v != any(w) {
				panic(v)
			}
		}()
		f(w)
	}()
	for _, c := range w.cleanups {
		c()
	}
	return strings.Join(w.said, "\n")
}

// A test that leaves nothing behind does not fail.
func TestNothingIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		assert.Equal(t, fails(t, func(t testing.TB) {
			n, _ := kistatest.Node(t, kista.Config{})
			n.Spawn(func(s *kista.Self) error { _, err := s.Receive(); return err })
			kista.SendAfter(time.Hour, n.Name("nobody"), 1)
			assert.Equal(t, n.NodeName(), "test")
		}), "")
	})
}

// A handler that does not come back fails the test.
func TestWhatIsLeftFailsTheTest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan int)
		said := fails(t, func(t testing.TB) {
			n, _ := kistatest.Node(t, kista.Config{Name: "leaky"})
			begun := make(chan int)
			n.Spawn(func(*kista.Self) error { close(begun); <-stuck; return nil })
			<-begun
		})
		close(stuck)
		synctest.Wait()
		for _, want := range []string{"leaky", "leaves 0 processes, 1 executions (1 of killed processes)"} {
			assert.True(t, strings.Contains(said, want), "it says only %q", said)
		}
	})
}

func TestANodeThatDoesNotStart(t *testing.T) {
	said := fails(t, func(t testing.TB) { kistatest.Node(t, kista.Config{MaxTimers: -1}) })
	assert.True(t, said != "", "it does start")
}

func TestWithin(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		kistatest.Within(t, n, func(s *kista.Self) {
			kista.SendAfter(time.Hour, s.PID(), "late")
			assert.NoError(t, s.Send(s.PID(), 1))
			assert.NoError(t, s.Send(s.PID(), "text"))
			assert.Equal(t, kistatest.Receive[string](t, s), "text")
			assert.Equal(t, kistatest.Receive[int](t, s), 1)
			kistatest.Empty(t, s)
			assert.Equal(t, kistatest.Receive[string](t, s), "late")
		})
		said := fails(t, func(t testing.TB) { kistatest.Within(t, n, func(*kista.Self) { panic("at the disco") }) })
		assert.True(t, strings.Contains(said, "at the disco"), "it says %q", said)
		said = fails(t, func(t testing.TB) {
			kistatest.Within(t, n, func(s *kista.Self) {
				assert.NoError(t, s.Send(s.PID(), 1))
				kistatest.Empty(t, s)
			})
		})
		assert.True(t, strings.Contains(said, "unexpected message int 1"), "it says %q", said)
		said = fails(t, func(t testing.TB) {
			kistatest.Within(t, n, func(s *kista.Self) {
				_ = kista.Exit(s.PID(), errors.New("enough"))
				kistatest.Receive[string](t, s)
			})
		})
		assert.True(t, strings.Contains(said, "no message of type string came"), "it says %q", said)
	})
}

func TestLog(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
		assert.Equal(t, log.Attrs("process crashed"), map[string]string(nil))
		n.Spawn(func(*kista.Self) error { panic("first") })
		kistatest.Pass(0)
		n.Spawn(func(*kista.Self) error { panic("second") })
		kistatest.Pass(0)
		assert.Equal(t, log.Messages(), []string{"process crashed", "process crashed"})
		assert.Equal(t, len(log.Records()), 2)
		reason := log.Attrs("process crashed")["reason"]
		assert.True(t, strings.Contains(reason, "first"), "the reason is %q", reason)

		assert.Equal(t, len(log.Take()), 2)
		assert.Equal(t, len(log.Take()), 0)

		late := slog.New(log).WithGroup("of no importance").With("nor", "this")
		go func() { time.Sleep(time.Second); late.Info("it is time", "after", time.Second) }() // sleep: time is virtual
		got, err := log.Await(t.Context(), "it is time")
		assert.NoError(t, err)
		assert.Equal(t, got, map[string]string{"after": "1s"})

		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err = log.Await(ctx, "never")
		assert.True(t, errors.Is(err, context.DeadlineExceeded), "the error is %v", err)
	})
}
