package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"os/exec"
	"strings"
	"testing"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/port"
	"github.com/kista-go/kista/supervisor"
)

var ctx = context.Background()

// with starts a node with a child, or skips the test where the program is missing.
func with(t *testing.T, program string, child kista.Program) *kista.Node {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("SKIPPED (needs %s): install with `make install-tools`", program)
	}
	n, err := kista.Start(kista.Config{Logger: slog.New(slog.DiscardHandler)})
	assert.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, n.Stop(ctx)) })
	if !child.IsZero() {
		spec := supervisor.Spec{Intensity: 10, Children: []supervisor.Child{{ID: "it", Start: child}}}
		_, err = supervisor.Start(ctx, n, spec, supervisor.Opts{})
		assert.NoError(t, err)
	}
	return n
}

func TestCompress(t *testing.T) {
	n := with(t, "gzip", kista.Program{})
	text := bytes.Repeat([]byte("all work and no play "), 100_000)
	small, err := Compress(ctx, n, text)
	assert.NoError(t, err)
	r, err := gzip.NewReader(bytes.NewReader(small))
	assert.NoError(t, err)
	back, err := io.ReadAll(r)
	assert.NoError(t, err)
	assert.True(t, bytes.Equal(back, text) && len(small) < len(text)/100, "%d bytes made %d, and %d again", len(text), len(small), len(back))
}

func TestCalculator(t *testing.T) {
	n := with(t, "bc", Calculator("bc"))
	bc := n.Name("bc")
	for question, want := range map[string]string{
		"1+1": "2", "2^200": "1606938044258990275541962092341162602522202993782792835301376", "1;2;3": "1\n2\n3",
	} {
		got, err := Evaluate(ctx, bc, question)
		assert.NoError(t, err)
		assert.Equal(t, got, want)
	}
	for _, question := range []string{"2^", "x=1", "1/0", "1\n2", `print "."`} {
		_, err := Evaluate(ctx, bc, question)
		assert.ErrorIs(t, err, ErrNotUnderstood)
	}
	before, _ := n.WhereIs("bc")
	_, err := Evaluate(ctx, bc, "while (1) {}") // bc never comes back: the server ends, and its bc
	assert.ErrorIs(t, err, ErrTooLong)
	again, err := n.AwaitName(ctx, "bc")
	assert.NoError(t, err)
	assert.True(t, again != before, "the server is still the same")
	got, err := Evaluate(ctx, again, "40+2")
	assert.NoError(t, err)
	assert.Equal(t, got, "42")
}

func TestWords(t *testing.T) {
	n := with(t, "/usr/bin/python3", kista.Program{})
	_, err := supervisor.Start(ctx, n, supervisor.Spec{Children: []supervisor.Child{{ID: "words", Start: Words("words")}}}, supervisor.Opts{})
	var missing *port.UnsupportedError
	if errors.As(err, &missing) {
		t.Skipf("SKIPPED (needs a sandbox): %v", missing)
	}
	assert.NoError(t, err)
	got, err := Count(ctx, n.Name("words"), "to be or not to be")
	assert.NoError(t, err)
	assert.Equal(t, got, map[string]int{"to": 2, "be": 2, "or": 1, "not": 1})
	_, err = Count(ctx, n.Name("words"), "crash")
	assert.Equal(t, assert.ErrorAs[*port.ExitError](t, err).Code, 1)
	again, err := n.AwaitName(ctx, "words")
	assert.NoError(t, err)
	got, err = Count(ctx, again, strings.Repeat("word ", 10_000))
	assert.NoError(t, err)
	assert.Equal(t, got, map[string]int{"word": 10_000})
}
