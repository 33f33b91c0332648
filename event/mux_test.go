package event_test

import (
	"fmt"
	"testing"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/event"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
)

// measured is an event that says how much.
type measured interface{ Amount() int }

type (
	litres int
	metres int
)

func (l litres) Amount() int { return int(l) }
func (m metres) Amount() int { return 1000 * int(m) }

func TestAMuxPicksByType(t *testing.T) {
	var got []string
	m := new(event.Mux[struct{}])
	event.OnEvent(m, func(_ *event.Ctx, _ *struct{}, l litres) error {
		got = append(got, fmt.Sprint("litres ", l))
		return nil
	})
	event.OnEvent(m, func(_ *event.Ctx, _ *struct{}, a measured) error {
		got = append(got, fmt.Sprint("measured ", a.Amount()))
		return nil
	})
	event.OnEvent(m, func(_ *event.Ctx, _ *struct{}, a fmt.Stringer) error { got = append(got, "stringer"); return nil })
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
		pid := manager(t, n, event.New(id("a"), event.Of(m, func(*event.Ctx, int) (*struct{}, error) { return nil, nil }), 0))
		for _, ev := range []any{litres(1), metres(2), "nobody's", nil, id("x")} {
			assert.NoError(t, event.SyncNotify(t.Context(), pid, ev))
		}
		assert.Equal(t, got, []string{"litres 1", "measured 2000", "stringer"})
		_, err := event.Call(t.Context(), pid, id("a"), count{})
		assert.Equal(t, assert.ErrorAs[*event.UnknownError](t, err).Type, "event_test.count")

		// What is added later counts from the next message on.
		event.OnCall(m, func(*event.Ctx, *struct{}, count) (int, error) { return 5, nil })
		v, err := event.Call(t.Context(), pid, id("a"), count{})
		assert.NoError(t, err)
		assert.Equal(t, v, 5)
		assert.Equal(t, log.Messages(), nil)
	})
}

// Mistakes in the program's text show at its start.
func TestAMuxRefusesMistakes(t *testing.T) {
	m := new(event.Mux[struct{}])
	event.OnEvent(m, func(*event.Ctx, *struct{}, litres) error { return nil })
	event.OnInfo(m, func(*event.Ctx, *struct{}, measured) error { return nil })
	for name, mistake := range map[string]func(){
		"an event twice":       func() { event.OnEvent(m, func(*event.Ctx, *struct{}, litres) error { return nil }) },
		"an interface twice":   func() { event.OnInfo(m, func(*event.Ctx, *struct{}, measured) error { return nil }) },
		"an event of channels": func() { event.OnEvent(m, func(*event.Ctx, *struct{}, chan int) error { return nil }) },
		"an info of functions": func() { event.OnInfo(m, func(*event.Ctx, *struct{}, func()) error { return nil }) },
		"a reply of channels": func() {
			event.OnCall(m, func(*event.Ctx, *struct{}, channels) (chan int, error) { return nil, nil })
		},
	} {
		func() {
			defer func() { assert.True(t, recover() != nil, "%s is not refused", name) }()
			mistake()
		}()
	}
}

type channels struct{ event.Replies[chan int] }

// An answer of another type than the request's.
func TestAnAnswerOfTheWrongType(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		m := manager(t, n, event.New(id("a"), func(*event.Ctx, int) (event.Handler, error) { return liar{}, nil }, 0))
		_, err := event.Call(t.Context(), m, id("a"), count{})
		got := assert.ErrorAs[*event.ReplyError](t, err)
		assert.Equal(t, *got, event.ReplyError{Handler: id("a"), Request: "event_test.count", Got: "string", Want: "int"})
		_, err = event.CallFor(t.Context(), event.NoTimeout, m, id("a"), count{})
		assert.ErrorAs[*event.ReplyError](t, err)
		// One that answers nothing at all has no function for it.
		assert.NoError(t, event.Add(t.Context(), m, event.New(id("deaf"), deaf, "")))
		_, err = event.Call(t.Context(), m, id("deaf"), count{})
		assert.ErrorAs[*event.UnknownError](t, err)
	})
}

type liar struct{}

func (liar) HandleEvent(*event.Ctx, any) error       { return nil }
func (liar) HandleCall(*event.Ctx, any) (any, error) { return "a word", nil }

// What a handler does with what it was given for its end is its own affair, and
// what it was told of its predecessor is for its factory.
func TestArgumentsAndHandoverArePrivate(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		j := new(journal)
		greedy := func(h *hand) {
			h.end = func(_ *event.Ctx, why event.Leaving) any {
				why.Args.([]int)[0] = 100
				return nil
			}
			h.what = map[string]func(c *event.Ctx) error{"look": func(c *event.Ctx) error {
				_, there := c.Handover()
				_, inherits := event.Inherit[int](c)
				j.add("%v %v %v %v", there, inherits, c.Handler(), c.Owner().IsZero())
				return nil
			}}
		}
		m := manager(t, n, j.hand("a", greedy))
		args := []int{1}
		assert.NoError(t, event.Swap(t.Context(), m, id("a"), args, j.hand("b", greedy)))
		assert.Equal(t, args, []int{1})
		j.take()
		assert.NoError(t, event.SyncNotify(t.Context(), m, do{"look"}))
		assert.Equal(t, j.take(), []string{"b event {look}", "false false b true"})
		_, err := event.Delete(t.Context(), m, id("b"), args)
		assert.NoError(t, err)
		assert.Equal(t, args, []int{1})
	})
}
