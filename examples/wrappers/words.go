package main

import (
	"context"
	_ "embed"
	"encoding/json"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/port"
)

// words.py answers each frame with one, so a port is all that is needed. What it
// is asked comes from anywhere, so it is kept where it can do no harm: it may read
// the system's programs and libraries, and nothing else.

//go:embed words.py
var wordsScript string

// Words describes the counter of words under a name, for a supervisor.
func Words(name string) kista.Program {
	return port.Program(port.Spec{
		Path: "/usr/bin/python3", Args: []string{"-I", "-c", wordsScript}, Dir: "/",
		Framing: port.Frames4,
		Limits:  port.Limits{Memory: 128 << 20, OpenFiles: 16},
		Sandbox: &port.Sandbox{},
	}, port.Opts{Name: name})
}

// Count asks it how often each word is in a text.
func Count(ctx context.Context, to kista.Addr, text string) (map[string]int, error) {
	question, err := json.Marshal(text)
	if err != nil {
		return nil, err
	}
	answer, err := port.Call(ctx, to, question)
	if err != nil {
		return nil, err
	}
	var counts map[string]int
	err = json.Unmarshal(answer, &counts)
	return counts, err
}
