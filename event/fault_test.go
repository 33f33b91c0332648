package event_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/event"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/supervisor"
)

// Whatever a callback does, the manager, the other handlers, the supervisor, its
// other children and the node live on.
func TestFaults(t *testing.T) {
	type fault = func() error
	faults := map[string]fault{
		"panic":  func() error { panic(errBoom) },
		"goexit": func() error { return outcomes["goexit"]() },
		"error":  func() error { return errBoom },
		"nil":    func() error { panic(nil) }, //nolint:govet // on purpose
		"hostile": func() error {
			panic(hostile{}) // and its methods panic
		},
		"leaves": func() error { return leaver{} }, // whose methods call Goexit
	}
	type callback struct {
		name string
		// stays tells whether the handler is still there after that fault.
		stays func(how string) bool
		// run brings the fault about.
		run func(t *testing.T, m kista.Addr, f fault)
	}
	never := func(string) bool { return false }
	always := func(string) bool { return true }
	faulty := func(change func(h *faultyHandler)) event.Spec {
		return event.New(id("faulty"), func(*event.Ctx, int) (event.Handler, error) {
			h := &faultyHandler{}
			change(h)
			return h, nil
		}, 0)
	}
	add := func(t *testing.T, m kista.Addr, change func(h *faultyHandler)) {
		t.Helper()
		assert.NoError(t, event.Add(t.Context(), m, faulty(change)))
	}
	for _, cb := range []callback{
		{"init", never, func(t *testing.T, m kista.Addr, f fault) {
			err := event.Add(t.Context(), m, event.New(id("faulty"), func(*event.Ctx, int) (event.Handler, error) { return nil, f() }, 0))
			assert.ErrorAs[*event.HandlerError](t, err)
		}},
		{"handle event", never, func(t *testing.T, m kista.Addr, f fault) {
			add(t, m, func(h *faultyHandler) { h.event = f })
			assert.NoError(t, event.SyncNotify(t.Context(), m, "x"))
		}},
		{"handle call", func(how string) bool { return how == "error" || how == "leaves" }, func(t *testing.T, m kista.Addr, f fault) {
			add(t, m, func(h *faultyHandler) { h.call = f })
			_, err := event.Call(t.Context(), m, id("faulty"), ask{})
			assert.True(t, err != nil, "no error")
		}},
		{"handle info", never, func(t *testing.T, m kista.Addr, f fault) {
			add(t, m, func(h *faultyHandler) { h.info = f })
			assert.NoError(t, kista.Send(m, "x"))
		}},
		{"terminate", never, func(t *testing.T, m kista.Addr, f fault) {
			add(t, m, func(h *faultyHandler) { h.end = f })
			_, _ = event.Delete(t.Context(), m, id("faulty"), nil)
		}},
		{"terminate after a failure", never, func(t *testing.T, m kista.Addr, f fault) {
			add(t, m, func(h *faultyHandler) { h.end, h.event = f, f })
			assert.NoError(t, event.SyncNotify(t.Context(), m, "x"))
		}},
		{"swap, the old one", func(string) bool { return true }, func(t *testing.T, m kista.Addr, f fault) {
			add(t, m, func(h *faultyHandler) { h.end = f })
			assert.NoError(t, event.Swap(t.Context(), m, id("faulty"), nil, faulty(func(*faultyHandler) {})))
		}},
		{"swap, the new one", never, func(t *testing.T, m kista.Addr, f fault) {
			add(t, m, func(*faultyHandler) {})
			err := event.Swap(t.Context(), m, id("faulty"), nil, event.New(id("faulty"), func(*event.Ctx, int) (event.Handler, error) { return nil, f() }, 0))
			assert.ErrorAs[*event.HandlerError](t, err)
		}},
		{"a swap of its own", never, func(t *testing.T, m kista.Addr, f fault) {
			next := event.New(id("faulty"), func(*event.Ctx, int) (event.Handler, error) { return nil, f() }, 0)
			add(t, m, func(h *faultyHandler) { h.event, h.end = func() error { return event.SwapFor(nil, next) }, f })
			assert.NoError(t, event.SyncNotify(t.Context(), m, "x"))
		}},
		{"report", never, func(t *testing.T, m kista.Addr, f fault) {
			add(t, m, func(h *faultyHandler) { h.event, h.report = f, f })
			assert.NoError(t, event.SyncNotify(t.Context(), m, "x"))
		}},
		{"state", always, func(t *testing.T, m kista.Addr, f fault) {
			add(t, m, func(h *faultyHandler) { h.state = f })
			_, err := kista.System(t.Context(), m, kista.GetState{})
			assert.NoError(t, err)
			_, err = kista.System(t.Context(), m, kista.GetStatus{})
			assert.NoError(t, err)
		}},
		{"replace state", always, func(t *testing.T, m kista.Addr, f fault) {
			add(t, m, func(h *faultyHandler) { h.state, h.set = func() error { return nil }, f })
			_, err := kista.System(t.Context(), m, kista.ReplaceState{F: func(s any) (any, error) {
				all := s.([]event.HandlerState)
				all[0].State = 7
				return all, nil
			}})
			assert.ErrorAs[*kista.CallbackError](t, err)
		}},
		{"code change", always, func(t *testing.T, m kista.Addr, f fault) {
			add(t, m, func(*faultyHandler) {})
			_, err := kista.System(t.Context(), m, kista.Suspend{})
			assert.NoError(t, err)
			code := event.UpgradeHandler("faulty", "", func(kista.CodeChange, event.Handler) (event.Handler, error) { return nil, f() })
			_, err = kista.System(t.Context(), m, kista.ChangeCode{Code: code})
			assert.ErrorAs[*kista.CallbackError](t, err)
			_, err = kista.System(t.Context(), m, kista.Resume{})
			assert.NoError(t, err)
		}},
	} {
		for how, f := range faults {
			t.Run(cb.name+"/"+how, func(t *testing.T) {
				kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
					j := new(journal)
					_, err := supervisor.Start(t.Context(), n, supervisor.Spec{Strategy: supervisor.OneForAll, Children: []supervisor.Child{
						{ID: "sibling", Start: event.Child(event.Opts{Name: "sibling"}, j.hand("s"))},
						{ID: "m", Start: event.Child(event.Opts{Name: "m"}, j.hand("a"))},
					}}, supervisor.Opts{})
					assert.NoError(t, err)
					pid, _ := n.WhereIs("m")
					assert.NoError(t, event.Add(t.Context(), pid, j.hand("b")))

					cb.run(t, pid, f)

					want := "[b a]"
					if cb.stays(how) {
						want = "[faulty b a]"
					}
					assert.Equal(t, which(t, pid), want)
					j.take()
					assert.NoError(t, event.SyncNotify(t.Context(), pid, "still"))
					assert.Equal(t, j.take(), []string{"b event still", "a event still"})
					again, _ := n.WhereIs("m")
					assert.True(t, again == pid, "it was restarted")
					assert.Equal(t, which(t, n.Name("sibling")), "[s]")
				})
			})
		}
	}
}

