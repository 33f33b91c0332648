// Package kista is a process kernel: isolated processes that share nothing, talk
// by messages, and hear of each other's end with its reason, in one Go program.
// It is Erlang's model with Erlang's words, written as a Go library. A fault in
// one process ends that process; everybody else goes on and learns why.
//
// # Words
//
// A [Node] is where processes live. A process has a [PID], a mailbox, and code of
// one of two sorts. A [Body] is a function with a flow of its own, on a goroutine
// of its own: it receives when it likes. A [Behaviour] is called back for each
// message and owns no goroutine in between; packages server and supervisor are
// made of it, and most programs use those.
//
// A process ends with an exit reason, an error: nil is the normal one, a panic is
// a [*PanicError]. Two processes that are linked ([Self.Link]) end together: the
// end of one is an exit signal for the other, which ends too unless it traps
// exits ([Self.TrapExits]) and receives an [Exited] instead. A monitor
// ([Self.Monitor]) only tells: one [Down]. A call ([Call]) is a message that is
// answered, if need be with the news that the server has died.
//
// # Who may do what
//
// What anyone may do is a function, and those that wait take a context. What only
// the process itself may do is a method of its [*Self]. A *Self is a
// context.Context, which ends when the process is told to end: give it to
// database/sql, net/http or exec, and they are cancelled with it. It identifies
// the process only where it is itself the argument; contexts derived from it
// belong to outsiders, which is always right.
//
// # Rules
//
//   - A message is data. It is copied when it is sent; values that cannot change
//     pass as they are. Channels, functions, locks, files and contexts are refused
//     with the path to them ([*DataError]). Errors are frozen ([Freeze]).
//   - From one process to another, messages and signals arrive in the order in
//     which they were sent. A message to a process that has ended vanishes: who
//     must know calls or monitors.
//   - After its end, or once it has been told to end, a process's first kernel
//     operation returns the reason, and the next one ends its goroutine. Return
//     the error.
//   - A handler may block; it keeps nobody else waiting.
//   - Nothing grows without a limit: mailboxes, processes, timers.
//
// # What a native process does not contain
//
// Go cannot stop a goroutine. A process that is killed while its code runs is gone
// for everybody else at once (its name, links, monitors, callers, mailbox), but
// the code may run on: a zombie, counted in [Stats] and reported. Not contained
// at all are the errors that end a Go program: a panic in a goroutine that you
// started with the go statement, concurrent map writes through shared variables,
// a stack overflow, memory without bound, os.Exit. Start goroutines with
// [Self.Spawn] instead, keep state inside processes, and use another OS process
// as the wall where that is not enough.
//
// # Time and tests
//
// The kernel works in testing/synctest bubbles: start the node inside, and stop it
// there.
package kista
