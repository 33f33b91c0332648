package event_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/event"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
)

// A handler may use its process as any code of a process does: it calls others,
// starts processes, receives.
func TestAHandlerUsesItsProcess(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		j := new(journal)
		other := manager(t, n, j.hand("other"))
		uses := func(h *hand) {
			h.what = map[string]func(c *event.Ctx) error{
				"call": func(c *event.Ctx) error {
					v, err := event.Call(c, other, id("other"), ask{What: "hello"})
					j.add("got %v %v", v, err)
					return nil
				},
				"receive": func(c *event.Ctx) error {
					mgr := c.PID()
					c.Spawn(func(s *kista.Self) error { return s.Send(mgr, 42) })
					v, err := kista.Receive[int](c.Self)
					j.add("got %v %v", v, err)
					return nil
				},
				"late": func(c *event.Ctx) error {
					_, err := event.CallFor(c, time.Second, other, id("other"), ask{What: "nap"})
					j.add("late %v", errors.Is(err, context.DeadlineExceeded))
					return nil
				},
			}
		}
		m := manager(t, n, j.hand("a", uses))
		for _, what := range []string{"call", "receive", "late"} {
			assert.NoError(t, event.SyncNotify(t.Context(), m, do{what}))
		}
		assert.Equal(t, j.take(), []string{
			"a event {call}", "other call hello", "got other says hello <nil>",
			"a event {receive}", "got 42 <nil>",
			"a event {late}", "other call nap", "late false",
		})
		info, _ := n.Info(m)
		assert.Equal(t, info.Status, kista.Idle)
	})
}

// A handler that waits for another process when the manager is killed comes back
// with the reason, and is heard of no more.
func TestAHandlerThatWaitsWhenTheManagerIsKilled(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		j := new(journal)
		silent := n.Spawn(func(s *kista.Self) error { <-s.Done(); return nil })
		waits := func(h *hand) {
			h.what = map[string]func(c *event.Ctx) error{
				"call": func(c *event.Ctx) error {
					_, err := kista.CallFor(c, kista.NoTimeout, silent, "hello")
					j.add("call: %v", err)
					j.add("send: %v", c.Notify(c.PID(), "more"))
					return nil
				},
				"done": func(c *event.Ctx) error { <-c.Done(); j.add("cause: %v", context.Cause(c)); return nil },
			}
		}
		for _, what := range []string{"call", "done"} {
			m := manager(t, n, j.hand("a"), j.hand("b", waits), j.hand("c"))
			assert.NoError(t, event.Notify(m, do{what}))
			synctest.Wait()
			assert.NoError(t, kista.Exit(m, kista.Kill))
			if what == "call" {
				assert.Equal(t, j.take(), []string{"c event {call}", "b event {call}", "call: kista: killed", "send: kista: killed"})
			} else {
				assert.Equal(t, j.take(), []string{"c event {done}", "b event {done}", "cause: kista: killed"})
			}
			assert.Equal(t, n.Stats().Zombies, 0)
		}
		assert.NoError(t, kista.Exit(silent, kista.Kill))
	})
}
