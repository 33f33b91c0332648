package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kista-go/kista/bench/internal/report"
)

// builder builds the columns, and notes what cannot be had.
type builder struct {
	out    string
	notes  []string
	erlang string // its version, "" if there is none
}

// column is one that can be run.
type column struct {
	name   string
	binary string // "" for Erlang
	cgo    string // the binary for W21; "" if there is no C compiler
}

// noErlang is said where it cannot be overlooked.
const noErlang = "ERLANG IS NOT INSTALLED (erl, erlc): its column and every goal against it are missing. Debian: apt install erlang-base"

func (b *builder) columns(ctx context.Context, o options) ([]column, error) {
	names := report.Columns
	if o.peers != "" {
		names = strings.Split(o.peers, ",")
	}
	cgo := b.hasCompiler(ctx)
	if !cgo {
		b.notes = append(b.notes, "There is no C compiler: W21 has no cgo rows.")
	}
	var out []column
	for _, name := range names {
		switch {
		case !slices.Contains(report.Columns, name):
			return nil, fmt.Errorf("-peers: there is no %q; there are %s", name, strings.Join(report.Columns, ", "))
		case name == "erlang":
			if ok, err := b.buildErlang(ctx, o.build); err != nil {
				return nil, err
			} else if ok {
				out = append(out, column{name: name})
			}
			continue
		}
		c := column{name: name, binary: filepath.Join("bin", name)}
		if err := b.buildGo(ctx, o.build, name, c.binary, false); err != nil {
			return nil, err
		}
		// Linked with C a Go program is another one, so only W21 uses it.
		if cgo && (name == "kista" || name == "rawq") {
			c.cgo = filepath.Join("bin", name+"-cgo")
			if err := b.buildGo(ctx, o.build, name, c.cgo, true); err != nil {
				return nil, err
			}
		}
		out = append(out, c)
	}
	return out, nil
}

// hasCompiler tells whether the C compiler that Go would use is there.
func (b *builder) hasCompiler(ctx context.Context) bool {
	cc, err := exec.CommandContext(ctx, "go", "env", "CC").Output()
	words := strings.Fields(string(cc))
	if err != nil || len(words) == 0 {
		return false
	}
	_, err = exec.LookPath(words[0])
	return err == nil
}

func (b *builder) buildGo(ctx context.Context, really bool, name, binary string, cgo bool) error {
	if !really {
		return nil
	}
	fmt.Fprintln(os.Stderr, "bench: building", binary)
	cmd := exec.CommandContext(ctx, "go", "build", "-o", binary, "./peers/"+name)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if cgo {
		cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	}
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w\n%s", binary, err, text)
	}
	return nil
}

// buildErlang compiles Erlang's column; ok is false if there is no Erlang.
func (b *builder) buildErlang(ctx context.Context, really bool) (ok bool, err error) {
	for _, tool := range []string{"erl", "erlc"} {
		if _, err := exec.LookPath(tool); err != nil {
			b.notes = append(b.notes, noErlang)
			return false, nil
		}
	}
	if really {
		if err := os.MkdirAll("bin/ebin", 0o755); err != nil {
			return false, err
		}
		if text, err := exec.CommandContext(ctx, "erlc", "-o", "bin/ebin", "erlang/kista_bench.erl", "erlang/kista_bench_sup.erl").CombinedOutput(); err != nil {
			return false, fmt.Errorf("erlc: %w\n%s", err, text)
		}
	}
	text, err := exec.CommandContext(ctx, "erl", "-noshell", "-pa", "bin/ebin", "-run", "kista_bench", "version").Output()
	if err != nil {
		return false, fmt.Errorf("erl: %w", err)
	}
	b.erlang = strings.TrimSpace(string(text))
	return true, nil
}
