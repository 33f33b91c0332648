package statem_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/statem"
)

// mux returns a Mux with the states "one" and "two", of machines that count.
func mux() *statem.Mux[string, int] {
	m := new(statem.Mux[string, int])
	m.In("one", "two")
	return m
}

func counting(*ctx, int) (string, *int, error) { return "one", new(int), nil }

// answering is a Mux whose calls in any state are answered by do.
func answering(do func(c *ctx, what string) (string, error)) *statem.Mux[string, int] {
	m := mux()
	statem.OnCall(m.Any(), func(c *ctx, _ *int, q ask) (string, error) { return do(c, q.What) })
	return m
}

// A call without a deadline waits five seconds, and its late answer vanishes.
func TestS155_CallTimeout(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		m := mux()
		statem.OnCall(m.In("one"), func(c *ctx, _ *int, q ask) (string, error) { return "", statem.Postpone })
		statem.OnCall(m.In("two"), func(c *ctx, _ *int, q ask) (string, error) { return q.What, nil })
		statem.OnCast(m.In("one"), func(c *ctx, _ *int, _ string) error { c.NextState("two"); return nil })
		pid := start(t, n, statem.Of(m, counting), 0, statem.Opts{})
		kistatest.Within(t, n, func(s *kista.Self) {
			began := n.Now()
			_, err := server.Call(s, pid, ask{What: "a"})
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, n.Now().Sub(began), 5*time.Second)
			_, err = server.CallFor(s, time.Second, pid, ask{What: "b"})
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			waits := server.Begin(s, pid, ask{What: "c"})
			assert.NoError(t, server.Cast(pid, "go"))
			got, err := waits.Wait(s)
			assert.NoError(t, err)
			assert.Equal(t, got, "c")
			info, _ := n.Info(s.PID())
			assert.Equal(t, info.MailboxLen, 0)
		})
	})
}

// What package server does with servers it does with machines.
func TestCallsOfPackageServer(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		m := answering(func(c *ctx, what string) (string, error) {
			switch what {
			case "refuse":
				return "", errBoom
			case "later":
				to := server.ReplyTo[string]{From: c.From()}
				c.Spawn(func(*kista.Self) error { return to.Reply("at last") })
				return "", server.Later
			case "myself":
				return server.Call(c, c.PID(), ask{})
			case "hand on":
				return server.Call(c, n.Name("b"), ask{What: "refuse"})
			}
			return what + " in " + c.State(), nil
		})
		a := start(t, n, statem.Of(m, counting), 0, statem.Opts{Name: "a"})
		start(t, n, statem.Of(m, counting), 0, statem.Opts{Name: "b"})
		for what, want := range map[string]string{"hello": "hello in one", "later": "at last"} {
			got, err := server.Call(t.Context(), n.Name("a"), ask{What: what})
			assert.NoError(t, err)
			assert.Equal(t, got, want)
		}
		for _, what := range []string{"refuse", "hand on"} {
			_, err := server.Call(t.Context(), a, ask{What: what})
			assert.ErrorAs[*server.Refused](t, err)
			assert.Equal(t, err.Error(), "server: refused: boom")
		}
		_, err := server.Call(t.Context(), a, ask{What: "myself"})
		assert.ErrorIs(t, err, kista.ErrCallingSelf)

		var calls server.Calls[string, string]
		for _, what := range []string{"x", "y"} {
			calls.Add(what, server.Begin(t.Context(), a, ask{What: what}))
		}
		for calls.Len() > 0 {
			got, err := calls.Next(t.Context())
			assert.NoError(t, err)
			assert.NoError(t, got.Err)
			assert.Equal(t, got.Reply, got.Label+" in one")
		}
	})
}

// A call's function may refuse and still ask for things: the error is only the
// answer.
func TestRefusingIsOnlyTheAnswer(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		m := answering(func(c *ctx, what string) (string, error) {
			if what == "where" {
				return c.State(), nil
			}
			c.NextState("two")
			return "", errBoom
		})
		pid := start(t, n, statem.Of(m, counting), 0, statem.Opts{})
		_, err := server.Call(t.Context(), pid, ask{What: "go"})
		assert.ErrorAs[*server.Refused](t, err)
		got, err := server.Call(t.Context(), pid, ask{What: "where"})
		assert.NoError(t, err)
		assert.Equal(t, got, "two")
	})
}

