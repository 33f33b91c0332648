package event_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/event"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
)

type (
	tally1 struct{ N int }
	tally2 struct{ N, Errors int }
)

var tally1s = func() *event.Mux[tally1] {
	m := &event.Mux[tally1]{Version: "tally/1"}
	event.OnEvent(m, func(_ *event.Ctx, s *tally1, n int) error { s.N += n; return nil })
	event.OnCall(m, func(_ *event.Ctx, s *tally1, _ count) (int, error) { return s.N, nil })
	return m
}()

var tally2s = func() *event.Mux[tally2] {
	m := &event.Mux[tally2]{Version: "tally/2"}
	event.OnEvent(m, func(_ *event.Ctx, s *tally2, n int) error { s.N += 100 * n; return nil })
	event.OnCall(m, func(_ *event.Ctx, s *tally2, _ count) (int, error) { return s.N, nil })
	event.OnReport(m, func(*tally2) string { return "secret" })
	return m
}()

func tally(name string) event.Spec {
	return event.New(event.HandlerID{Module: "tally", ID: name}, event.Of(tally1s, func(*event.Ctx, int) (*tally1, error) { return new(tally1), nil }), 0)
}

func request(t *testing.T, m kista.PID, req kista.SystemRequest) (any, error) {
	t.Helper()
	return kista.System(t.Context(), m, req)
}

func TestS218_ReplaceState(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		j := new(journal)
		m := manager(t, n, tally("a"), event.New(id("deaf"), deaf, ""), j.hand("hand"), tally("b"))
		assert.NoError(t, event.SyncNotify(t.Context(), m, 1))
		replace := func(f func(all []event.HandlerState) (any, error)) error {
			_, err := request(t, m, kista.ReplaceState{F: func(s any) (any, error) { return f(s.([]event.HandlerState)) }})
			return err
		}
		// Those that fit are put in place, those that are as they were are left alone.
		assert.NoError(t, replace(func(all []event.HandlerState) (any, error) {
			all[0].State = tally1{N: 40}
			return all, nil
		}))
		got := states(t, m)
		assert.Equal(t, got[0].State, any(tally1{N: 40}))
		assert.Equal(t, got[3].State, any(tally1{N: 1}))
		assert.NoError(t, event.SyncNotify(t.Context(), m, 2))
		assert.Equal(t, states(t, m)[0].State, any(tally1{N: 42}))

		// All or nothing.
		before := states(t, m)
		for name, f := range map[string]func(all []event.HandlerState) (any, error){
			"an error": func([]event.HandlerState) (any, error) { return nil, errBoom },
			"a panic":  func([]event.HandlerState) (any, error) { panic(errBoom) },
			"a goexit": func([]event.HandlerState) (any, error) { return nil, outcomes["goexit"]() },
			"nonsense": func([]event.HandlerState) (any, error) { return 1, nil },
			"too few":  func(all []event.HandlerState) (any, error) { return all[1:], nil },
			"another's": func(all []event.HandlerState) (any, error) {
				all[0], all[3] = all[3], all[0]
				return all, nil
			},
			"a wrong type": func(all []event.HandlerState) (any, error) {
				all[0].State, all[3].State = tally1{N: 7}, "seven"
				return all, nil
			},
			"one that cannot": func(all []event.HandlerState) (any, error) {
				all[0].State, all[1].State = tally1{N: 7}, 7
				return all, nil
			},
		} {
			err := replace(f)
			assert.ErrorAs[*kista.CallbackError](t, err)
			after := states(t, m)
			for i := range after {
				assert.Equal(t, after[i].State, before[i].State)
			}
			_ = name
		}
	})
}

