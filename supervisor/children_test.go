package supervisor_test

import (
	"slices"
	"testing"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/supervisor"
)

func TestS187_TerminateChild(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		temporary := d.child("t")
		temporary.Restart = supervisor.Temporary
		sup := start(t, n, supervisor.Spec{Children: append(d.children("a"), temporary)})
		for range 2 {
			assert.NoError(t, supervisor.TerminateChild(ctx, sup, "a"))
		}
		assert.NoError(t, supervisor.TerminateChild(ctx, sup, "t"))
		assert.Equal(t, ids(t, sup), words("a stopped"))
		err := supervisor.TerminateChild(ctx, sup, "x")
		assert.ErrorIs(t, err, supervisor.ErrNotFound)
		assert.Equal(t, assert.ErrorAs[*supervisor.ChildError](t, err).ID, "x")
	})
}

// restarting is a child whose restart hangs until gate is closed.
func (d *diary) restarting(id string, gate chan struct{}) supervisor.Child {
	first := true
	return supervisor.Child{ID: id, Start: program(worker{id: id, d: d, init: func(*kista.Self) error {
		if !first {
			<-gate
		}
		first = false
		return nil
	}})}
}

func TestS188_S189_RestartAndDeleteChild(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		gate := make(chan struct{})
		sup := start(t, n, supervisor.Spec{Children: []supervisor.Child{d.child("a"), d.restarting("r", gate)}})
		refused := func(id string, want error) {
			t.Helper()
			_, err := supervisor.RestartChild(ctx, sup, id)
			assert.ErrorIs(t, err, want)
			assert.ErrorIs(t, supervisor.DeleteChild(ctx, sup, id), want)
		}
		refused("x", supervisor.ErrNotFound)
		refused("a", supervisor.ErrRunning)
		crash(t, n, "r", errBoom)
		refused("r", supervisor.ErrRestarting)
		close(gate)

		assert.NoError(t, supervisor.TerminateChild(ctx, sup, "a"))
		pid, err := supervisor.RestartChild(ctx, sup, "a")
		assert.NoError(t, err)
		assert.True(t, n.Alive(pid), "not up")
		assert.NoError(t, supervisor.TerminateChild(ctx, sup, "a"))
		assert.NoError(t, supervisor.DeleteChild(ctx, sup, "a"))
		refused("a", supervisor.ErrNotFound)
	})
}

func TestS190_StartChild(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		sup := start(t, n, supervisor.Spec{})
		pid, err := supervisor.StartChild(ctx, sup, d.child("a"))
		assert.NoError(t, err)
		_, err = supervisor.StartChild(ctx, sup, d.child("a"))
		assert.ErrorIs(t, err, supervisor.ErrAlreadyStarted)
		assert.Equal(t, assert.ErrorAs[*supervisor.AlreadyStartedError](t, err).PID, pid)
		assert.NoError(t, supervisor.TerminateChild(ctx, sup, "a"))
		_, err = supervisor.StartChild(ctx, sup, d.child("a"))
		assert.ErrorIs(t, err, supervisor.ErrAlreadyPresent)

		fails := supervisor.Child{ID: "f", Start: program(worker{id: "f", d: d, init: func(*kista.Self) error { return errBoom }})}
		_, err = supervisor.StartChild(ctx, sup, fails)
		assert.ErrorIs(t, err, errBoom)

		ignores := supervisor.Child{ID: "i", Start: program(worker{id: "i", d: d, init: func(*kista.Self) error { return kista.ErrIgnore }})}
		pid, err = supervisor.StartChild(ctx, sup, ignores)
		assert.NoError(t, err)
		assert.True(t, pid.IsZero(), "a PID of nobody")
		ignores.ID, ignores.Restart = "j", supervisor.Temporary
		assert.NoError(t, second(supervisor.StartChild(ctx, sup, ignores)))
		assert.ErrorAs[*supervisor.SpecError](t, second(supervisor.StartChild(ctx, sup, supervisor.Child{ID: "z"})))
		assert.Equal(t, ids(t, sup), words("i stopped", "a stopped"))
	})
}

func TestS191_S192_S200_AskingForChildren(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		inner := supervisor.Child{ID: "s", Start: supervisor.Program(supervisor.Spec{}, supervisor.Opts{})}
		sup := start(t, n, supervisor.Spec{Children: append(d.children("a", "b"), inner)})
		assert.NoError(t, supervisor.TerminateChild(ctx, sup, "b"))
		assert.Equal(t, ids(t, sup), words("s running", "b stopped", "a running"))
		counts, err := supervisor.CountChildren(ctx, sup)
		assert.NoError(t, err)
		assert.Equal(t, counts, supervisor.Counts{Specs: 3, Active: 2, Supervisors: 1, Workers: 2})
		info, err := supervisor.GetChild(ctx, sup, "s")
		assert.NoError(t, err)
		assert.Equal(t, info.Type, supervisor.Supervisor)
		assert.True(t, n.Alive(info.PID), "not its PID")
		spec, err := supervisor.GetChildSpec(ctx, sup, "a")
		assert.NoError(t, err)
		assert.Equal(t, spec.ID, "a")
		assert.ErrorIs(t, second(supervisor.GetChild(ctx, sup, "x")), supervisor.ErrNotFound)
	})
}

