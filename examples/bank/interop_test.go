package bank_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kista-go/kista/examples/bank"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/internal/erltest"
)

// TestErlangClient lets a client in Erlang, written for a server in Erlang, check
// the bank.
func TestErlangClient(t *testing.T) {
	erl := erltest.Need(t)
	_, b := start(t, bank.Config{Data: t.TempDir()})
	dir := t.TempDir()
	source, err := os.ReadFile(filepath.Join("testdata", "bank_client.erl"))
	assert.NoError(t, err)
	assert.NoError(t, os.WriteFile(filepath.Join(dir, "bank_client.erl"), source, 0o600))
	compile := exec.CommandContext(t.Context(), filepath.Join(filepath.Dir(erl), "erlc"), "bank_client.erl")
	compile.Dir = dir
	out, err := compile.CombinedOutput()
	if err != nil {
		t.Fatalf("erlc: %v\n%s", err, out)
	}
	host, port, _ := strings.Cut(b.Addr().String(), ":")
	check := exec.CommandContext(t.Context(), erl, "-noinput", "-s", "bank_client", "main", "-extra", host, port, "check")
	check.Dir = dir
	out, err = check.CombinedOutput()
	t.Logf("\n%s", out)
	assert.NoError(t, err)
	assert.Equal(t, strings.Count(string(out), "PASS"), 10)
	assert.Equal(t, strings.Count(string(out), "FAIL"), 0)
}
