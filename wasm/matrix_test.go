package wasm_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/supervisor"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/wasm"
)

// The rows of the crash matrix in which guests have to do with others: a guest
// misbehaves, must the others keep answering?

// calls is a guest that, sent anything but a call, calls the process that has the
// name other and waits d milliseconds for the answer, for ever if d is negative.
// Called, it answers 1.
func calls(other string, d int) string {
	name := fmt.Sprintf(`"\83w\%02x%s"`, len(other), other)
	text := handle(fmt.Sprintf(`
		(if (i32.eq (local.get $kind) (i32.const 1)) (then (call $reply (local.get $from) (i32.const 1)))
			(else (drop (call $call (i32.const 16) (i32.const %d) (i32.const 16) (i32.const %[1]d) (i64.const %d)))))
		(i32.const 0)) (data (i32.const 16) %s`, len(other)+3, d, name))
	return with(`(import "kista_v1" "call" (func $call (param i32 i32 i32 i32 i64) (result i32)))`, text)
}

// silent starts a process that takes requests and never answers, and says of each
// that it has come.
func silent(t *testing.T, n *kista.Node, name string) <-chan kista.PID {
	t.Helper()
	came := make(chan kista.PID, 1000)
	_, err := n.SpawnWith(kista.SpawnOpts{Name: name}, func(s *kista.Self) error {
		for {
			q, err := kista.Receive[kista.Request](s)
			if err != nil {
				return err
			}
			came <- q.From.PID()
		}
	})
	assert.NoError(t, err)
	return came
}

func answers(t *testing.T, pid kista.Addr) {
	t.Helper()
	_, err := kista.CallFor(context.Background(), bound, pid, term.Atom("ping"))
	assert.NoError(t, err)
}

// Its terminate traps, when it is stopped and when it has already failed.
func TestMatrix_L2_TerminateTraps(t *testing.T) {
	n := startNode(t)
	ctx := context.Background()
	good := spawn(t, n, load(t, guest(counter), wasm.Limits{}), wasm.Opts{})
	m := load(t, guest(`(func (export "kista_v1_handle") (param $kind i32) (param $from i64) (result i32)
			(drop (call $write (i32.const 16) (i32.const 6))) (i32.const 1))
		(func (export "kista_v1_terminate") unreachable) (data (i32.const 16) "\83w\03bad")`), wasm.Limits{})
	for name, end := range map[string]func(pid kista.PID) error{
		"stopped": func(pid kista.PID) error { return kista.Exit(pid, kista.ErrShutdown) },
		"failing": func(pid kista.PID) error { return kista.Send(pid, "fail") },
	} {
		pid := spawn(t, n, m, wasm.Opts{Process: kista.SpawnOpts{TrapExits: true}})
		assert.NoError(t, end(pid))
		reason, err := kista.Wait(ctx, pid)
		assert.NoError(t, err)
		trap := assert.ErrorAs[*wasm.Trap](t, reason)
		assert.Equal(t, trap.Callback, "terminate")
		t.Log(name, reason)
	}
	waitFor(t, "both to be gone", func() bool { return m.Processes() == 0 })
	answers(t, good)
}

// Guests that wait for an answer for ever end when they are told to, and take
// nobody's place meanwhile.
func TestMatrix_L2_BlocksForEver(t *testing.T) {
	n := startNode(t)
	ctx := context.Background()
	good := spawn(t, n, load(t, guest(counter), wasm.Limits{}), wasm.Opts{})
	came := silent(t, n, "silent")
	m := load(t, calls("silent", -1), wasm.Limits{Memory: 1 << 16})
	var blocked []kista.PID
	for range 200 {
		pid := spawn(t, n, m, wasm.Opts{})
		assert.NoError(t, kista.Send(pid, "go"))
		blocked = append(blocked, pid)
	}
	for range blocked {
		assert.Within(t, bound, came)
	}
	answers(t, good)
	answers(t, spawn(t, n, load(t, guest(counter), wasm.Limits{}), wasm.Opts{}))
	for i, pid := range blocked {
		if i%2 == 0 {
			assert.NoError(t, kista.Exit(pid, kista.ErrShutdown))
		} else {
			assert.NoError(t, kista.Exit(pid, kista.Kill))
		}
	}
	for _, pid := range blocked {
		_, err := kista.Wait(ctx, pid)
		assert.NoError(t, err)
	}
	waitFor(t, "all to be gone", func() bool { return m.Processes() == 0 && n.Stats().Zombies == 0 })
}

