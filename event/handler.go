package event

import "github.com/kista-go/kista"

// Handler is the code and state of one handler. HandleEvent gets every event
// that the manager is notified of, a private copy of it, one at a time and in
// the manager's process. nil goes on. [Remove] and [SwapFor] are decisions of
// the handler; any other error is why it has failed, and then it is removed.
//
// A Handler may also be a [Caller], an [Informer], a [Terminator], a [Reporter]
// and a [kista.StateReader] or [kista.StateReplacer]; without these,
// [kista.GetState] shows a copy of the Handler itself, if it is data. Most programs use a [Mux].
type Handler interface {
	HandleEvent(c *Ctx, ev any) error
}

// HandlerFunc is a function as a [Handler].
type HandlerFunc func(c *Ctx, ev any) error

// HandleEvent calls f.
func (f HandlerFunc) HandleEvent(c *Ctx, ev any) error { return f(c, ev) }

// Caller is a [Handler] that answers requests ([Call]): HandleCall gets one and
// returns the answer. The error is an answer too,
// which the caller gets as [*Refused], and the handler lives; [Remove] and
// [SwapFor] answer with the value and then act; [Crash] ends the handler. A value
// that is not data is a bad return, and ends it too.
type Caller interface {
	HandleCall(c *Ctx, req any) (reply any, err error)
}

// Informer is a [Handler] that wants what reaches the manager besides events and
// requests, in HandleInfo: plain messages, timers, [kista.Down], [kista.Exited].
// Errors mean what they mean in [Handler]. A message that no handler wants is
// logged (statement 171).
type Informer interface {
	HandleInfo(c *Ctx, msg any) error
}

// Terminator is a [Handler] with something to do before it goes. What Terminate
// returns is the answer of [Delete], or what its successor gets ([Ctx.Handover]).
// It is always called, also after the handler has failed, unless the manager is
// killed. A panic in it harms nobody: it is logged, and told to whoever waits.
type Terminator interface {
	Terminate(c *Ctx, why Leaving) (term any)
}

// Reporter is a [Handler] that says, for the log, what is to be known of its
// state when it has failed. Report runs after Terminate. Without it nothing of
// the state is logged: it may be secret or large (differs from OTP, which prints
// all of it).
type Reporter interface {
	Report() string
}

// Cause says what makes a handler go.
type Cause uint8

const (
	// Deleted by [Delete].
	Deleted Cause = iota + 1
	// Removed at its own wish, by [Remove] ('remove_handler').
	Removed
	// Swapped for another one, by [Swap], or at its own wish by [SwapFor].
	Swapped
	// Stopped, because the manager stops ('stop').
	Stopped
	// Orphaned, because its owner has ended ('{stop, Reason}'); see [AddSup].
	Orphaned
	// Failed with an error, a panic or a bad return ('{error, Reason}').
	Failed
)

// String names the cause.
func (c Cause) String() string {
	if c < Deleted || c > Failed {
		return "unknown"
	}
	return [...]string{"deleted", "removed", "swapped", "stopped", "orphaned", "failed"}[c-1]
}

// Leaving says why a handler goes (statements 163 to 167, 172).
type Leaving struct {
	Cause Cause
	// Args are what [Delete], [Swap] or [SwapFor] gave for it, as a private copy
	// if they came from elsewhere.
	Args any
	// Reason is why it has failed, or why its owner has ended: nil if normally.
	Reason error
	// Next is the handler that takes its place, if it is swapped.
	Next HandlerID
}

// Handover is what a handler gets of the one whose place it takes.
type Handover struct {
	// From names the old handler.
	From HandlerID
	// Term is what its Terminate returned, nil if it has none. It stays in the
	// process and is not copied: it may be an open file.
	Term any
	// Err is [ErrNoHandler] if there was no old handler ('error'; statement 165),
	// or why its Terminate failed.
	Err error
}

// HandlerExited is what the owner of a handler receives when that has gone
// ('gen_event_EXIT', statement 168). If the manager itself crashes or is killed
// it does not come; the link between them tells.
type HandlerExited struct {
	Manager kista.PID
	Handler HandlerID
	Cause   Cause
	// Reason is nil if it was deleted, removed or swapped, [kista.ErrShutdown] if
	// the manager stops, or why it failed.
	Reason error
	// Next is its successor, if it was swapped, and Owner who owns that: often
	// the same process, which goes on being told; the zero PID if nobody does.
	Next  HandlerID
	Owner kista.PID
}

// Factory makes a handler from its arguments. It is called in the manager's
// process, each time that one is added, with a private copy of the arguments. An
// error means that it is not added, and there is no Terminate.
type Factory[A any] func(c *Ctx, args A) (Handler, error)

var _ Handler = HandlerFunc(nil)
