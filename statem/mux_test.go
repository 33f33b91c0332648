package statem_test

import (
	"fmt"
	"testing"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/statem"
)

type (
	apple  struct{ N int }
	pear   struct{ N int }
	plum   struct{ N int }
	fruit  interface{ fruit() }
	number int
)

func (apple) fruit() {}
func (pear) fruit()  {}

// The function of the state is asked first, then that for any; of either the
// exact type, then interfaces in order, then the one for any event.
func TestS137_FunctionsByStateAndType(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		var got journal
		m := new(statem.Mux[string, int])
		note := func(c *ctx, who string, msg any) error {
			got.add(fmt.Sprintf("%s: %s %T", c.State(), who, msg))
			return nil
		}
		one, two := m.In("one"), m.In("two")
		statem.OnCast(one, func(c *ctx, _ *int, a apple) error { return note(c, "apple in one", a) })
		statem.OnCast(one, func(c *ctx, _ *int, f fruit) error { return note(c, "fruit in one", f) })
		statem.OnCast(one, func(c *ctx, _ *int, s string) error { c.NextState(s); return nil })
		statem.OnEvent(two, func(c *ctx, _ *int, ev statem.Event) error {
			if s, ok := ev.Msg.(string); ok {
				c.NextState(s)
				return nil
			}
			return note(c, "event in two", ev.Msg)
		})
		statem.OnCast(two, func(c *ctx, _ *int, p pear) error { return note(c, "pear in two", p) })
		statem.OnCast(m.Any(), func(c *ctx, _ *int, p plum) error { return note(c, "plum in any", p) })
		statem.OnCast(m.Any(), func(c *ctx, _ *int, a any) error { return note(c, "anything in any", a) })
		statem.OnEvent(m.Any(), func(c *ctx, _ *int, ev statem.Event) error { return note(c, "event in any", ev.Msg) })
		pid := start(t, n, statem.Of(m, counting), 0, statem.Opts{})
		for _, msg := range []any{apple{}, pear{}, plum{}, number(1), "two", apple{}, pear{}, plum{}, "one", apple{}} {
			assert.NoError(t, server.Cast(pid, msg))
		}
		assert.NoError(t, kista.Send(pid, apple{}))
		assert.Equal(t, got.take(), []any{
			"one: apple in one statem_test.apple",
			"one: fruit in one statem_test.pear",
			"one: plum in any statem_test.plum",
			"one: anything in any statem_test.number",
			"two: event in two statem_test.apple",
			"two: pear in two statem_test.pear",
			"two: event in two statem_test.plum",
			"one: apple in one statem_test.apple",
			"one: event in any statem_test.apple",
		})
	})
}

// One function for all states: the state may be any comparable value.
func TestS137_OneFunctionForAllStates(t *testing.T) {
	type where struct {
		Floor int
		Open  bool
	}
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		lift := func(*statem.Ctx[where], int) (where, statem.Handler[where], error) {
			return where{}, statem.HandlerFunc[where](func(c *statem.Ctx[where], ev statem.Event) error {
				s := c.State()
				switch msg := ev.Msg.(type) {
				case int:
					s.Floor += msg
				case bool:
					s.Open = msg
				case ask:
					c.Reply(ev.From, fmt.Sprint(s))
				}
				c.NextState(s)
				return nil
			}), nil
		}
		pid := start(t, n, lift, 0, statem.Opts{})
		for _, msg := range []any{2, true, -1} {
			assert.NoError(t, kista.Send(pid, msg))
		}
		got, err := server.Call(t.Context(), pid, ask{})
		assert.NoError(t, err)
		assert.Equal(t, got, "{1 true}")
	})
}

// What nobody handles is refused or logged, and harms nobody; what the machine
// told itself ends it.
func TestWhatNobodyHandles(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
		m := mux()
		statem.OnCast(m.Any(), func(c *ctx, _ *int, msg string) error {
			switch msg {
			case "internal":
				c.NextInternal(number(1))
			case "timeout":
				c.SetTimeout(statem.Named("t"), 0, number(1))
			case "other message":
				c.SetTimeout(statem.StateTimeout, 0, number(1))
			}
			return nil
		})
		statem.OnTimeout(m.Any(), statem.StateTimeout, func(*ctx, *int, string) error { return nil })
		pid := start(t, n, statem.Of(m, counting), 0, statem.Opts{Name: "m"})
		_, err := server.Call(t.Context(), pid, ask{})
		unknown, ok := err.(*statem.UnknownError) // as it is
		assert.True(t, ok, "the error is a %T", err)
		assert.Equal(t, *unknown, statem.UnknownError{Machine: pid, State: "one", Event: "call statem_test.ask"})
		assert.NoError(t, server.Cast(pid, apple{}))
		assert.NoError(t, kista.Send(pid, pear{}))
		kistatest.Pass(0)
		assert.Equal(t, log.Attrs("statem: nobody handles this cast"),
			map[string]string{"report": "notice", "node": "test", "pid": pid.String(), "name": "m", "machine_state": "one", "message": "statem_test.apple"})
		assert.Equal(t, log.Attrs("statem: nobody handles this info")["message"], "statem_test.pear")
		assert.True(t, n.Alive(pid), "it has ended")

		for what, event := range map[string]string{
			"internal":      "internal statem_test.number",
			"timeout":       "timeout t statem_test.number",
			"other message": "state timeout statem_test.number",
		} {
			pid := start(t, n, statem.Of(m, counting), 0, statem.Opts{})
			end := endOf(n, pid)
			assert.NoError(t, server.Cast(pid, what))
			unknown := assert.ErrorAs[*statem.UnknownError](t, <-end)
			assert.Equal(t, unknown.Event, event)
		}
	})
}

