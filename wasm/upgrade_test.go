package wasm_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/supervisor"
	"github.com/kista-go/kista/sys"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/wasm"
)

// mark is what a version counts for in the answers.
const mark = 10_000_000

// versioned is a counter that hands its count over. It answers with the count plus
// its version times mark, and does in restore what it is told.
func versioned(version int, restore string) string {
	return guest(fmt.Sprintf(`
		(global $count (mut i32) (i32.const 0))
		(func (export "kista_v1_version") (result i64) (i64.const %d))
		(func (export "kista_v1_handle") (param $kind i32) (param $from i64) (result i32)
			(global.set $count (i32.add (global.get $count) (i32.const 1)))
			(if (i32.eq (local.get $kind) (i32.const 1))
				(then (call $reply (local.get $from) (i32.add (global.get $count) (i32.const %d)))))
			(i32.const 0))
		(func (export "kista_v1_state")
			(call $int (i32.const 128) (global.get $count)) (drop (call $write (i32.const 128) (i32.const 6))))
		(func $take
			(call $input)
			(if (i32.eq (i32.load8_u (i32.const 4097)) (i32.const 97)) ;; a small one
				(then (global.set $count (i32.load8_u (i32.const 4098))) (return)))
			(global.set $count (i32.or (i32.or
				(i32.shl (i32.load8_u (i32.const 4098)) (i32.const 24)) (i32.shl (i32.load8_u (i32.const 4099)) (i32.const 16)))
				(i32.or (i32.shl (i32.load8_u (i32.const 4100)) (i32.const 8)) (i32.load8_u (i32.const 4101))))))
		(func (export "kista_v1_restore") (param $from i64) (result i32) %s)`, version, version*mark, restore))
}

const takes = `(call $take) (i32.const 0)`

// Five thousand processes get the new code under load, with their state, three times;
// every call is answered, and each answer follows the one before. A version that one
// of them refuses is nobody's.
func TestUpgradeUnderLoad(t *testing.T) {
	n := startNode(t)
	ctx := context.Background()
	m := load(t, versioned(1, takes), wasm.Limits{Memory: 1 << 16})
	const clients = 8
	guests := 5000
	if testing.Short() || raceOn {
		guests = 500
	}
	pids, counts := make([]kista.PID, guests), make([]int, guests)
	for i := range pids {
		pids[i] = spawn(t, n, m, wasm.Opts{})
		if i < guests-1 { // the last one is never called, and thereby the one that refuses
			_, err := server.Call(ctx, pids[i], Count{})
			assert.NoError(t, err)
			counts[i] = 1
		}
	}
	var stop atomic.Bool
	var wg sync.WaitGroup
	var calls, version atomic.Int64
	slowest := make([]time.Duration, clients)
	version.Store(1)
	for c := range clients {
		wg.Go(func() {
			for i := c; !stop.Load(); i += clients {
				if i >= guests-1 {
					i = c
				}
				least, began := version.Load(), time.Now()
				v, err := server.CallFor(ctx, bound, pids[i], Count{})
				if err != nil {
					t.Errorf("guest %d: %v", i, err)
					return
				}
				slowest[c] = max(slowest[c], time.Since(began))
				counts[i]++
				calls.Add(1)
				if got := int64(v / mark); v%mark != counts[i] || got < least {
					t.Errorf("guest %d answers %d, want call %d and version %d at least", i, v, counts[i], least)
					return
				}
			}
		})
	}
	more := func() {
		from := calls.Load()
		waitFor(t, "some calls", func() bool { return calls.Load() > from+1000 || t.Failed() })
	}
	for v := 2; v <= 4; v++ {
		more()
		err := m.Upgrade(ctx, load(t, versioned(9, `(call $take) (i32.eqz (global.get $count))`), wasm.Limits{Memory: 1 << 16}))
		assert.ErrorAs[*wasm.GuestError](t, err)
		assert.Equal(t, m.Version(), int64(v-1))
		more()
		assert.NoError(t, m.Upgrade(ctx, load(t, versioned(v, takes), wasm.Limits{Memory: 1 << 16})))
		assert.Equal(t, m.Version(), int64(v))
		version.Store(int64(v))
	}
	more()
	stop.Store(true)
	wg.Wait()
	t.Logf("%d guests, %d calls, the slowest took %v", guests, calls.Load(), slices.Max(slowest))
	for i, pid := range pids {
		v, err := server.Call(ctx, pid, Count{})
		assert.NoError(t, err)
		assert.Equal(t, v, 4*mark+counts[i]+1)
	}
	st, err := kista.System(ctx, pids[0], kista.GetStatus{})
	assert.NoError(t, err)
	assert.Equal(t, st.(kista.BehaviourStatus).Version, "4")
	assert.Equal(t, m.Processes(), guests)
}

