package app_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/kista-go/kista/internal/assert"
)

// write writes a file, and returns its path.
func write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	assert.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}