// Two guests call each other: both are free again when the time is up.
func TestMatrix_L2_MutualCalls(t *testing.T) {
	n := startNode(t)
	good := spawn(t, n, load(t, guest(counter), wasm.Limits{}), wasm.Opts{})
	a := spawn(t, n, load(t, calls("second", 300), wasm.Limits{}), wasm.Opts{Process: kista.SpawnOpts{Name: "first"}})
	b := spawn(t, n, load(t, calls("first", 300), wasm.Limits{}), wasm.Opts{Process: kista.SpawnOpts{Name: "second"}})
	assert.NoError(t, kista.Send(a, "go"))
	assert.NoError(t, kista.Send(b, "go"))
	began := time.Now()
	for range 10 {
		answers(t, good)
	}
	answers(t, a)
	answers(t, b)
	assert.True(t, time.Since(began) < bound/2, "they hung for %v", time.Since(began))
}

// A guest that calls, or is called, and is dead, or whom it calls is: an answer at
// once.
func TestMatrix_L2_TheDead(t *testing.T) {
	n := startNode(t)
	ctx := context.Background()
	m := load(t, guest(counter), wasm.Limits{})
	dead := spawn(t, n, m, wasm.Opts{})
	assert.NoError(t, kista.Exit(dead, kista.Kill))
	assert.NoError(t, kista.Send(dead, "hello"))
	_, err := kista.Call(ctx, dead, term.Atom("ping"))
	assert.ErrorIs(t, err, kista.ErrNoProcess)
	// status -2: nobody
	caller := spawn(t, n, load(t, with(`(import "kista_v1" "call" (func $call (param i32 i32 i32 i32 i64) (result i32)))`, handle(`(call $reply (local.get $from)
		(call $call (i32.const 16) (i32.const 9) (i32.const 16) (i32.const 9) (i64.const -1))) (i32.const 0))
		(data (i32.const 16) "\83w\06nobody"`)), wasm.Limits{}), wasm.Opts{})
	got, err := kista.CallFor(ctx, bound, caller, term.Atom("go"))
	assert.NoError(t, err)
	assert.Equal(t, got, any(int64(-2)))
}

// Many guests are started and end: nothing of them is left.
func TestMatrix_L2_ManyStartedAndEnded(t *testing.T) {
	n := startNode(t)
	many := 20_000
	if testing.Short() || raceOn {
		many = 1000
	}
	m := load(t, handle(`(if (i32.eq (local.get $kind) (i32.const 1)) (then (call $reply (local.get $from) (i32.const 1)))) (i32.const 1)`), wasm.Limits{Memory: 1 << 16})
	some := func(k int) {
		for range k {
			answers(t, spawn(t, n, m, wasm.Opts{}))
		}
		waitFor(t, "them to be gone", func() bool { return m.Processes() == 0 })
	}
	some(500)
	before, known := resident()
	began := time.Now()
	some(many)
	after, _ := resident()
	t.Logf("%v each, %+d KiB", time.Since(began)/time.Duration(many), (after-before)>>10)
	if known {
		assert.True(t, after-before < 32<<20, "%d bytes are left", after-before)
	}
}

// The supervisor of guests crashes: they end with it and come back with it.
func TestMatrix_L2_TheSupervisorCrashes(t *testing.T) {
	n := startNode(t)
	ctx := context.Background()
	m := load(t, guest(counter), wasm.Limits{})
	inner := supervisor.Program(supervisor.Spec{Children: []supervisor.Child{
		{ID: "guest", Start: wasm.Program(m, wasm.Opts{Process: kista.SpawnOpts{Name: "guest"}})},
	}}, supervisor.Opts{Name: "inner"})
	_, err := supervisor.Start(ctx, n, supervisor.Spec{Children: []supervisor.Child{{ID: "inner", Start: inner}}}, supervisor.Opts{})
	assert.NoError(t, err)
	other := spawn(t, n, m, wasm.Opts{})
	before, _ := n.WhereIs("guest")
	answers(t, before)
	sup, _ := n.WhereIs("inner")
	assert.NoError(t, kista.Exit(sup, kista.Kill))
	_, err = kista.Wait(ctx, before)
	assert.NoError(t, err)
	waitFor(t, "the guest to be back", func() bool { pid, ok := n.WhereIs("guest"); return ok && pid != before })
	after, err := n.AwaitName(ctx, "guest")
	assert.NoError(t, err)
	answers(t, after)
	answers(t, other)
	assert.Equal(t, m.Processes(), 2)
}
