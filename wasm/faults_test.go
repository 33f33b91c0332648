package wasm_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/wasm"
)

// faults are bodies of handle that a guest does not survive, and what everybody is
// told. Each is a row of the crash matrix.
var faults = map[string]struct {
	fields string // besides handle
	body   string
	kind   wasm.TrapKind
	where  string // in the innermost function's name
	text   string // in the reason's text
	fuel   int64
}{
	"unreachable":        {body: `unreachable`, kind: wasm.TrapUnreachable, where: "handle"},
	"out of bounds read": {body: `(i32.load (i32.const 65533))`, kind: wasm.TrapMemory, where: "handle"},
	"wild write":         {body: `(i32.store (i32.const -4) (i32.const 1)) (i32.const 0)`, kind: wasm.TrapMemory},
	"fill past the end":  {body: `(memory.fill (i32.const 65000) (i32.const 1) (i32.const 1000)) (i32.const 0)`, kind: wasm.TrapMemory, where: "memory.fill"},
	"division by zero":   {body: `(i32.div_u (i32.const 1) (local.get $i))`, kind: wasm.TrapDivision},
	"division overflow":  {body: `(i32.div_s (i32.const 0x80000000) (i32.sub (local.get $i) (i32.const 1)))`, kind: wasm.TrapOverflow},
	"no integer":         {body: `(i32.trunc_f32_s (f32.div (f32.const 0) (f32.convert_i32_s (local.get $i))))`, kind: wasm.TrapConversion},
	"empty table entry": {
		fields: `(table 1 funcref) (type $t (func))`,
		body:   `(call_indirect (type $t) (i32.const 0)) (i32.const 0)`, kind: wasm.TrapTable,
	},
	"outside the table": {
		fields: `(table 1 funcref) (type $t (func))`,
		body:   `(call_indirect (type $t) (i32.const 9)) (i32.const 0)`, kind: wasm.TrapTable,
	},
	"wrong type in the table": {
		fields: `(table 1 funcref) (elem (i32.const 0) $int) (type $t (func))`,
		body:   `(call_indirect (type $t) (i32.const 0)) (i32.const 0)`, kind: wasm.TrapTable,
	},
	"endless recursion": {fields: `(func $deep (call $deep))`, body: `(call $deep) (i32.const 0)`, kind: wasm.TrapStack, where: "deep"},
	"endless recursion by table": {
		fields: `(table 1 funcref) (elem (i32.const 0) $deep) (type $t (func)) (func $deep (call_indirect (type $t) (i32.const 0)))`,
		body:   `(call $deep) (i32.const 0)`, kind: wasm.TrapStack,
	},
	"endless loop with fuel":     {body: `loop br 0 end (i32.const 0)`, kind: wasm.TrapFuel, fuel: 1_000_000},
	"exponential without a loop": {fields: `(func $e (call $f) (call $f)) ` + doublings("f", 40), body: `(call $e) (i32.const 0)`, kind: wasm.TrapFuel, fuel: 1_000_000},
	"memory without bound": {
		body: `loop (br_if 0 (i32.ne (memory.grow (i32.const 1)) (i32.const -1))) end unreachable`,
		kind: wasm.TrapUnreachable, text: "memory is full",
	},
	"a pointer to nowhere":     {body: `(drop (call $read (i32.const 65535) (i32.const 100))) (drop (call $write (i32.const -1) (i32.const 5))) (i32.const 0)`, kind: wasm.TrapHost, text: "pointer"},
	"a reason that is no term": {body: `(drop (call $write (i32.const 0) (i32.const 4))) (i32.const 1)`, kind: wasm.TrapHost},
	"exit": {
		fields: ``, body: `(call $proc_exit (i32.const 3)) (i32.const 0)`, kind: wasm.TrapExit, text: "exit code 3",
	},
}