// Where one does not take its state, whatever the way, all stay as they were.
func TestUpgradeRollsBack(t *testing.T) {
	ctx := context.Background()
	for name, tt := range map[string]struct{ restore, want string }{
		"refuses":  {`(call $int (i32.const 200) (i32.const 77)) (drop (call $write (i32.const 200) (i32.const 6))) (call $take) (i32.eq (global.get $count) (i32.const 3))`, "the guest says: 77"},
		"traps":    {`(call $take) (if (i32.eq (global.get $count) (i32.const 3)) (then unreachable)) (i32.const 0)`, "trap in restore: unreachable"},
		"spins":    {`(call $take) (if (i32.eq (global.get $count) (i32.const 3)) (then loop br 0 end)) (i32.const 0)`, "out of time"},
		"recurses": {`(call $take) (if (i32.eq (global.get $count) (i32.const 3)) (then (call $deep))) (i32.const 0)) (func $deep (call $deep)`, "stack too deep"},
		"acts":     {`(call $take) (if (i32.eq (global.get $count) (i32.const 3)) (then (drop (i32.div_u (i32.const 1) (i32.add (i32.const 8) (call $reply_raw (i64.const 1) (i32.const 0) (i32.const 1))))))) (i32.const 0)`, "division by zero"},
	} {
		t.Run(name, func(t *testing.T) {
			n := startNode(t)
			m := load(t, versioned(1, takes), wasm.Limits{})
			var pids []kista.PID
			for i := range 10 {
				pid := spawn(t, n, m, wasm.Opts{})
				for range min(i, 3) {
					assert.NoError(t, kista.Send(pid, "count"))
				}
				pids = append(pids, pid)
			}
			next := load(t, versioned(2, tt.restore), wasm.Limits{})
			err := m.Upgrade(ctx, next)
			up := assert.ErrorAs[*sys.UpgradeError](t, err)
			assert.Equal(t, up.Phase, "prepare")
			assert.True(t, strings.Contains(err.Error(), tt.want), "%v", err)
			assert.Equal(t, m.Version(), int64(1))
			for i, pid := range pids {
				v, err := server.Call(ctx, pid, Count{})
				assert.NoError(t, err)
				assert.Equal(t, v, mark+min(i, 3)+1)
			}
			// The version that was refused is still there, for others.
			v, err := server.Call(ctx, spawn(t, n, next, wasm.Opts{}), Count{})
			assert.NoError(t, err)
			assert.Equal(t, v, 2*mark+1)
		})
	}
}

func TestUpgradeNeedsState(t *testing.T) {
	n := startNode(t)
	ctx := context.Background()
	m := load(t, guest(counter), wasm.Limits{})
	pid := spawn(t, n, m, wasm.Opts{})
	err := m.Upgrade(ctx, load(t, versioned(2, takes), wasm.Limits{}))
	assert.ErrorIs(t, err, wasm.ErrNoState)
	_, err = kista.System(ctx, pid, kista.GetState{})
	assert.True(t, err != nil, "a guest without a state has said one")
	_, err = server.Call(ctx, pid, Count{})
	assert.NoError(t, err)
	assert.NoError(t, m.Close())
	assert.ErrorIs(t, m.Upgrade(ctx, load(t, versioned(2, takes), wasm.Limits{})), wasm.ErrClosed)
	_, err = wasm.Spawn(ctx, n, m, wasm.Opts{})
	assert.ErrorIs(t, err, wasm.ErrClosed)
	_, err = server.Call(ctx, pid, Count{}) // who runs goes on
	assert.NoError(t, err)
}

