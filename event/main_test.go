package event_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/event"
	"github.com/kista-go/kista/internal/assert"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var quiet = slog.New(slog.DiscardHandler)

var (
	errBoom  = errors.New("boom")
	errOther = errors.New("other")
)

// manager starts a manager with handlers, the last one added last.
func manager(t testing.TB, n *kista.Node, handlers ...event.Spec) kista.PID {
	t.Helper()
	pid, err := event.Start(context.Background(), n, event.Opts{}, handlers...)
	assert.NoError(t, err)
	return pid
}

func id(module string) event.HandlerID { return event.HandlerID{Module: module} }

func which(t testing.TB, mgr kista.Addr) string {
	t.Helper()
	ids, err := event.WhichHandlers(context.Background(), mgr)
	assert.NoError(t, err)
	return fmt.Sprint(ids)
}

// journal keeps what handlers did.
type journal struct {
	mu  sync.Mutex
	all []string
}

func (j *journal) add(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.all = append(j.all, fmt.Sprintf(format, args...))
}

// take returns what was added since the last time, once all has come to rest.
func (j *journal) take() (out []string) {
	synctest.Wait()
	j.mu.Lock()
	defer j.mu.Unlock()
	out, j.all = j.all, nil
	return out
}

// ask is a request for any answer.
type ask struct {
	event.Replies[any]
	What string
}

// do is what a hand does when it is told so, as an event, a request or an info.
type do struct{ What string }

// hand is a handler that writes down what it gets, and does what it is told.
type hand struct {
	j    *journal
	name string
	n    int
	what map[string]func(c *event.Ctx) error // besides outcomes
	end  func(c *event.Ctx, why event.Leaving) any
}

// outcomes are ways in which a function can come back, or not.
var outcomes = map[string]func() error{
	"ok":     func() error { return nil },
	"error":  func() error { return errBoom },
	"panic":  func() error { panic(errBoom) },
	"goexit": func() error { runtime.Goexit(); return nil },
	"crash":  func() error { return event.Crash(errBoom) },
	"remove": func() error { return event.Remove },
}

func (h *hand) act(c *event.Ctx, what string) error {
	if f := h.what[what]; f != nil {
		return f(c)
	}
	if f := outcomes[what]; f != nil {
		return f()
	}
	return nil
}

func (h *hand) HandleEvent(c *event.Ctx, ev any) error {
	h.n++
	h.j.add("%s event %v", h.name, ev)
	if d, ok := ev.(do); ok {
		return h.act(c, d.What)
	}
	return nil
}

func (h *hand) HandleCall(c *event.Ctx, req any) (any, error) {
	h.n++
	what := req.(ask).What
	h.j.add("%s call %s", h.name, what)
	switch what {
	case "chan":
		return make(chan int), nil
	case "nil":
		return nil, nil
	}
	return h.name + " says " + what, h.act(c, what)
}

func (h *hand) HandleInfo(c *event.Ctx, msg any) error {
	h.n++
	if e, ok := msg.(kista.Exited); ok {
		h.j.add("%s exit %v", h.name, e.Reason)
		return nil
	}
	h.j.add("%s info %v", h.name, msg)
	if d, ok := msg.(do); ok {
		return h.act(c, d.What)
	}
	return nil
}

func (h *hand) Terminate(c *event.Ctx, why event.Leaving) any {
	h.j.add("%s leaves: %v %v %v %v", h.name, why.Cause, why.Args, why.Reason, why.Next)
	if h.end != nil {
		return h.end(c, why)
	}
	return h.n
}

func (h *hand) State() any { return h.n }

// hands makes hands that write into one journal.
func (j *journal) hand(name string, more ...func(h *hand)) event.Spec {
	f := func(c *event.Ctx, name string) (event.Handler, error) {
		h := &hand{j: j, name: name}
		for _, change := range more {
			change(h)
		}
		if from, ok := c.Handover(); ok {
			j.add("%s inherits %v %v of %v", name, from.Term, from.Err, from.From)
		}
		return h, nil
	}
	return event.New(id(name), f, name)
}
