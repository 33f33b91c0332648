package sys_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/supervisor"
	"github.com/kista-go/kista/sys"
)

func specs(m *server.Mux[counter], ids ...string) supervisor.Spec {
	spec := supervisor.Spec{Intensity: 10}
	for _, id := range ids {
		spec.Children = append(spec.Children, supervisor.Child{
			ID: id, Start: server.Child(server.Of(m, newCounter), 0, server.Opts{Name: id}),
		})
	}
	return spec
}

var supervisor2 = kista.Code("sys_test.supervisor/2", func() supervisor.Spec {
	newer := counter1()
	newer.Version = "counter/1b"
	spec := specs(newer, "a", "b")
	spec.Strategy, spec.Intensity, spec.Period = supervisor.OneForAll, 3, time.Minute
	return spec
}())

// A supervisor's new code is a Spec: flags and specifications change, children that
// run go on (statement 200).
func TestS220_ASupervisorsCode(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		sup, err := supervisor.Start(t.Context(), n, specs(counter1(), "a"), supervisor.Opts{})
		assert.NoError(t, err)
		a, err := n.AwaitName(t.Context(), "a")
		assert.NoError(t, err)
		call(t, a, 5)
		v := supervisor2
		assert.ErrorIs(t, sys.ChangeCode(t.Context(), sup, v, nil), kista.ErrNotSuspended)
		assert.NoError(t, upgrade(t, v, sup))
		assert.Equal(t, call(t, a, 0), 5)
		st, err := sys.Status(t.Context(), sup)
		assert.NoError(t, err)
		assert.Equal(t, st.Version+" "+st.Kind, "sys_test.supervisor/2 supervisor")
		assert.Equal(t, st.Misc, map[string]any{
			"strategy": "one_for_all", "intensity": 3, "period": time.Minute, "restarts": 0,
			"specs": 2, "active": 1, "pool": false,
		})
		b, err := supervisor.RestartChild(t.Context(), sup, "b") // it has come without a process
		assert.NoError(t, err)
		assert.Equal(t, call(t, b, 1), 1)
		_, err = server.Call(t.Context(), a, crash{})
		assert.True(t, err != nil, "it did not crash")
		synctest.Wait()
		a2, err := n.AwaitName(t.Context(), "a")
		assert.NoError(t, err)
		assert.Equal(t, versionOf(t, a2), "counter/1b one") // from the new specification
		assert.Equal(t, n.Alive(b), false)                  // by the new strategy
	})
}

func TestS220_ASpecThatDoesNotFit(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		sup, err := supervisor.Start(t.Context(), n, specs(counter1(), "a"), supervisor.Opts{})
		assert.NoError(t, err)
		bad := specs(counter1(), "a", "a")
		failed := assert.ErrorAs[*sys.UpgradeError](t, upgrade(t, bad, sup))
		assert.ErrorAs[*supervisor.SpecError](t, failed)
		assert.ErrorIs(t, upgrade(t, server.Upgrade(counter2(), up), sup), kista.ErrUnsupported)
		c, err := supervisor.CountChildren(t.Context(), sup)
		assert.NoError(t, err)
		assert.Equal(t, c.Specs, 1)
		pool := &supervisor.Pool[int]{Child: func(int) kista.Program { return kista.Program{} }}
		p, err := pool.Start(t.Context(), n, supervisor.Opts{})
		assert.NoError(t, err)
		assert.ErrorIs(t, upgrade(t, specs(counter1()), p), supervisor.ErrPool)
	})
}