// What starts later, and what a supervisor restarts, has the new code.
func TestUpgradeAndRestart(t *testing.T) {
	n := startNode(t)
	ctx := context.Background()
	m := load(t, versioned(1, takes), wasm.Limits{})
	_, err := supervisor.Start(ctx, n, supervisor.Spec{
		Children: []supervisor.Child{{ID: "guest", Start: wasm.Program(m, wasm.Opts{Process: kista.SpawnOpts{Name: "guest"}})}},
	}, kista.SpawnOpts{})
	assert.NoError(t, err)
	assert.NoError(t, m.Upgrade(ctx, load(t, versioned(2, takes), wasm.Limits{})))
	v, err := server.Call(ctx, n.Name("guest"), Count{})
	assert.NoError(t, err)
	assert.Equal(t, v, 2*mark+1)
	old, _ := n.WhereIs("guest")
	assert.NoError(t, kista.Exit(old, kista.Kill))
	waitFor(t, "the restart", func() bool { pid, ok := n.WhereIs("guest"); return ok && pid != old })
	v, err = server.Call(ctx, n.Name("guest"), Count{})
	assert.NoError(t, err)
	assert.Equal(t, v, 2*mark+1)
}

func TestGoGuestUpgrade(t *testing.T) {
	n := startNode(t)
	ctx := context.Background()
	m := freshPuppet(t, built.first)
	s := &show{t, n, spawn(t, n, m, wasm.Opts{Args: term.Atom("mine")})}
	waiting := kista.Begin(ctx, s.pid, Do{Op: "self"})
	assert.NoError(t, server.Cast(s.pid, term.Tuple{term.Atom("add"), 13}))
	_, err := waiting.Wait(ctx)
	assert.NoError(t, err)
	state, err := kista.System(ctx, s.pid, kista.GetState{})
	assert.NoError(t, err)
	kept, _ := state.(term.Map).Get(term.Atom("kept"))
	assert.Equal(t, kept, term.Term(int64(13)))
	next := freshPuppet(t, built.other)
	err = m.Upgrade(ctx, next)
	assert.Equal(t, assert.ErrorAs[*wasm.GuestError](t, err).Term, term.Term(term.Atom("unlucky")))
	assert.NoError(t, server.Cast(s.pid, term.Tuple{term.Atom("add"), 1}))
	assert.NoError(t, m.Upgrade(ctx, next))
	state, err = kista.System(ctx, s.pid, kista.GetState{})
	assert.NoError(t, err)
	kept, _ = state.(term.Map).Get(term.Atom("kept"))
	assert.Equal(t, kept, term.Term(int64(1014)))
	args, _ := state.(term.Map).Get(term.Atom("args"))
	assert.Equal(t, args, term.Term(term.Atom("mine")))
}

// A guest that fails when it is asked for its state fails alone.
func TestStateThatTraps(t *testing.T) {
	n := startNode(t)
	ctx := context.Background()
	for name, body := range map[string]string{"traps": `unreachable`, "spins": `loop br 0 end`} {
		t.Run(name, func(t *testing.T) {
			m := load(t, guest(counter+`(func (export "kista_v1_state") `+body+`)`), wasm.Limits{})
			pid := spawn(t, n, m, wasm.Opts{})
			_, err := kista.System(ctx, pid, kista.GetState{})
			assert.ErrorAs[*wasm.Trap](t, err)
			reason, err := kista.Wait(ctx, pid)
			assert.NoError(t, err)
			assert.Equal(t, assert.ErrorAs[*wasm.Trap](t, reason).Callback, "state")
		})
	}
}
