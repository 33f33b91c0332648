package server_test

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
	t.Cleanup(func() {
		assert.NoError(t, n.Stop(context.Background()))
		if s := n.Stats(); s.Processes != 0 || s.Executions != 0 || s.Zombies != 0 || s.Timers != 0 || s.Names != 0 {
			t.Errorf("after stop: %+v", s)
		}
	})
	return n, r
}

// bubble runs a test with a node of its own in virtual time.
func bubble(t *testing.T, f func(t *testing.T, n *kista.Node, log *records)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n, log := loggedNode(t, "a")
		f(t, n, log)
	})
}

func start[A any](t testing.TB, n *kista.Node, f server.Factory[A], args A, o server.Opts) kista.PID {
	t.Helper()
	pid, err := server.Start(context.Background(), n, f, args, o)
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

// receive takes the first message of type M.
func receive[M any](t testing.TB, s *kista.Self) M {
	t.Helper()
	m, err := kista.Receive[M](s)
	assert.NoError(t, err)
	return m
}

// empty fails the test if there is a message in the mailbox.
func empty(t testing.TB, s *kista.Self) {
	t.Helper()
	_ = s.Select(
		kista.On(func(m any) error { t.Errorf("unexpected message %T %v", m, m); return nil }),
		kista.After(0, nil),
	)
}

// pass lets time pass in a bubble, and what it brings come to rest.
func pass(d time.Duration) {
	time.Sleep(d) // sleep: time is virtual
	synctest.Wait()
}

// journal keeps what servers did, for the test to read meanwhile.
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

// hooks is a Handler made of functions; nil ones do nothing.
type hooks struct {
	init   func(c *server.Ctx) error
	handle func(c *server.Ctx, msg any) error
	end    func(c *server.Ctx, reason error) error
}

func (h *hooks) Handle(c *server.Ctx, msg any) error {
	if h.handle != nil {
		return h.handle(c, msg)
	}
	return nil
}

func (h *hooks) Terminate(c *server.Ctx, reason error) error {
	if h.end != nil {
		return h.end(c, reason)
	}
	return nil
}

func (h *hooks) factory() server.Factory[any] {
	return func(c *server.Ctx, _ any) (server.Handler, error) {
		if h.init != nil {
			if err := h.init(c); err != nil {
				return nil, err
			}
		}
		return h, nil
	}
}

// ask is a request for any answer.
type ask struct {
	server.Replies[string]
	What string
}

// on answers asks, and leaves the rest alone.
func on(do func(c *server.Ctx, what string) (string, error)) *server.Mux[struct{}] {
	m := new(server.Mux[struct{}])
	server.OnCall(m, func(c *server.Ctx, _ *struct{}, q ask) (string, error) { return do(c, q.What) })
	return m
}

// none makes a state that is not used.
func none(*server.Ctx, any) (*struct{}, error) { return new(struct{}), nil }

func echo(_ *server.Ctx, what string) (string, error) { return what, nil }