// A call that is answered twice in one function ends the machine; one that was
// answered before does not. Either way its caller has the first answer.
func TestS154_AnsweringTwice(t *testing.T) {
	twice := map[string]func(c *ctx, _ *int, q ask) (string, error){
		"reply, then return": func(c *ctx, _ *int, q ask) (string, error) { c.Reply(c.From(), "first"); return "second", nil },
		"reply, then refuse": func(c *ctx, _ *int, q ask) (string, error) { c.Reply(c.From(), "first"); return "", errBoom },
		"reply, then stop": func(c *ctx, _ *int, q ask) (string, error) {
			c.Reply(c.From(), "first")
			return "second", statem.Stop(nil)
		},
		"two replies": func(c *ctx, _ *int, q ask) (string, error) {
			c.Reply(c.From(), "first")
			c.Reply(c.From(), "second")
			return "", server.Later
		},
		"reply and Ctx.Refuse": func(c *ctx, _ *int, q ask) (string, error) {
			c.Reply(c.From(), "first")
			c.Refuse(c.From(), errBoom)
			return "", server.Later
		},
	}
	for name, do := range twice {
		t.Run(name, func(t *testing.T) {
			kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
				m := mux()
				statem.OnCall(m.Any(), do)
				pid := start(t, n, statem.Of(m, counting), 0, statem.Opts{})
				end := endOf(n, pid)
				got, err := server.Call(t.Context(), pid, ask{})
				assert.NoError(t, err)
				assert.Equal(t, got, "first")
				bad := assert.ErrorAs[*statem.ActionError](t, <-end)
				assert.Equal(t, bad.Why, "the call was answered already")
				assert.Equal(t, bad.Machine, pid)
			})
		})
	}
	t.Run("in another function", func(t *testing.T) {
		kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
			m := mux()
			var from kista.From
			statem.OnCall(m.Any(), func(c *ctx, _ *int, q ask) (string, error) { from = c.From(); return "first", nil })
			statem.OnCast(m.Any(), func(c *ctx, _ *int, _ string) error { c.Reply(from, "second"); return nil })
			pid := start(t, n, statem.Of(m, counting), 0, statem.Opts{})
			got, err := server.Call(t.Context(), pid, ask{})
			assert.NoError(t, err)
			assert.Equal(t, got, "first")
			assert.NoError(t, server.Cast(pid, "again"))
			kistatest.Pass(0)
			assert.True(t, n.Alive(pid), "it has ended")
		})
	})
}

// Package server's Crash is not ours: that is said, and not answered to a caller as
// if it were a refusal.
func TestS154_TheCrashOfServers(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		m := answering(func(*ctx, string) (string, error) { return "", server.Crash(errBoom) })
		statem.OnCast(m.Any(), func(*ctx, *int, string) error { return server.Crash(nil) })
		for _, trigger := range []func(pid kista.PID) error{
			func(pid kista.PID) error { return server.Cast(pid, "go") },
			func(pid kista.PID) error {
				_, err := server.Call(t.Context(), pid, ask{})
				assert.ErrorAs[*statem.ActionError](t, err)
				return nil
			},
		} {
			pid := start(t, n, statem.Of(m, counting), 0, statem.Opts{})
			end := endOf(n, pid)
			assert.NoError(t, trigger(pid))
			assert.Equal(t, assert.ErrorAs[*statem.ActionError](t, <-end).Action, "server.Crash")
		}
	})
}

// A caller whose question led to an impossible wish is not answered: it hears why.
func TestS154_ACallerHearsOfTheBadAction(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		pid := start(t, n, statem.Of(answering(func(c *ctx, _ string) (string, error) {
			c.NextState("nowhere")
			return "gone", nil
		}), counting), 0, statem.Opts{})
		_, err := server.Call(t.Context(), pid, ask{})
		assert.ErrorAs[*kista.CallError](t, err)
		bad := assert.ErrorAs[*statem.ActionError](t, err)
		assert.Equal(t, *bad, statem.ActionError{Machine: pid, State: "one", Action: "NextState", Why: "the state nowhere is unknown"})
	})
}

// A reply that is not data is refused to the caller, and logged; the machine lives.
func TestRepliesAreData(t *testing.T) {
	type askAny struct{ server.Replies[any] }
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
		m := mux()
		statem.OnCall(m.Any(), func(*ctx, *int, askAny) (any, error) { return func() {}, nil })
		pid := start(t, n, statem.Of(m, counting), 0, statem.Opts{})
		_, err := server.Call(t.Context(), pid, askAny{})
		assert.ErrorAs[*kista.DataError](t, err)
		kistatest.Pass(0)
		assert.Equal(t, log.Attrs("statem: a reply is not data")["message"], "func()")
		assert.True(t, n.Alive(pid), "it has ended")
	})
}

// Several callers, answered when the time has come.
func TestS152_RepliesToSeveralCallers(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		type waiting struct{ froms []kista.From }
		m := new(statem.Mux[string, waiting])
		statem.OnCall(m.In("closed"), func(c *ctx, w *waiting, q ask) (string, error) {
			w.froms = append(w.froms, c.From())
			return "", server.Later
		})
		statem.OnCast(m.In("closed"), func(c *ctx, w *waiting, _ string) error {
			for _, from := range w.froms[:2] {
				c.Reply(from, "open")
			}
			c.Refuse(w.froms[2], errBoom)
			return statem.Stop(nil)
		})
		pid := start(t, n, statem.Of(m, func(*ctx, int) (string, *waiting, error) { return "closed", new(waiting), nil }), 0, statem.Opts{})
		var calls []*server.Pending[string]
		for range 4 {
			calls = append(calls, server.Begin(t.Context(), pid, ask{}))
		}
		assert.NoError(t, server.Cast(pid, "open"))
		for i, c := range calls {
			got, err := c.Wait(t.Context())
			switch i {
			case 0, 1:
				assert.NoError(t, err)
				assert.Equal(t, got, "open")
			case 2:
				assert.ErrorAs[*server.Refused](t, err)
			case 3:
				assert.Equal(t, assert.ErrorAs[*kista.CallError](t, err).Reason, nil)
			}
		}
	})
}

