package supervisor_test

import (
	"testing"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/supervisor"
)

func (d *diary) simpler(id string) supervisor.Child {
	way := func(tag string) kista.Program {
		return kista.BehaviourProgram(kista.SpawnOpts{Name: id}, "worker", func() (kista.Behaviour, error) {
			return &worker{id: tag, d: d}, nil
		})
	}
	return supervisor.Child{ID: id, Start: way("best"), OrElse: []kista.Program{way("good"), way("plain")}}
}

func TestOrElse_SimplerWaysBeforeGivingUp(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		sup := start(t, n, supervisor.Spec{Children: []supervisor.Child{d.child("x"), d.simpler("a")}})
		end := endOf(sup)
		for range 5 { // each way is restarted once in vain
			crash(t, n, "a", errBoom)
		}
		assert.Equal(t, d.take(), words("+x", "+best", "-best", "+best", "-best", "+good", "-good", "+good", "-good", "+plain", "-plain", "+plain"))
		info, err := supervisor.GetChild(ctx, sup, "a")
		assert.NoError(t, err)
		assert.Equal(t, []int{info.Level, info.Restarts}, []int{2, 5})
		assert.Equal(t, d.reported("supervisor: child simpler way"), 2)
		crash(t, n, "a", errBoom)
		assert.ErrorAs[*supervisor.IntensityError](t, <-end)
		assert.Equal(t, d.take(), words("-plain", "-x"))
	})
}

func TestOrElse_TheSameFaultIsNotTriedTwice(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		sup := start(t, n, supervisor.Spec{Children: []supervisor.Child{d.simpler("a")}})
		crash(t, n, "a", &supervisor.SameFault{Cause: errBoom})
		assert.Equal(t, d.take(), words("+best", "-best", "+good"))
		assert.NoError(t, supervisor.TerminateChild(ctx, sup, "a"))
		assert.NoError(t, second(supervisor.RestartChild(ctx, sup, "a"))) // by hand: the first way again
		assert.Equal(t, d.take(), words("+best"))
	})
}
