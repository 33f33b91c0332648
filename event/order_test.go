package event_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/event"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/supervisor"
)

func TestS160_NewestFirstEachWithItsState(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		j := new(journal)
		m := manager(t, n, j.hand("a"), j.hand("b"))
		assert.NoError(t, event.Add(t.Context(), m, j.hand("c")))
		assert.Equal(t, which(t, m), "[c b a]")

		assert.NoError(t, event.Notify(m, 1))
		assert.Equal(t, j.take(), []string{"c event 1", "b event 1", "a event 1"})

		_, err := event.Call(t.Context(), m, id("b"), ask{What: "x"})
		assert.NoError(t, err)
		assert.Equal(t, states(t, m), []event.HandlerState{
			{Handler: id("c"), State: 1}, {Handler: id("b"), State: 2}, {Handler: id("a"), State: 1},
		})
	})
}

func states(t *testing.T, m kista.PID) []event.HandlerState {
	t.Helper()
	v, err := kista.System(t.Context(), m, kista.GetState{})
	assert.NoError(t, err)
	return v.([]event.HandlerState)
}

func TestS161_IDs(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		j := new(journal)
		named := func(module, id, name string) event.Spec {
			f := func(*event.Ctx, any) (event.Handler, error) { return &hand{j: j, name: name}, nil }
			return event.New(event.HandlerID{Module: module, ID: id}, f, any(nil))
		}
		m := manager(t, n, named("m", "", "plain"), named("m", "1", "one"), named("m", "1", "again"))
		assert.Equal(t, which(t, m), "[m/1 m/1 m]")

		say := func(id event.HandlerID) any {
			t.Helper()
			v, err := event.Call(t.Context(), m, id, ask{What: "hi"})
			assert.NoError(t, err)
			return v
		}
		one := event.HandlerID{Module: "m", ID: "1"}
		assert.Equal(t, say(one), any("again says hi")) // the newest of both
		assert.Equal(t, say(id("m")), any("plain says hi"))
		_, err := event.Delete(t.Context(), m, one, nil)
		assert.NoError(t, err)
		assert.Equal(t, say(one), any("one says hi"))
		assert.Equal(t, one.String()+" "+id("m").String(), "m/1 m")
	})
}

func TestS162_WhatAddReturns(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
		j := new(journal)
		m := manager(t, n, j.hand("a"))
		add := func(f event.Factory[string]) error {
			err := event.Add(t.Context(), m, event.New(id("b"), f, "x"))
			return err
		}
		for how, want := range map[string]error{"error": errBoom, "panic": errBoom, "goexit": kista.ErrGoexit} {
			err := add(func(*event.Ctx, string) (event.Handler, error) { return nil, outcomes[how]() })
			assert.ErrorIs(t, err, want)
			got := assert.ErrorAs[*event.HandlerError](t, err)
			assert.Equal(t, got.Op+" "+got.Handler.String(), "add b")
			var p *kista.PanicError
			assert.Equal(t, errors.As(err, &p), how == "panic")
		}
		// Both a handler and an error: the error counts.
		assert.ErrorIs(t, add(func(*event.Ctx, string) (event.Handler, error) { return &hand{j: j}, errBoom }), errBoom)
		// Neither of them is a bad return.
		assert.ErrorAs[*event.HandlerError](t, add(func(*event.Ctx, string) (event.Handler, error) { return nil, nil }))
		// Nothing but a Spec from New makes a handler.
		assert.ErrorAs[*event.HandlerError](t, event.Add(t.Context(), m, event.Spec{}))
		// Arguments are data.
		bad := event.New(id("b"), func(*event.Ctx, chan int) (event.Handler, error) { return &hand{j: j}, nil }, make(chan int))
		assert.ErrorAs[*kista.DataError](t, event.Add(t.Context(), m, bad))

		assert.Equal(t, which(t, m), "[a]")
		assert.Equal(t, j.take(), nil)            // nobody terminated
		assert.Equal(t, log.Messages(), nil)      // whoever asked has been told
		assert.Equal(t, states(t, m)[0].Err, nil) // the manager is well
	})
}

