package supervisor_test

import (
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/supervisor"
)

// The rows of the crash matrix that supervisors decide: A misbehaves, must B
// keep answering?

func answers(t *testing.T, n *kista.Node, name string) {
	t.Helper()
	v, err := kista.Call(ctx, n.Name(name), "ping")
	assert.NoError(t, err)
	assert.Equal(t, v, any("ping"))
}

func TestMatrix_a10_TwelvePanics(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		bad := supervisor.Child{ID: "a", Start: program(worker{id: "a", d: d, handle: func(*kista.Self, any) error { panic("bug") }})}
		a := start(t, n, supervisor.Spec{Intensity: 10, Children: []supervisor.Child{bad}})
		b := start(t, n, supervisor.Spec{Children: d.children("b")})
		end := endOf(a)
		for range 12 {
			_ = kista.Send(n.Name("a"), "go")
			pass(100 * time.Millisecond)
			answers(t, n, "b")
		}
		reason := <-end
		assert.Equal(t, assert.ErrorAs[*supervisor.IntensityError](t, reason).ID, "a")
		assert.Equal(t, assert.ErrorAs[*kista.PanicError](t, reason).Value, any("bug"))
		assert.True(t, n.Alive(b), "the other tree is down")
	})
}

func TestMatrix_a3_TerminatePanicsToo(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		a := supervisor.Child{ID: "a", Start: program(worker{id: "a", d: d, end: func(*kista.Self, error) error { panic("again") }})}
		start(t, n, supervisor.Spec{Children: []supervisor.Child{a, d.child("b")}})
		crash(t, n, "a", errBoom)
		answers(t, n, "a")
		answers(t, n, "b")
	})
}

func TestMatrix_a4_FactoryAndInitPanicOnRestart(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		var made atomic.Int32
		pr := kista.BehaviourProgram(kista.SpawnOpts{Name: "a"}, "worker", func() (kista.Behaviour, error) {
			w := &worker{id: "a", d: d}
			switch made.Add(1) {
			case 2:
				panic("factory")
			case 3:
				w.init = func(*kista.Self) error { panic("init") }
			}
			return w, nil
		})
		start(t, n, supervisor.Spec{Intensity: 3, Children: []supervisor.Child{{ID: "a", Start: pr}, d.child("b")}})
		b, _ := n.WhereIs("b")
		crash(t, n, "a", errBoom)
		answers(t, n, "a")
		assert.Equal(t, made.Load(), int32(4))
		assert.True(t, n.Alive(b), "the sibling has died")
		assert.Equal(t, d.reported("supervisor: child start failed"), 2)
	})
}

func TestMatrix_a5_TerminatePanicsWhenStopped(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		a := supervisor.Child{ID: "a", Start: program(worker{id: "a", d: d, end: func(*kista.Self, error) error { panic("late") }})}
		sup := start(t, n, supervisor.Spec{Children: []supervisor.Child{d.child("b"), a}})
		assert.ErrorIs(t, stop(t, n, sup), kista.ErrShutdown)
		assert.Equal(t, d.reported("supervisor: child stop failed"), 1)
		assert.Equal(t, d.take(), words("+b", "+a", "-a", "-b"))
	})
}

func TestMatrix_n_TheSupervisorOfBCrashes(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		inner := supervisor.Program(supervisor.Spec{Children: d.children("b")}, supervisor.Opts{Name: "inner"})
		start(t, n, supervisor.Spec{Children: []supervisor.Child{{ID: "inner", Start: inner}, d.child("c")}})
		c, _ := n.WhereIs("c")
		pid, _ := n.WhereIs("inner")
		assert.NoError(t, second(kista.System(ctx, pid, kista.Terminate{Reason: errBoom})))
		pass(0)
		answers(t, n, "b")
		assert.True(t, n.Alive(c), "the sibling has died")
		assert.Equal(t, d.take(), words("+b", "+c", "-b", "+b"))
	})
}

func TestAHundredThousandChildren(t *testing.T) {
	many := 100_000
	if testing.Short() {
		many = 1000
	}
	n, err := kista.Start(kista.Config{Logger: quiet})
	assert.NoError(t, err)
	defer func() { assert.NoError(t, n.Stop(ctx)) }()
	spec := supervisor.Spec{Children: make([]supervisor.Child, many)}
	for i := range many {
		spec.Children[i] = supervisor.Child{ID: strconv.Itoa(i), Start: kista.BehaviourProgram(kista.SpawnOpts{}, "worker",
			func() (kista.Behaviour, error) { return &silent{}, nil })}
	}
	sup := start(t, n, spec)
	first, err := supervisor.GetChild(ctx, sup, "0")
	assert.NoError(t, err)
	_ = kista.Send(first.PID, ends{errBoom})
	for {
		again, err := supervisor.GetChild(ctx, sup, "0")
		assert.NoError(t, err)
		if again.Restarts == 1 {
			break
		}
	}
	assert.NoError(t, supervisor.TerminateChild(ctx, sup, strconv.Itoa(many/2)))
	counts, err := supervisor.CountChildren(ctx, sup)
	assert.NoError(t, err)
	assert.Equal(t, counts, supervisor.Counts{Specs: many, Active: many - 1, Workers: many})
	assert.ErrorIs(t, stop(t, n, sup), kista.ErrShutdown)
	assert.Equal(t, n.Stats().Processes, 0)
}
