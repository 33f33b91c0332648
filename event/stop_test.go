package event_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/event"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/supervisor"
)

func TestS172_Stop(t *testing.T) {
	stops := []string{"c leaves: stopped <nil> <nil> ", "b leaves: stopped <nil> <nil> ", "a leaves: stopped <nil> <nil> "}
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
		j := new(journal)
		// From outside, with any reason, also if one of them does not terminate.
		m := manager(t, n, j.hand("a"), j.hand("b", func(h *hand) {
			h.end = func(*event.Ctx, event.Leaving) any { panic(errBoom) }
		}), j.hand("c"))
		assert.NoError(t, event.Shutdown(t.Context(), m, kista.ErrShutdown))
		assert.Equal(t, j.take(), stops)
		assert.ErrorIs(t, event.Shutdown(t.Context(), m, nil), kista.ErrNoProcess)

		// By its parent's end, or its parent's wish.
		for _, reason := range []error{nil, kista.ErrShutdown, errBoom} {
			var pid kista.PID
			parent := n.Spawn(func(s *kista.Self) error {
				var err error
				if pid, err = event.StartLink(s, s, event.Opts{Name: "m"}, j.hand("a"), j.hand("b"), j.hand("c")); err != nil {
					return err
				}
				return reason
			})
			_, err := kista.Wait(t.Context(), parent)
			assert.NoError(t, err)
			why, err := kista.Wait(t.Context(), pid)
			assert.NoError(t, err)
			assert.ErrorIs(t, why, reason)
			assert.Equal(t, j.take(), stops)
		}
		assert.Equal(t, log.Attrs("event handler does not terminate in order")["cause"], "stopped")
	})
}

// A manager in a supervision tree stops in its time, or is killed.
func TestS172_UnderASupervisor(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
		j := new(journal)
		hang := func(h *hand) {
			h.what = map[string]func(*event.Ctx) error{
				"polite": func(c *event.Ctx) error { <-c.Stopping(); return nil },
				"hang":   func(c *event.Ctx) error { <-c.Done(); return nil }, // until it is killed
			}
		}
		for _, how := range []string{"polite", "hang"} {
			sup, err := supervisor.Start(t.Context(), n, supervisor.Spec{Children: []supervisor.Child{
				{ID: "alarms", Start: event.Child(event.Opts{Name: "alarms"}, j.hand("a", hang)), Shutdown: time.Second},
			}}, supervisor.Opts{})
			assert.NoError(t, err)
			assert.NoError(t, event.Notify(n.Name("alarms"), do{how}))
			synctest.Wait()
			begin := time.Now()
			_, err = kista.System(t.Context(), sup, kista.Terminate{Reason: kista.ErrShutdown})
			assert.NoError(t, err)
			took := time.Since(begin)
			synctest.Wait()
			if how == "polite" {
				assert.Equal(t, took, 0)
				assert.Equal(t, j.take(), []string{"a event {polite}", "a leaves: stopped <nil> <nil> "})
			} else {
				assert.Equal(t, took, time.Second)
				assert.Equal(t, j.take(), []string{"a event {hang}"})
			}
		}
		assert.Equal(t, log.Messages() != nil, true)
	})
}

// A restarted manager has the handlers that it was described with.
func TestARestartMakesTheHandlersAnew(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		j := new(journal)
		_, err := supervisor.Start(t.Context(), n, supervisor.Spec{Children: []supervisor.Child{
			{ID: "alarms", Start: event.Child(event.Opts{Name: "alarms"}, j.hand("a"), j.hand("b"))},
		}}, supervisor.Opts{})
		assert.NoError(t, err)
		assert.NoError(t, event.Add(t.Context(), n.Name("alarms"), j.hand("c")))
		pid, _ := n.WhereIs("alarms")
		assert.NoError(t, kista.Exit(pid, kista.Kill))
		synctest.Wait()
		assert.Equal(t, which(t, n.Name("alarms")), "[b a]")
	})
}

