package statem_test

import (
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/statem"
)

// A machine without mail owns no goroutine, so there is nothing to hibernate.
func TestS156_AnIdleMachineOwnsNoGoroutine(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		m := answering(func(c *ctx, what string) (string, error) {
			c.SetTimeout(statem.StateTimeout, time.Hour, nil)
			return what, nil
		})
		for range 100 {
			pid := start(t, n, statem.Of(m, counting), 0, statem.Opts{})
			_, err := server.Call(t.Context(), pid, ask{})
			assert.NoError(t, err)
		}
		kistatest.Pass(0)
		assert.Equal(t, n.Stats().Executions, 0)
		assert.Equal(t, n.Stats().Processes, 100)
	})
}

func system(t *testing.T, to kista.Addr, req kista.SystemRequest) any {
	t.Helper()
	v, err := kista.System(t.Context(), to, req)
	assert.NoError(t, err)
	return v
}

type box struct{ Items []int }

// boxes are machines that keep numbers, and start a state timeout.
func boxes(got *journal) *statem.Mux[string, box] {
	m := &statem.Mux[string, box]{Version: "box/1"}
	in := m.In("one", "two")
	statem.OnEnter(in, func(c *ctx, _ *box, old string) error { got.add("enter " + c.State()); return nil })
	statem.OnCast(in, func(c *ctx, b *box, n int) error { b.Items = append(b.Items, n); return nil })
	statem.OnCast(in, func(c *ctx, b *box, s string) error {
		switch s {
		case "wait":
			c.SetTimeout(statem.StateTimeout, time.Minute, nil)
		case "postpone":
			if c.State() == "one" {
				return statem.Postpone
			}
		}
		got.add(s)
		return nil
	})
	statem.OnTimeout(in, statem.StateTimeout, func(c *ctx, _ *box, _ any) error { got.add("timeout in " + c.State()); return nil })
	return m
}

func newBox(*ctx, none) (string, *box, error) { return "one", &box{Items: []int{1}}, nil }

// The state that is shown is a copy; what replaces it is no transition.
func TestS156_S218_GetAndReplaceState(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		var got journal
		pid := start(t, n, statem.Of(boxes(&got), newBox), none{}, statem.Opts{})
		assert.NoError(t, server.Cast(pid, "wait"))
		assert.NoError(t, server.Cast(pid, "postpone"))
		shown := system(t, pid, kista.GetState{}).(statem.Snapshot[string])
		assert.Equal(t, shown, statem.Snapshot[string]{State: "one", Data: box{[]int{1}}})
		shown.Data.(box).Items[0] = 99

		answer := system(t, pid, kista.ReplaceState{F: func(s any) (any, error) {
			snap := s.(statem.Snapshot[string])
			snap.State = "two"
			snap.Data = box{append(snap.Data.(box).Items, 2)}
			return snap, nil
		}})
		want := statem.Snapshot[string]{State: "two", Data: box{[]int{1, 2}}}
		assert.Equal(t, answer, any(want))
		assert.NoError(t, server.Cast(pid, 3))
		want.Data = box{[]int{1, 2, 3}}
		assert.Equal(t, system(t, pid, kista.GetState{}), any(want))
		kistatest.Pass(time.Hour)
		assert.Equal(t, got.take(), []any{"enter one", "wait", "timeout in two"})

		for name, bad := range map[string]any{
			"another type":     1,
			"an unknown state": statem.Snapshot[string]{State: "three", Data: box{}},
			"other data":       statem.Snapshot[string]{State: "one", Data: 1},
			"no data":          statem.Snapshot[string]{State: "one"},
		} {
			_, err := kista.System(t.Context(), pid, kista.ReplaceState{F: func(any) (any, error) { return bad, nil }})
			if err == nil {
				t.Errorf("%s was accepted", name)
			}
			assert.Equal(t, system(t, pid, kista.GetState{}), any(want))
		}
	})
}

// plain is a Handler that is its own data.
type plain struct{ N int }

func (p *plain) Handle(c *ctx, ev statem.Event) error {
	p.N += ev.Msg.(int)
	return nil
}

func TestS156_AHandlerIsItsOwnData(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		pid := start(t, n, func(*ctx, none) (string, statem.Handler[string], error) { return "one", &plain{1}, nil }, none{}, statem.Opts{})
		assert.Equal(t, system(t, pid, kista.GetState{}), any(statem.Snapshot[string]{State: "one", Data: &plain{1}}))
		system(t, pid, kista.ReplaceState{F: func(s any) (any, error) {
			snap := s.(statem.Snapshot[string])
			snap.Data.(*plain).N = 5
			return snap, nil
		}})
		assert.NoError(t, kista.Send(pid, 2))
		assert.Equal(t, system(t, pid, kista.GetState{}), any(statem.Snapshot[string]{State: "one", Data: &plain{7}}))
		_, err := kista.System(t.Context(), pid, kista.ReplaceState{F: func(any) (any, error) {
			return statem.Snapshot[string]{State: "one", Data: 1}, nil
		}})
		failed := assert.ErrorAs[*kista.CallbackError](t, err)
		if _, ok := failed.Reason.(*statem.StateError); !ok {
			t.Errorf("the reason is a %T", failed.Reason)
		}
	})
}

