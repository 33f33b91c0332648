package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kista-go/kista/internal/assert"
)

// With a heart, a program that dies has another life, and is told of the one before.
func TestRunWithAHeart(t *testing.T) {
	code, out, errs := status(t, "run", "--heart", "./testdata/dies")
	assert.Equal(t, out, "life 1 true\nlife 2 true\nit was: exit 3\n")
	assert.Equal(t, code, 0)
	assert.True(t, strings.Contains(errs, "heart: the node has died, and is started again"), "%s", errs)
	binary := filepath.Join(t.TempDir(), "dies")
	text, err := exec.Command("go", "build", "-o", binary, "./testdata/dies").CombinedOutput()
	assert.True(t, err == nil, "%s", text)
	_, again, _ := status(t, "run", "--heart", binary) // built before
	assert.Equal(t, again, out)
	code, out, _ = status(t, "run", "./testdata/dies")
	assert.Equal(t, out, "life 1 false\n")
	assert.Equal(t, code, 3)
	code, _, _ = status(t, "run", "--heart", "--heart-restarts=0", "./testdata/dies")
	assert.Equal(t, code, 3)
}
