package guardian

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/kista-go/kista/internal/assert"
)

// A controller is found in a hierarchy of its own of version 1, else in that of
// version 2, where it is handed down if it has not been.
func TestFind(t *testing.T) {
	v1, v2 := hierarchy{mount: "/v1", controllers: []string{"rw", "cpu", "cpuacct"}}, hierarchy{mount: t.TempDir()}
	all := []hierarchy{v2, v1}
	dir := filepath.Join(v2.mount, "kista")
	assert.NoError(t, os.Mkdir(dir, 0o755))
	passed := filepath.Join(dir, "cgroup.subtree_control")
	for file, text := range map[string]string{filepath.Join(dir, "cgroup.controllers"): "memory pids\n", passed: "pids\n"} {
		assert.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	}
	for _, c := range []struct{ controller, want string }{ // the last one gives an order
		{"cpu", v1.mount}, {"pids", v2.mount}, {"memory", v2.mount},
	} {
		h, err := find(all, c.controller, "/kista")
		assert.NoError(t, err)
		assert.Equal(t, h.mount, c.want)
	}
	text, err := os.ReadFile(passed)
	assert.NoError(t, err)
	assert.Equal(t, string(text), "+memory") // an order, to a file that is none
	_, err = find(all, "io", "/kista")
	assert.ErrorIs(t, err, errors.ErrUnsupported)
	_, err = find(all, "memory", "/none")
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestQuota(t *testing.T) {
	for milli, want := range map[uint64]uint64{1: 1000, 10: 1000, 500: 50_000, 1000: 100_000, 2500: 250_000} {
		assert.Equal(t, quota(milli), want)
	}
}

func TestMountsAreFound(t *testing.T) {
	all, err := mounted()
	assert.NoError(t, err)
	for _, h := range all {
		i, err := os.Stat(h.mount)
		assert.NoError(t, err)
		assert.True(t, i.IsDir(), "%s is no directory", h.mount)
	}
}
