// Package sys asks and changes processes that run a behaviour, whatever it is:
// OTP's sys. A server, a state machine, an event manager and a supervisor all
// answer it while they work, without a line in their code. It is what you reach
// for at three in the morning: look into a process, watch it, mend its state,
// stop it for a moment, give it new code.
//
// # Words
//
// A *system request* is a message that the process answers itself, between two
// callbacks, ahead of no other mail but also while it is *suspended*: then it leaves
// all other mail where it is. The *state* is what the behaviour keeps between
// callbacks; the *status* is what there is to know of the process, with as much of
// the state as its author lets be seen. *Debugging* is statistics, a log of the last
// events, a trace that is written as things happen, and functions that are called
// with each event: a message taken, a message or an answer sent, a new state.
//
// A *code change* gives a process other code that the program has: Go cannot load
// code into a program that runs. The *version* is that code's name, "counter/2". A
// *migration* makes the state for the new code from that of the old. [Upgrade]
// suspends, changes and resumes many processes, and all of them change or none.
//
// # Rules
//
// Nothing that is given to a process here can end it, change it halfway, or hold it
// up for good. A function that replaces the state, a migration and a debug function
// run beside the process, on a copy of what they look at, and the process waits for
// [kista.DefaultHookTimeout] at most. If such a function returns an error, panics,
// calls runtime.Goexit or blocks, the process goes on as before, and the error is a
// [*kista.CallbackError]. A function that blocks for ever stays behind as a counted
// zombie, for Go cannot stop it.
//
// What a state holds that is not data (a database handle, a channel) cannot be
// copied: a migration of such a state shares it with the process and must leave it
// alone.
//
// # Errors
//
// Every function may return a [*kista.CallError]: the process has ended
// ([kista.ErrNoProcess], or its reason), or did not answer in time
// (context.DeadlineExceeded), since it is busy in a callback; a ctx without a
// deadline means five seconds. [kista.ErrNotBehaviour]: it runs a Body.
// [kista.ErrRemote]: it is on another node. [kista.ErrUnsupported]: its behaviour
// does not do that.
//
// # For those who know OTP
//
//	suspend, resume, terminate         the same
//	get_state, replace_state           State, ReplaceState
//	get_status, format_status          Status, kista.StatusReader
//	change_code, code_change           ChangeCode, Upgrade; server.Upgrade, supervisor.Spec
//	statistics                         CountOn, Statistics, CountOff
//	trace, log, install, remove        Trace, LogOn, Install, Remove
//	no_debug                           NoDebug
package sys
