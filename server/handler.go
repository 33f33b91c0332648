package server

import "github.com/kista-go/kista"

// Handler is the code and state of one server. Handle gets everything that
// reaches it, one at a time, in the server's own process:
//
//	kista.Request   a call; answer through its From, now or later
//	Casted          a cast
//	Continued       what Ctx.Continue left to do
//	TimedOut        nothing came in the time that Ctx.Timeout set
//	anything else   an info: plain messages, kista.Down, kista.Exited
//
// nil goes on. An error is the exit reason, [Stop] the orderly way out.
//
// A Handler may also be a [Terminator], a [Reporter] and a [kista.StateReader];
// without the last, [kista.GetState] returns a copy of the Handler itself, if it
// is data. Most programs use a [Mux].
type Handler interface {
	Handle(c *Ctx, msg any) error
}

// HandlerFunc is a function as a [Handler].
type HandlerFunc func(c *Ctx, msg any) error

// Handle calls f.
func (f HandlerFunc) Handle(c *Ctx, msg any) error { return f(c, msg) }

// Terminator is a [Handler] with something to do before its server ends.
// Terminate is called when a function failed or asked to stop, when the parent of
// a server that traps exits tells it to, and on [Shutdown]. It is not called when
// the server is killed, nor when an exit signal ends one that does not trap exits
// (statement 124). c has a fresh deadline, what is left of Opts.Shutdown. An error
// or a panic replaces the reason (126).
type Terminator interface {
	Terminate(c *Ctx, reason error) error
}

// Reporter is a [Handler] that says, for the log, what is to be known of its
// state when the server fails. Report runs in the server, after Terminate.
// Without it, or if it says "", nothing of the state is logged: it may be secret,
// large, or in use by a goroutine (differs from OTP, which prints all of it;
// statements 135, 136).
type Reporter interface {
	Report() string
}

// Casted is what a [Handler] receives when Msg was cast ([Cast]).
type Casted = kista.Casted

// Continued is what a [Handler] receives when it left Msg to be done
// ([Ctx.Continue]).
type Continued struct{ Msg any }

// TimedOut is what a [Handler] receives when its [Ctx.Timeout] is over.
type TimedOut struct{}

// Factory makes a server's Handler from its arguments. It is called in the new
// process, once for each start, with a private copy of the arguments. An error
// fails the start, and there is no Terminate: [kista.ErrIgnore] normally,
// [Stop] with its reason, others as they are (statement 106).
type Factory[A any] func(c *Ctx, args A) (Handler, error)

var _ Handler = HandlerFunc(nil)

var _ kista.StateReader = (*loop)(nil)