// doublings are functions that call the next one twice: 2^n calls, no loop.
func doublings(name string, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("(func $" + name + strings.Repeat("x", i) + " (call $" + name + strings.Repeat("x", i+1) + ") (call $" + name + strings.Repeat("x", i+1) + "))\n")
	}
	b.WriteString("(func $" + name + strings.Repeat("x", n) + ")\n")
	return b.String()
}

// Whatever a guest does ends it alone: who called it, who is linked to it and who
// monitors it hear what it was; an innocent guest and an innocent server answer
// meanwhile and after.
func TestCrashMatrixL2(t *testing.T) {
	n := startNode(t)
	ctx := context.Background()
	good := spawn(t, n, load(t, guest(counter), wasm.Limits{}), wasm.Opts{})
	for name, f := range faults {
		t.Run(name, func(t *testing.T) {
			text := guest(f.fields + `(func $handle (export "kista_v1_handle") (param $kind i32) (param $from i64) (result i32) (local $i i32)
				` + f.body + `)`)
			if f.kind == wasm.TrapExit {
				text = with(`(import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))`, text)
			}
			m := load(t, text, wasm.Limits{Memory: 1 << 20})
			pid := spawn(t, n, m, wasm.Opts{Fuel: f.fuel, Process: kista.SpawnOpts{Name: "bad"}})
			_, err := kista.CallFor(ctx, bound, pid, term.Atom("go"))
			call := assert.ErrorAs[*kista.CallError](t, err)
			trap := assert.ErrorAs[*wasm.Trap](t, call.Reason)
			assert.Equal(t, trap.Kind, f.kind)
			assert.Equal(t, trap.Callback, "handle")
			if f.where != "" && (len(trap.Where) == 0 || !strings.Contains(trap.Where[0], f.where)) {
				t.Errorf("it happened in %q, want %q first", trap.Where, f.where)
			}
			if !strings.Contains(err.Error(), f.text) {
				t.Errorf("%q does not say %q", err, f.text)
			}
			reason, err := kista.Wait(ctx, pid)
			assert.NoError(t, err)
			assert.ErrorAs[*wasm.Trap](t, reason)
			if _, taken := n.WhereIs("bad"); taken {
				t.Error("the name is still taken")
			}
			assert.Equal(t, m.Processes(), 0)
			_, err = server.Call(ctx, good, Count{})
			assert.NoError(t, err)
		})
	}
}

// A guest in an endless loop is killed within milliseconds, and while it spins
// others run: a native process, a guest, the garbage collector.
func TestKillsAGuestThatSpins(t *testing.T) {
	n := startNode(t)
	ctx := context.Background()
	good := spawn(t, n, load(t, guest(counter), wasm.Limits{}), wasm.Opts{})
	spin := map[string]string{
		"a loop":  handle(`loop br 0 end (i32.const 0)`),
		"a start": guest(`(func $s loop br 0 end) (start $s) (func (export "kista_v1_handle") (param i32 i64) (result i32) (i32.const 0))`),
		"fills":   handle(`loop (memory.fill (i32.const 0) (i32.const 7) (i32.const 65536)) br 0 end (i32.const 0)`),
		"calls":   handle(`loop (call $input) br 0 end (i32.const 0)`),
	}
	for name, text := range spin {
		t.Run(name, func(t *testing.T) {
			m := load(t, text, wasm.Limits{})
			var pids []kista.PID
			for range 4 {
				pid, _, err := spinning(n, m)
				assert.NoError(t, err)
				pids = append(pids, pid)
			}
			for range 20 {
				_, err := server.CallFor(ctx, bound, good, Count{})
				assert.NoError(t, err)
			}
			for _, pid := range pids {
				assert.NoError(t, kista.Exit(pid, kista.Kill))
				reason, err := kista.Wait(ctx, pid)
				assert.NoError(t, err)
				assert.ErrorIs(t, reason, kista.ErrKilled)
			}
			waitFor(t, "the guests to be gone", func() bool { return m.Processes() == 0 && n.Stats().Zombies == 0 })
		})
	}
}

