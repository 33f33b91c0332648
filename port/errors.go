package port

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/port/internal/frame"
)

// What a port answers a request with that it cannot carry out.
var (
	// ErrInputClosed says that the program takes nothing more: its standard input
	// has been closed, by it or by [CloseInput].
	ErrInputClosed = errors.New("port: the program's input is closed")
	// ErrOutputClosed says that the program has closed its standard output, so that
	// no answer can come.
	ErrOutputClosed = errors.New("port: the program has closed its output")
	// ErrGuardianDied is the exit reason of a port whose guardian, the process that
	// watches over the program, was killed by somebody. The program has been killed
	// with it.
	ErrGuardianDied = errors.New("port: the program's guardian was killed")
)

func init() {
	kista.RegisterError(ErrInputClosed, ErrOutputClosed, ErrGuardianDied)
	kista.RegisterErrorType(func(e *ExitError, _ func(error) error) error { c := *e; return &c })
	kista.RegisterErrorType(func(e *StartError, freeze func(error) error) error {
		return &StartError{Path: e.Path, Err: freeze(e.Err)}
	})
	kista.RegisterErrorType(func(e *SpecError, _ func(error) error) error { c := *e; return &c })
	kista.RegisterErrorType(func(e *MessageError, freeze func(error) error) error {
		c := *e
		c.Err = freeze(e.Err)
		return &c
	})
	kista.RegisterErrorType(func(e *OutputError, _ func(error) error) error { c := *e; return &c })
	kista.RegisterErrorType(func(e *BusyError, _ func(error) error) error { c := *e; return &c })
	kista.RegisterErrorType(func(e *UnsupportedError, freeze func(error) error) error {
		return &UnsupportedError{What: e.What, Err: freeze(e.Err)}
	})
}

// ExitError is the exit reason of a port whose program ended by itself, other
// than with status 0, which is the normal end. Code is its exit status, or Signal
// is what it was killed by (not 0). OutOfMemory says that the memory of its
// [Group] was used up, and one of its processes killed for it.
type ExitError struct {
	Program     string
	Code        int
	Signal      syscall.Signal
	OutOfMemory bool
}

func (e *ExitError) Error() string {
	text := fmt.Sprintf("port: %s ended with status %d", e.Program, e.Code)
	if e.Signal != 0 {
		text = fmt.Sprintf("port: %s was ended by signal %d (%s)", e.Program, int(e.Signal), e.Signal)
	}
	if e.OutOfMemory {
		text += ", out of its group's memory"
	}
	return text
}

// StartError says that a program could not be started. errors.Is finds in it what
// the operating system said, for instance fs.ErrNotExist as syscall.ENOENT.
type StartError struct {
	Path string
	Err  error
}

func (e *StartError) Error() string { return fmt.Sprintf("port: cannot start %s: %v", e.Path, e.Err) }

// Unwrap returns Err.
func (e *StartError) Unwrap() error { return e.Err }

// SpecError says which field of a [Spec] makes no sense, and why. Every start
// fails with it.
type SpecError struct{ Field, Value, Why string }

func (e *SpecError) Error() string {
	return fmt.Sprintf("port: Spec.%s is %s: %s", e.Field, e.Value, e.Why)
}

// UnsupportedError says that something that a [Spec] asks for cannot be had here,
// and why. The program was not started: nothing is left out silently.
type UnsupportedError struct {
	What string
	Err  error
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("port: %s cannot be had here: %v", e.What, e.Err)
}

// Unwrap returns Err.
func (e *UnsupportedError) Unwrap() error { return e.Err }

// MessageError says that a message is none: as an exit reason, that the program
// wrote something that is not what [Spec.Framing] says, or is over
// [Spec.MaxMessage]; from [Send] and [Call], that the data given cannot be
// framed so. Size and Limit are in bytes, 0 if the size is not what is wrong.
type MessageError struct {
	Program     string
	Framing     Framing
	Size, Limit int
	Err         error
}

func (e *MessageError) Error() string {
	return fmt.Sprintf("port: %s, %s: %v", e.Program, e.Framing, e.Err)
}

// Unwrap returns Err.
func (e *MessageError) Unwrap() error { return e.Err }

func (s Spec) messageError(err error) error {
	e := &MessageError{Program: s.Path, Framing: s.Framing, Err: err}
	var size *frame.SizeError
	if errors.As(err, &size) {
		e.Size, e.Limit = size.Size, size.Limit
		e.Err = errors.New(size.Error())
	}
	return e
}

// OutputError is what [Run] returns when a program has written more than Limit
// bytes.
type OutputError struct {
	Program string
	Limit   int
}

func (e *OutputError) Error() string {
	return fmt.Sprintf("port: %s has written more than %d bytes", e.Program, e.Limit)
}

// BusyError says that the program is behind: so much waits for it already that
// no more is taken ([Spec.Buffer], [Spec.MaxCalls]). Slow down, or try later.
type BusyError struct {
	Program string
	Bytes   int // that wait to be read by it
	Calls   int // that wait to be answered by it
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("port: %s is behind: %d bytes and %d calls wait for it", e.Program, e.Bytes, e.Calls)
}