func TestS220_ChangeCode(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		j := new(journal)
		m := manager(t, n, tally("a"), j.hand("hand"), tally("b"))
		assert.NoError(t, event.SyncNotify(t.Context(), m, 1))
		var seen []kista.CodeChange
		up := event.Upgrade("tally", tally2s, func(ch kista.CodeChange, old *tally1) (*tally2, error) {
			seen = append(seen, ch)
			n := old.N
			old.N = 1000 // a copy
			return &tally2{N: n, Errors: ch.Extra.(int)}, nil
		})
		assert.Equal(t, up.Version(), "tally/2")
		_, err := request(t, m, kista.ChangeCode{Code: up, Extra: 7})
		assert.ErrorIs(t, err, kista.ErrNotSuspended)
		_, err = request(t, m, kista.Suspend{})
		assert.NoError(t, err)

		// What fails changes nothing, for any of them.
		first := true
		for _, code := range []event.Code{
			event.Upgrade("tally", tally2s, func(_ kista.CodeChange, old *tally1) (*tally2, error) {
				if first = !first; first {
					return nil, errBoom // the second one
				}
				old.N = 1000
				return &tally2{}, nil
			}),
			event.Upgrade("tally", tally2s, func(kista.CodeChange, *tally1) (*tally2, error) { panic(errBoom) }),
			event.Upgrade("tally", tally2s, func(kista.CodeChange, *tally1) (*tally2, error) { return nil, outcomes["goexit"]() }),
			event.Upgrade("tally", tally2s, func(kista.CodeChange, *tally1) (*tally2, error) { return nil, nil }),
			event.Upgrade("tally", tally2s, event.Keep[tally2]), // another state
			event.UpgradeHandler("hand", "", func(kista.CodeChange, event.Handler) (event.Handler, error) { return nil, nil }),
		} {
			_, err = request(t, m, kista.ChangeCode{Code: code})
			assert.ErrorAs[*kista.CallbackError](t, err)
			assert.Equal(t, states(t, m)[0].State, any(tally1{N: 1}))
			assert.Equal(t, states(t, m)[2].State, any(tally1{N: 1}))
		}
		for _, code := range []any{nil, 1, event.Code{}} {
			_, err = request(t, m, kista.ChangeCode{Code: code})
			assert.ErrorIs(t, err, kista.ErrUnsupported)
		}

		_, err = request(t, m, kista.ChangeCode{Code: up, Extra: 7})
		assert.NoError(t, err)
		assert.Equal(t, len(seen), 2)
		assert.Equal(t, seen[0].From, "tally/1")
		_, err = request(t, m, kista.ChangeCode{Code: event.UpgradeHandler("hand", "hand/2", func(ch kista.CodeChange, old event.Handler) (event.Handler, error) {
			return old, nil
		})})
		assert.NoError(t, err)
		_, err = request(t, m, kista.ChangeCode{Code: event.Upgrade("nobody", tally2s, event.Keep[tally2])})
		assert.NoError(t, err) // nothing to do
		_, err = request(t, m, kista.Resume{})
		assert.NoError(t, err)
		assert.NoError(t, event.SyncNotify(t.Context(), m, 1))
		assert.Equal(t, states(t, m)[2].State, any(tally2{N: 101, Errors: 7}))
		v, err := event.Call(t.Context(), m, event.HandlerID{Module: "tally", ID: "a"}, count{})
		assert.NoError(t, err)
		assert.Equal(t, v, 101)

		// In the status there are the versions, and of a state what may be seen.
		st, err := request(t, m, kista.GetStatus{})
		assert.NoError(t, err)
		all := st.(kista.BehaviourStatus).State.([]event.HandlerStatus)
		assert.Equal(t, all, []event.HandlerStatus{
			{Handler: event.HandlerID{Module: "tally", ID: "b"}, Code: "event_test.tally2", Version: "tally/2", State: "secret"},
			{Handler: id("hand"), Code: "*event_test.hand", Version: "hand/2", State: 2},
			{Handler: event.HandlerID{Module: "tally", ID: "a"}, Code: "event_test.tally2", Version: "tally/2", State: "secret"},
		}, cmp.Comparer(func(a, b kista.PID) bool { return a == b }))
	})
}
