//go:build unix

package main

import (
	"bufio"
	"bytes"
	"errors"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/kista-go/kista/internal/assert"
)

// status runs the command and returns its status and what it said.
func status(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	cmd := command(t, args...)
	cmd.Stdout, cmd.Stderr = &out, &err
	return statusOf(t, cmd.Run()), out.String(), err.String()
}

func statusOf(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	assert.NoError(t, err)
	return 0
}

// What a program says, and its status, are its own.
func TestRunHandsOverArgumentsAndStatus(t *testing.T) {
	for _, tc := range []struct {
		args           string
		code           int
		stdout, stderr string
	}{
		{"../../examples/shop config show --shop.price=7", 0, "shop.price            = 7", ""},
		{"../../examples/shop --shop.price=0", 2, "", `shop: shop.price: "0" from --shop.price: nothing is free here`},
		{"--build -tags=none ../../examples/shop version", 0, "shop 1.0.0", ""},
		{"../../supervisor", 2, "", "kista: ../../supervisor is no program"},
		{"./nowhere", 2, "", "kista: ./nowhere does not build"},
		{"", 2, "", "kista: requires at least 1 arg"},
	} {
		t.Run(tc.args, func(t *testing.T) {
			code, stdout, stderr := status(t, append([]string{"run"}, strings.Fields(tc.args)...)...)
			if code != tc.code || !strings.Contains(stdout, tc.stdout) || !strings.Contains(stderr, tc.stderr) {
				t.Errorf("status %d, want %d\nstdout %q\nstderr %q", code, tc.code, stdout, stderr)
			}
		})
	}
}

// A signal reaches the program once, and it stops in its own order.
func TestRunHandsOnSignals(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		cmd := command(t, "run", "../../examples/shop", "--shop.listen=127.0.0.1:0")
		cmd.Stderr = nil
		log, err := cmd.StderrPipe()
		assert.NoError(t, err)
		assert.NoError(t, cmd.Start())
		var all []string
		for lines := bufio.NewScanner(log); lines.Scan(); {
			all = append(all, lines.Text())
			if strings.Contains(lines.Text(), `"release: running"`) {
				assert.NoError(t, cmd.Process.Signal(sig))
			}
		}
		code := statusOf(t, cmd.Wait())
		text := strings.Join(all, "\n")
		assert.True(t, code == 0 && strings.Contains(text, `"release: stopped"`) && !strings.Contains(text, "at once"),
			"%v: status %d after\n%s", sig, code, text)
	}
}