// If a first handler is not made, those before it terminate, and the start fails.
func TestAStartThatFails(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		j := new(journal)
		for how, want := range map[string]error{"error": errBoom, "panic": errBoom, "goexit": kista.ErrGoexit} {
			bad := event.New(id("bad"), func(*event.Ctx, int) (event.Handler, error) { return nil, outcomes[how]() }, 0)
			_, err := event.Start(t.Context(), n, event.Opts{Name: "m"}, j.hand("a"), j.hand("b"), bad, j.hand("c"))
			assert.ErrorIs(t, assert.ErrorAs[*event.HandlerError](t, err), want)
			assert.Equal(t, j.take(), []string{"b leaves: stopped <nil> <nil> ", "a leaves: stopped <nil> <nil> "})
			_, there := n.WhereIs("m")
			assert.True(t, !there, "the name is taken")
		}
		pid := manager(t, n)
		_, err := event.Start(t.Context(), n, event.Opts{Name: "m"})
		assert.NoError(t, err)
		_, err = event.Start(t.Context(), n, event.Opts{Name: "m"})
		assert.ErrorAs[*kista.NameTakenError](t, err)
		kistatest.Within(t, n, func(s *kista.Self) {
			pid, ref, err := event.StartMonitor(s, s, event.Opts{})
			assert.NoError(t, err)
			assert.NoError(t, event.Shutdown(s, pid, nil))
			assert.Equal(t, kistatest.Receive[kista.Down](t, s).Ref, ref)
		})
		assert.NoError(t, event.Shutdown(t.Context(), pid, nil))
	})
}

func TestS173_GetState(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		j := new(journal)
		type point struct{ X int }
		mux := new(event.Mux[point])
		shows := func(name string, f func() any) event.Spec {
			return event.New(id(name), func(*event.Ctx, int) (event.Handler, error) { return shower{show: f}, nil }, 0)
		}
		m := manager(t, n, j.hand("a"),
			event.New(event.HandlerID{Module: "mux", ID: "1"}, event.Of(mux, func(*event.Ctx, int) (*point, error) { return &point{3}, nil }), 0),
			event.New(id("bare"), event.Of(mux, func(*event.Ctx, int) (*point, error) { return nil, nil }), 0),
			event.New(id("deaf"), deaf, ""),
			shows("panics", func() any { panic(errBoom) }),
			shows("exits", func() any { _ = outcomes["goexit"](); return nil }),
			shows("hides", func() any { return make(chan int) }),
		)
		got := states(t, m)
		why := map[string]error{}
		for i := range got {
			why[got[i].Handler.String()] = got[i].Err
			got[i].Err = nil
		}
		assert.Equal(t, got, []event.HandlerState{
			{Handler: id("hides")},
			{Handler: id("exits")},
			{Handler: id("panics")},
			{Handler: id("deaf")},
			{Handler: id("bare")},
			{Handler: event.HandlerID{Module: "mux", ID: "1"}, State: point{3}},
			{Handler: id("a"), State: 0},
		})
		assert.ErrorAs[*kista.DataError](t, why["hides"])
		assert.ErrorIs(t, why["exits"], kista.ErrGoexit)
		assert.ErrorIs(t, why["panics"], errBoom)
		assert.ErrorAs[*kista.DataError](t, why["deaf"])
		assert.True(t, why["a"] == nil && why["bare"] == nil && why["mux/1"] == nil, "%v", why)
		assert.Equal(t, len(got), len(states(t, m))) // asking changes nothing
	})
}

type shower struct{ show func() any }

func (shower) HandleEvent(*event.Ctx, any) error { return nil }
func (s shower) State() any                      { return s.show() }

// An idle manager owns no goroutine, so there is nothing to hibernate.
func TestS173_AnIdleManagerOwnsNoGoroutine(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		j := new(journal)
		for range 100 {
			assert.NoError(t, event.SyncNotify(t.Context(), manager(t, n, j.hand("a")), 1))
		}
		synctest.Wait()
		assert.Equal(t, n.Stats().Executions, 0)
		assert.Equal(t, n.Stats().Processes, 100)
	})
}

func TestS217_SuspendAndResume(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		j := new(journal)
		m := manager(t, n, j.hand("a"))
		for _, req := range []kista.SystemRequest{kista.Suspend{}, kista.Suspend{}} {
			_, err := kista.System(t.Context(), m, req)
			assert.NoError(t, err)
		}
		assert.NoError(t, event.Notify(m, 1))
		_, err := event.CallFor(t.Context(), time.Second, m, id("a"), ask{What: "x"})
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, j.take(), nil)
		assert.Equal(t, states(t, m)[0].State, any(0))
		_, err = kista.System(t.Context(), m, kista.Resume{})
		assert.NoError(t, err)
		assert.Equal(t, j.take(), []string{"a event 1", "a call x"})
	})
}