// A pool's new code is a Pool: its flags change, and what its children have in
// common; those that run go on.
func TestS220_APoolsCode(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		m := counter1()
		child := func(start int) kista.Program { return server.Child(server.Of(m, newCounter), start, server.Opts{}) }
		old := &supervisor.Pool[int]{Child: child, Intensity: 10}
		sup, err := old.Start(t.Context(), n, supervisor.Opts{})
		assert.NoError(t, err)
		first, err := old.StartChild(t.Context(), sup, 1)
		assert.NoError(t, err)
		bad := &supervisor.Pool[int]{Child: child, Intensity: -7}
		assert.ErrorAs[*supervisor.SpecError](t, upgrade(t, bad, sup))
		newer := &supervisor.Pool[string]{ // started with something else, and not restarted
			Child:   func(s string) kista.Program { return child(len(s)) },
			Restart: supervisor.Temporary, Intensity: 3,
		}
		assert.NoError(t, upgrade(t, newer, sup))
		assert.Equal(t, call(t, first, 0), 1)
		_, err = old.StartChild(t.Context(), sup, 1)
		assert.ErrorIs(t, err, supervisor.ErrNotPool)
		second, err := newer.StartChild(t.Context(), sup, "four")
		assert.NoError(t, err)
		assert.Equal(t, call(t, second, 0), 4)
		for _, pid := range []kista.PID{first, second} {
			_, err = server.Call(t.Context(), pid, crash{})
			assert.True(t, err != nil, "it did not crash")
		}
		synctest.Wait()
		c, err := supervisor.CountChildren(t.Context(), sup)
		assert.NoError(t, err)
		assert.Equal(t, c.Active, 1) // the first one was permanent, and is again there
		st, err := sys.Status(t.Context(), sup)
		assert.NoError(t, err)
		assert.Equal(t, st.Misc["intensity"], any(3))
		plain, err := supervisor.Start(t.Context(), n, supervisor.Spec{}, supervisor.Opts{})
		assert.NoError(t, err)
		assert.ErrorIs(t, upgrade(t, newer, plain), supervisor.ErrNotPool)
	})
}

// One plan changes a supervisor and its children, or nothing of it: so what is
// restarted afterwards runs the new code as well.
func TestS236_ASupervisorAndItsChildren(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		sup, err := supervisor.Start(t.Context(), n, specs(counter1(), "a", "b"), supervisor.Opts{})
		assert.NoError(t, err)
		var kids []kista.PID
		for _, id := range []string{"a", "b"} {
			pid, err := n.AwaitName(t.Context(), id)
			assert.NoError(t, err)
			kids = append(kids, pid)
		}
		spec := specs(counter1(), "a", "b")
		for i, id := range []string{"a", "b"} {
			spec.Children[i].Start = server.Child(server.Of(counter2(), func(*server.Ctx, int) (*v2, error) { return new(v2), nil }), 0, server.Opts{Name: id})
		}
		fails := server.Upgrade(counter2(), func(ch kista.CodeChange, s *counter) (*v2, error) {
			if s.N == 2 {
				return nil, errBoom
			}
			return up(ch, s)
		})
		call(t, kids[1], 2)
		plan := func(code any) sys.Plan {
			return sys.Plan{Steps: []sys.Step{{PIDs: []kista.PID{sup}, Code: spec}, {PIDs: kids, Code: code}}}
		}
		_, err = sys.Upgrade(t.Context(), plan(fails))
		assert.ErrorIs(t, err, errBoom)
		_, err = server.Call(t.Context(), kids[0], crash{})
		assert.True(t, err != nil, "it did not crash")
		synctest.Wait()
		kids[0], err = n.AwaitName(t.Context(), "a")
		assert.NoError(t, err)
		assert.Equal(t, versionOf(t, kids[0]), "counter/1 one") // the supervisor's code is the old one
		_, err = sys.Upgrade(t.Context(), plan(server.Upgrade(counter2(), up)))
		assert.NoError(t, err)
		assert.Equal(t, call(t, kids[1], 1), 3)
		_, err = server.Call(t.Context(), kids[0], crash{})
		assert.True(t, err != nil, "it did not crash")
		synctest.Wait()
		a, err := n.AwaitName(t.Context(), "a")
		assert.NoError(t, err)
		assert.Equal(t, versionOf(t, a), "counter/2 two")
	})
}
