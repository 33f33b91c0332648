package wasm_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/wasm"
)

// built holds what the tests build with the standard toolchain, once: the guest in
// testdata/puppet in its two versions, and a program that compiles modules.
var built = struct {
	dir                    func() (string, error)
	compiler, first, other func() (string, error)
}{}

func init() {
	built.dir = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "wasm-test") })
	once := func(name string, wasi bool, verb string, args ...string) func() (string, error) {
		return sync.OnceValues(func() (string, error) {
			dir, err := built.dir()
			if err != nil {
				return "", err
			}
			out := filepath.Join(dir, name)
			cmd := exec.Command("go", append([]string{verb, "-o", out}, args...)...)
			cmd.Env = append(os.Environ(), "GOFLAGS=")
			if wasi {
				cmd.Env = append(cmd.Env, "GOOS=wasip1", "GOARCH=wasm")
			}
			cmd.Stderr = os.Stderr
			return out, cmd.Run()
		})
	}
	// These tests themselves, but without the race detector: with it, compiling takes
	// minutes.
	built.compiler = once("compiler", false, "test", "-c", ".")
	built.first = once("puppet1.wasm", true, "build", "-buildmode=c-shared", "./testdata/puppet")
	built.other = once("puppet2.wasm", true, "build", "-buildmode=c-shared", "-tags=v2", "./testdata/puppet")
}

// removeBuilt removes them all.
func removeBuilt() {
	if dir, err := built.dir(); err == nil {
		_ = os.RemoveAll(dir)
	}
}

// loadBuilt compiles one of the guests in another process.
func loadBuilt(t testing.TB, what func() (string, error)) *wasm.Module {
	t.Helper()
	program, err := built.compiler()
	assert.NoError(t, err)
	path, err := what()
	assert.NoError(t, err)
	code, err := os.ReadFile(path)
	assert.NoError(t, err)
	c := &wasm.Compiler{Command: []string{program}}
	m, err := c.Load(context.Background(), code, wasm.Limits{Compile: time.Hour}) // the machine may be busy
	assert.NoError(t, err)
	return m
}

var shared struct {
	sync.Mutex
	m *wasm.Module
}

// puppet is the first version, shared by tests that do not change it.
func puppet(t testing.TB) *wasm.Module {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.m == nil {
		shared.m = loadBuilt(t, built.first)
	}
	return shared.m
}

// freshPuppet is a puppet of this test's own.
func freshPuppet(t testing.TB, what func() (string, error)) *wasm.Module {
	t.Helper()
	m := loadBuilt(t, what)
	t.Cleanup(func() { m.Close() })
	return m
}

// Do has the puppet do one operation.
type Do struct {
	_   struct{} `term:"do"`
	Op  string
	To  any
	Arg any
}