// Each handler that is made from a Spec has arguments of its own.
func TestS162_ArgumentsAreCopied(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		var seen [][]int
		args := []int{1, 2}
		s := event.New(id("a"), func(_ *event.Ctx, a []int) (event.Handler, error) {
			seen = append(seen, append([]int(nil), a...))
			a[0] = 100
			return event.HandlerFunc(func(*event.Ctx, any) error { return nil }), nil
		}, args)
		args[1] = 50
		manager(t, n, s, s)
		assert.Equal(t, seen, [][]int{{1, 2}, {1, 2}})
	})
}

func TestS169_NotifyAndSyncNotify(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		j := new(journal)
		gate := make(chan struct{})
		wait := func(h *hand) {
			h.what = map[string]func(c *event.Ctx) error{"wait": func(*event.Ctx) error { <-gate; j.add("waited"); return nil }}
		}
		m := manager(t, n, j.hand("a"), j.hand("b", wait))
		assert.NoError(t, event.Notify(m, do{"wait"})) // does not wait
		assert.Equal(t, j.take(), []string{"b event {wait}"})
		synced := make(chan error, 1)
		go func() { synced <- event.SyncNotify(context.Background(), m, 2) }()
		synctest.Wait()
		select {
		case err := <-synced:
			t.Fatalf("came back too early: %v", err)
		default:
		}
		close(gate)
		assert.NoError(t, <-synced)
		assert.Equal(t, j.take(), []string{"waited", "a event {wait}", "b event 2", "a event 2"})

		// Also if all of them fail over it.
		assert.NoError(t, event.SyncNotify(t.Context(), m, do{"panic"}))
		assert.Equal(t, which(t, m), "[]")
		assert.NoError(t, event.SyncNotify(t.Context(), m, do{"panic"})) // and if there is none

		// Nobody there: to one who notifies it is the same.
		assert.NoError(t, event.Shutdown(t.Context(), m, nil))
		assert.NoError(t, event.Notify(m, 1))
		assert.NoError(t, event.Notify(n.Name("nobody"), 1))
		assert.ErrorIs(t, event.SyncNotify(t.Context(), m, 1), kista.ErrNoProcess)
		assert.ErrorAs[*kista.DataError](t, event.Notify(m, func() {}))
		assert.ErrorAs[*kista.DataError](t, event.SyncNotify(t.Context(), m, func() {}))
	})
}

// SyncNotify waits as long as it takes; its context bounds it.
func TestS169_SyncNotifyHasNoTimeout(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		slow := event.New(id("slow"), func(*event.Ctx, any) (event.Handler, error) {
			return event.HandlerFunc(func(*event.Ctx, any) error { time.Sleep(time.Hour); return nil }), nil // sleep: virtual
		}, any(nil))
		m := manager(t, n, slow)
		assert.NoError(t, event.SyncNotify(t.Context(), m, 1))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := event.SyncNotify(ctx, m, 1)
		assert.ErrorAs[*kista.CallError](t, err)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		kistatest.Pass(time.Hour)
	})
}

// A handler that changes what it got changes nothing for the others.
func TestEachHandlerGetsACopyOfItsOwn(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		var seen []int
		greedy := event.New(id("greedy"), func(*event.Ctx, any) (event.Handler, error) {
			return event.HandlerFunc(func(_ *event.Ctx, ev any) error {
				list := ev.([]int)
				seen = append(seen, list[0])
				list[0] = 100
				return nil
			}), nil
		}, any(nil))
		m := manager(t, n, greedy, greedy, greedy)
		mine := []int{1}
		assert.NoError(t, event.SyncNotify(t.Context(), m, mine))
		assert.Equal(t, seen, []int{1, 1, 1})
		assert.Equal(t, mine, []int{1})
	})
}