// Stop answers, then Terminate runs (a server does it the other way round); Crash
// does not answer.
func TestS152_StopRepliesBeforeTerminate(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		m := answering(func(_ *ctx, what string) (string, error) {
			if what == "crash" {
				return "never", statem.Crash(errBoom)
			}
			return "bye", statem.Stop(errBoom)
		})
		gate := make(chan struct{})
		statem.OnTerminate(m, func(_ *ctx, _ *int, reason error) error {
			<-gate
			return nil
		})
		pid := start(t, n, statem.Of(m, counting), 0, statem.Opts{})
		end := endOf(n, pid)
		got, err := server.Call(t.Context(), pid, ask{})
		assert.NoError(t, err)
		assert.Equal(t, got, "bye")
		assert.True(t, n.Alive(pid), "Terminate has not run yet")
		close(gate)
		assert.ErrorIs(t, <-end, errBoom)

		pid = start(t, n, statem.Of(m, counting), 0, statem.Opts{})
		_, err = server.Call(t.Context(), pid, ask{What: "crash"})
		assert.ErrorAs[*kista.CallError](t, err)
		assert.ErrorIs(t, err, errBoom)
	})
}

// Casts go where they are wanted, and nobody else notices.
func TestCtxCast(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		var got journal
		m := answering(func(c *ctx, what string) (string, error) {
			assert.NoError(t, c.Cast(n.Name("nobody"), "x"))
			assert.ErrorAs[*kista.DataError](t, c.Cast(c.PID(), func() {}))
			return "", c.Cast(c.PID(), what)
		})
		statem.OnCast(m.Any(), func(c *ctx, _ *int, msg string) error { got.add(msg); return nil })
		pid := start(t, n, statem.Of(m, counting), 0, statem.Opts{})
		_, err := server.Call(t.Context(), pid, ask{What: "note"})
		assert.NoError(t, err)
		assert.Equal(t, got.take(), []any{"note"})
	})
}

// Only while a call is handled is there somebody to answer.
func TestFromIsOfTheCall(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		var got journal
		m := mux()
		note := func(where string, c *ctx) {
			got.add(fmt.Sprint(where, c.From() != kista.From{}, !c.From().PID().IsZero()))
		}
		statem.OnCall(m.Any(), func(c *ctx, _ *int, _ ask) (string, error) {
			note("call", c)
			c.NextState("two")
			return "", statem.Stop(nil)
		})
		statem.OnCast(m.Any(), func(c *ctx, _ *int, _ string) error { note("cast", c); c.NextState("two"); return nil })
		statem.OnEnter(m.Any(), func(c *ctx, _ *int, _ string) error { note("enter", c); return nil })
		statem.OnTerminate(m, func(c *ctx, _ *int, _ error) error { note("terminate", c); return nil })
		pid := start(t, n, statem.Of(m, func(c *ctx, _ int) (string, *int, error) { note("init", c); return "one", nil, nil }), 0, statem.Opts{})
		assert.NoError(t, server.Cast(pid, "go"))
		kistatest.Within(t, n, func(s *kista.Self) {
			_, err := server.Call(s, pid, ask{})
			assert.NoError(t, err)
		})
		assert.Equal(t, got.take(), []any{
			"initfalse false", "enterfalse false", "castfalse false", "enterfalse false", "calltrue true", "terminatefalse false",
		})
	})
}

// A function whose machine has been told to end does not refuse: the caller hears
// of the end.
func TestACallThatTheEndInterrupts(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		pid := start(t, n, statem.Of(answering(func(c *ctx, _ string) (string, error) {
			<-c.Done()
			return "", c.Err()
		}), counting), 0, statem.Opts{Grace: time.Minute})
		call := server.Begin(t.Context(), pid, ask{})
		kistatest.Pass(0)
		assert.NoError(t, kista.Exit(pid, errBoom))
		_, err := call.Wait(t.Context())
		assert.ErrorAs[*kista.CallError](t, err)
		assert.ErrorIs(t, err, errBoom)
	})
}

// A machine that enters its state again and again can be killed, and then stops.
func TestAnEndlessRepetitionCanBeKilled(t *testing.T) {
	n, _ := kistatest.Node(t, kista.Config{Name: "a"})
	m := mux()
	again := make(chan struct{}, 1)
	statem.OnEnter(m.Any(), func(c *ctx, _ *int, _ string) error {
		select {
		case again <- struct{}{}:
		default:
		}
		c.RepeatState()
		return nil
	})
	pid := start(t, n, statem.Of(m, counting), 0, statem.Opts{})
	for range 3 {
		<-again
	}
	end := endOf(n, pid)
	assert.NoError(t, kista.Exit(pid, kista.Kill))
	assert.ErrorIs(t, <-end, kista.ErrKilled)
} // the node's stop waits for the goroutine
