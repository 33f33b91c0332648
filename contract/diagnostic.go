package contract

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Pos is a place in a file. Line and Column count from 1, columns in bytes. The zero value is no place.
type Pos struct{ Line, Column int }

// IsValid reports whether p is a place.
func (p Pos) IsValid() bool { return p.Line > 0 }

// Compare orders places as they follow in a file.
func (p Pos) Compare(q Pos) int {
	return cmp.Or(cmp.Compare(p.Line, q.Line), cmp.Compare(p.Column, q.Column))
}

// Severity tells an error from a warning.
type Severity int

// The severities of a diagnostic.
const (
	// Error is what makes a text no contract.
	Error Severity = iota
	// Warning is what a contract may hold, but hardly should.
	Warning
)

// String returns "error" or "warning".
func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// A Diagnostic is one thing that is wrong with a contract.
type Diagnostic struct {
	// File and Pos are where. Pos is no place where the whole file is meant.
	File string
	Pos  Pos
	// Severity says whether it is an error.
	Severity Severity
	// Code names the kind of fault for programs, such as "missing-type". It does not change between versions.
	Code Code
	// Text is the offending text as it stands in the file, or empty.
	Text string
	// Message says what is wrong.
	Message string
	// Hint says what to do, or is empty.
	Hint string
}

// String returns file:line:col: message, as compilers print theirs, with the hint in parentheses.
func (d Diagnostic) String() string {
	var b strings.Builder
	if d.File != "" {
		b.WriteString(d.File + ":")
	}
	if d.Pos.IsValid() {
		fmt.Fprintf(&b, "%d:%d:", d.Pos.Line, d.Pos.Column)
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	if d.Severity == Warning {
		b.WriteString("warning: ")
	}
	b.WriteString(d.Message)
	if d.Hint != "" {
		b.WriteString(" (" + d.Hint + ")")
	}
	return b.String()
}

// ParseError is the error of [Parse]: everything that is wrong, in the order of the file.
type ParseError struct {
	// Diagnostics holds at least one error, and the warnings that came with it.
	Diagnostics []Diagnostic
}

// Error returns the first error, and how many more there are.
func (e *ParseError) Error() string {
	first, more := "", -1
	for _, d := range e.Diagnostics {
		if d.Severity == Error {
			if more++; more == 0 {
				first = d.String()
			}
		}
	}
	if more > 0 {
		return fmt.Sprintf("contract: %s (and %d more)", first, more)
	}
	return "contract: " + first
}

// errors collects diagnostics.
type diagnostics []Diagnostic

func (ds diagnostics) failed() bool {
	return slices.ContainsFunc(ds, func(d Diagnostic) bool { return d.Severity == Error })
}

// sorted returns the diagnostics in the order of the file, each once.
func (ds diagnostics) sorted() []Diagnostic {
	slices.SortStableFunc(ds, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.File, b.File), a.Pos.Compare(b.Pos))
	})
	return slices.Compact(ds)
}

// quote returns text from a contract for a message: shortened, on one line.
func quote(s string) string {
	const most = 40
	if i := strings.IndexAny(s, "\r\n"); i >= 0 {
		s = s[:i] + "..."
	}
	if len(s) > most {
		s = s[:most] + "..."
	}
	return fmt.Sprintf("%q", s)
}
