package task_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/supervisor"
	"github.com/kista-go/kista/task"
)

// Many owners, goroutines and processes, start tasks of every kind at once, which
// crash, are killed, are given up and are streamed, while the owners are killed
// too. In the end nothing is left.
func TestHammer(t *testing.T) {
	rounds := 150
	if testing.Short() {
		rounds = 20
	}
	n, err := kista.Start(kista.Config{Logger: quiet})
	assert.NoError(t, err)
	sup, err := task.StartSupervisor(t.Context(), n, supervisor.Opts{})
	assert.NoError(t, err)
	var answered atomic.Int64
	job := func(r *rand.Rand) task.Func[int] {
		how := []string{"value", "value", "error", "panic", "goexit", "crash", "forever"}[r.IntN(7)]
		return func(s *kista.Self) (int, error) {
			if how == "forever" {
				return forever(s)
			}
			if end := ends[how]; end != nil {
				return end()
			}
			answered.Add(1)
			return 1, nil
		}
	}
	use := func(ctx context.Context, r *rand.Rand, a *task.Task[int]) {
		switch r.IntN(4) {
		case 0:
			_, _ = a.AwaitFor(ctx, time.Millisecond)
		case 1:
			_, _, _ = a.Yield(ctx, time.Millisecond)
			_, _ = a.Shutdown(ctx, time.Second)
		case 2:
			_, _ = a.Shutdown(ctx, 0)
		case 3:
			_ = kista.Exit(a.PID(), kista.Kill)
			_, _ = a.Await(ctx)
		}
	}
	items := func(yield func(int) bool) {
		for i := range 10 {
			if !yield(i) {
				return
			}
		}
	}
	var wg sync.WaitGroup
	for g := range 6 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(2, uint64(g)))
			for range rounds {
				ctx, cancel := context.WithCancel(context.Background())
				fn := job(r)
				switch r.IntN(5) {
				case 0:
					use(ctx, r, task.AsyncOn(ctx, n, fn))
				case 1:
					use(ctx, r, task.AsyncNolink(ctx, sup, fn))
				case 2:
					task.AsyncOn(ctx, n, fn) // given up by the end of ctx
				case 3:
					most := r.IntN(10)
					for range task.StreamNolink(ctx, sup, items, task.StreamOpts{MaxConcurrency: 3, Timeout: time.Millisecond, SkipLate: true, Unordered: r.IntN(2) == 0},
						func(s *kista.Self, _ int) (int, error) { return fn(s) }) {
						if most--; most < 0 {
							break
						}
					}
				case 4:
					seed := r.Uint64()
					owner := n.Spawn(func(s *kista.Self) error {
						r := rand.New(rand.NewPCG(3, seed))
						s.TrapExits(r.IntN(2) == 0)
						use(s, r, task.Async(s, job(r)))
						use(s, r, task.AsyncUnder(s, sup, job(r)))
						for range task.Stream(s, items, task.StreamOpts{MaxConcurrency: 3, Timeout: time.Millisecond, SkipLate: true},
							func(s *kista.Self, _ int) (int, error) { return fn(s) }) {
						}
						return errOther
					})
					if r.IntN(2) == 0 {
						_ = kista.Exit(owner, kista.Kill)
					}
					_, _ = kista.Wait(ctx, owner)
				}
				cancel()
			}
		})
	}
	wg.Wait()
	_, err = kista.System(t.Context(), sup, kista.Terminate{Reason: kista.ErrShutdown})
	assert.NoError(t, err)
	assert.True(t, answered.Load() > 0, "no task has done anything")
	assert.NoError(t, n.Stop(context.Background()))
	s := n.Stats()
	assert.True(t, s.Processes == 0 && s.Executions == 0 && s.Zombies == 0 && s.Timers == 0, "after stop: %+v", s)
}
