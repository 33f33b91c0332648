package wasm_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/wasm"
	"github.com/kista-go/kista/wasm/internal/wat"
)

func TestModulesThatAreRefused(t *testing.T) {
	ok := `(func (export "kista_v1_handle") (param i32 i64) (result i32) (i32.const 0))`
	tests := map[string]struct {
		text, want string
		lim        wasm.Limits
	}{
		"no handle":          {text: `(module (memory (export "memory") 1))`, want: "does not export kista_v1_handle"},
		"no memory":          {text: `(module ` + ok + `)`, want: "does not export its memory"},
		"another handle":     {text: `(module (memory (export "memory") 1) (func (export "kista_v1_handle")))`, want: "other types"},
		"a file function":    {text: `(module (import "env" "open" (func)) (memory (export "memory") 1) ` + ok + `)`, want: "env.open, which is not there"},
		"a later interface":  {text: `(module (import "kista_v2" "send" (func)) (memory (export "memory") 1) ` + ok + `)`, want: "kista_v2.send, which is not there"},
		"a wrong import":     {text: `(module (import "kista_v1" "send" (func)) (memory (export "memory") 1) ` + ok + `)`, want: "other types"},
		"imported memory":    {text: `(module (import "env" "memory" (memory)) ` + ok + `)`, want: "only functions"},
		"a program":          {text: `(module (memory (export "memory") 1) (func (export "_start")) ` + ok + `)`, want: "not a reactor"},
		"huge memory":        {text: `(module (memory (export "memory") 1025) ` + ok + `)`, want: "more than the 1024 allowed"},
		"a table of 4 GB":    {text: `(module (table 4294967295 funcref) (memory (export "memory") 1) ` + ok + `)`, want: "allowed"},
		"too many bytes":     {text: `(module (memory (export "memory") 1) ` + ok + `)`, want: "allowed", lim: wasm.Limits{Bytes: 20}},
		"too many functions": {text: `(module (memory (export "memory") 1) (func) (func) ` + ok + `)`, want: "allowed", lim: wasm.Limits{Functions: 2}},
		"a large function":   {text: `(module (memory (export "memory") 1) (func ` + strings.Repeat("nop ", 2000) + `) ` + ok + `)`, want: "allowed", lim: wasm.Limits{Body: 1000}},
		"wrong types":        {text: `(module (memory (export "memory") 1) (func (i32.add (i32.const 1) (i64.const 1)) drop) ` + ok + `)`, want: "type"},
		// Out of time or out of fuel, whichever is first.
		"a version that spins": {
			text: `(module (memory (export "memory") 1) (func (export "kista_v1_version") (result i64) loop br 0 end (i64.const 0)) ` + ok + `)`,
			want: "out of ", lim: wasm.Limits{Compile: 200 * time.Millisecond},
		},
		"a version that acts": {
			text: `(module (import "kista_v1" "self" (func $self (result i32))) (memory (export "memory") 1) (func (export "kista_v1_version") (result i64) (drop (call $self)) (i64.const 0)) ` + ok + `)`,
			want: "no process",
		},
		"a start that spins, with a version": {
			text: `(module (memory (export "memory") 1) (start $s) (func $s loop br 0 end) (func (export "kista_v1_version") (result i64) (i64.const 0)) ` + ok + `)`,
			want: "out of ", lim: wasm.Limits{Compile: 200 * time.Millisecond},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := wasm.Load(context.Background(), wat.MustAssemble(tt.text), tt.lim)
			e := assert.ErrorAs[*wasm.ModuleError](t, err)
			assert.True(t, strings.Contains(e.Error(), tt.want), "%v, want %q", e, tt.want)
			assert.Equal(t, e.Limit, strings.Contains(tt.want, "allowed"))
		})
	}
	for _, lim := range []wasm.Limits{{Memory: -1}, {Memory: 1 << 31}, {Depth: -1}, {Compile: -1}} {
		_, err := wasm.Load(context.Background(), nil, lim)
		assert.True(t, err != nil && !errors.As(err, new(*wasm.ModuleError)), "limits %+v: %v", lim, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := wasm.Load(ctx, wat.MustAssemble(handle(`(i32.const 0)`)), wasm.Limits{})
	assert.ErrorIs(t, err, context.Canceled)
}

// Garbage is refused whatever it is: noise, noise behind a good beginning, good
// modules with bytes changed or cut off.
func TestGarbageModules(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	good := wat.MustAssemble(guest(counter))
	ctx := context.Background()
	for i := range 3000 {
		b := slices.Clone(good)
		switch i % 4 {
		case 0:
			b = make([]byte, rnd.IntN(300))
			for j := range b {
				b[j] = byte(rnd.Uint32())
			}
		case 1:
			b = append(b[:8+rnd.IntN(20)], good[rnd.IntN(len(good)):]...)
		case 2:
			b[8+rnd.IntN(len(b)-8)] = byte(rnd.Uint32())
		case 3:
			b = b[:rnd.IntN(len(b))]
		}
		m, err := wasm.Load(ctx, b, wasm.Limits{})
		if err == nil {
			m.Close()
			continue
		}
		assert.ErrorAs[*wasm.ModuleError](t, err)
	}
}

// Code that would take for ever to compile is given up, or refused for its size.
func TestCompileBombs(t *testing.T) {
	ok := `(memory (export "memory") 1) (func (export "kista_v1_handle") (param i32 i64) (result i32) (i32.const 0))`
	many := strings.Repeat(`(func (param i32) (result i32) (i32.add (i32.mul (local.get 0) (i32.const 3)) (i32.const 77)))`, 20_000)
	tests := map[string]struct {
		text string
		lim  wasm.Limits
		want string // "": it loads
	}{
		"many functions, no time": {`(module ` + many + ok + `)`, wasm.Limits{Compile: time.Millisecond}, "takes longer"},
		"nested blocks":           {`(module (func ` + strings.Repeat("block ", 2_000) + strings.Repeat("end ", 2_000) + `) ` + ok + `)`, wasm.Limits{}, ""},
		"nested loops":            {`(module (func ` + strings.Repeat("loop ", 2_000) + strings.Repeat("end ", 2_000) + `) ` + ok + `)`, wasm.Limits{}, ""},
		"nested too deep":         {`(module (func ` + strings.Repeat("block ", 3_000) + strings.Repeat("end ", 3_000) + `) ` + ok + `)`, wasm.Limits{}, "allowed"},
		"a large function":        {`(module (func (param i32) ` + strings.Repeat("(local.set 0 (i32.add (local.get 0) (i32.const 3)))", 100_000) + `) ` + ok + `)`, wasm.Limits{}, ""},
		"a deep stack":            {`(module (func (param i32) ` + strings.Repeat("local.get 0 ", 100_000) + strings.Repeat("drop ", 100_000) + `) ` + ok + `)`, wasm.Limits{}, ""},
		"blocks in a row":         {`(module (func (param i32) ` + strings.Repeat("block (br_if 0 (local.get 0)) end ", 4_000) + `) ` + ok + `)`, wasm.Limits{}, ""},
		"many blocks in a row":    {`(module (func (param i32) ` + strings.Repeat("block (br_if 0 (local.get 0)) end ", 50_000) + `) ` + ok + `)`, wasm.Limits{}, "allowed"},
		"many such functions":     {`(module ` + strings.Repeat(`(func (param i32) `+strings.Repeat("block (br_if 0 (local.get 0)) end ", 1_000)+`)`, 500) + ok + `)`, wasm.Limits{Compile: 100 * time.Millisecond}, "takes longer"},
		"loops and locals":        {`(module (func (param i32) (local ` + strings.Repeat("i64 ", 500) + `) ` + strings.Repeat("loop (local.set 7 (i64.add (local.get 9) (local.get 300))) (br_if 0 (local.get 0)) end ", 2_000) + `) ` + ok + `)`, wasm.Limits{}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			code := wat.MustAssemble(tt.text)
			start := time.Now()
			m, err := wasm.Load(context.Background(), code, tt.lim)
			t.Logf("%d bytes: %v, %v", len(code), time.Since(start), err)
			if tt.want == "" {
				assert.NoError(t, err)
				assert.NoError(t, m.Close())
				return
			}
			e := assert.ErrorAs[*wasm.ModuleError](t, err)
			assert.True(t, strings.Contains(e.Error(), tt.want), "%v, want %q", e, tt.want)
		})
	}
}

