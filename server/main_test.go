package server_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

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

func start[A any](t testing.TB, n *kista.Node, f server.Factory[A], args A, o server.Opts) kista.PID {
	t.Helper()
	pid, err := server.Start(context.Background(), n, f, args, o)
	assert.NoError(t, err)
	return pid
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
