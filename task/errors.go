package task

import (
	"context"
	"errors"
	"fmt"

	"github.com/kista-go/kista"
)

// ErrNotOwner says that a process asked for somebody else's task: only the one that
// started it awaits it, yields to it and shuts it down. It is a guard against
// mistakes: plain goroutines, and contexts derived from a Self, are not told apart.
var ErrNotOwner = errors.New("task: only the task's owner may ask for its result")

var (
	errNoReason = errors.New("task: crash without a reason")
	errZero     = errors.New("task: the zero Task is none: Async and its kin make tasks")
)

func init() {
	kista.RegisterError(ErrNotOwner)
	kista.RegisterErrorType(func(e *failure, freeze func(error) error) error { return &failure{freeze(e.err)} })
	kista.RegisterErrorType(func(e *Error, freeze func(error) error) error {
		return &Error{Task: e.Task, Reason: freeze(e.Reason)}
	})
	kista.RegisterErrorType(func(e *ItemError, freeze func(error) error) error {
		return &ItemError{Index: e.Index, Err: freeze(e.Err)}
	})
}

// Crash returns an error with which a task's function ends its process, for
// reason, instead of answering with it: whoever is linked with the task goes too.
func Crash(reason error) error {
	if reason == nil {
		reason = errNoReason
	}
	return crash{reason}
}

type crash struct{ reason error }

func (e crash) Error() string { return "task: crash: " + e.reason.Error() }

// failure carries an error that a task's function returned to its owner. It tells
// an answer from a death.
type failure struct{ err error }

func (e *failure) Error() string { return e.err.Error() }

// Error says why a task has no result: Reason is its exit reason (what it died
// of: a [*kista.PanicError], [kista.ErrGoexit], [kista.ErrKilled],
// [kista.ErrShutdown], ...), [context.DeadlineExceeded] if its time was over, why
// the owner's context ended, or why it could not be started. Errors that the
// task's function returned are not wrapped in it.
type Error struct {
	Task   kista.PID // zero: it was not started
	Reason error
}

func (e *Error) Error() string {
	what := "task: not started"
	if !e.Task.IsZero() {
		what = "task: " + e.Task.String()
	}
	switch {
	case e.Reason == nil:
		return what + ": ended without a result"
	case errors.Is(e.Reason, context.DeadlineExceeded):
		return what + ": no result in time"
	}
	return what + ": " + e.Reason.Error()
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Reason }

// ItemError says which item of a stream's input has no result, counted from 0, and
// why: Err is what the task's function returned, an [*Error], or a
// [*kista.DataError] if the item is not data.
type ItemError struct {
	Index int
	Err   error
}

func (e *ItemError) Error() string { return fmt.Sprintf("task: item %d: %v", e.Index, e.Err) }

// Unwrap returns Err.
func (e *ItemError) Unwrap() error { return e.Err }
