package peer

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/kista-go/kista"
)

// ErrNoMain says that this program starts peers but does not call [Main]: its main function must, first of all, or a peer
// would be a second copy of the program's whole work.
var ErrNoMain = errors.New("peer: main does not call peer.Main before anything else")

// ErrNested says that a program that is itself a peer was to start one. A peer's processes ask their parent to start another.
var ErrNested = errors.New("peer: a peer cannot have peers of its own")

var (
	errNotReading = errors.New("it does not read what it is sent")
	errClosed     = errors.New("it has closed the connection to its parent")
)

func init() {
	kista.RegisterError(ErrNoMain, ErrNested)
	kista.RegisterErrorType(func(e *DeathError, freeze func(error) error) error {
		c := *e
		c.Err = freeze(e.Err)
		return &c
	})
	kista.RegisterErrorType(func(e *SpecError, _ func(error) error) error { c := *e; return &c })
	kista.RegisterErrorType(func(e *EntryError, _ func(error) error) error { c := *e; return &c })
	kista.RegisterErrorType(func(e *StartError, freeze func(error) error) error {
		return &StartError{Peer: e.Peer, Err: freeze(e.Err)}
	})
}

// Cause says, in short, why a peer's OS process died.
type Cause uint8

const (
	// CauseExit: it ended with a status: os.Exit, log.Fatal.
	CauseExit Cause = iota + 1
	// CauseFatal: a fatal error of the Go runtime, or a panic in a goroutine that no process owns: [DeathError.Fault]
	// has its first lines.
	CauseFatal
	// CauseSignal: a signal of the operating system ended it.
	CauseSignal
	// CauseMemory: it used more memory than it may, and was ended for that.
	CauseMemory
	// CauseSilent: it did not answer, and was killed for that: somebody has stopped it, or its runtime stands still.
	CauseSilent
	// CauseBroken: what it sent was no message, or it did not read what it was sent, and was killed for that.
	CauseBroken
)

// String names the cause.
func (c Cause) String() string {
	names := [...]string{"", "exit", "fatal error", "signal", "out of memory", "silence", "broken connection"}
	if int(c) < len(names) && c > 0 {
		return names[c]
	}
	return fmt.Sprintf("unknown (%d)", uint8(c))
}

// DeathError is the reason when the OS process of a peer dies: of the peer's process here, and of all processes that lived in
// it, for those who had links, monitors or calls there. errors.Is finds [kista.ErrNoConnection] in it.
type DeathError struct {
	Peer   string // the name of the peer's node
	PID    int    // of the OS process; 0 if it did not come that far
	Cause  Cause
	Code   int            // its exit status
	Signal syscall.Signal // what ended it, if not 0
	Limit  int64          // of CauseMemory: bytes; 0 if the limit is not the peer's own
	Silent time.Duration  // of CauseSilent: for how long
	Fault  string         // the first lines of the fatal error, or the last line that it wrote to its standard error
	Err    error          // of CauseBroken: what was wrong
}

func (e *DeathError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "peer: the OS process of %s (%d) ", e.Peer, e.PID)
	fault := e.Fault
	switch e.Cause {
	case CauseExit:
		fmt.Fprintf(&b, "called exit with status %d", e.Code)
	case CauseFatal:
		b.WriteString("died of a fatal error")
	case CauseMemory:
		b.WriteString("was out of memory")
		if e.Limit > 0 {
			fmt.Fprintf(&b, " (limit %d MiB)", e.Limit>>20)
		}
	case CauseSilent:
		fmt.Fprintf(&b, "did not answer for %v and was killed", e.Silent.Round(time.Millisecond))
	case CauseBroken:
		b.WriteString("was killed")
		if e.Err != nil {
			b.WriteString(": " + e.Err.Error())
		}
	default:
		fmt.Fprintf(&b, "was ended by signal %d (%v)", int(e.Signal), e.Signal)
	}
	if fault != "" {
		b.WriteString(": " + strings.ReplaceAll(fault, "\n", "; "))
	}
	if hint := e.hint(); hint != "" {
		b.WriteString(" (" + hint + ")")
	}
	return b.String()
}

// hint says what to do.
func (e *DeathError) hint() string {
	switch e.Cause {
	case CauseExit:
		return "code in a peer should return an error instead of ending the program"
	case CauseFatal:
		return "the whole text is in the log"
	case CauseMemory:
		return "raise Spec.Memory, or find what grows"
	case CauseSilent:
		return "it was stopped from outside, or its runtime could not go on; see Spec.Patience"
	}
	return ""
}

// Is reports whether target is [kista.ErrNoConnection].
func (e *DeathError) Is(target error) bool { return target == kista.ErrNoConnection }

// Unwrap returns Err.
func (e *DeathError) Unwrap() error { return e.Err }

// StartError says that a peer's OS process could not be started, or did not get as far as [Main] in time.
type StartError struct {
	Peer string
	Err  error
}

func (e *StartError) Error() string { return fmt.Sprintf("peer: start %s: %v", e.Peer, e.Err) }

// Unwrap returns Err.
func (e *StartError) Unwrap() error { return e.Err }

// SpecError is a mistake in a [Spec].
type SpecError struct{ Field, Value, Why string }

func (e *SpecError) Error() string {
	return fmt.Sprintf("peer: Spec.%s is %s: %s", e.Field, e.Value, e.Why)
}

// EntryError says that a peer has no such entry, or one with other arguments: the program registers it where the peer's
// copy does not come by, for instance in main after [Main].
type EntryError struct{ Entry, Peer, Why string }

func (e *EntryError) Error() string {
	return fmt.Sprintf("peer: entry %q in %s: %s; register entries in package-level variables or init functions", e.Entry, e.Peer, e.Why)
}
