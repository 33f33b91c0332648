package wasm_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/wasm"
)

// Calls, kills, starts, states and upgrades at the same time: whoever calls gets an
// answer or the news of a death, and in the end exactly those are left that should be.
func TestStorm(t *testing.T) {
	n := startNode(t)
	ctx := context.Background()
	m := load(t, versioned(1, takes), wasm.Limits{Memory: 1 << 16})
	const slots = 40
	var pids [slots]atomic.Pointer[kista.PID]
	start := func(i int) {
		pid, err := wasm.Spawn(ctx, n, m, wasm.Opts{Fuel: 10_000_000})
		if err != nil {
			t.Errorf("spawn: %v", err)
			return
		}
		if old := pids[i].Swap(&pid); old != nil {
			_ = kista.Exit(*old, kista.Kill)
		}
	}
	for i := range slots {
		start(i)
	}
	var stop atomic.Bool
	var answers, deaths atomic.Int64
	var wg sync.WaitGroup
	during := func(f func(rnd *rand.Rand)) {
		wg.Add(1)
		rnd := rand.New(rand.NewPCG(rand.Uint64(), 1))
		go func() {
			defer wg.Done()
			for !stop.Load() {
				f(rnd)
			}
		}()
	}
	any := func(rnd *rand.Rand) kista.PID { return *pids[rnd.IntN(slots)].Load() }
	for range 4 {
		during(func(rnd *rand.Rand) {
			_, err := server.CallFor(ctx, bound, any(rnd), Count{})
			switch {
			case err == nil:
				answers.Add(1)
			case errors.Is(err, kista.ErrKilled) || errors.Is(err, kista.ErrNoProcess):
				deaths.Add(1)
			default:
				t.Errorf("call: %v", err)
			}
		})
	}
	during(func(rnd *rand.Rand) { start(rnd.IntN(slots)) })
	during(func(rnd *rand.Rand) { _, _ = kista.System(ctx, any(rnd), kista.GetState{}) })
	during(func(rnd *rand.Rand) {
		pid := any(rnd)
		_ = kista.Send(pid, term.Atom("x"))
		_, _ = server.CallFor(ctx, bound, pid, Count{}) // not faster than it can
	})
	for v := 2; v < 8; v++ {
		next := load(t, versioned(v, takes), wasm.Limits{Memory: 1 << 16})
		assert.NoError(t, m.Upgrade(ctx, next))
		from := answers.Load()
		waitFor(t, "answers", func() bool { return answers.Load() > from+20 })
	}
	stop.Store(true)
	wg.Wait()
	t.Logf("%d answers, %d deaths", answers.Load(), deaths.Load())
	waitFor(t, "the dead to be gone", func() bool { return m.Processes() == slots && n.Stats().Zombies == 0 })
	for i := range slots {
		v, err := server.Call(ctx, *pids[i].Load(), Count{})
		assert.NoError(t, err)
		assert.True(t, v > 7*mark, "guest %d answers %d: not with version 7", i, v)
	}
}