func TestS170_Call(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
		j := new(journal)
		m := manager(t, n, j.hand("a"), j.hand("b"), j.hand("c"))
		call := func(to event.HandlerID, what string) (any, error) {
			return event.Call(t.Context(), m, to, ask{What: what})
		}
		// Only that handler.
		v, err := call(id("b"), "hello")
		assert.NoError(t, err)
		assert.Equal(t, v, any("b says hello"))
		assert.Equal(t, j.take(), []string{"b call hello"})
		v, err = call(id("b"), "nil")
		assert.NoError(t, err)
		assert.Equal(t, v, nil)

		// Unknown.
		_, err = call(id("x"), "hello")
		assert.ErrorIs(t, err, event.ErrNoHandler)
		assert.Equal(t, assert.ErrorAs[*event.HandlerError](t, err).Handler, id("x"))

		// An error is an answer.
		_, err = call(id("b"), "error")
		assert.ErrorIs(t, assert.ErrorAs[*event.Refused](t, err), errBoom)
		assert.Equal(t, which(t, m), "[c b a]")
		assert.Equal(t, log.Messages(), nil)
		j.take()

		// A failure is the end of the handler, and the caller hears why.
		for _, tc := range []struct {
			what string
			want error
		}{{"panic", errBoom}, {"goexit", kista.ErrGoexit}, {"crash", errBoom}, {"chan", nil}} {
			assert.NoError(t, event.Add(t.Context(), m, j.hand("d")))
			_, err = call(id("d"), tc.what)
			if tc.want != nil {
				assert.ErrorIs(t, err, tc.want)
			} else {
				assert.ErrorAs[*kista.DataError](t, err)
			}
			got := assert.ErrorAs[*event.HandlerError](t, err)
			assert.Equal(t, got.Op+" "+got.Handler.String(), "call d")
			assert.Equal(t, which(t, m), "[c b a]")
			assert.Equal(t, len(j.take()), 2) // the call, and its end
			assert.Equal(t, log.Attrs("event handler terminates")["last_call"], "event_test.ask")
		}
		assert.Equal(t, len(log.Messages()), 4)
	})
}

func TestS170_CallTimeout(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		j := new(journal)
		nap := func(h *hand) {
			h.what = map[string]func(c *event.Ctx) error{"nap": func(*event.Ctx) error { time.Sleep(8 * time.Second); return nil }} // sleep: virtual
		}
		m := manager(t, n, j.hand("a", nap))
		begin := time.Now()
		_, err := event.Call(t.Context(), m, id("a"), ask{What: "nap"})
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Since(begin), 5*time.Second)
		kistatest.Pass(10 * time.Second)
		v, err := event.CallFor(t.Context(), event.NoTimeout, m, id("a"), ask{What: "nap"})
		assert.NoError(t, err)
		assert.Equal(t, v, any("a says nap"))
		_, err = event.CallFor(t.Context(), time.Second, m, id("a"), ask{What: "nap"})
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		kistatest.Pass(8 * time.Second)
		assert.NoError(t, event.Shutdown(t.Context(), m, nil))
		_, err = event.Call(t.Context(), m, id("a"), ask{})
		assert.ErrorIs(t, err, kista.ErrNoProcess)
	})
}

// The manager's death is an answer at once.
func TestS170_TheManagersEndIsAnAnswer(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		j := new(journal)
		kill := func(h *hand) {
			h.what = map[string]func(c *event.Ctx) error{"kill": func(c *event.Ctx) error { return c.Exit(c.PID(), kista.Kill) }}
		}
		m := manager(t, n, j.hand("a"), j.hand("b", kill), j.hand("c"))
		_, err := event.Call(t.Context(), m, id("b"), ask{What: "kill"})
		assert.ErrorIs(t, err, kista.ErrKilled)
		assert.Equal(t, j.take(), []string{"b call kill"}) // nobody terminates
	})
}

