package supervisor_test

import (
	"context"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/supervisor"
)

// stubborn is a child that takes its time to stop.
func (d *diary) stubborn(id string, takes time.Duration) supervisor.Child {
	return supervisor.Child{ID: id, Start: program(worker{id: id, d: d, end: func(s *kista.Self, _ error) error {
		return s.Select(kista.After(takes, nil))
	}})}
}

func TestS184_Shutdown(t *testing.T) {
	for _, tc := range []struct {
		name     string
		shutdown time.Duration
		needs    time.Duration
		takes    time.Duration
		report   string
	}{
		{"brutal", supervisor.BrutalKill, time.Hour, 0, "supervisor: child stopped"},
		{"in time", 3 * time.Second, 2 * time.Second, 2 * time.Second, "supervisor: child stopped"},
		{"too late", 3 * time.Second, time.Hour, 3 * time.Second, "supervisor: child stop failed"},
		{"infinity", kista.NoTimeout, time.Hour, time.Hour, "supervisor: child stopped"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
				c := d.stubborn("a", tc.needs)
				c.Shutdown = tc.shutdown
				sup := start(t, n, supervisor.Spec{Children: []supervisor.Child{c}})
				began := time.Now()
				assert.ErrorIs(t, stop(t, n, sup), kista.ErrShutdown)
				assert.Equal(t, time.Since(began), tc.takes)
				assert.Equal(t, d.reported(tc.report), 1)
			})
		})
	}
}

// One that is suspended ends when it is told to, like any other (statement 221),
// though it has to hear from its children for that.
func TestS184_Suspended(t *testing.T) {
	ways := map[string]func(t *testing.T, n *kista.Node, sup kista.PID){
		"terminate": func(t *testing.T, _ *kista.Node, sup kista.PID) {
			_, err := kista.System(ctx, sup, kista.Terminate{Reason: kista.ErrShutdown})
			assert.NoError(t, err)
		},
		"stop": func(t *testing.T, n *kista.Node, sup kista.PID) { stop(t, n, sup) },
		"exit signal": func(t *testing.T, n *kista.Node, sup kista.PID) {
			assert.NoError(t, kista.Exit(sup, kista.ErrShutdown))
		},
	}
	for name, end := range ways {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
				sup := start(t, n, supervisor.Spec{Children: []supervisor.Child{d.stubborn("a", time.Second), d.stubborn("b", time.Second)}})
				_, err := kista.System(ctx, sup, kista.Suspend{})
				assert.NoError(t, err)
				began := time.Now()
				end(t, n, sup)
				if name == "exit signal" { // of a stranger: a message, which lies until it is resumed
					_, err := kista.System(ctx, sup, kista.Terminate{Reason: kista.ErrShutdown})
					assert.NoError(t, err)
				}
				_, err = kista.Wait(ctx, sup)
				assert.NoError(t, err)
				assert.Equal(t, time.Since(began), 2*time.Second)
			})
		})
	}
}

func TestS184_AwaitsAChildThatUnlinkedItself(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		c := supervisor.Child{ID: "a", Start: program(worker{
			id: "a", d: d,
			init: func(s *kista.Self) error { return s.Unlink(s.Parent()) },
			end: func(s *kista.Self, _ error) error {
				_ = s.Unlink(s.Parent())
				return s.Select(kista.After(2*time.Second, func() error { d.add("done"); return nil }))
			},
		})}
		sup := start(t, n, supervisor.Spec{Children: []supervisor.Child{c}})
		pid, _ := n.WhereIs("a")
		// It traps exits, and without the link the parent's signal still counts.
		assert.ErrorIs(t, stop(t, n, sup), kista.ErrShutdown)
		assert.True(t, !n.Alive(pid), "it lives")
		assert.Equal(t, d.take(), words("+a", "-a", "done"))
	})
}

