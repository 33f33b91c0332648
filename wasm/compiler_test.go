package wasm_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/wasm"
	"github.com/kista-go/kista/wasm/internal/wat"
)

// compiler is this test itself, with room for the race detector.
func compiler(c wasm.Compiler) *wasm.Compiler {
	if raceOn {
		c.Memory = 1 << 46
	}
	return &c
}

// countBy loads the counter by c and counts to one.
func countBy(t *testing.T, c *wasm.Compiler) {
	t.Helper()
	ctx := context.Background()
	m, err := c.Load(ctx, wat.MustAssemble(guest(counter)), wasm.Limits{})
	assert.NoError(t, err)
	defer m.Close()
	n := startNode(t)
	v, err := server.Call(ctx, spawn(t, n, m, wasm.Opts{}), Count{})
	assert.NoError(t, err)
	assert.Equal(t, v, 1)
}

func TestCompilesInAnotherProcess(t *testing.T) {
	countBy(t, compiler(wasm.Compiler{})) // this test is its own compiler
	dir := filepath.Join(t.TempDir(), "cache")
	countBy(t, compiler(wasm.Compiler{Dir: dir}))
	entries, err := filepath.Glob(filepath.Join(dir, "*.code"))
	assert.NoError(t, err)
	assert.Equal(t, len(entries), 1)
	// What is kept needs no compiler.
	nobody := &wasm.Compiler{Dir: dir, Command: []string{"/nowhere/at/all"}}
	countBy(t, nobody)
	// What is kept and was touched by others is compiled anew.
	b, err := os.ReadFile(entries[0])
	assert.NoError(t, err)
	b[len(b)/2] ^= 1
	assert.NoError(t, os.WriteFile(entries[0], b, 0o600))
	_, err = nobody.Load(context.Background(), wat.MustAssemble(guest(counter)), wasm.Limits{})
	assert.True(t, err != nil && strings.Contains(err.Error(), "/nowhere"), "%v", err)
	countBy(t, compiler(wasm.Compiler{Dir: dir}))
	countBy(t, nobody)
	assert.NoError(t, os.Chmod(dir, 0o755))
	_, err = nobody.Load(context.Background(), wat.MustAssemble(guest(counter)), wasm.Limits{})
	assert.True(t, err != nil && strings.Contains(err.Error(), "0700"), "%v", err)
}

// A module that takes for ever to compile is given up, with the process that
// compiles it.
func TestCompilerIsKilled(t *testing.T) {
	bomb := wat.MustAssemble(`(module (memory (export "memory") 1) (func (export "kista_v1_handle") (param i32 i64) (result i32) (i32.const 0))
		(func (param i32) ` + strings.Repeat("block (br_if 0 (local.get 0)) end ", 50_000) + `))`)
	lim := wasm.Limits{Blocks: 1 << 20, Compile: 500 * time.Millisecond}
	start := time.Now()
	_, err := compiler(wasm.Compiler{}).Load(context.Background(), bomb, lim)
	e := assert.ErrorAs[*wasm.ModuleError](t, err)
	assert.True(t, e.Limit && strings.Contains(e.Reason, "takes longer"), "%v", e)
	assert.True(t, time.Since(start) < bound, "it took %v", time.Since(start))
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(50*time.Millisecond, cancel)
	lim.Compile = time.Hour
	_, err = compiler(wasm.Compiler{}).Load(ctx, bomb, lim)
	assert.ErrorIs(t, err, context.Canceled)
}

func TestCompilersThatDoNoWork(t *testing.T) {
	ctx := context.Background()
	good := wat.MustAssemble(guest(counter))
	for command, want := range map[string]string{
		"exit 3":          "exit status 3",
		"echo no; exit 1": "no",
		"true":            "has left nothing",
		`mkdir $KISTA_WASM_COMPILE/a; echo x > $KISTA_WASM_COMPILE/a/b`:  "not for this module",
		`echo x > $KISTA_WASM_COMPILE/a; echo x > $KISTA_WASM_COMPILE/b`: "more than it should",
		`ln -s /etc/passwd $KISTA_WASM_COMPILE/a`:                        "has left nothing",
		`printf 'kista-wasm: it is too hard'`:                            "it is too hard",
	} {
		_, err := (&wasm.Compiler{Command: []string{"/bin/sh", "-c", command}}).Load(ctx, good, wasm.Limits{})
		assert.True(t, err != nil && strings.Contains(err.Error(), want), "%s: %v, want %q", command, err, want)
	}
	// What is wrong with a module is said as ever.
	_, err := compiler(wasm.Compiler{}).Load(ctx, wat.MustAssemble(`(module (memory (export "memory") 1)
		(func (export "kista_v1_handle") (param i32 i64) (result i32) (i64.const 0)))`), wasm.Limits{})
	assert.ErrorAs[*wasm.ModuleError](t, err)
	_, err = compiler(wasm.Compiler{}).Load(ctx, []byte("garbage"), wasm.Limits{})
	assert.ErrorAs[*wasm.ModuleError](t, err)
}

// A compiling process may not take all memory there is.
func TestCompilerHasItsMemory(t *testing.T) {
	_, err := (&wasm.Compiler{Memory: 1 << 20}).Load(context.Background(), wat.MustAssemble(guest(counter)), wasm.Limits{})
	if runtime.GOOS == "linux" {
		assert.True(t, err != nil, "it compiled in a megabyte")
	}
}
