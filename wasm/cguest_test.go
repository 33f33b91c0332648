package wasm_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/wasm"
)

// buildC compiles a guest in C. That takes clang with its WebAssembly target and
// linker.
func buildC(t testing.TB, name string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), name+".wasm")
	build := exec.Command("clang", "--target=wasm32", "-O2", "-Wall", "-Werror", "-nostdlib", "-mbulk-memory", "-Wl,--no-entry",
		"-Iguest/c", "-o", out, filepath.Join("testdata", name, name+".c"))
	if said, err := build.CombinedOutput(); err != nil {
		t.Skipf("NOT TESTED: no guest in C, since clang does not build for wasm32 here: %v\n%s", err, said)
	}
	code, err := os.ReadFile(out)
	assert.NoError(t, err)
	return code
}

// A guest in C counts, also after its code was replaced.
func TestCGuest(t *testing.T) {
	code := buildC(t, "counter")
	ctx := context.Background()
	n := startNode(t)
	m, err := wasm.Load(ctx, code, wasm.Limits{})
	assert.NoError(t, err)
	defer m.Close()
	pid := spawn(t, n, m, wasm.Opts{})
	for want := 1; want <= 300; want++ {
		got, err := server.Call(ctx, pid, Count{})
		assert.NoError(t, err)
		assert.Equal(t, got, want)
	}
	next, err := wasm.Load(ctx, code, wasm.Limits{})
	assert.NoError(t, err)
	assert.NoError(t, m.Upgrade(ctx, next))
	got, err := server.Call(ctx, pid, Count{})
	assert.NoError(t, err)
	assert.Equal(t, got, 301)
}

// The C header, the Go guest and the page for authors declare the functions that the
// host has, all of them and no others, with the types that it has.
func TestTheInterfaceIsDeclaredEverywhere(t *testing.T) {
	host := wasm.HostInterface()
	c, err := os.ReadFile("guest/c/kista.h")
	assert.NoError(t, err)
	found := map[string]string{}
	for _, m := range regexp.MustCompile(`KISTA_IMPORT\((\w+)\) (\w+) kista_\w+\(([^)]*)\);`).FindAllStringSubmatch(string(c), -1) {
		types := ""
		for _, p := range strings.Split(m[3], ",") {
			types += cType(p)
		}
		found[m[1]] = types + ">" + cType(m[2])
	}
	assert.Equal(t, found, host)

	g, err := os.ReadFile("guest/host_wasip1.go")
	assert.NoError(t, err)
	found = map[string]string{}
	for _, m := range regexp.MustCompile(`(?s)//go:wasmimport kista_v1 (\w+)\nfunc \w+\(([^)]*)\) ?(\w*)`).FindAllStringSubmatch(string(g), -1) {
		types := ""
		for _, p := range strings.Split(m[2], ",") {
			types += cType(p)
		}
		found[m[1]] = types + ">" + cType(m[3])
	}
	assert.Equal(t, found, host)

	page, err := os.ReadFile("../docs/isolation-wasm.md")
	assert.NoError(t, err)
	for name := range host {
		assert.True(t, strings.Contains(string(page), "`"+name+"("), "the page does not tell of %s", name)
	}
}

// cType is a parameter or result in the letters of the host's own table.
func cType(p string) string {
	switch p = strings.TrimSpace(p); {
	case p == "" || p == "void":
		return ""
	case strings.Contains(p, "64"):
		return "I"
	}
	return "i"
}