// One that has unlinked itself and died is missed, but never awaited for ever.
func TestS184_AChildThatUnlinkedItselfAndDied(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		c := supervisor.Child{ID: "a", Shutdown: kista.NoTimeout, Start: supervisor.Body(func(s *kista.Self) error {
			_ = s.Unlink(s.Parent())
			return errBoom
		})}
		sup := start(t, n, supervisor.Spec{Children: []supervisor.Child{c}})
		pass(time.Second)
		assert.ErrorIs(t, stop(t, n, sup), kista.ErrShutdown)
	})
}

func TestS185_OneThatDoesNotTrapDiesAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		plain := kista.BehaviourProgram(kista.SpawnOpts{Name: "a"}, "worker", func() (kista.Behaviour, error) { return &worker{id: "a", d: d}, nil })
		sup := start(t, n, supervisor.Spec{Children: []supervisor.Child{{ID: "a", Start: plain}, d.child("b")}})
		assert.ErrorIs(t, stop(t, n, sup), kista.ErrShutdown)
		assert.Equal(t, d.take(), words("+a", "+b", "-b")) // no Terminate of a
	})
}

func TestS186_AnotherReasonThanAskedIsReported(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		c := supervisor.Child{ID: "a", Start: program(worker{id: "a", d: d, end: func(*kista.Self, error) error { return errBoom }})}
		sup := start(t, n, supervisor.Spec{Children: []supervisor.Child{c}})
		assert.ErrorIs(t, stop(t, n, sup), kista.ErrShutdown)
		assert.Equal(t, d.reported("supervisor: child stop failed"), 1)
	})
}

func TestFuncStopsByItsContext(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		f := supervisor.Func(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		sup := start(t, n, supervisor.Spec{Children: []supervisor.Child{{ID: "f", Start: f}}})
		assert.ErrorIs(t, stop(t, n, sup), kista.ErrShutdown)
		assert.Equal(t, d.reported("supervisor: child stopped"), 1)
	})
}

// Crash matrix, row j: it blocks for ever, and then is to stop.
func TestMatrix_j_BlocksForEver(t *testing.T) {
	gate := make(chan struct{})
	blocks := map[string]kista.Program{
		"func": supervisor.Func(func(context.Context) error { <-gate; return nil }),
		"handler": kista.BehaviourProgram(kista.SpawnOpts{Name: "a", TrapExits: true}, "worker", func() (kista.Behaviour, error) {
			return &worker{d: &diary{}, handle: func(*kista.Self, any) error { <-gate; return nil }}, nil
		}),
	}
	for name, pr := range blocks {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
				gate = make(chan struct{})
				sup := start(t, n, supervisor.Spec{Children: []supervisor.Child{{ID: "a", Start: pr, Shutdown: 3 * time.Second}, d.child("b")}})
				_ = kista.Send(n.Name("a"), "block")
				d.take()
				began := time.Now()
				assert.ErrorIs(t, stop(t, n, sup), kista.ErrShutdown)
				assert.Equal(t, time.Since(began), 3*time.Second)
				assert.Equal(t, n.Stats().Zombies, 1)
				pass(2 * time.Second)
				assert.Equal(t, d.reported("zombie: the code of an ended process does not return"), 1)
				close(gate)
				d.take()
			})
		})
	}
}

func TestSupervisorKilledChildrenDie(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		inner := supervisor.Program(supervisor.Spec{Children: d.children("a", "b")}, supervisor.Opts{Name: "inner"})
		start(t, n, supervisor.Spec{Children: []supervisor.Child{{ID: "inner", Start: inner}}})
		old, _ := n.WhereIs("a")
		pid, _ := n.WhereIs("inner")
		assert.NoError(t, kista.Exit(pid, kista.Kill))
		pass(time.Second)
		assert.True(t, !n.Alive(old), "an orphan lives")
		fresh, there := n.WhereIs("inner")
		assert.True(t, there && fresh != pid, "not restarted")
	})
}
