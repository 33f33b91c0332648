package statem

// Handler is the code and data of one state machine: one function for all its
// states ('handle_event_function', statement 137). Handle gets every event, one
// at a time, in the machine's own process; [Ctx.State] tells the state. What is
// to happen next it asks of c: [Ctx.NextState] and the rest, carried out once it
// has returned.
//
// nil goes on; so does [Postpone]. Any other error is the exit reason, [Stop]
// the orderly way out.
//
// A Handler may also be an [Enterer], a [Terminator], a [Reporter], a [Knower],
// and a [kista.StateReader] or [kista.StateReplacer], which then tells or takes
// the data; without that, what [kista.GetState] shows is a copy of the Handler
// itself, if it is data. Most programs use a [Mux].
type Handler[S comparable] interface {
	Handle(c *Ctx[S], ev Event) error
}

// HandlerFunc is a function as a [Handler].
type HandlerFunc[S comparable] func(c *Ctx[S], ev Event) error

// Handle calls f.
func (f HandlerFunc[S]) Handle(c *Ctx[S], ev Event) error { return f(c, ev) }

// Enterer is a [Handler] with entry calls ('state_enter', statements 139 to
// 141). Enter is called when the machine has entered a state, before any event:
// after its start, with old being the first state itself; after each change to
// a different state; and after [Ctx.RepeatState]. It belongs to the transition
// that led here: what it asks for is added to what was asked for there. It may
// set timeouts, reply, repeat and stop, but not go to another state, postpone,
// insert events, or change handlers. Its error is the exit reason. If it panics,
// the state is the one entered (differs from OTP, where Terminate then gets the
// state before: here the data has been changed already).
type Enterer[S comparable] interface {
	Enter(c *Ctx[S], old S) error
}

// Terminator is a [Handler] with something to do before its machine ends.
// Terminate is called when a function failed or asked to stop, when the parent
// of a machine that traps exits tells it to, and on [Shutdown]. It is not called
// when the machine is killed, nor when an exit signal ends one that does not
// trap exits (statements 124, 159). c has a fresh deadline, what is left of
// Opts.Shutdown. An error or a panic replaces the reason.
type Terminator[S comparable] interface {
	Terminate(c *Ctx[S], reason error) error
}

// Reporter is a [Handler] that says, for the log, what is to be known of its
// data when the machine fails. Report runs in the machine, after Terminate; if it
// panics, the log says so instead.
// Without it, or if it says "", nothing of the data is logged: it may be secret,
// large, or in use by a goroutine (differs from OTP, which prints all of it;
// statement 158).
type Reporter interface {
	Report() string
}

// Knower is a [Handler] that knows its states. Going to another one ends the
// machine with an [*ActionError]. A Handler that is none goes anywhere.
type Knower[S comparable] interface {
	Knows(state S) bool
}

// Factory makes the first state of a machine and its Handler from its
// arguments. It is called in the new process, once for each start, with a
// private copy of the arguments. It may ask for timeouts and insert events
// (statement 139). An error fails the start, and there is no Terminate:
// [kista.ErrIgnore] normally, [Stop] with its reason, others as they are.
type Factory[S comparable, A any] func(c *Ctx[S], args A) (S, Handler[S], error)

var _ Handler[int] = HandlerFunc[int](nil)
