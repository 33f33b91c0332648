package wasm_test

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/wasm"
	"github.com/kista-go/kista/wasm/internal/wat"
)

func TestMain(m *testing.M) {
	if wasm.CompilerMain() {
		return
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		removeBuilt()
		os.Exit(code)
	}))
}

// bound is how long a test waits for what must come.
const bound = 30 * time.Second

func startNode(t testing.TB) *kista.Node {
	t.Helper()
	n, err := kista.Start(kista.Config{Name: "a", Logger: slog.New(slog.DiscardHandler)})
	assert.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, n.Stop(context.Background())) })
	return n
}

// guest is the text of a module with the host interface imported, a memory, and
// what the test is about: fields, among them $handle, or else the body of $handle,
// which has the parameters $kind and $from.
//
//	$n      (global) the bytes that were read, at 4096
//	$reply  answers the call $from with a small integer
func guest(fields string) string {
	return `(module
		(import "kista_v1" "read" (func $read (param i32 i32) (result i32)))
		(import "kista_v1" "write" (func $write (param i32 i32) (result i32)))
		(import "kista_v1" "reply" (func $reply_raw (param i64 i32 i32) (result i32)))
		(import "kista_v1" "refuse" (func $refuse_raw (param i64 i32 i32) (result i32)))
		(memory (export "memory") 1)
		(global $n (mut i32) (i32.const 0))
		(func $input (global.set $n (call $read (i32.const 4096) (i32.const 60000))))
		(func $int (param $at i32) (param $v i32)
			(i32.store8 (local.get $at) (i32.const 131))
			(i32.store8 offset=1 (local.get $at) (i32.const 98))
			(i32.store8 offset=2 (local.get $at) (i32.shr_u (local.get $v) (i32.const 24)))
			(i32.store8 offset=3 (local.get $at) (i32.shr_u (local.get $v) (i32.const 16)))
			(i32.store8 offset=4 (local.get $at) (i32.shr_u (local.get $v) (i32.const 8)))
			(i32.store8 offset=5 (local.get $at) (local.get $v)))
		(func $reply (param $from i64) (param $v i32)
			(call $int (i32.const 64) (local.get $v))
			(drop (call $reply_raw (local.get $from) (i32.const 64) (i32.const 6))))
		` + fields + `)`
}

// handle is a guest whose handle is body; it must leave a status.
func handle(body string) string {
	return guest(`(func $handle (export "kista_v1_handle") (param $kind i32) (param $from i64) (result i32) (local $i i32)
		` + body + `)`)
}

// with is the text of a module with one more function of the host.
func with(imports, text string) string {
	return strings.Replace(text, "(module", "(module "+imports, 1)
}

func load(t testing.TB, text string, lim wasm.Limits) *wasm.Module {
	t.Helper()
	m, err := wasm.Load(context.Background(), wat.MustAssemble(text), lim)
	assert.NoError(t, err)
	t.Cleanup(func() { m.Close() })
	return m
}

func spawn(t testing.TB, n *kista.Node, m *wasm.Module, o wasm.Opts) kista.PID {
	t.Helper()
	pid, err := wasm.Spawn(context.Background(), n, m, o)
	assert.NoError(t, err)
	return pid
}

// Count asks a guest to count.
type Count struct {
	server.Replies[int]
	_ struct{} `term:"count"`
}

const counter = `
	(global $count (mut i32) (i32.const 0))
	(func (export "kista_v1_handle") (param $kind i32) (param $from i64) (result i32)
		(global.set $count (i32.add (global.get $count) (i32.const 1)))
		(if (i32.eq (local.get $kind) (i32.const 1)) (then (call $reply (local.get $from) (global.get $count))))
		(i32.const 0))`

func TestCounter(t *testing.T) {
	n := startNode(t)
	m := load(t, guest(counter), wasm.Limits{})
	pid := spawn(t, n, m, wasm.Opts{})
	ctx := context.Background()
	for want := 1; want <= 3; want++ {
		got, err := server.Call(ctx, pid, Count{})
		assert.NoError(t, err)
		assert.Equal(t, got, want)
	}
	assert.NoError(t, kista.Send(pid, "anything"))
	assert.NoError(t, server.Cast(pid, term.Atom("tick")))
	got, err := kista.Call(ctx, pid, term.Atom("count"))
	assert.NoError(t, err)
	assert.Equal(t, got, any(int64(6)))
	assert.Equal(t, m.Processes(), 1)
	assert.NoError(t, server.Shutdown(ctx, pid, nil))
	assert.Equal(t, m.Processes(), 0)
}