// Suspended, a machine leaves its mail alone, and its timeouts too, which come
// afterwards in their place.
func TestS217_SuspendAndResume(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		var got journal
		pid := start(t, n, statem.Of(boxes(&got), newBox), none{}, statem.Opts{})
		assert.NoError(t, server.Cast(pid, "wait"))
		assert.Equal(t, got.take(), []any{"enter one", "wait"})
		system(t, pid, kista.Suspend{})
		assert.NoError(t, server.Cast(pid, "before"))
		kistatest.Pass(time.Hour)
		assert.NoError(t, server.Cast(pid, "after"))
		assert.Equal(t, len(got.take()), 0)
		assert.Equal(t, system(t, pid, kista.GetState{}), any(statem.Snapshot[string]{State: "one", Data: box{[]int{1}}}))
		system(t, pid, kista.Resume{})
		assert.Equal(t, got.take(), []any{"before", "timeout in one", "after"})
	})
}

func TestStatus(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		m := secretive()
		f := statem.Of(m, newSecret)
		pid := start(t, n, f, none{}, statem.Opts{Name: "m"})
		assert.NoError(t, kista.Send(pid, number(1)))
		st := system(t, pid, kista.GetStatus{}).(kista.BehaviourStatus)
		assert.Equal(t, st.Kind, "statem")
		assert.Equal(t, st.State, any(statem.Snapshot[string]{State: "one", Data: secret{"hunter2"}}))
		assert.Equal(t, st.Misc["postponed"], any([]string{"info statem_test.number"}))
		statem.OnReport(m, func(s *secret) string { return "something" })
		st = system(t, pid, kista.GetStatus{}).(kista.BehaviourStatus)
		assert.Equal(t, st.State, any(statem.Snapshot[string]{State: "one", Data: "something"}))

		pid = start(t, n, func(*ctx, none) (string, statem.Handler[string], error) {
			return "one", statem.HandlerFunc[string](func(*ctx, statem.Event) error { return nil }), nil
		}, none{}, statem.Opts{})
		st = system(t, pid, kista.GetStatus{}).(kista.BehaviourStatus)
		assert.Equal(t, st.State, any(statem.Snapshot[string]{State: "one", Data: "statem.HandlerFunc[string] (not data)"}))
	})
}

// box2 is what boxes hold in the next version.
type box2 struct{ Sum int }

func boxes2(got *journal) *statem.Mux[string, box2] {
	m := &statem.Mux[string, box2]{Version: "box/2"}
	in := m.In("one", "three")
	statem.OnEnter(in, func(c *ctx, _ *box2, old string) error { got.add("enter 2 " + c.State()); return nil })
	statem.OnCast(in, func(c *ctx, b *box2, n int) error { b.Sum += n; return nil })
	statem.OnCast(in, func(c *ctx, b *box2, s string) error { got.add("2 " + s); c.NextState("three"); return nil })
	statem.OnTimeout(in, statem.StateTimeout, func(c *ctx, _ *box2, _ any) error { got.add("2 timeout in " + c.State()); return nil })
	return m
}

