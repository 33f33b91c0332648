package statem

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
)

// Postpone, returned by a function that handles an event, puts the event off: it
// is handled again once the state has changed, before newer ones, and after
// those postponed earlier (statement 142), and counts against the mailbox until
// then. What else the function asked for is
// carried out; a caller waits on.
var Postpone = errors.New("statem: the event is postponed")

var (
	errNoFactory = errors.New("statem: the factory is nil")
	errNoHandler = errors.New("statem: the factory returned neither a Handler nor an error")
)

func init() {
	kista.RegisterError(Postpone)
	kista.RegisterErrorType(func(e *ActionError, _ func(error) error) error { c := *e; return &c })
	kista.RegisterErrorType(func(e *StateError, _ func(error) error) error { c := *e; return &c })
	kista.RegisterErrorType(func(e *UnknownError, _ func(error) error) error { c := *e; return &c })
}

// Stop returns an error that ends the machine in order when one of its
// functions returns it, as it is: a call under way is answered with the value
// that was returned beside it, then Terminate runs, then the machine ends with
// reason ('stop_and_reply', statement 152; a server terminates first). nil is the
// normal end. To end without an answer return [Crash].
func Stop(reason error) error { return kista.Stop{Reason: reason} }

// Crash is [Stop] without an answer: the caller hears of the death and its
// reason instead.
func Crash(reason error) error { return crash{reason} }

type crash struct{ reason error }

func (e crash) Error() string { return kista.Stop{Reason: e.reason}.Error() }

// serversCrash is the type of package server's Crash, which looks like ours. What
// it says cannot be told from outside that package.
var serversCrash = reflect.TypeOf(server.Crash(nil))

// ActionError is the exit reason of a machine whose code asked for something
// that cannot be ('bad_action', statement 154): a state that it does not know,
// a second answer to one call, a postponement where there is no event. Action
// names what was asked for, State is the state in which it was, as text, Why
// says what is wrong. Nothing else that the same function asked for is carried
// out, but for replies: Terminate finds the state and the handler that were there
// before (differs from OTP, where it finds the next ones).
type ActionError struct {
	Machine kista.PID
	State   string
	Action  string
	Why     string
}

func (e *ActionError) Error() string {
	return fmt.Sprintf("statem: %v asked for %s in state %s: %s", e.Machine, e.Action, e.State, e.Why)
}

// UnknownError says that a machine has no function for an event in the state in
// which it is. State is that state as text, Event names the event, as
// [Event.String] does. A caller gets it as the answer; it is the exit reason of
// a machine that does not know what it told itself: an internal event, or a
// timeout. Casts and infos that nobody handles are logged instead.
type UnknownError struct {
	Machine kista.PID
	State   string
	Event   string
}

func (e *UnknownError) Error() string {
	return fmt.Sprintf("statem: %v has no function for %s in state %s", e.Machine, e.Event, e.State)
}

// Is matches [kista.ErrUnknownRequest].
func (e *UnknownError) Is(target error) bool { return target == kista.ErrUnknownRequest } //nolint:errorlint // identity

// plain turns the package's own errors into the kernel's.
func plain(err error) error {
	if e, ok := err.(crash); ok { //nolint:errorlint // as returned, not wrapped
		return kista.Stop{Reason: e.reason}
	}
	return err
}
