package supervisor_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/supervisor"
)

func (d *diary) pool(r supervisor.Restart) *supervisor.Pool[int] {
	return &supervisor.Pool[int]{Restart: r, Intensity: 10, Child: func(i int) kista.Program {
		return program(worker{id: "p" + strconv.Itoa(i), d: d})
	}}
}

func TestS193_Pool(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		pool := d.pool(supervisor.Permanent)
		sup, err := pool.Start(ctx, n, supervisor.Opts{})
		assert.NoError(t, err)
		pid, err := pool.StartChild(ctx, sup, 1)
		assert.NoError(t, err)
		assert.NoError(t, second(pool.StartChild(ctx, sup, 2)))
		crash(t, n, "p2", errBoom)
		assert.Equal(t, d.take(), words("+p1", "+p2", "-p2", "+p2")) // with its arguments

		for _, err := range []error{
			supervisor.TerminateChild(ctx, sup, "p1"), supervisor.DeleteChild(ctx, sup, "p1"),
			second(supervisor.RestartChild(ctx, sup, "p1")), second(supervisor.StartChild(ctx, sup, d.child("x"))),
		} {
			assert.ErrorIs(t, err, supervisor.ErrPool)
		}
		assert.NoError(t, supervisor.TerminateProcess(ctx, sup, pid))
		assert.ErrorIs(t, supervisor.TerminateProcess(ctx, sup, pid), supervisor.ErrNotFound)
		assert.ErrorIs(t, second(d.pool(0).StartChild(ctx, sup, 1)), supervisor.ErrNotPool)

		infos, err := supervisor.WhichChildren(ctx, sup) // 191: no ID; and nothing of p1 is left
		assert.NoError(t, err)
		assert.Equal(t, len(infos), 1)
		assert.Equal(t, infos[0].ID, "")
		counts, err := supervisor.CountChildren(ctx, sup) // 192
		assert.NoError(t, err)
		assert.Equal(t, counts, supervisor.Counts{Specs: 1, Active: 1, Workers: 1})
	})
}

func TestS193_NothingIsKeptOfAPoolsChild(t *testing.T) {
	for _, r := range []supervisor.Restart{supervisor.Transient, supervisor.Temporary} {
		bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
			pool := d.pool(r)
			sup, err := pool.Start(ctx, n, supervisor.Opts{})
			assert.NoError(t, err)
			assert.NoError(t, second(pool.StartChild(ctx, sup, 1)))
			crash(t, n, "p1", nil)
			assert.Equal(t, len(ids(t, sup)), 0)
		})
	}
}

// A failed restart of a pool's child is tried again, though it has no ID.
func TestS183_InAPool(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		starts := 0
		pool := &supervisor.Pool[int]{Intensity: 5, Child: func(int) kista.Program {
			return program(worker{id: "p", d: d, init: func(*kista.Self) error {
				if starts++; starts == 2 || starts == 3 {
					return errBoom
				}
				return nil
			}})
		}}
		sup, err := pool.Start(ctx, n, supervisor.Opts{})
		assert.NoError(t, err)
		assert.NoError(t, second(pool.StartChild(ctx, sup, 1)))
		crash(t, n, "p", errBoom)
		assert.Equal(t, ids(t, sup), words(" running"))
		assert.Equal(t, starts, 4)
	})
}

func TestS194_APoolStopsAllAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		pool := &supervisor.Pool[int]{Child: func(i int) kista.Program {
			return d.stubborn("p"+strconv.Itoa(i), 3*time.Second).Start
		}}
		sup, err := pool.Start(ctx, n, supervisor.Opts{})
		assert.NoError(t, err)
		for i := range 10 {
			assert.NoError(t, second(pool.StartChild(ctx, sup, i)))
		}
		began := time.Now()
		assert.ErrorIs(t, stop(t, n, sup), kista.ErrShutdown)
		assert.Equal(t, time.Since(began), 3*time.Second)
	})
}
