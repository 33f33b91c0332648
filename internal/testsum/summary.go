package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// An event is one line of go test -json; the fields are described by
// "go doc test2json" and "go help buildjson".
type event struct {
	Action     string
	Package    string
	ImportPath string
	Test       string
	Output     string
}

// A key names a test, or with an empty test a whole package.
type key struct{ pkg, test string }

// A summary is what is known of a test run so far.
type summary struct {
	w       io.Writer
	output  map[key]*strings.Builder // of tests that have not ended
	passed  int
	failed  int
	skipped []string
	broken  bool // a package failed, or did not build
}

func newSummary(w io.Writer) *summary {
	return &summary{w: w, output: map[key]*strings.Builder{}}
}

// read takes events until r ends.
func (s *summary) read(r io.Reader) error {
	for d := json.NewDecoder(r); ; {
		var e event
		switch err := d.Decode(&e); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("reading the output of go test -json: %w", err)
		}
		s.take(e)
	}
}

func (s *summary) take(e event) {
	k := key{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		fmt.Fprint(s.w, e.Output)
	case "build-fail":
		s.broken = true
	case "output":
		s.print(k, e.Output)
	case "pass":
		if e.Test != "" {
			s.passed++
		}
		delete(s.output, k)
	case "skip":
		if e.Test != "" {
			s.skipped = append(s.skipped, fmt.Sprintf("%s %s: %s", e.Package, e.Test, reason(s.output[k])))
		}
		delete(s.output, k)
	case "fail":
		if e.Test == "" {
			s.broken = true
			s.flush(e.Package)
			break
		}
		s.failed++
		if b := s.output[k]; b != nil {
			fmt.Fprint(s.w, b.String())
		}
		delete(s.output, k)
	}
}

// print shows the result lines of packages at once and keeps what tests print
// until it is known whether anybody wants to see it.
func (s *summary) print(k key, text string) {
	if k.test == "" {
		if text != "PASS\n" && text != "FAIL\n" {
			fmt.Fprint(s.w, text)
		}
		return
	}
	b := s.output[k]
	if b == nil {
		b = &strings.Builder{}
		s.output[k] = b
	}
	b.WriteString(text)
}

// flush shows what the tests of a failed package printed that never ended:
// there is the panic, or the test that hung.
func (s *summary) flush(pkg string) {
	for k, b := range s.output {
		if k.pkg == pkg {
			fmt.Fprintf(s.w, "--- %s did not end:\n%s", k.test, b.String())
			delete(s.output, k)
		}
	}
}

// reason returns the line in which a test said why it is skipped.
func reason(b *strings.Builder) string {
	if b == nil {
		return "no reason given"
	}
	for line := range strings.Lines(b.String()) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "=== ") && !strings.HasPrefix(line, "--- ") {
			return line
		}
	}
	return "no reason given"
}

// close prints the end of the summary and reports whether all is well.
func (s *summary) close() bool {
	for i, line := range s.skipped {
		if i == 0 {
			fmt.Fprintln(s.w, "\nskipped:")
		}
		fmt.Fprintln(s.w, "  "+line)
	}
	if s.broken && s.failed == 0 {
		s.failed = 1 // a package that did not build, or ended outside a test
	}
	fmt.Fprintf(s.w, "\n%d passed, %d failed, %d skipped\n", s.passed, s.failed, len(s.skipped))
	return s.failed == 0 && s.passed > 0
}