// A Mux to whose In no state was given goes anywhere.
func TestOpenMux(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		m := new(statem.Mux[string, int])
		statem.OnCall(m.Any(), func(c *ctx, _ *int, q ask) (string, error) {
			c.NextState(q.What)
			return c.State(), nil
		})
		pid := start(t, n, statem.Of(m, counting), 0, statem.Opts{})
		for _, s := range []string{"one", "anywhere", "else"} {
			got, err := server.Call(t.Context(), pid, ask{What: s})
			assert.NoError(t, err)
			_ = got
		}
		state, err := kista.System(t.Context(), pid, kista.GetState{})
		assert.NoError(t, err)
		assert.Equal(t, state, any(statem.Snapshot[string]{State: "else", Data: 0}))
	})
}

// An empty Mux is one, and nil data is data.
func TestEmptyMux(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		pid := start(t, n, statem.Of(new(statem.Mux[string, int]), func(*ctx, int) (string, *int, error) { return "", nil, nil }), 0, statem.Opts{})
		_, err := server.Call(t.Context(), pid, ask{})
		assert.ErrorAs[*statem.UnknownError](t, err)
		state, err := kista.System(t.Context(), pid, kista.GetState{})
		assert.NoError(t, err)
		assert.Equal(t, state, any(statem.Snapshot[string]{}))
	})
}

// A Mux that gets new functions is used by running machines from their next event.
func TestMuxChangesWhileItRuns(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		m := mux()
		pid := start(t, n, statem.Of(m, counting), 0, statem.Opts{})
		_, err := server.Call(t.Context(), pid, ask{})
		assert.ErrorAs[*statem.UnknownError](t, err)
		statem.OnCall(m.In("one"), func(*ctx, *int, ask) (string, error) { return "now", nil })
		got, err := server.Call(t.Context(), pid, ask{})
		assert.NoError(t, err)
		assert.Equal(t, got, "now")
	})
}

// Mistakes in the program's text panic where they are made.
func TestMuxRefusesMistakes(t *testing.T) {
	for name, do := range map[string]func(m *statem.Mux[string, int]){
		"a cast twice": func(m *statem.Mux[string, int]) {
			for range 2 {
				statem.OnCast(m.In("one"), func(*ctx, *int, apple) error { return nil })
			}
		},
		"an interface twice": func(m *statem.Mux[string, int]) {
			for range 2 {
				statem.OnCast(m.Any(), func(*ctx, *int, fruit) error { return nil })
			}
		},
		"a timeout twice": func(m *statem.Mux[string, int]) {
			for range 2 {
				statem.OnTimeout(m.In("one"), statem.StateTimeout, func(*ctx, *int, any) error { return nil })
			}
		},
		"any event twice": func(m *statem.Mux[string, int]) {
			for range 2 {
				statem.OnEvent(m.In("one"), func(*ctx, *int, statem.Event) error { return nil })
			}
		},
		"an entry twice": func(m *statem.Mux[string, int]) {
			for range 2 {
				statem.OnEnter(m.In("one", "two"), func(*ctx, *int, string) error { return nil })
			}
		},
		"no timeout": func(m *statem.Mux[string, int]) {
			statem.OnTimeout(m.In("one"), statem.Timeout{}, func(*ctx, *int, any) error { return nil })
		},
		"a cast that is not data": func(m *statem.Mux[string, int]) {
			statem.OnCast(m.In("one"), func(*ctx, *int, chan int) error { return nil })
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("it did not panic")
				}
			}()
			do(mux())
		})
	}
	statem.OnInternal(mux().In("one"), func(*ctx, *int, chan int) error { return nil }) // stays in the process
}

// The same Mux in two states at once, and in its type of data, by many machines.
func TestScopesOfSeveralStates(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		m := mux()
		statem.OnCall(m.In("one", "two"), func(c *ctx, d *int, q ask) (string, error) {
			*d++
			c.NextState("two")
			return fmt.Sprint(c.State(), *d), nil
		})
		a := start(t, n, statem.Of(m, counting), 0, statem.Opts{})
		b := start(t, n, statem.Of(m, counting), 0, statem.Opts{})
		for _, tc := range []struct {
			to   kista.PID
			want string
		}{{a, "one1"}, {a, "two2"}, {b, "one1"}} {
			got, err := server.Call(t.Context(), tc.to, ask{})
			assert.NoError(t, err)
			assert.Equal(t, got, tc.want)
		}
	})
}
