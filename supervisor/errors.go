package supervisor

import (
	"errors"
	"fmt"
	"time"

	"github.com/kista-go/kista"
)

// Why a request about a child was refused, inside a [*ChildError].
var (
	// ErrNotFound: the supervisor has no such child.
	ErrNotFound = errors.New("supervisor: no such child")
	// ErrRunning: the child has a process; terminate it first.
	ErrRunning = errors.New("supervisor: the child is running")
	// ErrRestarting: the child is about to be restarted.
	ErrRestarting = errors.New("supervisor: the child is being restarted")
	// ErrAlreadyPresent: there is a child with that ID, without a process: restart
	// or delete it.
	ErrAlreadyPresent = errors.New("supervisor: a child with that ID is present, without a process")
	// ErrAlreadyStarted: there is a child with that ID, and it runs; the error is
	// an [*AlreadyStartedError].
	ErrAlreadyStarted = errors.New("supervisor: a child with that ID is running")
	// ErrStartTimeout: the child was not up in time and has been killed.
	ErrStartTimeout = errors.New("supervisor: the child was not up in time")
	// ErrTerminated: the child was terminated while it started.
	ErrTerminated = errors.New("supervisor: the child was terminated while it started")
	// ErrPool: the supervisor is a pool, whose children have no IDs (statement 193).
	ErrPool = errors.New("supervisor: not possible with a pool")
	// ErrNotPool: the supervisor is not the pool that it was taken for.
	ErrNotPool = errors.New("supervisor: the supervisor does not belong to that pool")
	// ErrUnknownRequest: a call that is not one of a supervisor's. It matches
	// [kista.ErrUnknownRequest].
	ErrUnknownRequest error = unknown{}
	// ErrNotSupervisor: the answer was not a supervisor's.
	ErrNotSupervisor = errors.New("supervisor: the process is not a supervisor")
)

type unknown struct{}

func (unknown) Error() string { return "supervisor: a supervisor does not know such a request" }

func (unknown) Is(target error) bool { return target == kista.ErrUnknownRequest } //nolint:errorlint // identity

func init() {
	kista.RegisterError(ErrNotFound, ErrRunning, ErrRestarting, ErrAlreadyPresent, ErrAlreadyStarted,
		ErrStartTimeout, ErrTerminated, ErrPool, ErrNotPool, ErrUnknownRequest, ErrNotSupervisor)
	kista.RegisterErrorType(func(e *SpecError, _ func(error) error) error { c := *e; return &c })
	kista.RegisterErrorType(func(e *AlreadyStartedError, _ func(error) error) error { c := *e; return &c })
	kista.RegisterErrorType(func(e *ChildError, f func(error) error) error {
		return &ChildError{Op: e.Op, ID: e.ID, Reason: f(e.Reason)}
	})
	kista.RegisterErrorType(func(e *IntensityError, f func(error) error) error {
		return &IntensityError{ID: e.ID, Intensity: e.Intensity, Period: e.Period, Reason: f(e.Reason)}
	})
	kista.RegisterErrorType(func(e *SameFault, f func(error) error) error { return &SameFault{Cause: f(e.Cause)} })
}

// SpecError says what is wrong with a [Spec] or a [Child] (statement 177): Child
// is the child's ID, empty for the supervisor's own fields.
type SpecError struct {
	Child string
	Field string
	Value string
	Why   string
}

func (e *SpecError) Error() string {
	if e.Child == "" {
		return fmt.Sprintf("supervisor: %s is %s: %s", e.Field, e.Value, e.Why)
	}
	return fmt.Sprintf("supervisor: child %q: %s is %s: %s", e.Child, e.Field, e.Value, e.Why)
}

// ChildError says that something could not be done to a child, and why. Where a
// supervisor cannot start because a child does not, its exit reason is a
// [*kista.ShutdownError] with this as its Cause (statement 175).
type ChildError struct {
	Op     string // "start", "terminate", "restart", "delete", "get"
	ID     string // of a pool's child: its PID as text, or empty
	Reason error
}

func (e *ChildError) Error() string {
	why := "it ended normally"
	if e.Reason != nil {
		why = e.Reason.Error()
	}
	if e.ID == "" {
		return fmt.Sprintf("supervisor: cannot %s a child: %s", e.Op, why)
	}
	return fmt.Sprintf("supervisor: cannot %s child %q: %s", e.Op, e.ID, why)
}

// Unwrap returns the reason.
func (e *ChildError) Unwrap() error { return e.Reason }

// AlreadyStartedError says that a child with that ID runs, and which process it
// is. It matches [ErrAlreadyStarted].
type AlreadyStartedError struct {
	ID  string
	PID kista.PID
}

func (e *AlreadyStartedError) Error() string {
	return fmt.Sprintf("supervisor: child %q is running already: %v", e.ID, e.PID)
}

// Is reports whether target is [ErrAlreadyStarted].
func (e *AlreadyStartedError) Is(target error) bool { return target == ErrAlreadyStarted }

// IntensityError is why a supervisor has given up: more restarts than its
// intensity allows, the last one because child ID ended with Reason. It is the
// Cause of the supervisor's exit reason, a [*kista.ShutdownError].
//
// Differs from OTP: there the reason is a bare shutdown.
type IntensityError struct {
	ID        string
	Intensity int
	Period    time.Duration
	Reason    error
}

func (e *IntensityError) Error() string {
	return fmt.Sprintf("supervisor: gave up: more than %d restarts within %v, the last of child %q: %s",
		e.Intensity, e.Period, e.ID, reasonText(e.Reason))
}

// Unwrap returns the reason of the child's last end.
func (e *IntensityError) Unwrap() error { return e.Reason }

// SameFault, as a child's exit reason or in its chain, says that the child has
// met a fault that it has met before: at the same message, the same journal
// position, the same input. To start it once more in the same way would repeat
// the fault, so the supervisor starts it in the next simpler way at once
// ([Child.OrElse]); without one left it counts like any other end.
type SameFault struct{ Cause error }

func (e *SameFault) Error() string { return "supervisor: the same fault again: " + reasonText(e.Cause) }

// Unwrap returns the cause.
func (e *SameFault) Unwrap() error { return e.Cause }

func reasonText(reason error) string {
	if reason == nil {
		return "normal"
	}
	return reason.Error()
}