func TestS200_UpdateTouchesNothingThatRuns(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		sup := start(t, n, supervisor.Spec{Children: d.children("a", "b")})
		d.take()
		assert.NoError(t, supervisor.Update(ctx, sup, supervisor.Spec{Strategy: supervisor.OneForAll, Children: d.children("a", "c")}))
		assert.Equal(t, ids(t, sup), words("b running", "c stopped", "a running"))
		assert.Equal(t, len(d.take()), 0)
		crash(t, n, "a", errBoom)
		assert.Equal(t, d.take(), words("-a", "-b", "+a", "+c", "+b"))
		assert.ErrorAs[*supervisor.SpecError](t, supervisor.Update(ctx, sup, supervisor.Spec{Strategy: 9}))
	})
}

// The order is that of the new specification, as in code_change: those that are
// not in it come last.
func TestS200_UpdateOrdersTheChildren(t *testing.T) {
	for _, c := range []struct{ old, spec, want []string }{
		{words("a", "b", "c"), words("d", "c", "a"), words("d stopped", "c running", "a running", "b running")},
		{words("a", "b", "c"), words("c", "b", "a"), words("c running", "b running", "a running")},
		{words("a", "b", "c"), words("b"), words("b running", "a running", "c running")},
		{words("a"), words("x", "y"), words("x stopped", "y stopped", "a running")},
		{words("a", "b", "c", "d"), words("e", "b", "f"), words("e stopped", "b running", "f stopped", "a running", "c running", "d running")},
	} {
		bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
			sup := start(t, n, supervisor.Spec{Children: d.children(c.old...)})
			assert.NoError(t, supervisor.Update(ctx, sup, supervisor.Spec{Children: d.children(c.spec...)}))
			got := ids(t, sup) // newest first
			slices.Reverse(got)
			assert.Equal(t, got, c.want)
		})
	}
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		spec := supervisor.Spec{Strategy: supervisor.RestForOne, Children: d.children("a", "c")}
		sup := start(t, n, spec)
		spec.Children = d.children("a", "b", "c")
		assert.NoError(t, supervisor.Update(ctx, sup, spec))
		assert.NoError(t, second(supervisor.RestartChild(ctx, sup, "b")))
		d.take()
		crash(t, n, "b", errBoom)
		assert.Equal(t, d.take(), words("-b", "-c", "+b", "+c"))
		assert.ErrorIs(t, stop(t, n, sup), kista.ErrShutdown)
		assert.Equal(t, d.take(), words("-c", "-b", "-a"))
	})
}

// A temporary child that an update has added is not started with its group.
func TestS200_ATemporaryChildIsNotStartedWithItsGroup(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		spec := supervisor.Spec{Strategy: supervisor.OneForAll, Children: d.children("a")}
		sup := start(t, n, spec)
		temporary := d.child("t")
		temporary.Restart = supervisor.Temporary
		spec.Children = append(d.children("a", "b"), temporary)
		assert.NoError(t, supervisor.Update(ctx, sup, spec))
		d.take()
		crash(t, n, "a", errBoom)
		assert.Equal(t, d.take(), words("-a", "+a", "+b"))
		assert.Equal(t, ids(t, sup), words("b running", "a running"))
	})
}

func TestS199_EventsTellTheStory(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		watcher := n.Spawn(func(s *kista.Self) error {
			for {
				e, err := kista.Receive[supervisor.Event](s)
				if err != nil {
					return err
				}
				d.add(e.Child + " " + e.Kind.String())
			}
		})
		c := supervisor.Child{ID: "a", Start: program(worker{id: "a", d: &diary{}})}
		sup := start(t, n, supervisor.Spec{Children: []supervisor.Child{c}, Notify: watcher})
		crash(t, n, "a", errBoom)
		assert.ErrorIs(t, stop(t, n, sup), kista.ErrShutdown)
		assert.Equal(t, d.take(), words("a started", "a terminated", "a restarted", "a stopped"))
		for _, what := range []string{"started", "terminated", "restarted", "stopped"} {
			assert.Equal(t, d.reported("supervisor: child "+what), 1)
		}
	})
}
