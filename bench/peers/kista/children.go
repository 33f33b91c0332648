package main

import (
	"errors"
	"math"
	"sync/atomic"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/bench/internal/harness"
	"github.com/kista-go/kista/supervisor"
)

// errCrash ends a child of W20.
var errCrash = errors.New("a child crashes")

// childRestarts is how many of the children of W20 are crashed.
const childRestarts = 100

// child is a behaviour that tells when it is up.
type child struct {
	id int
	up func(id int, pid kista.PID)
}

func (c *child) Init(s *kista.Self) error               { c.up(c.id, s.PID()); return nil }
func (c *child) Handle(*kista.Self, any) error          { return errCrash }
func (c *child) Terminate(_ *kista.Self, _ error) error { return nil }

// children is W20: one supervisor with many children.
func children(r *run) {
	n := start()
	count := r.P.Children
	var ups atomic.Int64
	again := make(chan int, childRestarts)
	pool := &supervisor.Pool[int]{
		Intensity: math.MaxInt32, Period: time.Second, Shutdown: time.Minute,
		Child: func(id int) kista.Program {
			return kista.BehaviourProgram(kista.SpawnOpts{}, "bench", func() (kista.Behaviour, error) {
				return &child{id, func(id int, _ kista.PID) {
					if ups.Add(1) > int64(count) {
						again <- id
					}
				}}, nil
			})
		},
	}
	sup, err := pool.Start(ctx, n, supervisor.Opts{})
	must(err)
	pids := make([]kista.PID, count)
	done := make(chan struct{})
	before := harness.Snap()
	w := harness.Start()
	n.Spawn(func(s *kista.Self) error {
		defer close(done)
		for i := range pids {
			pid, err := pool.StartChild(s, sup, i)
			if err != nil {
				r.Fail("child %d does not start: %v", i, err)
				return nil
			}
			pids[i] = pid
		}
		return nil
	})
	if _, ok := harness.Wait(r, "all children", done); !ok || r.Failed() {
		return
	}
	lap := w.Stop()
	after := harness.Snap()
	if !counted(r, sup, count) {
		return
	}
	r.NsPer("start_child", lap, count)
	r.MemPer("child", before, after, count)

	crashes := min(childRestarts, count)
	w = harness.Start()
	for i := range crashes {
		id := i * (count / crashes)
		must(kista.Send(pids[id], begin{}))
		got, ok := harness.Wait(r, "a restart", again)
		if !ok || !harness.Check(r, "the child restarted", got, id) {
			return
		}
	}
	lap = w.Stop()
	if !counted(r, sup, count) {
		return
	}
	r.NsPer("restart", lap, crashes)

	clear(pids)
	w = harness.Start()
	_, err = kista.System(ctx, sup, kista.Terminate{Reason: kista.ErrShutdown})
	if err != nil && !errors.Is(err, kista.ErrShutdown) {
		// It may take longer than a call's default timeout: it ends all the same.
		_, err = kista.Wait(ctx, sup)
		must(err)
	}
	lap = w.Stop()
	if r.Until("the end of all", func() bool { return n.Stats().Processes == 0 }) {
		r.NsPer("stop_child", lap, count)
	}
	stop(r, n)
}

// counted checks how many children the supervisor thinks that it has.
func counted(r *run, sup kista.PID, want int) bool {
	c, err := supervisor.CountChildren(ctx, sup)
	must(err)
	return harness.Check(r, "active children", c.Active, want)
}
