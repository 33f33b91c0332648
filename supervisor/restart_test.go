package supervisor_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/supervisor"
)

func TestS178_RestartTypes(t *testing.T) {
	shut := &kista.ShutdownError{Cause: errBoom}
	for _, tc := range []struct {
		restart  supervisor.Restart
		reason   error
		again    bool
		specKept bool
	}{
		{supervisor.Permanent, nil, true, true},
		{supervisor.Permanent, kista.ErrShutdown, true, true},
		{supervisor.Permanent, errBoom, true, true},
		{supervisor.Transient, nil, false, true},
		{supervisor.Transient, kista.ErrShutdown, false, true},
		{supervisor.Transient, shut, false, true},
		{supervisor.Transient, errBoom, true, true},
		{supervisor.Temporary, nil, false, false},
		{supervisor.Temporary, errBoom, false, false},
	} {
		bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
			c := d.child("a")
			c.Restart = tc.restart
			sup := start(t, n, supervisor.Spec{Children: []supervisor.Child{c}})
			crash(t, n, "a", tc.reason)
			_, there := n.WhereIs("a")
			assert.Equal(t, there, tc.again)
			_, err := supervisor.GetChild(ctx, sup, "a")
			assert.Equal(t, err == nil, tc.specKept)
		})
	}
}

func TestS179_S180_Strategies(t *testing.T) {
	for strategy, want := range map[supervisor.Strategy][]string{
		supervisor.OneForOne:  {"-b", "+b"},
		supervisor.OneForAll:  {"-b", "-t", "-c", "-a", "+a", "+b", "+c"},
		supervisor.RestForOne: {"-b", "-t", "-c", "+b", "+c"},
	} {
		bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
			temporary := d.child("t")
			temporary.Restart = supervisor.Temporary
			sup := start(t, n, supervisor.Spec{Strategy: strategy, Children: append(d.children("a", "b", "c"), temporary)})
			d.take()
			crash(t, n, "b", errBoom)
			assert.Equal(t, d.take(), want)
			_, err := supervisor.GetChild(ctx, sup, "t")
			assert.Equal(t, err == nil, strategy == supervisor.OneForOne)
		})
	}
}

func TestS181_Intensity(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		sup := start(t, n, supervisor.Spec{Intensity: 3, Children: d.children("a", "b")})
		end := endOf(sup)
		for range 3 {
			crash(t, n, "b", errBoom)
		}
		assert.True(t, n.Alive(sup), "too early")
		crash(t, n, "b", errBoom)
		reason := <-end
		assert.ErrorIs(t, reason, kista.ErrShutdown)
		e := assert.ErrorAs[*supervisor.IntensityError](t, reason)
		assert.Equal(t, e.ID, "b")
		assert.ErrorIs(t, e, errBoom)
		assert.Equal(t, d.reported("supervisor: child gave up"), 1)
		lines := d.take()
		assert.Equal(t, lines[len(lines)-1], "-a")
	})
}

func TestS181_NoRestarts(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		end := endOf(start(t, n, supervisor.Spec{Intensity: supervisor.NoRestarts, Children: d.children("a")}))
		crash(t, n, "a", errBoom)
		assert.ErrorAs[*supervisor.IntensityError](t, <-end)
	})
}

func TestS182_TheWindowSlidesAndAGroupCountsOnce(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		spec := supervisor.Spec{Strategy: supervisor.OneForAll, Intensity: 2, Period: 10 * time.Second, Children: d.children("a", "b", "c")}
		sup := start(t, n, spec)
		for range 20 { // never three within ten seconds
			crash(t, n, "b", errBoom)
			pass(5*time.Second + time.Millisecond)
		}
		assert.True(t, n.Alive(sup), "it gave up")
		end := endOf(sup)
		crash(t, n, "b", errBoom)
		crash(t, n, "b", errBoom)
		assert.ErrorAs[*supervisor.IntensityError](t, <-end)
	})
}

func TestS183_AFailedRestartIsTriedAgain(t *testing.T) {
	for _, strategy := range []supervisor.Strategy{supervisor.OneForOne, supervisor.OneForAll, supervisor.RestForOne} {
		bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
			var starts atomic.Int32
			flaky := supervisor.Child{ID: "b", Start: program(worker{id: "b", d: d, init: func(*kista.Self) error {
				if s := starts.Add(1); s > 1 && s < 5 {
					return errBoom
				}
				return nil
			}})}
			sup := start(t, n, supervisor.Spec{
				Strategy: strategy, Intensity: 4,
				Children: []supervisor.Child{d.child("a"), flaky, d.child("c")},
			})
			crash(t, n, "b", errBoom) // four restarts: three fail
			assert.Equal(t, ids(t, sup), words("c running", "b running", "a running"))
			assert.Equal(t, d.reported("supervisor: child start failed"), 3)
			end := endOf(sup)
			crash(t, n, "b", errBoom) // the fifth
			assert.ErrorAs[*supervisor.IntensityError](t, <-end)
		})
	}
}
