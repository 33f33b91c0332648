package app_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/internal/erltest"
)

var rewrite = flag.Bool("rewrite", false, "write what happens into testdata; read the difference before you keep it")

// TestTranscripts runs the scenarios in testdata: a block is commands, a line of
// dashes, and what happened; blocks are separated by empty lines, and those that
// begin with # are comments.
func TestTranscripts(t *testing.T) {
	each(t, func(t *testing.T, file, want string) {
		var got string
		synctest.Test(t, func(t *testing.T) { got = replay(t, want) })
		if *rewrite {
			assert.NoError(t, os.WriteFile(file, []byte(got), 0o644))
			return
		}
		if got != want {
			t.Errorf("%s: something else happened; run with -rewrite and read the difference:\n%s", file, firstDifference(got, want))
		}
	})
}

// TestErlangDoesTheSame runs the scenarios on a real Erlang node: callbacks, their
// order, and outcomes are the same. A file whose first line says that it differs
// is left out.
func TestErlangDoesTheSame(t *testing.T) {
	erl := erltest.Need(t)
	dir := t.TempDir()
	out, err := exec.Command(erl, "-noinput", "-noshell", "-eval",
		fmt.Sprintf(`{ok, _} = compile:file("testdata/scenario", [{outdir, %q}]), halt(0).`, dir)).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var same atomic.Int64
	t.Cleanup(func() {
		if !t.Failed() && same.Load() < 10 {
			t.Errorf("only %d scenarios were compared", same.Load())
		}
	})
	each(t, func(t *testing.T, file, want string) {
		if strings.HasPrefix(want, "# Differs") {
			return
		}
		same.Add(1)
		t.Parallel() // most of the time is Erlang's own start and stop
		said := filepath.Join(t.TempDir(), "said")
		cmd := exec.Command(erl, "-noinput", "-noshell", "-pa", dir, "-run", "scenario", "main", file, said)
		cmd.Env = append(os.Environ(), "ERL_CRASH_DUMP_SECONDS=0")
		out, _ := cmd.CombinedOutput() // a node that goes down has a status
		got, err := os.ReadFile(said)
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		want = strings.TrimSuffix(onlySaid(want), "the node is down\n") // it says nothing then
		if string(got) != want {
			t.Errorf("%s: Erlang does something else:\n%s\n%s", file, firstDifference(string(got), want), out)
		}
	})
}

func each(t *testing.T, do func(t *testing.T, file, want string)) {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			assert.NoError(t, err)
			do(t, file, string(want))
		})
	}
}

// replay runs a script and returns it with what happens.
func replay(t *testing.T, text string) string {
	s := newScenario(t)
	defer s.end()
	var out bytes.Buffer
	gone := false
	for i, block := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if i > 0 {
			out.WriteByte('\n')
		}
		commands, _, _ := strings.Cut(block, "\n----")
		fmt.Fprintln(&out, commands)
		if strings.HasPrefix(block, "#") {
			continue
		}
		fmt.Fprintln(&out, "----")
		for line := range strings.Lines(commands) {
			if gone {
				t.Fatalf("the node is gone, and there is more to do: %s", line)
			}
			up := s.command(line)
			for _, l := range s.take() {
				fmt.Fprintln(&out, l)
			}
			if !up {
				gone = true
				fmt.Fprintln(&out, "the node is down")
			}
		}
	}
	return out.String()
}

// onlySaid returns what happened, without the commands.
func onlySaid(text string) string {
	var out strings.Builder
	for _, block := range strings.Split(text, "\n\n") {
		if _, said, ok := strings.Cut(block, "\n----\n"); ok && !strings.HasPrefix(block, "#") {
			out.WriteString(strings.TrimRight(said, "\n"))
			if said != "" {
				out.WriteByte('\n')
			}
		}
	}
	return out.String()
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d\n got: %s\nwant: %s", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}
