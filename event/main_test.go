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
	"time"

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

// records keeps what a node logs.
type records struct {
	mu  sync.Mutex
	all []slog.Record
}

func (r *records) Enabled(context.Context, slog.Level) bool { return true }
func (r *records) WithAttrs([]slog.Attr) slog.Handler       { return r }
func (r *records) WithGroup(string) slog.Handler            { return r }
func (r *records) Handle(_ context.Context, rec slog.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, rec)
	return nil
}

// messages returns what was logged, in order.
func (r *records) messages() (out []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rec := range r.all {
		out = append(out, rec.Message)
	}
	return out
}

// attrs returns the attributes of the first record with that message, as text.
func (r *records) attrs(t *testing.T, message string) map[string]string {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rec := range r.all {
		if rec.Message == message {
			out := map[string]string{}
			rec.Attrs(func(a slog.Attr) bool {
				out[a.Key] = a.Value.String()
				return true
			})
			return out
		}
	}
	t.Fatalf("no record %q", message)
	return nil
}

// bubble runs a test with a node of its own in virtual time. The node must leave
// nothing.
func bubble(t *testing.T, f func(t *testing.T, n *kista.Node, log *records)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := new(records)
		n, err := kista.Start(kista.Config{Name: "a", Logger: slog.New(r)})
		assert.NoError(t, err)
		t.Cleanup(func() {
			assert.NoError(t, n.Stop(context.Background()))
			if s := n.Stats(); s.Processes != 0 || s.Executions != 0 || s.Zombies != 0 || s.Timers != 0 || s.Names != 0 {
				t.Errorf("after stop: %+v", s)
			}
		})
		f(t, n, r)
	})
}

// manager starts a manager with handlers, the last one added last.
func manager(t testing.TB, n *kista.Node, handlers ...event.Spec) kista.PID {
	t.Helper()
	pid, err := event.Start(context.Background(), n, event.Opts{}, handlers...)
	assert.NoError(t, err)
	return pid
}

// within runs body as a process of n and waits until it has returned.
func within(t *testing.T, n *kista.Node, body func(s *kista.Self)) {
	t.Helper()
	ran := make(chan struct{})
	pid, err := n.SpawnWith(kista.SpawnOpts{}, func(s *kista.Self) error {
		body(s)
		close(ran)
		return nil
	})
	assert.NoError(t, err)
	reason, err := kista.Wait(context.Background(), pid)
	assert.NoError(t, err)
	select {
	case <-ran:
	default:
		t.Fatalf("the process did not get to its end: %v", reason)
	}
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

// pass lets time pass in a bubble, and what it brings come to rest.
func pass(d time.Duration) {
	time.Sleep(d) // sleep: time is virtual
	synctest.Wait()
}
