package workload

import (
	"time"

	"github.com/kista-go/kista/bench/internal/harness"
)

// Ref addresses a process. What is inside is the column's business.
type Ref any

// Proc is the code of one process. The column calls Init once when a new
// incarnation starts, Handle for every message, and Exited once the process has
// ended for whatever reason.
type Proc interface {
	Init(c Ctx)
	Handle(c Ctx, msg any)
	Exited()
}

// Base is a Proc that does nothing; embed it.
type Base struct{}

// Init does nothing.
func (Base) Init(Ctx) {}

// Handle does nothing.
func (Base) Handle(Ctx, any) {}

// Exited does nothing.
func (Base) Exited() {}

// Caller is what is needed to make requests.
type Caller interface {
	// Call sends a request and waits for its answer, or until the time is over,
	// the way the column's users do it.
	Call(to Ref, msg any, timeout time.Duration) (any, error)
}

// Ctx is what a process can do while it handles a message.
type Ctx interface {
	Caller
	Self() Ref
	// Send is the plain asynchronous send.
	Send(to Ref, msg any)
	// Reply answers the call being handled.
	Reply(msg any)
	// Exit ends this process normally once the current callback returns.
	Exit()
	// SendAfter sends msg once d has passed.
	SendAfter(to Ref, msg any, d time.Duration)
}

// System is one running node of a column.
type System interface {
	// Call calls from a plain goroutine.
	Caller
	// Spawn starts a process and returns when it can receive messages.
	Spawn(p Proc) Ref
	// Send sends from a plain goroutine.
	Send(to Ref, msg any)
	// Go runs fn in a process.
	Go(fn func(c Caller))
	// Supervise starts a child under a supervisor that restarts it on every
	// crash, makes a Proc with mk for each incarnation, and returns a function
	// that sends to the current incarnation.
	Supervise(mk func() Proc) (send func(msg any))
}

// Generic returns the workloads that any System can do.
func Generic(sys func() System) harness.Workloads {
	return harness.Workloads{
		"W1":  func(r *harness.R) { spawns(r, sys()) },
		"W2":  func(r *harness.R) { idle(r, sys()) },
		"W3":  func(r *harness.R) { oneToOne(r, sys()) },
		"W4":  func(r *harness.R) { send(r, sys(), "msg", 8, r.P.FanIn) },
		"W5":  func(r *harness.R) { pingPong(r, sys(), r.P.Pairs, r.P.PairTrips) },
		"W6":  func(r *harness.R) { pingPong(r, sys(), 1, r.P.PingPong) },
		"W7":  func(r *harness.R) { ring(r, sys()) },
		"W8":  func(r *harness.R) { calls(r, sys()) },
		"W9":  func(r *harness.R) { payloads(r, sys()) },
		"W10": func(r *harness.R) { Restarts(r, sys(), "restart") },
		"W11": func(r *harness.R) { bigBox(r, sys()) },
		"W12": func(r *harness.R) { timers(r, sys()) },
		"W17": func(r *harness.R) { crowd(r, sys()) },
		"W21": func(r *harness.R) { blocking(r, sys()) },
		"W22": func(r *harness.R) { spinning(r, sys()) },
	}
}

// Both runs a workload as Generic has it, and then one that the column has
// written against its own API.
func Both(generic, native func(*harness.R)) func(*harness.R) {
	return func(r *harness.R) {
		generic(r)
		native(r)
	}
}
