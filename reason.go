package kista

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/kista-go/kista/internal/copier"
	"github.com/kista-go/kista/internal/frozen"
)

// Exit reasons are errors; nil is the normal one. These are the kernel's own,
// all registered, so that they keep their identity wherever they travel.
var (
	// ErrShutdown is the reason of an ordered stop ('shutdown').
	ErrShutdown = errors.New("kista: shutdown")
	// Kill, given to [Exit], ends a process that nothing else can end; what
	// everybody then sees is [ErrKilled] (statements 49, 50).
	Kill = errors.New("kista: kill")
	// ErrKilled is the reason of a process ended by Kill.
	ErrKilled = errors.New("kista: killed")
	// ErrNoProcess says that there is no such process (any more).
	ErrNoProcess = errors.New("kista: no such process")
	// ErrNoConnection says that the other node cannot be reached.
	ErrNoConnection = errors.New("kista: no connection to the node")
	// ErrGoexit is the reason of a process whose code called runtime.Goexit,
	// for instance through testing.T.FailNow.
	ErrGoexit = errors.New("kista: the process's code called runtime.Goexit")
)

// What an operation of the kernel can fail with besides.
var (
	// ErrIgnore, returned by an Init, ends the new process normally and makes
	// its start return ErrIgnore ('ignore').
	ErrIgnore = errors.New("kista: start ignored")
	// ErrNodeStopped says that the node stops or has stopped.
	ErrNodeStopped = errors.New("kista: the node is stopped")
	// ErrSystemLimit says that the node has as many processes as it may
	// ([Config.MaxProcesses]) or timers ([Config.MaxTimers]) (statement 277).
	ErrSystemLimit = errors.New("kista: system limit reached")
	// ErrCallingSelf says that a process called itself (statement 117).
	ErrCallingSelf = errors.New("kista: a process cannot call itself")
	// ErrBadName says that the empty string is no name.
	ErrBadName = errors.New("kista: the empty string cannot be a name")
	// ErrHasName says that the process has a name already (statement 81).
	ErrHasName = errors.New("kista: the process already has a name")
	// ErrRemote says that the operation needs a process of this node.
	ErrRemote = errors.New("kista: the process lives on another node")
	// ErrBusy says that another goroutine is receiving for this process: a
	// *Self was leaked out of its process.
	ErrBusy = errors.New("kista: another goroutine receives for this process")
	// ErrNotBehaviour says that the process does not answer system requests.
	ErrNotBehaviour = errors.New("kista: the process runs a Body and answers no system requests")
	// ErrUnsupported says that the behaviour does not answer this system request.
	ErrUnsupported = errors.New("kista: the behaviour does not answer this system request")
	// ErrUnknownRequest says that who was called has nothing that answers such a
	// request. The errors of behaviours that say so in detail match it.
	ErrUnknownRequest = errors.New("kista: the process does not know such a request")
)

func init() {
	frozen.Register(ErrShutdown, Kill, ErrKilled, ErrNoProcess, ErrNoConnection, ErrGoexit, ErrIgnore,
		ErrNodeStopped, ErrSystemLimit, ErrCallingSelf, ErrBadName, ErrHasName, ErrRemote, ErrBusy,
		ErrNotBehaviour, ErrUnsupported, ErrUnknownRequest)
	frozen.RegisterType(func(e *ShutdownError, f func(error) error) error { return &ShutdownError{Cause: f(e.Cause)} })
	frozen.RegisterType(func(e *PanicError, f func(error) error) error {
		return &PanicError{Value: freezeValue(e.Value), Stack: slices.Clone(e.Stack), text: textOf(e.text, e.Value)}
	})
	frozen.RegisterType(func(e *CallError, f func(error) error) error {
		return &CallError{Server: e.Server, Request: freezeValue(e.Request), Reason: f(e.Reason)}
	})
	frozen.RegisterType(func(e Stop, f func(error) error) error { return Stop{Reason: f(e.Reason)} })
	frozen.RegisterType(func(e *TermError, f func(error) error) error {
		return &TermError{Term: freezeValue(e.Term), text: textOf(e.text, e.Term)}
	})
	frozen.RegisterType(func(e *NameTakenError, f func(error) error) error { c := *e; return &c })
	frozen.RegisterType(func(e *NameError, f func(error) error) error { c := *e; return &c })
	frozen.RegisterType(func(e *MailboxFullError, f func(error) error) error { c := *e; return &c })
}

