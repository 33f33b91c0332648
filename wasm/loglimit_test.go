package wasm_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/wasm"
)

// A guest logs as much as its limit allows, over all its callbacks, and how much it
// was that nobody saw is said.
func TestLogLimit(t *testing.T) {
	var log kistatest.Log
	said := func() (all []string) { // since the last time
		for _, r := range log.Take() {
			text := r.Message
			r.Attrs(func(a slog.Attr) bool { text += " " + a.String(); return true })
			all = append(all, text)
		}
		return all
	}
	clock := kista.NewVirtualClock(time.Unix(1_800_000_000, 0))
	n, err := kista.Start(kista.Config{Name: "a", Logger: slog.New(&log), Clock: clock})
	assert.NoError(t, err)
	defer func() { assert.NoError(t, n.Stop(context.Background())) }()
	m := load(t, with(`(import "kista_v1" "log" (func $log (param i32 i32 i32) (result i32)))`, handle(`
			(i32.store8 (i32.const 200) (i32.const 104)) (i32.store8 (i32.const 201) (i32.const 105))
			(drop (call $log (i32.const 4) (i32.const 200) (i32.const 2)))
			(call $reply (local.get $from) (i32.const 1)) (i32.const 0)`)), wasm.Limits{})
	ctx := context.Background()
	calls := func(pid kista.PID, times int) {
		t.Helper()
		for range times {
			_, err := kista.Call(ctx, pid, term.Atom("log"))
			assert.NoError(t, err)
		}
	}
	const hi = "guest: hi"

	one := spawn(t, n, m, wasm.Opts{Log: wasm.LogLimit{Records: 2, Burst: 2 * time.Second}})
	other := spawn(t, n, m, wasm.Opts{})
	calls(one, 10)
	begin := "wasm: the guest logs too much: records are dropped records_per_second=2 bytes_per_second=65536"
	assert.Equal(t, said(), []string{hi, hi, hi, hi, begin})
	calls(other, 3) // each has its own
	assert.Equal(t, said(), []string{hi, hi, hi})
	clock.AfterFunc(500*time.Millisecond, func() {})
	assert.True(t, clock.Advance(), "nothing to wait for")
	calls(one, 2)
	assert.Equal(t, said(), []string{"wasm: the guest has logged too much: records were dropped records=6 bytes=12", hi, begin})
	_, err = kista.System(ctx, one, kista.Terminate{Reason: kista.ErrShutdown})
	assert.NoError(t, err)
	assert.Equal(t, said(), []string{"wasm: the guest has logged too much: records were dropped records=1 bytes=2"})

	text := spawn(t, n, m, wasm.Opts{Log: wasm.LogLimit{Bytes: 5, Burst: time.Second}})
	calls(text, 4)
	assert.Equal(t, len(said()), 2+1)
	none := spawn(t, n, m, wasm.Opts{Log: wasm.LogLimit{Records: -1}})
	calls(none, 4)
	assert.Equal(t, said(), []string{"wasm: the guest logs too much: records are dropped records_per_second=-1 bytes_per_second=65536"})
}
