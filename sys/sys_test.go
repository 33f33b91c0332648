package sys_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/sys"
)

func TestS217_MailWaitsWhileSuspended(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		pid := start(t, n, 0, server.Opts{})
		assert.NoError(t, sys.Suspend(t.Context(), pid))
		assert.NoError(t, sys.Suspend(t.Context(), pid)) // twice is no error
		early, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := server.Call(early, pid, add{N: 1})
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.NoError(t, server.Cast(pid, add{N: 2}))
		late := server.Begin(t.Context(), pid, add{N: 3})
		state, err := sys.State[counter](t.Context(), pid) // system requests are served
		assert.NoError(t, err)
		assert.Equal(t, state, counter{N: 0})
		assert.NoError(t, sys.Resume(t.Context(), pid)) // once is enough
		sum, err := late.Wait(t.Context())
		assert.NoError(t, err)
		assert.Equal(t, sum, 6)                         // all of it, in order
		assert.NoError(t, sys.Resume(t.Context(), pid)) // nor is this one
		assert.Equal(t, call(t, pid, 0), 6)
	})
}

// A suspension that has run out of time does not come into force later.
func TestS217_ASuspendThatFailsSuspendsNothing(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		pid, gate := start(t, n, 0, server.Opts{}), make(chan struct{})
		busy := server.Begin(t.Context(), pid, block{gate: gate})
		err := sys.Suspend(t.Context(), pid)
		assert.ErrorIs(t, err, context.DeadlineExceeded) // after five seconds (statement 224)
		close(gate)
		_, err = busy.WaitFor(t.Context(), server.NoTimeout)
		assert.NoError(t, err)
		assert.Equal(t, call(t, pid, 1), 1)
	})
}

// Nor is anything else done whose asker has given up, but what lets go.
func TestS224_WhatNobodyWaitsForIsNotDone(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		pid, gate := start(t, n, 5, server.Opts{}), make(chan struct{})
		assert.NoError(t, sys.Suspend(t.Context(), pid))
		assert.NoError(t, sys.Install(t.Context(), pid, "f", func(sys.Event) bool { return true }))
		assert.NoError(t, sys.Resume(t.Context(), pid))
		busy := server.Begin(t.Context(), pid, block{gate: gate})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := sys.ReplaceState(ctx, pid, func(counter) (counter, error) { return counter{99}, nil })
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.ErrorIs(t, sys.LogOn(ctx, pid, 1), context.DeadlineExceeded)
		assert.ErrorIs(t, sys.NoDebug(ctx, pid), context.DeadlineExceeded)
		close(gate)
		_, err = busy.Wait(t.Context())
		assert.NoError(t, err)
		assert.Equal(t, call(t, pid, 0), 5)
		st, err := sys.Status(t.Context(), pid)
		assert.NoError(t, err)
		assert.Equal(t, st.Debug, nil)
	})
}

func TestS217_WhoSuspendsAndDiesLetsGo(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		pid, other := start(t, n, 0, server.Opts{}), start(t, n, 0, server.Opts{})
		kistatest.Within(t, n, func(s *kista.Self) {
			assert.NoError(t, sys.Suspend(s, pid))
			assert.NoError(t, sys.Suspend(s, other))
			assert.NoError(t, sys.Suspend(s, pid))
			assert.NoError(t, sys.Suspend(t.Context(), other)) // by somebody else too
		})
		synctest.Wait()
		assert.Equal(t, call(t, pid, 1), 1)
		info, _ := n.Info(other)
		assert.Equal(t, info.Status, kista.Suspended)
		assert.NoError(t, sys.Resume(t.Context(), other))
		assert.Equal(t, call(t, other, 1), 1)
		assert.Equal(t, n.Stats().Processes, 2) // nobody watches any more
	})
}

func TestS218_GetState(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		pid := start(t, n, 5, server.Opts{})
		s, err := sys.State[counter](t.Context(), pid)
		assert.NoError(t, err)
		assert.Equal(t, s, counter{N: 5})
		_, err = sys.State[v2](t.Context(), pid)
		assert.Equal(t, assert.ErrorAs[*sys.TypeError](t, err), &sys.TypeError{Have: "sys_test.counter", Want: "sys_test.v2"})
		any, err := sys.State[any](t.Context(), pid)
		assert.NoError(t, err)
		assert.Equal(t, any, interface{}(counter{N: 5}))
	})
}

func TestS218_ReplaceState(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		pid := start(t, n, 5, server.Opts{})
		s, err := sys.ReplaceState(t.Context(), pid, func(c counter) (counter, error) { c.N *= 2; return c, nil })
		assert.NoError(t, err)
		assert.Equal(t, s, counter{N: 10})
		assert.Equal(t, call(t, pid, 1), 11)
	})
}

// What replaces the state belongs to the process alone.
func TestS218_ReplaceStateSharesNothing(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		pid, err := server.Start(t.Context(), n, server.Of(counter2(), func(*server.Ctx, int) (*v2, error) {
			return &v2{By: map[string]int{"a": 1}}, nil
		}), 0, server.Opts{})
		assert.NoError(t, err)
		kept := map[string]int{"b": 2}
		got, err := sys.ReplaceState(t.Context(), pid, func(s v2) (v2, error) { s.By = kept; return s, nil })
		assert.NoError(t, err)
		kept["b"], got.By["b"] = 3, 4
		s, err := sys.State[v2](t.Context(), pid)
		assert.NoError(t, err)
		assert.Equal(t, s.By, map[string]int{"b": 2})
		_, err = sys.ReplaceState(t.Context(), pid, func(s v2) (v2, error) { s.By["b"] = 7; return s, errBoom })
		assert.ErrorIs(t, err, errBoom)
		s, err = sys.State[v2](t.Context(), pid)
		assert.NoError(t, err)
		assert.Equal(t, s.By, map[string]int{"b": 2})
	})
}