func TestCallOfOneself(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		j := new(journal)
		self := func(h *hand) {
			h.what = map[string]func(c *event.Ctx) error{
				"call":   func(c *event.Ctx) error { _, err := event.Call(c, c.PID(), id("a"), ask{}); return err },
				"notify": func(c *event.Ctx) error { return c.Notify(c.PID(), "later") },
			}
		}
		m := manager(t, n, j.hand("a", self))
		_, err := event.Call(t.Context(), m, id("a"), ask{What: "call"})
		assert.ErrorIs(t, err, kista.ErrCallingSelf)
		j.take()
		assert.NoError(t, event.SyncNotify(t.Context(), m, do{"notify"}))
		assert.Equal(t, j.take(), []string{"a event {notify}", "a event later"})
	})
}

func TestS171_InfoReachesAll(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
		j := new(journal)
		m := manager(t, n, j.hand("a"), j.hand("b"), event.New(id("deaf"), deaf, ""))
		assert.NoError(t, kista.Send(m, "hello"))
		assert.Equal(t, j.take(), []string{"b info hello", "a info hello"})
		assert.NoError(t, kista.Send(m, do{"panic"})) // both of them
		assert.Equal(t, which(t, m), "[deaf]")
		synctest.Wait()
		assert.Equal(t, log.Messages(), []string{"event handler terminates", "event handler terminates"})
		assert.Equal(t, log.Attrs("event handler terminates")["last_info"], "event_test.do")

		// Nobody wants it.
		assert.NoError(t, kista.Send(m, "hello"))
		synctest.Wait()
		assert.Equal(t, log.Attrs("event: no handler wants this info")["message"], "string")
		_, err := kista.Call(t.Context(), m, "a stranger's request")
		assert.ErrorAs[*event.UnknownError](t, err)
	})
}

// deaf hears events only.
func deaf(*event.Ctx, string) (event.Handler, error) {
	return event.HandlerFunc(func(*event.Ctx, any) error { return nil }), nil
}

// A call that is none of the manager's is an info, which a handler may answer.
func TestS171_OtherCallsAreInfo(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		m := new(event.Mux[struct{}])
		event.OnInfo(m, func(_ *event.Ctx, _ *struct{}, q kista.Request) error { return q.From.Reply("so be it") })
		pid := manager(t, n, event.New(id("a"), event.Of(m, func(*event.Ctx, int) (*struct{}, error) { return nil, nil }), 0))
		v, err := kista.Call(t.Context(), pid, "please")
		assert.NoError(t, err)
		assert.Equal(t, v, any("so be it"))
	})
}

// Whoever is no manager says so.
func TestNotAManager(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		echo := n.Spawn(func(s *kista.Self) error {
			for {
				q, err := kista.Receive[kista.Request](s)
				if err != nil {
					return err
				}
				if err := q.From.Reply("what?"); err != nil {
					return err
				}
			}
		})
		assert.ErrorIs(t, event.Add(t.Context(), echo, event.Spec{}), event.ErrNotManager)
		_, err := event.WhichHandlers(t.Context(), echo)
		assert.ErrorIs(t, err, event.ErrNotManager)
		_, err = event.Call(t.Context(), echo, id("a"), count{})
		assert.Equal(t, assert.ErrorAs[*event.ReplyError](t, err).Want, "int")
		assert.NoError(t, kista.Exit(echo, kista.Kill))
	})
}

type count struct{ event.Replies[int] }

// A supervisor is no manager, and a manager no supervisor; both say so.
func TestNotWhoWasMeant(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		ctx := t.Context()
		sup, err := supervisor.Start(ctx, n, supervisor.Spec{}, supervisor.Opts{})
		assert.NoError(t, err)
		err = event.SyncNotify(ctx, sup, "ev")
		assert.ErrorIs(t, err, event.ErrNotManager)
		assert.True(t, strings.Contains(err.Error(), sup.String()), "it does not say who: %v", err)
		_, err = supervisor.WhichChildren(ctx, manager(t, n))
		assert.ErrorIs(t, err, supervisor.ErrNotSupervisor)
	})
}
