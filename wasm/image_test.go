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

// Guests that begin from the image have states of their own, and take little.
func TestGuestsShareTheirBeginning(t *testing.T) {
	n := startNode(t)
	ctx := context.Background()
	m := puppet(t)
	runtime.GC()
	before, known := resident()
	const guests = 300
	pids := make([]kista.PID, guests)
	start := time.Now()
	for i := range pids {
		pids[i] = spawn(t, n, m, wasm.Opts{Args: i})
	}
	each := time.Since(start) / guests
	for i, pid := range pids {
		assert.NoError(t, server.Cast(pid, term.Tuple{term.Atom("add"), i}))
	}
	for i, pid := range pids {
		state, err := kista.System(ctx, pid, kista.GetState{})
		assert.NoError(t, err)
		kept, _ := state.(term.Map).Get(term.Atom("kept"))
		args, _ := state.(term.Map).Get(term.Atom("args"))
		assert.True(t, kept == term.Term(int64(i)) && args == term.Term(int64(i)), "guest %d: %v", i, state)
	}
	runtime.GC()
	after, _ := resident()
	took := (after - before) / guests
	t.Logf("%d Go guests: %v and %d KiB each", guests, each, took>>10)
	if known && !raceOn {
		assert.True(t, took < 1<<20, "a guest takes %d KiB, as if it shared nothing", took>>10)
	}
	for _, pid := range pids {
		assert.NoError(t, kista.Exit(pid, kista.Kill))
	}
	waitFor(t, "the guests to be gone", func() bool { return m.Processes() == 0 })
	// Slots that have been used begin anew.
	pid := spawn(t, n, m, wasm.Opts{})
	state, err := kista.System(ctx, pid, kista.GetState{})
	assert.NoError(t, err)
	kept, _ := state.(term.Map).Get(term.Atom("kept"))
	assert.Equal(t, kept, term.Term(int64(0)))
}

// starter is a guest whose start functions count in memory, and do more.
func starter(more string) string {
	return with(`(import "kista_v1" "log" (func $log (param i32 i32 i32) (result i32)))`, guest(`
		(table 1 funcref)
		(global $g (mut i64) (i64.const 1))
		(func (export "_initialize")
			(drop (memory.grow (i32.const 7)))
			(i32.store (i32.const 300000) (i32.add (i32.load (i32.const 300000)) (i32.const 5)))
			(global.set $g (i64.add (global.get $g) (i64.const 10)))
			`+more+`)
		(func (export "kista_v1_handle") (param $kind i32) (param $from i64) (result i32)
			(i32.store (i32.const 300000) (i32.add (i32.load (i32.const 300000)) (i32.const 1)))
			(call $reply (local.get $from) (i32.add (i32.mul (i32.wrap_i64 (global.get $g)) (i32.const 100))
				(i32.add (i32.mul (memory.size) (i32.const 10000)) (i32.load (i32.const 300000)))))
			(i32.const 0))`))
}

// With and without an image a guest begins the same; where beginning can be seen
// from outside, each does it itself.
func TestImageChangesNothing(t *testing.T) {
	n := startNode(t)
	ctx := context.Background()
	for name, tt := range map[string]struct {
		more string
		lim  wasm.Limits
	}{
		"an image":             {lim: wasm.Limits{}},
		"none wanted":          {lim: wasm.Limits{NoImage: true}},
		"it writes to the log": {more: `(drop (call $log (i32.const 0) (i32.const 0) (i32.const 1)))`},
		"it changes a table":   {more: `(table.set 0 (i32.const 0) (ref.null func))`},
	} {
		t.Run(name, func(t *testing.T) {
			m := load(t, starter(tt.more), tt.lim)
			for range 3 {
				pid := spawn(t, n, m, wasm.Opts{})
				for i := range 3 {
					v, err := kista.Call(ctx, pid, term.Atom("go"))
					assert.NoError(t, err)
					assert.Equal(t, v, any(int64(80_000+1100+6+i)))
				}
				assert.NoError(t, kista.Exit(pid, kista.Kill))
			}
		})
	}
}