// faults are the ways in which somebody else's function can go wrong, and what is
// said of it.
func faults(gate <-chan struct{}) map[string]struct {
	do   func() error
	want func(t *testing.T, err error)
} {
	type fault = struct {
		do   func() error
		want func(t *testing.T, err error)
	}
	is := func(target error) func(t *testing.T, err error) {
		return func(t *testing.T, err error) { t.Helper(); assert.ErrorIs(t, err, target) }
	}
	return map[string]fault{
		"error":  {func() error { return errBoom }, is(errBoom)},
		"panic":  {func() error { panic(errBoom) }, is(errBoom)},
		"nil":    {func() error { var p *counter; p.N++; return nil }, func(t *testing.T, err error) { assert.ErrorAs[*kista.PanicError](t, err) }},
		"goexit": {func() error { runtime.Goexit(); return nil }, is(kista.ErrGoexit)},
		"block":  {func() error { <-gate; return nil }, is(context.DeadlineExceeded)},
	}
}

func TestS218_AReplaceFunctionThatFails(t *testing.T) {
	for name := range faults(nil) {
		t.Run(name, func(t *testing.T) {
			kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
				gate := make(chan struct{})
				f := faults(gate)[name]
				pid := start(t, n, 5, server.Opts{})
				_, err := sys.ReplaceState(t.Context(), pid, func(counter) (counter, error) { return counter{99}, f.do() })
				f.want(t, err)
				failed := assert.ErrorAs[*kista.CallbackError](t, err)
				assert.Equal(t, failed.PID, pid)
				assert.Equal(t, failed.Callback, "replace state")
				assert.Equal(t, call(t, pid, 0), 5)
				if name == "block" {
					assert.Equal(t, n.Stats().Zombies, 1)
				}
				close(gate)
				synctest.Wait()
				assert.Equal(t, n.Stats().Zombies, 0)
				assert.Equal(t, call(t, pid, 0), 5) // what came too late is dropped
			})
		})
	}
	t.Run("wrong type", func(t *testing.T) {
		kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
			pid := start(t, n, 5, server.Opts{})
			_, err := sys.ReplaceState(t.Context(), pid, func(s any) (any, error) { return "five", nil })
			assert.ErrorAs[*server.StateError](t, err)
			_, err = sys.ReplaceState(t.Context(), pid, func(s string) (string, error) { return "five", nil })
			assert.ErrorAs[*sys.TypeError](t, err)
			assert.Equal(t, call(t, pid, 0), 5)
		})
	})
}

func TestS219_Status(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		pid := start(t, n, 5, server.Opts{Name: "counter", Label: "of sheep"})
		assert.NoError(t, sys.Suspend(t.Context(), pid))
		assert.NoError(t, sys.LogOn(t.Context(), pid, 0))
		assert.NoError(t, sys.CountOn(t.Context(), pid))
		st, err := sys.Status(t.Context(), pid)
		assert.NoError(t, err)
		assert.Equal(t, st, kista.BehaviourStatus{
			PID: pid, Name: "counter", Label: "of sheep", Kind: "server", Version: "counter/1", Suspended: true,
			Debug: []string{"statistics", "log 10"},
			Formatted: kista.Formatted{
				State: counter{N: 5}, Misc: map[string]any{"handler": "mux of sys_test.counter", "to_continue": 0},
			},
		}, pids)
	})
}

func TestS221_Terminate(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		ended := make(chan error, 1)
		m := counter1()
		server.OnTerminate(m, func(_ *server.Ctx, _ *counter, reason error) error { ended <- reason; return nil })
		pid, err := server.Start(t.Context(), n, server.Of(m, newCounter), 0, server.Opts{})
		assert.NoError(t, err)
		assert.NoError(t, sys.Suspend(t.Context(), pid))
		assert.NoError(t, sys.Terminate(t.Context(), pid, errBoom))
		assert.ErrorIs(t, <-ended, errBoom)
		reason, err := kista.Wait(t.Context(), pid)
		assert.NoError(t, err)
		assert.ErrorIs(t, reason, errBoom)
		assert.ErrorIs(t, sys.Terminate(t.Context(), pid, nil), kista.ErrNoProcess)
	})
}

// A process with a flow of its own has no loop that could answer.
func TestS224_ABodyDoesNotAnswer(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		pid := n.Spawn(func(s *kista.Self) error { _, err := s.Receive(); return err })
		assert.ErrorIs(t, sys.Suspend(t.Context(), pid), kista.ErrNotBehaviour)
		_, err := sys.Status(t.Context(), pid)
		assert.ErrorIs(t, err, kista.ErrNotBehaviour)
		_, err = sys.Trace(t.Context(), pid, nil)
		assert.ErrorIs(t, err, kista.ErrNotBehaviour)
		_, err = sys.Status(t.Context(), kista.PID{})
		assert.ErrorIs(t, err, kista.ErrNoProcess)
	})
}