// Whatever bytes are loaded, and whatever they do when they are called, the
// process ends or answers, and nothing else happens.
func FuzzLoad(f *testing.F) {
	for _, text := range []string{
		guest(counter), handle(`unreachable`), handle(`loop br 0 end (i32.const 0)`), handle(`(drop (memory.grow (i32.const 1))) (i32.const 1)`),
		versioned(1, takes), handle(`(call $input) (drop (call $write (i32.const 4096) (global.get $n))) (i32.const 1)`),
	} {
		f.Add(wat.MustAssemble(text))
	}
	n := startNode(f)
	f.Fuzz(func(t *testing.T, code []byte) {
		ctx := context.Background()
		m, err := wasm.Load(ctx, code, wasm.Limits{Memory: 1 << 20, Bytes: 1 << 16, Compile: time.Second, Depth: 1000})
		if err != nil {
			return
		}
		defer m.Close()
		pid, err := wasm.Spawn(ctx, n, m, wasm.Opts{Fuel: 1_000_000})
		if err != nil {
			return
		}
		_, _ = kista.CallFor(ctx, 10*time.Millisecond, pid, term.Atom("x"))
		_, _ = kista.System(ctx, pid, kista.GetStatus{})
		_ = kista.Exit(pid, kista.Kill)
		waitFor(t, "the guest to be gone", func() bool { return m.Processes() == 0 })
	})
}
