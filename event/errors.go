package event

import (
	"errors"
	"fmt"

	"github.com/kista-go/kista"
)

var (
	// Remove, returned by a handler's function as it is, removes the handler in
	// order (statement 164). A call is answered with the value beside it.
	Remove = errors.New("event: remove this handler")
	// ErrNoHandler says that the manager has no handler of that name
	// ('module_not_found', 'bad_module').
	ErrNoHandler = errors.New("event: no such handler")
	// ErrNotManager says that whoever was asked is no event manager.
	ErrNotManager = errors.New("event: the process is not an event manager")
)

var (
	errNoFactory  = errors.New("event: the Spec is empty: make it with event.New")
	errNoReason   = errors.New("event: crash without a reason")
	errNilFactory = errors.New("event: the factory is nil")
	errNoCode     = errors.New("event: the factory returned neither a Handler nor an error")
)

func init() {
	kista.RegisterError(Remove, ErrNoHandler, ErrNotManager)
	kista.RegisterErrorType(func(e *Refused, freeze func(error) error) error { return &Refused{Err: freeze(e.Err)} })
	kista.RegisterErrorType(func(e *HandlerError, freeze func(error) error) error {
		return &HandlerError{Op: e.Op, Handler: e.Handler, Reason: freeze(e.Reason)}
	})
	kista.RegisterErrorType(func(e *UnknownError, _ func(error) error) error { c := *e; return &c })
}

// SwapFor returns an error that, returned by a handler's function as it is,
// replaces the handler (statement 166): it terminates, with args, and the new one
// takes its place in the order and its owner. args and what its Terminate
// returns stay in the process. A call is answered with the value beside it. The
// new handler does not get the event that is being handled.
func SwapFor(args any, next Spec) error { return &swapFor{args, next} }

type swapFor struct {
	args any
	next Spec
}

func (e *swapFor) Error() string { return fmt.Sprintf("event: swap this handler for %v", e.next.id) }

// Crash returns an error with which a call's function ends its handler, for
// reason: the caller hears of it in a [*HandlerError].
func Crash(reason error) error {
	if reason == nil {
		reason = errNoReason
	}
	return crash{reason}
}

type crash struct{ reason error }

func (e crash) Error() string { return "event: crash: " + e.reason.Error() }

// Refused is the answer of a handler that answered a call with an error. Err is
// frozen: errors.Is and errors.As find in it what was in the handler's error.
// The handler lives on.
type Refused struct{ Err error }

func (e *Refused) Error() string {
	if e.Err == nil {
		return "event: refused"
	}
	return "event: refused: " + e.Err.Error()
}

// Unwrap returns Err.
func (e *Refused) Unwrap() error { return e.Err }

// HandlerError says why something could not be done with a handler. Op is "add",
// "call", "delete" or "swap". Reason is [ErrNoHandler], or why the handler was
// not made, or why it has failed, and then it is gone.
type HandlerError struct {
	Op      string
	Handler HandlerID
	Reason  error
}

func (e *HandlerError) Error() string {
	why := "stopped"
	if e.Reason != nil {
		why = e.Reason.Error()
	}
	return fmt.Sprintf("event: %s handler %q: %s", e.Op, e.Handler, why)
}

// Unwrap returns the reason.
func (e *HandlerError) Unwrap() error { return e.Reason }

// UnknownError says that a handler has no function for a request. Type is the
// request's; without a Handler it is the manager itself that has none. Differs from OTP, where whoever can send could end a handler so.
type UnknownError struct {
	Handler HandlerID
	Type    string
}

func (e *UnknownError) Error() string {
	if e.Handler == (HandlerID{}) {
		return fmt.Sprintf("event: an event manager takes no call with %s itself: event.Call reaches a handler", e.Type)
	}
	return fmt.Sprintf("event: handler %q has no function for a call with %s", e.Handler, e.Type)
}

// Is matches [kista.ErrUnknownRequest].
func (e *UnknownError) Is(target error) bool { return target == kista.ErrUnknownRequest } //nolint:errorlint // identity

// ReplyError says that a handler answered a request with a value of a type that
// the request does not allow. Request, Got and Want are names of types.
type ReplyError struct {
	Handler HandlerID
	Request string
	Got     string
	Want    string
}

func (e *ReplyError) Error() string {
	return fmt.Sprintf("event: handler %q answered %s with a %s, want a %s", e.Handler, e.Request, e.Got, e.Want)
}
