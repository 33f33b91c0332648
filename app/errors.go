package app

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/config"
)

// Why something could not be done to an application, inside an [*Error].
var (
	// ErrNotLoaded: the node has no such application.
	ErrNotLoaded = errors.New("app: no such application is loaded")
	// ErrAlreadyLoaded: an application of that name is loaded.
	ErrAlreadyLoaded = errors.New("app: an application of that name is loaded already")
	// ErrAlreadyStarted: it runs (statement 204).
	ErrAlreadyStarted = errors.New("app: the application is running already")
	// ErrNotStarted: it does not run (statement 204).
	ErrNotStarted = errors.New("app: the application is not running")
	// ErrRunning: it runs, or starts or stops; stop it first (statement 210).
	ErrRunning = errors.New("app: the application is running")
	// ErrIncluded: it is part of another application, which starts it.
	ErrIncluded = errors.New("app: the application is included in another one")
	// ErrNotStarting: it can be included only while the one that includes it starts.
	ErrNotStarting = errors.New("app: the application that includes it is not starting")
	// ErrNoProgram: its Start returned neither a program nor an error.
	ErrNoProgram = errors.New("app: Start returned the zero Program")
	// ErrTimeout: it took longer than it may.
	ErrTimeout = errors.New("app: not done in time")
	// ErrStopped: it was told to stop while it started.
	ErrStopped = errors.New("app: told to stop while it started")
	// ErrStopping: all applications are being stopped.
	ErrStopping = errors.New("app: the node's applications are being stopped")
	// ErrBadType: there is no such [Type].
	ErrBadType = errors.New("app: there is no such type")
	// ErrNoController: the process that was asked is no application controller.
	ErrNoController = errors.New("app: the process is not an application controller")
	// ErrUnknownRequest: a call that is not one of a controller's.
	ErrUnknownRequest = errors.New("app: unknown request")
)

func init() {
	kista.RegisterError(ErrNotLoaded, ErrAlreadyLoaded, ErrAlreadyStarted, ErrNotStarted, ErrRunning, ErrIncluded,
		ErrNotStarting, ErrNoProgram, ErrTimeout, ErrStopped, ErrStopping, ErrBadType, ErrNoController, ErrUnknownRequest)
	kista.RegisterErrorType(func(e *SpecError, _ func(error) error) error { c := *e; return &c })
	kista.RegisterErrorType(func(e *NeedsError, _ func(error) error) error { c := *e; return &c })
	kista.RegisterErrorType(func(e *CycleError, _ func(error) error) error {
		return &CycleError{Applications: slices.Clone(e.Applications)}
	})
	kista.RegisterErrorType(func(e *Error, f func(error) error) error {
		return &Error{Op: e.Op, App: e.App, Reason: f(e.Reason)}
	})
	kista.RegisterErrorType(func(e *CallbackError, f func(error) error) error {
		return &CallbackError{App: e.App, Callback: e.Callback, Reason: f(e.Reason)}
	})
	kista.RegisterErrorType(func(e *treeEnded, f func(error) error) error { return &treeEnded{f(e.reason)} })
	kista.RegisterErrorType(func(e *TerminatedError, f func(error) error) error {
		return &TerminatedError{App: e.App, Type: e.Type, Reason: f(e.Reason)}
	})
	kista.RegisterErrorType(func(e *ConfigError, _ func(error) error) error { c := *e; return &c })
	kista.RegisterErrorType(func(e ConfigErrors, f func(error) error) error {
		out := make(ConfigErrors, len(e))
		for i, one := range e {
			c := *one
			out[i] = &c
		}
		return out
	})
}

// treeEnded tells the controller that an application has ended because its tree
// did, with that reason. As the cause of a shutdown it makes no crash report of
// the master's: the fault was elsewhere.
type treeEnded struct{ reason error }

func (e *treeEnded) Error() string { return "app: the tree has ended: " + reasonText(e.reason) }

// cause is why a start failed or an application ended, as its master tells it.
func cause(err error) error {
	s, ok := err.(*kista.ShutdownError) //nolint:errorlint // what it is, it is by itself
	if !ok || s.Cause == nil {
		return err
	}
	switch e := s.Cause.(type) { //nolint:errorlint // as above
	case *treeEnded:
		return e.reason
	case *CallbackError:
		return e
	}
	if s.Cause == ErrStopped { //nolint:errorlint // as above
		return ErrStopped
	}
	return err
}

// SpecError says what is wrong with a [Spec].
type SpecError struct {
	App   string
	Field string
	Why   string
}

