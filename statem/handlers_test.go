package statem_test

import (
	"testing"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/statem"
)

// named is a Handler that says who it is, and changes itself as it is told.
type named struct {
	name string
	got  *journal
}

func (h *named) Handle(c *ctx, ev statem.Event) error {
	h.got.add(h.name + " " + ev.Msg.(string) + " in " + c.State())
	other := &named{h.name + "'", h.got}
	switch ev.Msg {
	case "change":
		c.ChangeHandler(other)
	case "push":
		c.PushHandler(other)
		c.NextInternal("inserted")
	case "pop":
		c.PopHandler()
	case "pop and go":
		c.PopHandler()
		c.NextState("two")
	case "push and postpone":
		c.PushHandler(other)
		return statem.Postpone
	case "change and fail":
		c.ChangeHandler(other)
		return errBoom
	case "push and pop":
		c.PushHandler(other)
		c.PopHandler()
	}
	return nil
}

func (h *named) Enter(c *ctx, old string) error {
	h.got.add(h.name + " enters " + c.State())
	return nil
}

func (h *named) Terminate(*ctx, error) error {
	h.got.add(h.name + " terminates")
	return nil
}

// Another handler handles what comes from then on, the entry call included. The
// order is what gen_statem does with callback modules.
func TestS157_ChangePushAndPop(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		var got journal
		pid := start(t, n, func(*ctx, none) (string, statem.Handler[string], error) { return "one", &named{"a", &got}, nil }, none{}, statem.Opts{})
		end := endOf(n, pid)
		for _, msg := range []string{"push", "x", "push and pop", "change", "x", "push and postpone", "pop and go", "y", "pop", "z", "pop", "never"} {
			assert.NoError(t, kista.Send(pid, msg))
		}
		assert.Equal(t, got.take(), []any{
			"a enters one",
			"a push in one", "a' inserted in one", "a' x in one", "a' push and pop in one",
			"a' change in one", "a'' x in one",
			"a'' push and postpone in one",
			"a''' pop and go in one", "a'' enters two", "a'' push and postpone in two", "a''' y in two",
			"a''' pop in two", "a'' z in two",
			"a'' pop in two", "a never in two",
		})
		assert.NoError(t, kista.Send(pid, "pop"))
		bad := assert.ErrorAs[*statem.ActionError](t, <-end)
		assert.Equal(t, bad.Action, "PopHandler")
		assert.Equal(t, got.take(), []any{"a pop in two", "a terminates"})
	})
}

// A function that fails changes nothing: its own handler terminates.
func TestS157_AFailureChangesNoHandler(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		var got journal
		pid := start(t, n, func(*ctx, none) (string, statem.Handler[string], error) { return "one", &named{"a", &got}, nil }, none{}, statem.Opts{})
		assert.NoError(t, kista.Send(pid, "change and fail"))
		assert.Equal(t, got.take(), []any{"a enters one", "a change and fail in one", "a terminates"})
	})
}

// Muxes change too, and the new one decides which states there are.
func TestS157_ChangeToAMux(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		var got journal
		other := new(statem.Mux[string, int])
		statem.OnEnter(other.In("three"), func(c *ctx, d *int, old string) error { got.add(*d); return nil })
		m := mux()
		statem.OnInfo(m.Any(), func(c *ctx, d *int, n int) error {
			*d = n
			c.ChangeHandler(other.Handler(d))
			c.NextState("three")
			return nil
		})
		pid := start(t, n, statem.Of(m, counting), 0, statem.Opts{})
		assert.NoError(t, kista.Send(pid, 7))
		assert.Equal(t, got.take(), []any{7})
		assert.Equal(t, system(t, pid, kista.GetState{}), any(statem.Snapshot[string]{State: "three", Data: 7}))
	})
}
