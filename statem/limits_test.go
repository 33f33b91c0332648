package statem_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/statem"
)

// Postponed events count against the mailbox, and are shown, until they come back.
func TestPostponedEventsHaveALimit(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		var got journal
		m := mux()
		statem.OnCast(m.In("one"), func(c *ctx, _ *int, what string) error {
			if what == "go" {
				c.NextState("two")
				return nil
			}
			return statem.Postpone
		})
		statem.OnCast(m.In("two"), func(_ *ctx, _ *int, what string) error { got.add(what); return nil })
		pid := start(t, n, statem.Of(m, counting), 0, statem.Opts{Mailbox: kista.MailboxLimit{Messages: 10}})
		assert.NoError(t, server.Cast(pid, "a"))
		kistatest.Pass(0)
		info, _ := n.Info(pid)
		assert.Equal(t, info.MailboxLen, 1)
		for range 8 {
			assert.NoError(t, server.Cast(pid, "b"))
		}
		kistatest.Pass(0)
		assert.NoError(t, server.Cast(pid, "go"))
		kistatest.Pass(0)
		assert.Equal(t, len(got.take()), 9)
		info, _ = n.Info(pid)
		assert.Equal(t, info.MailboxLen, 0)

		again := start(t, n, statem.Of(m, counting), 0, statem.Opts{Mailbox: kista.MailboxLimit{Messages: 10}})
		refused := 0
		for range 1000 {
			if err := server.Cast(again, "b"); err != nil {
				var full *kista.MailboxFullError
				assert.True(t, errors.As(err, &full), "refused with %v", err)
				refused++
			}
			kistatest.Pass(0)
		}
		assert.Equal(t, refused, 990)
	})
}

// A state that == does not compare is none.
func TestStatesMustBeComparable(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		m := new(statem.Mux[any, int])
		statem.OnCast(m.Any(), func(c *statem.Ctx[any], _ *int, _ string) error { c.NextState([]int{1}); return nil })
		pid := start(t, n, statem.Of(m, func(*statem.Ctx[any], int) (any, *int, error) { return "one", new(int), nil }), 0, statem.Opts{})
		end := endOf(n, pid)
		assert.NoError(t, server.Cast(pid, "go"))
		var bad *statem.ActionError
		reason := <-end
		assert.True(t, errors.As(reason, &bad) && strings.Contains(bad.Why, "[]int"), "it ended with %v", reason)
	})
}

// A name that is not equal to itself could never be found again.
func TestS147_NamesMustBeEqualToThemselves(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		m := mux()
		statem.OnCast(m.Any(), func(c *ctx, _ *int, _ string) error {
			c.SetTimeout(statem.Named(math.NaN()), 0, nil)
			return nil
		})
		pid := start(t, n, statem.Of(m, counting), 0, statem.Opts{})
		end := endOf(n, pid)
		assert.NoError(t, server.Cast(pid, "go"))
		var bad *statem.ActionError
		reason := <-end
		assert.True(t, errors.As(reason, &bad) && strings.Contains(bad.Why, "NaN"), "it ended with %v", reason)
	})
}

// A function that asks for what cannot be has asked for nothing.
func TestS154_NothingElseIsCarriedOut(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		var got journal
		m := mux()
		statem.OnEnter(m.In("two"), func(*ctx, *int, string) error { got.add("entered"); return nil })
		statem.OnCast(m.In("one"), func(c *ctx, _ *int, _ string) error {
			c.NextState("two")
			c.PopHandler() // none was pushed
			return nil
		})
		statem.OnTerminate(m, func(c *ctx, _ *int, _ error) error { got.add(c.State()); return nil })
		pid := start(t, n, statem.Of(m, counting), 0, statem.Opts{})
		assert.NoError(t, server.Cast(pid, "go"))
		kistatest.Pass(0)
		assert.Equal(t, got.take(), []any{"one"})
	})
}

func TestNilIsRefused(t *testing.T) {
	m := mux()
	for name, register := range map[string]func(){
		"OnCast":      func() { statem.OnCast[string, int, int](m.Any(), nil) },
		"OnEnter":     func() { statem.OnEnter(m.Any(), nil) },
		"OnTerminate": func() { statem.OnTerminate(m, nil) },
		"Of":          func() { statem.Of[string, int, int](m, nil) },
	} {
		func() {
			defer func() { assert.Equal(t, recover(), any("statem: "+name+": an argument is nil")) }()
			register()
		}()
	}
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		_, err := statem.Start[string, int](t.Context(), n, nil, 1, statem.Opts{})
		assert.True(t, err != nil && strings.Contains(err.Error(), "the factory is nil"), "the error is %v", err)
	})
}