func (e *SpecError) Error() string {
	return fmt.Sprintf("app: application %q: %s: %s", e.App, e.Field, e.Why)
}

// Error says that something could not be done to an application, and why.
type Error struct {
	Op     string // "load", "unload", "start", "stop", "configure", "get"
	App    string
	Reason error
}

func (e *Error) Error() string {
	why := strings.TrimPrefix(reasonText(e.Reason), "app: ")
	if c, ok := e.Reason.(*CallbackError); ok && c.App == e.App { //nolint:errorlint // the reason itself
		why = c.Callback + ": " + reasonText(c.Reason)
	}
	return fmt.Sprintf("app: cannot %s %s: %s", e.Op, e.App, why)
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Reason }

// NeedsError says which application is missing for a start: Needs, which is not
// loaded, or loaded and not running ({not_started, Needs} in OTP, statement 203).
// By is the application that needs it. It matches [ErrNotStarted], and
// [ErrNotLoaded] if that is it.
type NeedsError struct {
	By     string
	Needs  string
	Loaded bool
}

func (e *NeedsError) Error() string {
	if e.Loaded {
		return fmt.Sprintf("app: %s needs %s, which is not running", e.By, e.Needs)
	}
	return fmt.Sprintf("app: %s needs %s, which is not loaded", e.By, e.Needs)
}

// Is reports whether target is [ErrNotStarted] or, if it is not even loaded,
// [ErrNotLoaded].
func (e *NeedsError) Is(target error) bool {
	return target == ErrNotStarted || target == ErrNotLoaded && !e.Loaded
}

// CycleError says that applications need each other in a circle: each one the
// next, and the last one the first.
type CycleError struct{ Applications []string }

func (e *CycleError) Error() string {
	if len(e.Applications) == 0 {
		return "app: the applications need each other"
	}
	return fmt.Sprintf("app: the applications need each other: %s needs %s",
		strings.Join(e.Applications, " needs "), e.Applications[0])
}

// CallbackError says which callback of an application went wrong, and how: it
// returned an error, panicked ([*kista.PanicError]), called Goexit
// ([kista.ErrGoexit]), or took too long ([ErrTimeout]). Callback is "start",
// "tree" (the program that Start returned did not come up), "phase NAME",
// "prep_stop", "stop", "config_change", "configure" (the configuration's types or
// Validate).
type CallbackError struct {
	App      string
	Callback string
	Reason   error
}

func (e *CallbackError) Error() string {
	return fmt.Sprintf("app: %s: %s: %s", e.App, e.Callback, reasonText(e.Reason))
}

// Unwrap returns the reason.
func (e *CallbackError) Unwrap() error { return e.Reason }

// TerminatedError is the exit reason of the application controller that takes its
// node down, because the application App of type Type has ended with Reason (nil:
// normally; statement 207).
type TerminatedError struct {
	App    string
	Type   Type
	Reason error
}

func (e *TerminatedError) Error() string {
	return fmt.Sprintf("app: the %v application %s has ended: %s", e.Type, e.App, reasonText(e.Reason))
}

// Unwrap returns the reason of the application's end.
func (e *TerminatedError) Unwrap() error { return e.Reason }

// ConfigError is one mistake in the configuration: Key is the full key, Value
// what stood there (quoted, "(secret)" for a secret), Source where it stands, Why
// what is wrong with it. Fields that make no sense for a mistake are empty.
type ConfigError struct{ Key, Value, Source, Why string }

func (e *ConfigError) Error() string { return (*config.Error)(e).Error() }

// ConfigErrors are all the mistakes in a configuration, one a line.
type ConfigErrors []*ConfigError

func (es ConfigErrors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns them, for errors.As.
func (es ConfigErrors) Unwrap() []error {
	out := make([]error, len(es))
	for i, e := range es {
		out[i] = e
	}
	return out
}

// configErrors makes public errors of package config's, which may be joined.
func configErrors(err error) error {
	var out ConfigErrors
	var collect func(err error) bool
	collect = func(err error) bool {
		switch e := err.(type) { //nolint:errorlint // made here and in package config
		case config.Errors:
			for _, one := range e {
				c := ConfigError(*one)
				out = append(out, &c)
			}
			return true
		case interface{ Unwrap() []error }:
			for _, one := range e.Unwrap() {
				if !collect(one) {
					return false
				}
			}
			return true
		}
		return false
	}
	if err != nil && collect(err) {
		return out
	}
	return err
}

func reasonText(reason error) string {
	if reason == nil {
		return "normal"
	}
	return reason.Error()
}
