package wasm

import (
	"errors"
	"fmt"
	"strings"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/term"
)

var (
	// ErrClosed says that the module has been closed.
	ErrClosed = errors.New("wasm: the module is closed")
	// ErrNoState says that a version of the code cannot hand over its state, or
	// cannot take one: it lacks the exports kista_v1_state or kista_v1_restore.
	ErrNoState = errors.New("wasm: the code does not export kista_v1_state and kista_v1_restore")

	// errStopped ends a guest whose process has ended or must.
	errStopped = errors.New("wasm: the process has ended")
)

// ModuleError says why bytes cannot be loaded as a module. At is the place in the
// module, -1 where there is none; Limit is true where the module is larger than
// allowed.
type ModuleError struct {
	At     int
	Reason string
	Limit  bool
}

func (e *ModuleError) Error() string {
	if e.At < 0 {
		return "wasm: the module cannot be loaded: " + e.Reason
	}
	return fmt.Sprintf("wasm: the module cannot be loaded: byte %d: %s", e.At, e.Reason)
}

// TrapKind says what a guest did that it could not survive.
type TrapKind uint8

// The kinds of traps.
const (
	TrapOther       TrapKind = iota // see the text
	TrapUnreachable                 // the unreachable instruction: an abort, a panic, an assertion
	TrapMemory                      // an access outside its memory
	TrapDivision                    // a division by zero
	TrapOverflow                    // an integer too large for its type, from a division or a float
	TrapConversion                  // a float that is no number
	TrapTable                       // a call through a table entry that is not there, or of another type
	TrapStack                       // calls nested too deep
	TrapFuel                        // more work in one callback than Opts.Fuel allows
	TrapTime                        // more time than there is for it: to say its version or its state, or to take one
	TrapHost                        // a host function called with what makes no sense
	TrapExit                        // it ended itself with an exit code
)

// String names the kind.
func (k TrapKind) String() string {
	names := [...]string{
		"other", "unreachable", "out of bounds memory access", "division by zero", "integer overflow", "conversion", "table",
		"stack too deep", "out of fuel", "out of time", "misuse of the host interface", "exit",
	}
	return names[min(int(k), len(names)-1)]
}

// Trap is the exit reason of a guest that failed: what happened and where. After
// it the instance is gone; nobody else has noticed anything.
type Trap struct {
	Kind     TrapKind
	Callback string   // what it was called for: "init", "handle", ...
	Where    []string // the functions under way, innermost first, at most 30
	Text     string   // more about it: what the engine says, or what it wrote to standard error in the callback
	// Full is set where its memory had reached its limit, in bytes: most guests abort
	// when they get no more.
	Full int64
}

func (e *Trap) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "wasm: trap in %s: %v", e.Callback, e.Kind)
	if e.Full > 0 {
		fmt.Fprintf(&b, "; its memory is full (%d bytes)", e.Full)
	}
	if len(e.Where) > 0 {
		b.WriteString(" in " + e.Where[0])
	}
	if first, _, _ := strings.Cut(e.Text, "\n"); first != "" {
		b.WriteString(": " + first)
	}
	return b.String()
}

// GuestError is an error that a guest gave: as the answer to a call, where it is
// inside a [*server.Refused], or as why it does not start or does not take a
// state. Term is what it said.
type GuestError struct{ Term term.Term }

func (e *GuestError) Error() string {
	if text, ok := e.Term.(term.Binary); ok {
		return "wasm: the guest says: " + string(text)
	}
	return "wasm: the guest says: " + term.Printer{Strings: true, Limit: 500}.String(e.Term)
}

func init() {
	kista.RegisterError(ErrClosed, ErrNoState)
	kista.RegisterErrorType(func(e *Trap, _ func(error) error) error {
		c := *e
		c.Where = append([]string(nil), e.Where...)
		return &c
	})
	kista.RegisterErrorType(func(e *GuestError, _ func(error) error) error {
		t, err := kista.Copy(e.Term)
		if err != nil {
			t = term.Binary(term.String(e.Term))
		}
		return &GuestError{t}
	})
	kista.RegisterErrorType(func(e *ModuleError, _ func(error) error) error { c := *e; return &c })
}