// Code changes between events: state, data, what waits and timeouts go along.
func TestCodeChange(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		var got journal
		m1, m2 := boxes(&got), boxes2(&got)
		up := statem.Upgrade(m2, func(ch kista.CodeChange, s string, b *box) (string, *box2, error) {
			got.add("from " + ch.From)
			b.Items[0] = 99 // a copy
			sum := 0
			for _, i := range b.Items[1:] {
				sum += i
			}
			return "one", &box2{sum + ch.Extra.(int)}, nil
		})
		down := statem.Upgrade(m1, func(ch kista.CodeChange, s string, b *box2) (string, *box, error) {
			got.add("from " + ch.From)
			return "two", &box{[]int{b.Sum}}, nil
		})
		pid := start(t, n, statem.Of(m1, newBox), none{}, statem.Opts{})
		for _, msg := range []any{2, "wait", "postpone"} {
			assert.NoError(t, server.Cast(pid, msg))
		}
		_, err := kista.System(t.Context(), pid, kista.ChangeCode{Code: up, Extra: 10})
		assert.ErrorIs(t, err, kista.ErrNotSuspended)
		system(t, pid, kista.Suspend{})
		for name, code := range map[string]any{
			"no code":       1,
			"the zero code": statem.Code[string]{},
			"other states": statem.UpgradeHandler("x", func(_ kista.CodeChange, s int, h statem.Handler[int]) (int, statem.Handler[int], error) {
				return s, h, nil
			}),
		} {
			_, err := kista.System(t.Context(), pid, kista.ChangeCode{Code: code})
			assert.ErrorIs(t, err, kista.ErrUnsupported)
			t.Logf("%s: %v", name, err)
		}
		for name, code := range map[string]statem.Code[string]{
			"an error": statem.Upgrade(m2, func(_ kista.CodeChange, s string, b *box) (string, *box2, error) {
				b.Items[0] = 98
				return s, nil, errBoom
			}),
			"no data":          statem.Upgrade(m2, func(_ kista.CodeChange, s string, b *box) (string, *box2, error) { return s, nil, nil }),
			"an unknown state": statem.Upgrade(m2, func(_ kista.CodeChange, s string, b *box) (string, *box2, error) { return "two", &box2{}, nil }),
			"other data":       down,
			"no handler": statem.UpgradeHandler("x", func(_ kista.CodeChange, s string, _ statem.Handler[string]) (string, statem.Handler[string], error) {
				return s, nil, nil
			}),
		} {
			if _, err := kista.System(t.Context(), pid, kista.ChangeCode{Code: code}); err == nil {
				t.Errorf("%s was accepted", name)
			}
		}
		assert.Equal(t, system(t, pid, kista.GetState{}), any(statem.Snapshot[string]{State: "one", Data: box{[]int{1, 2}}}))
		assert.Equal(t, system(t, pid, kista.GetStatus{}).(kista.BehaviourStatus).Version, "box/1")
		assert.Equal(t, got.take(), []any{"enter one", "wait"})

		system(t, pid, kista.ChangeCode{Code: up, Extra: 10})
		assert.Equal(t, system(t, pid, kista.GetState{}), any(statem.Snapshot[string]{State: "one", Data: box2{12}}))
		assert.Equal(t, system(t, pid, kista.GetStatus{}).(kista.BehaviourStatus).Version, "box/2")
		system(t, pid, kista.Resume{})
		kistatest.Pass(time.Hour)
		assert.Equal(t, got.take(), []any{"from box/1", "2 timeout in one"})
		assert.NoError(t, server.Cast(pid, "go"))
		assert.Equal(t, got.take(), []any{"2 go", "enter 2 three", "2 postpone"})

		system(t, pid, kista.Suspend{})
		system(t, pid, kista.ChangeCode{Code: down})
		system(t, pid, kista.Resume{})
		assert.Equal(t, system(t, pid, kista.GetState{}), any(statem.Snapshot[string]{State: "two", Data: box{[]int{12}}}))
		assert.Equal(t, got.take(), []any{"from box/2"})
	})
}

// Code is chosen by its name, which is its version if it has none of its own; it
// may keep the data, and change Handlers of any kind.
func TestCodeByName(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		m := answering(func(*ctx, string) (string, error) { return "old", nil })
		next := answering(func(*ctx, string) (string, error) { return "new", nil })
		byName := kista.Code("statem_test/answering/2", statem.Upgrade(next, statem.Keep[string, int]))
		assert.Equal(t, byName.Func().Version(), "")
		pid := start(t, n, statem.Of(m, counting), 0, statem.Opts{})
		system(t, pid, kista.Suspend{})
		system(t, pid, kista.ChangeCode{Code: byName})
		system(t, pid, kista.Resume{})
		got, err := server.Call(t.Context(), pid, ask{})
		assert.NoError(t, err)
		assert.Equal(t, got, "new")
		assert.Equal(t, system(t, pid, kista.GetStatus{}).(kista.BehaviourStatus).Version, "statem_test/answering/2")

		pid = start(t, n, func(*ctx, none) (string, statem.Handler[string], error) { return "one", &plain{1}, nil }, none{}, statem.Opts{})
		system(t, pid, kista.Suspend{})
		system(t, pid, kista.ChangeCode{Code: statem.UpgradeHandler("v2", func(_ kista.CodeChange, s string, old statem.Handler[string]) (string, statem.Handler[string], error) {
			old.(*plain).N += 5
			return "two", next.Handler(&old.(*plain).N), nil
		})})
		assert.Equal(t, system(t, pid, kista.GetState{}), any(statem.Snapshot[string]{State: "two", Data: 6}))
		assert.Equal(t, system(t, pid, kista.GetStatus{}).(kista.BehaviourStatus).Version, "v2")
	})
}
