package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kista-go/kista/internal/assert"
)

// vetted runs kista vet, or go vet with kista as its tool.
func vetted(t *testing.T, cmd *exec.Cmd) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	cmd.Env = append(os.Environ(), "KISTA_BE_THE_COMMAND=1", "GOFLAGS=", "GOPROXY=off")
	cmd.Stdout, cmd.Stderr = &out, &err
	failed := cmd.Run()
	if exit, ok := failed.(*exec.ExitError); ok {
		return exit.ExitCode(), out.String(), err.String()
	}
	assert.NoError(t, failed)
	return 0, out.String(), err.String()
}

func TestVet(t *testing.T) {
	const door = "../../vet/testdata/door"
	found := []string{
		"door.go:13:2: goroutine: go statement in process code",
		"door.go:14:27: message: opened.Done cannot be sent (chan bool)",
	}
	code, stdout, stderr := vetted(t, command(t, "vet", door))
	assert.True(t, code == 1 && stdout == "", "status %d, stdout %q", code, stdout)
	for _, f := range found {
		assert.True(t, strings.Contains(stderr, f), "no %q in\n%s", f, stderr)
	}

	self, err := filepath.Abs(os.Args[0])
	assert.NoError(t, err)
	code, _, same := vetted(t, exec.CommandContext(t.Context(), "go", "vet", "-vettool="+self, door))
	assert.True(t, code == 1 && strings.Contains(same, found[0]) && strings.Contains(same, found[1]), "status %d:\n%s", code, same)

	code, stdout, _ = vetted(t, command(t, "vet", "-json", door))
	assert.Equal(t, code, 0)
	var said map[string]map[string][]struct{ Category, Message string }
	text := stdout[max(0, strings.Index(stdout, "{")):]
	assert.NoError(t, json.Unmarshal([]byte(text), &said))
	got := said["github.com/kista-go/kista/vet/testdata/door"]["kista"]
	assert.True(t, len(got) == 2 && got[0].Category == "goroutine" && got[1].Category == "message", "%+v", got)

	code, _, stderr = vetted(t, command(t, "vet", "./nowhere"))
	assert.True(t, code == 1 && strings.Contains(stderr, "nowhere"), "status %d: %s", code, stderr)
}

// The programs that people copy from are clean, or say why not.
func TestVetFindsNothingInOurPrograms(t *testing.T) {
	code, _, stderr := vetted(t, command(t, "vet", "../../examples/...", "../../cmd/..."))
	assert.True(t, code == 0, "status %d:\n%s", code, stderr)
}

func TestVetHelp(t *testing.T) {
	for _, args := range [][]string{{"help", "vet"}, {"vet", "--help"}} {
		assert.True(t, strings.Contains(output(t, args...), "kista:allow"), "%v", args)
	}
}
