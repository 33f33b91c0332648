package server

import (
	"errors"
	"fmt"

	"github.com/kista-go/kista"
)

// Later, returned by a call's function, leaves the request unanswered: somebody
// answers through [Ctx.From] when the time has come (statement 121). If nobody
// does, the caller waits until its time is over or the server ends.
var Later = errors.New("server: the reply comes later")

var (
	errNoFactory = errors.New("server: the factory is nil")
	errNoHandler = errors.New("server: the factory returned neither a Handler nor an error")
)

func init() {
	kista.RegisterError(Later)
	kista.RegisterErrorType(func(e *Refused, freeze func(error) error) error { return &Refused{Err: freeze(e.Err)} })
	kista.RegisterErrorType(func(e *UnknownError, _ func(error) error) error { c := *e; return &c })
}

// Stop returns an error that ends the server in order when one of its functions
// returns it, as it is: Terminate runs, then a call under way is answered with
// the value that was returned beside it, then the server ends with reason
// (statement 122). nil is the normal end. If Terminate fails, the caller hears of
// that instead (differs from OTP, where it is answered all the same). To end
// without an answer return [Crash].
func Stop(reason error) error { return kista.Stop{Reason: reason} }

// Crash is [Stop] without an answer: the caller hears of the death and its
// reason instead.
func Crash(reason error) error { return crash{reason} }

type crash struct{ reason error }

func (e crash) Error() string { return kista.Stop{Reason: e.reason}.Error() }

// Refused is the answer of a server that answered a call with an error. Err is
// frozen: errors.Is and errors.As find in it what was in the server's error,
// and none of the server's code runs. The server lives on.
type Refused struct{ Err error }

func (e *Refused) Error() string {
	if e.Err == nil {
		return "server: refused"
	}
	return "server: refused: " + e.Err.Error()
}

// Unwrap returns Err.
func (e *Refused) Unwrap() error { return e.Err }

// UnknownError says that a server has no function for what it was given. Kind
// is "call" or "continue", Type is the type of what was given. A caller gets it;
// casts and infos that nobody handles are logged instead.
type UnknownError struct {
	Server kista.PID
	Kind   string
	Type   string
}

func (e *UnknownError) Error() string {
	return fmt.Sprintf("server: %v has no function for the %s of a %s", e.Server, e.Kind, e.Type)
}

// Is matches [kista.ErrUnknownRequest].
func (e *UnknownError) Is(target error) bool { return target == kista.ErrUnknownRequest } //nolint:errorlint // identity

// ReplyError says that a server answered a request with a value of a type that
// the request does not allow. Request, Got and Want are names of types.
type ReplyError struct {
	Server  kista.Addr
	Request string
	Got     string
	Want    string
}

func (e *ReplyError) Error() string {
	return fmt.Sprintf("server: %v answered %s with a %s, want a %s", e.Server, e.Request, e.Got, e.Want)
}
