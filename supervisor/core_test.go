package supervisor

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/kista-go/kista"
)

// driver plays the processes: whatever is started is up, and whatever is told to
// stop has stopped.
type driver struct {
	k    *core
	now  time.Time
	ends bool
}

func (d *driver) do(event any) {
	todo := d.k.step(d.now, event)
	for i := 0; i < len(todo); i++ {
		var next any
		switch e := todo[i]; e.op {
		case opStart:
			next = started{e.child}
		case opStop:
			next = exited{e.child, kista.ErrShutdown}
		case opKill:
			next = exited{e.child, kista.ErrKilled}
		case opAgain:
			next = again{c: e.child, token: e.token}
		case opEnd:
			d.ends = true
		}
		if next != nil {
			todo = append(todo, d.k.step(d.now, next)...)
		}
	}
}

// cost runs a supervisor's life with n children and returns its core's steps.
func cost(t *testing.T, strategy Strategy, restart Restart, n int) int {
	t.Helper()
	spec := Spec{Strategy: strategy, Intensity: 10, AutoShutdown: AllSignificant}
	for i := range n {
		spec.Children = append(spec.Children, Child{ID: strconv.Itoa(i), Restart: restart, Significant: true, Start: Func(nil)})
	}
	d := &driver{k: newCore(spec, nil), now: time.Unix(0, 0)}
	d.do(boot{})
	d.do(exited{d.k.children.first, errors.New("boom")})
	d.do(exited{d.k.children.last, errors.New("boom")})
	d.do(halt{kista.ErrShutdown})
	if !d.ends {
		t.Fatal("it has not ended")
	}
	return d.k.steps
}

func TestCostIsLinear(t *testing.T) {
	for _, strategy := range []Strategy{OneForOne, OneForAll, RestForOne} {
		for _, restart := range []Restart{Transient, Permanent} {
			few, many := cost(t, strategy, restart, 1000), cost(t, strategy, restart, 10_000)
			if many > 11*few {
				t.Errorf("%v, %v: %d steps for 1,000 children, %d for 10,000", strategy, restart, few, many)
			}
		}
	}
}