// hostile is a panic value whose methods panic.
type hostile struct{}

func (hostile) Error() string  { panic(errOther) }
func (hostile) String() string { panic(errOther) }

// leaver is an error whose methods call Goexit.
type leaver struct{}

func (leaver) Error() string { return fmt.Sprint(outcomes["goexit"]()) }

// faultyHandler has a fault in each function that is set.
type faultyHandler struct {
	event, call, info, end, report, state, set func() error
}

// do1 brings a fault about.
func do1(f func() error) error {
	if f == nil {
		return nil
	}
	return f()
}

func (h *faultyHandler) HandleEvent(*event.Ctx, any) error       { return do1(h.event) }
func (h *faultyHandler) HandleCall(*event.Ctx, any) (any, error) { return 1, do1(h.call) }
func (h *faultyHandler) HandleInfo(*event.Ctx, any) error        { return do1(h.info) }
func (h *faultyHandler) Terminate(*event.Ctx, event.Leaving) any { return do1(h.end) }
func (h *faultyHandler) Report() string                          { _ = do1(h.report); return "fine" }
func (h *faultyHandler) State() any                              { _ = do1(h.state); return 1 }
func (h *faultyHandler) SetState(any) error                      { return do1(h.set) }

// A callback that blocks blocks its manager, as in OTP, and nobody else. The
// supervisor's shutdown ends it.
func TestFaultsThatBlock(t *testing.T) {
	for _, where := range []string{"init", "event", "call", "info", "terminate", "report"} {
		t.Run(where, func(t *testing.T) {
			kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
				gate := make(chan struct{})
				block := func() error { <-gate; return nil }
				h := &faultyHandler{}
				j := new(journal)
				sup, err := supervisor.Start(t.Context(), n, supervisor.Spec{Children: []supervisor.Child{
					{ID: "sibling", Start: event.Child(event.Opts{Name: "sibling"}, j.hand("s"))},
					{ID: "m", Start: event.Child(event.Opts{Name: "m"}, j.hand("a")), Shutdown: time.Second},
				}}, supervisor.Opts{})
				assert.NoError(t, err)
				m, _ := n.WhereIs("m")
				spec := event.New(id("faulty"), func(*event.Ctx, int) (event.Handler, error) {
					if where == "init" {
						return nil, block()
					}
					return h, nil
				}, 0)
				var say func()
				switch where {
				case "init":
					say = func() {
						go func() { _ = event.Add(context.Background(), m, spec) }()
					}
				case "event":
					h.event, say = block, func() { assert.NoError(t, event.Notify(m, "x")) }
				case "call":
					h.call = block
					say = func() {
						_, err := event.CallFor(t.Context(), time.Second, m, id("faulty"), ask{})
						assert.ErrorIs(t, err, context.DeadlineExceeded)
					}
				case "info":
					h.info, say = block, func() { assert.NoError(t, kista.Send(m, "x")) }
				case "terminate":
					h.end = block
					say = func() {
						go func() { _, _ = event.Delete(context.Background(), m, id("faulty"), nil) }()
					}
				case "report":
					h.event, h.report = func() error { return errBoom }, block
					say = func() { assert.NoError(t, event.Notify(m, "x")) }
				}
				if where != "init" {
					assert.NoError(t, event.Add(t.Context(), m, spec))
				}
				say()
				synctest.Wait()
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				_, err = event.WhichHandlers(ctx, m)
				assert.ErrorIs(t, err, context.DeadlineExceeded) // it does not answer
				cancel()
				assert.NoError(t, event.SyncNotify(t.Context(), n.Name("sibling"), "x")) // others do
				begin := time.Now()
				assert.NoError(t, supervisor.TerminateChild(t.Context(), sup, "m"))
				assert.Equal(t, time.Since(begin), time.Second)
				assert.Equal(t, n.Stats().Zombies, 1) // Go cannot stop it
				_, err = supervisor.RestartChild(t.Context(), sup, "m")
				assert.NoError(t, err)
				assert.Equal(t, which(t, n.Name("m")), "[a]")
				close(gate)
				kistatest.Pass(time.Second)
				assert.Equal(t, n.Stats().Zombies, 0)
				assert.Equal(t, which(t, n.Name("m")), "[a]") // what came back did nothing
			})
		})
	}
}
