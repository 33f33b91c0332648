package main

import (
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
	code, out, _ = status(t, "run", "./testdata/dies")
	assert.Equal(t, out, "life 1 false\n")
	assert.Equal(t, code, 3)
	code, _, _ = status(t, "run", "--heart", "--heart-restarts=0", "./testdata/dies")
	assert.Equal(t, code, 3)
}