// RegisterError makes sentinel errors keep their identity when they travel as
// exit reasons or inside messages, so that == and errors.Is work at the other
// end. Call it from init. Safe for concurrent use.
func RegisterError(sentinels ...error) { frozen.Register(sentinels...) }

// RegisterErrorType makes an error type of a library travel as itself instead
// of as text with [errors.As]: rebuild returns a value that holds only data and
// what freeze returns. For authors of behaviours.
func RegisterErrorType[T error](rebuild func(e T, freeze func(error) error) error) {
	frozen.RegisterType(rebuild)
}

// ShutdownError is an ordered stop with a cause ('{shutdown, Cause}').
// errors.Is(e, ErrShutdown) holds.
type ShutdownError struct{ Cause error }

func (e *ShutdownError) Error() string {
	if e.Cause == nil {
		return "kista: shutdown"
	}
	return "kista: shutdown: " + e.Cause.Error()
}

// Is reports whether target is [ErrShutdown].
func (e *ShutdownError) Is(target error) bool { return target == ErrShutdown }

// Unwrap returns the cause.
func (e *ShutdownError) Unwrap() error { return e.Cause }

// PanicError is the reason of a process that panicked. Value is a private copy
// of the panic value, or its text where it is not data. Stack holds the program
// counters of the panicking goroutine; [PanicError.StackText] makes text of them.
type PanicError struct {
	Value any
	Stack []uintptr

	text string // of Value, made when it was frozen: its methods run no more
}

func (e *PanicError) Error() string { return "kista: panic: " + textOf(e.text, e.Value) }

// Unwrap returns the panic value if it was an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// StackText returns the stack as runtime/debug.Stack lays it out, without the
// kernel's own frames at its end.
func (e *PanicError) StackText() string {
	var b strings.Builder
	frames := runtime.CallersFrames(e.Stack)
	for more := len(e.Stack) > 0; more; {
		var f runtime.Frame
		f, more = frames.Next()
		if f.Function == "runtime.gopanic" {
			b.Reset() // what is above is the recovery, not the fault
			continue
		}
		if kernels(f.Function) {
			continue
		}
		b.WriteString(f.Function + "\n\t" + f.File + ":" + strconv.Itoa(f.Line) + "\n")
	}
	return b.String()
}

// kernels reports whether a function is one of those beneath a process's code.
func kernels(function string) bool {
	const here = "github.com/kista-go/kista."
	return function == "runtime.goexit" || strings.HasPrefix(function, here+"(*execution).") || function == here+"(*proc).run"
}

// TermError carries an exit reason that came from elsewhere and has no Go
// error of its own: a term of another node or language.
type TermError struct {
	Term any

	text string // of Term, made when it was frozen
}

func (e *TermError) Error() string { return "kista: exit reason " + textOf(e.text, e.Term) }

// textOf shows v, unless that has been done.
func textOf(text string, v any) (shown string) {
	if text != "" {
		return text
	}
	defer func() {
		if recover() != nil {
			shown = fmt.Sprintf("(%T, which panics when printed)", v)
		}
	}()
	if shown = fmt.Sprint(v); shown == "" {
		shown = `""`
	}
	return shown
}

// CallError is why a call got no answer: the server ended (Reason is its exit
// reason), the time ran out (context.DeadlineExceeded), the caller's context
// ended (its cause), the mailbox refused (*MailboxFullError), there is no such
// process (ErrNoProcess). errors.Is and errors.As look into Reason.
type CallError struct {
	Server  Addr
	Request any
	Reason  error
}

