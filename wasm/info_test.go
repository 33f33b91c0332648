package wasm_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/wasm"
)

func TestInfo(t *testing.T) {
	n := startNode(t)
	ctx := context.Background()
	m := load(t, versioned(7, takes), wasm.Limits{Memory: 1 << 17})
	pid := spawn(t, n, m, wasm.Opts{Process: kista.SpawnOpts{Name: "it", Label: "label"}})
	info, ok := n.Info(pid)
	assert.True(t, ok && info.Kind == wasm.Kind && info.Level == "L2" && info.Name == "it" && info.Label == "label", "%+v", info)
	v, err := kista.System(ctx, pid, kista.GetStatus{})
	assert.NoError(t, err)
	st := v.(kista.BehaviourStatus)
	assert.Equal(t, st.Version, "7")
	assert.Equal(t, st.State, any(int64(0)))
	assert.Equal(t, st.Misc["memory"], any(int64(1<<16)))
	_, err = kista.System(ctx, pid, kista.Suspend{})
	assert.NoError(t, err)
	call := kista.Begin(ctx, pid, Count{})
	v, err = kista.System(ctx, pid, kista.GetState{})
	assert.NoError(t, err)
	assert.Equal(t, v, any(int64(0)))
	_, err = kista.System(ctx, pid, kista.Resume{})
	assert.NoError(t, err)
	v, err = call.Wait(ctx)
	assert.NoError(t, err)
	assert.Equal(t, v, any(7*mark+1))
}

// The garbage collector, which stops the world, does not wait for a guest that
// spins, nor do native processes.
func TestSpinningStopsNobody(t *testing.T) {
	n := startNode(t)
	ctx := context.Background()
	m := load(t, handle(`loop br 0 end (i32.const 0)`), wasm.Limits{})
	for range 2 * runtime.GOMAXPROCS(0) {
		pid := spawn(t, n, m, wasm.Opts{})
		assert.NoError(t, kista.Send(pid, "go"))
		defer func() { _ = kista.Exit(pid, kista.Kill) }()
	}
	echo, err := n.SpawnWith(kista.SpawnOpts{}, func(s *kista.Self) error {
		for {
			q, err := kista.Receive[kista.Request](s)
			if err != nil {
				return err
			}
			_ = q.From.Reply(q.Msg)
		}
	})
	assert.NoError(t, err)
	var worst, gc time.Duration
	for range 20 {
		start := time.Now()
		_, err := kista.CallFor(ctx, bound, echo, 1)
		assert.NoError(t, err)
		worst = max(worst, time.Since(start))
		start = time.Now()
		runtime.GC()
		gc = max(gc, time.Since(start))
	}
	t.Logf("while guests spin on every processor: the slowest call took %v, the slowest collection %v", worst, gc)
	assert.True(t, worst < bound/2 && gc < bound/2, "too slow: %v, %v", worst, gc)
}

// A guest's memory lies outside the Go heap, and none of it is left when the guest
// has ended, however it did.
func TestMemoryComesBack(t *testing.T) {
	n := startNode(t)
	ctx := context.Background()
	// It touches 16 MiB and then waits, or fails, as it is told.
	m := load(t, handle(`
		(drop (memory.grow (i32.const 255)))
		(memory.fill (i32.const 65536) (i32.const 1) (i32.const 16711680))
		(if (i32.eq (local.get $kind) (i32.const 2)) (then unreachable))
		(if (i32.eq (local.get $kind) (i32.const 1)) (then (call $reply (local.get $from) (memory.size))))
		(i32.const 0)`), wasm.Limits{Memory: 16 << 20})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	used, _ := resident() // by the tests that came before
	for range 20 {
		pid := spawn(t, n, m, wasm.Opts{})
		v, err := kista.Call(ctx, pid, term.Atom("go"))
		assert.NoError(t, err)
		assert.Equal(t, v, any(int64(256)))
		_ = kista.Exit(pid, kista.Kill)
		pid = spawn(t, n, m, wasm.Opts{})
		_ = server.Cast(pid, term.Atom("go"))
		_, _ = kista.Wait(ctx, pid)
	}
	waitFor(t, "the guests to be gone", func() bool { return m.Processes() == 0 })
	runtime.ReadMemStats(&after)
	if grown := int64(after.TotalAlloc - before.TotalAlloc); grown > 64<<20 {
		t.Errorf("40 guests of 16 MiB each took %d MiB of the Go heap", grown>>20)
	}
	if left, ok := resident(); ok {
		assert.True(t, left-used < 200<<20, "of 640 MiB of guests %d MiB are left", (left-used)>>20)
	}
}
