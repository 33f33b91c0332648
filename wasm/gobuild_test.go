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

// puppets builds the guests in testdata/puppet with the standard toolchain, once
// for each version.
var puppets = map[string]func() ([]byte, error){
	"v1": sync.OnceValues(func() ([]byte, error) { return buildPuppet("v1") }),
	"v2": sync.OnceValues(func() ([]byte, error) { return buildPuppet("v2") }),
}

func buildPuppet(version string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "puppet")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "puppet.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-tags", version, "-o", out, "./testdata/puppet")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, err
	}
	return os.ReadFile(out)
}

// compiled are the puppets as modules; to compile one takes seconds.
var compiled = struct {
	sync.Mutex
	modules map[string]*wasm.Module
}{modules: map[string]*wasm.Module{}}

func freshPuppet(t testing.TB, version string) *wasm.Module {
	t.Helper()
	code, err := puppets[version]()
	assert.NoError(t, err)
	m, err := wasm.Load(context.Background(), code, wasm.Limits{Compile: time.Hour}) // the race detector, and company
	assert.NoError(t, err)
	t.Cleanup(func() { m.Close() })
	return m
}

// puppet is the first version, shared by tests that do not change it.
func puppet(t testing.TB) *wasm.Module {
	t.Helper()
	compiled.Lock()
	defer compiled.Unlock()
	if m := compiled.modules["v1"]; m != nil {
		return m
	}
	code, err := puppets["v1"]()
	assert.NoError(t, err)
	m, err := wasm.Load(context.Background(), code, wasm.Limits{Compile: time.Hour}) // the race detector, and company
	assert.NoError(t, err)
	compiled.modules["v1"] = m
	return m
}

// Do has the puppet do one operation.
type Do struct {
	_   struct{} `term:"do"`
	Op  string
	To  any
	Arg any
}