func (e *CallError) Error() string {
	why := "it ended normally"
	switch {
	case errors.Is(e.Reason, context.DeadlineExceeded):
		why = "no answer in time"
	case e.Reason != nil:
		why = e.Reason.Error()
	}
	return fmt.Sprintf("kista: call of %v with %T: %s", e.Server, e.Request, why)
}

// Unwrap returns the reason.
func (e *CallError) Unwrap() error { return e.Reason }

// NameTakenError says that a name is in use, and by whom ('already_started').
type NameTakenError struct {
	Name string
	PID  PID
}

func (e *NameTakenError) Error() string {
	return fmt.Sprintf("kista: the name %q is taken by %v", e.Name, e.PID)
}

// NameError says that nobody is registered under a name. It matches
// [ErrNoProcess].
type NameError struct{ Name string }

func (e *NameError) Error() string { return fmt.Sprintf("kista: nobody is registered as %q", e.Name) }

// Is reports whether target is [ErrNoProcess].
func (e *NameError) Is(target error) bool { return target == ErrNoProcess }

// MailboxFullError says that a mailbox is at its limit (law 8): to the sender
// under the policy Refuse, or as the exit reason of the receiver under
// KillReceiver. Messages and Bytes are what it held.
type MailboxFullError struct {
	PID             PID
	Messages, Bytes int
}

func (e *MailboxFullError) Error() string {
	return fmt.Sprintf("kista: the mailbox of %v is full (%d messages, %d bytes); slow down, or raise SpawnOpts.Mailbox", e.PID, e.Messages, e.Bytes)
}

// DataError says that a value cannot be a message, where in it the fault lies,
// and why (law 1). Path reads like "Order.Items[3].Done".
type DataError struct {
	Type string
	Path string
	Why  string
}

func (e *DataError) Error() string {
	at := ""
	if e.Path != "" {
		at = " at " + e.Path
	}
	return fmt.Sprintf("kista: not data: %s%s: %s", e.Type, at, e.Why)
}

func dataError(err error) error {
	var ce *copier.Error
	if !errors.As(err, &ce) {
		return err
	}
	name := "nil"
	if ce.Type != nil {
		name = ce.Type.String()
	}
	return &DataError{Type: name, Path: ce.Path, Why: ce.Why}
}

// Stop, returned by a behaviour's callback, ends the process in order with
// Reason (nil: normally) after its Terminate. It is for normal and ordered
// ends; any other error that a callback returns is an exit reason too.
type Stop struct{ Reason error }

func (e Stop) Error() string {
	if e.Reason == nil {
		return "kista: stop"
	}
	return "kista: stop: " + e.Reason.Error()
}

// Unwrap returns the reason.
func (e Stop) Unwrap() error { return e.Reason }

// Abnormal reports whether an exit reason is one: anything but nil,
// [ErrShutdown], and [*ShutdownError]. Crash reports, restarts of transient
// children and links all ask this one function.
func Abnormal(reason error) bool {
	return reason != nil && !errors.Is(reason, ErrShutdown)
}

// Freeze returns err in the form in which it travels (law 4): registered
// sentinels and the kernel's own types as they are, anything else as an
// immutable error with its text, that errors.Is matches against the sentinels
// of its chain and errors.As against the data in it. It runs err's methods once,
// under recover, in the caller. A frozen error runs no code but its own.
func Freeze(err error) error {
	if err == nil {
		return nil // most ends are normal
	}
	return frozen.Freeze(err, messages.Copy)
}

// freezeValue copies v where it is data, else shows it as text.
func freezeValue(v any) (out any) {
	if err, ok := v.(error); ok {
		return Freeze(err)
	}
	if c, _, err := messages.Copy(v); err == nil {
		return c
	}
	return textOf("", v)
}

// private gives each recipient a copy of its own of a reason in which there is
// data that could be changed (law 1). The others are immutable.
func private(reason error) error {
	switch reason.(type) { //nolint:errorlint // frozen: what it is, it is by itself
	case *PanicError, *CallError, *TermError, *ShutdownError, Stop, *NameTakenError, *NameError, *MailboxFullError:
		return Freeze(reason)
	}
	return reason
}