// spinning starts a guest without waiting for it and has it handle a message.
func spinning(n *kista.Node, m *wasm.Module) (kista.PID, kista.Ref, error) {
	type started struct {
		pid kista.PID
		ref kista.Ref
		err error
	}
	out := make(chan started, 1)
	n.Spawn(func(s *kista.Self) error {
		s.TrapExits(true)
		pid, ref, err := s.StartChild(wasm.Program(m, wasm.Opts{}))
		s.Unlink(pid)
		_ = kista.Send(pid, term.Atom("go"))
		out <- started{pid, ref, err}
		return nil
	})
	r := <-out
	return r.pid, r.ref, r.err
}

// waitFor polls, with the yields of real time, for what happens on its own.
func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(bound)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v for %s", bound, what)
		}
		<-tick.C
	}
}

// An exit signal ends a guest that spins as Kill does, and a guest that is idle
// gives its memory back when it is killed.
func TestEndsFromOutside(t *testing.T) {
	n := startNode(t)
	ctx := context.Background()
	m := load(t, handle(`(if (i32.eqz (local.get $kind)) (then loop br 0 end)) (i32.const 0)`), wasm.Limits{})
	busy, idle := spawn(t, n, m, wasm.Opts{}), spawn(t, n, m, wasm.Opts{})
	assert.NoError(t, kista.Send(busy, "spin"))
	errBye := errors.New("bye")
	assert.NoError(t, kista.Exit(busy, errBye))
	reason, err := kista.Wait(ctx, busy)
	assert.NoError(t, err)
	assert.Equal(t, reason.Error(), "bye")
	assert.NoError(t, kista.Exit(idle, kista.Kill))
	_, err = kista.Wait(ctx, idle)
	assert.NoError(t, err)
	waitFor(t, "both to be gone", func() bool { return m.Processes() == 0 })
}

// A flood fills the mailbox of a guest that is busy and is refused from then on.
func TestFlood(t *testing.T) {
	n := startNode(t)
	m := load(t, handle(`loop br 0 end (i32.const 0)`), wasm.Limits{})
	pid := spawn(t, n, m, wasm.Opts{Process: kista.SpawnOpts{Mailbox: kista.MailboxLimit{Messages: 1000}}})
	full := 0
	for range 3000 {
		var e *kista.MailboxFullError
		if err := kista.Send(pid, "flood"); errors.As(err, &e) {
			full++
		}
	}
	assert.True(t, full >= 1990 && full <= 2000, "%d of 3000 messages were refused by a mailbox of 1000", full)
	assert.NoError(t, kista.Exit(pid, kista.Kill))
}

// A guest that floods a process is refused by its mailbox and told.
func TestGuestFloods(t *testing.T) {
	n := startNode(t)
	stuck := make(chan struct{})
	victim, err := n.SpawnWith(kista.SpawnOpts{Name: "victim", Mailbox: kista.MailboxLimit{Messages: 100}}, func(*kista.Self) error {
		<-stuck
		return nil
	})
	assert.NoError(t, err)
	defer close(stuck)
	m := load(t, with(`(import "kista_v1" "send" (func $send (param i32 i32 i32 i32) (result i32)))`, handle(`
		loop (br_if 0 (i32.eqz (call $send (i32.const 16) (i32.const 9) (i32.const 25) (i32.const 3)))) end
		(call $reply (local.get $from) (call $send (i32.const 16) (i32.const 9) (i32.const 25) (i32.const 3)))
		(i32.const 0)) (data (i32.const 16) "\83w\06victim\83a\07"`)), wasm.Limits{})
	pid := spawn(t, n, m, wasm.Opts{})
	got, err := kista.Call(context.Background(), pid, term.Atom("go"))
	assert.NoError(t, err)
	assert.Equal(t, got, any(int64(-3)))
	info, ok := n.Info(victim)
	assert.True(t, ok && info.MailboxLen == 100, "the victim's mailbox: %+v", info)
}
