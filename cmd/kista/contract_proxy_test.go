package main

import (
	"bufio"
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/examples/fileserver"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/supervisor"
	"github.com/kista-go/kista/ubf"
)

// The proxy, as a program, between a server and "kista contract call", as another one.
func TestContractProxyAndCall(t *testing.T) {
	dir := t.TempDir()
	assert.NoError(t, os.WriteFile(filepath.Join(dir, "poem"), []byte("so much depends\n"), 0o600))
	n, err := kista.Start(kista.Config{Logger: slog.New(slog.DiscardHandler)})
	assert.NoError(t, err)
	defer func() { assert.NoError(t, n.Stop(context.Background())) }()
	service, err := fileserver.Service(dir)
	assert.NoError(t, err)
	sv, err := ubf.NewServer(ubf.Spec{Services: []ubf.Service{service}})
	assert.NoError(t, err)
	_, err = sv.Start(t.Context(), n, supervisor.Opts{})
	assert.NoError(t, err)

	con := filepath.Join("..", "..", "examples", "fileserver", "file_server.con")
	proxy := command(t, "contract", "proxy", "--contract", con, "--to", sv.Addr().String(), "--listen", "127.0.0.1:0")
	out, err := proxy.StdoutPipe()
	assert.NoError(t, err)
	assert.NoError(t, proxy.Start())
	lines := bufio.NewScanner(out)
	assert.True(t, lines.Scan(), "the proxy says nothing")
	addr, ok := strings.CutPrefix(lines.Text(), "ready ")
	assert.True(t, ok, "the proxy says %q", lines.Text())

	call := func(args ...string) (string, int) {
		cmd := command(t, append([]string{"contract", "call", addr}, args...)...)
		text, err := cmd.Output()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return string(text), cmd.ProcessState.ExitCode()
	}
	said, status := call("services")
	assert.Equal(t, said, "[{'#S',\"file_server\"}]  start\n")
	assert.Equal(t, status, 0)
	said, status = call("--service", "file_server", `{open,{'#S',"poem"},read}`, "{read_line,1}", "{read_line,1}", "{read_line,1}", "{close,1}")
	assert.Equal(t, said, `ok  start
{ok,1}  ready
{ok,{'#S',"so much depends"}}  ready
eof  atEof
broken: ubf: the server's checker refuses {read_line,1} in state atEof
true  stop
`)
	assert.Equal(t, status, 1)
	said, status = call("--service", "file_server", "--contract", con, "{read_line,1}")
	assert.True(t, strings.HasPrefix(said, "ok  start\nbroken: contract: the client broke \"file_server\" in state start") && status == 1, "%q, %d", said, status)

	assert.NoError(t, proxy.Process.Signal(os.Interrupt))
	var rest []string
	for lines.Scan() {
		rest = append(rest, lines.Text())
	}
	assert.NoError(t, proxy.Wait())
	all := strings.Join(rest, "\n")
	for _, want := range []string{
		"contract: the client broke \"file_server\" in state atEof: the request {read_line,1}",
		"3 conversations; 1 violations of clients, 0 of servers; 0 messages that were none",
		"       1  file_server ready  read_line() => eof() & atEof",
	} {
		assert.True(t, strings.Contains(all, want), "no %q in\n%s", want, all)
	}
}
