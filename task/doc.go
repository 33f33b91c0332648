// Package task is Elixir's Task: work that somebody wants the result of, done in a
// process of its own. What a Go program does with a goroutine and a channel, a
// task does with the two things that those lack: a task that panics, hangs or
// calls runtime.Goexit takes nobody along who has not asked for it, and whoever
// waits hears why there is no result.
//
// # Words
//
// A *task* is a process that runs one function ([Func]) and ends. Its *owner*
// started it and awaits it: the process whose [kista.Self] was given, or a plain
// goroutine, which has a context. No other process may ask ([ErrNotOwner]).
//
//	t := task.Async(self, func(s *kista.Self) (Page, error) { return fetch(s, url) })
//	...
//	page, err := t.Await(self)
//
// To *await* ([Task.Await]) is to wait for the result once and for all: if the time
// is over first, five seconds unless the context says otherwise, the task is
// killed. To *yield* ([Task.Yield]) is to wait a little, and let it go on. To *shut
// down* ([Task.Shutdown]) is to end it, in order if it can, by force if not.
//
// A *task supervisor* ([Supervisor]) is a place in the supervision tree for tasks:
// when it stops, they do.
//
// A *stream* ([Stream]) runs a function over many items, so many at once, each in a
// task of its own, and yields the results as an iterator, in order or as they come.
//
// # Who goes with whom
//
//	               owner              if the task crashes       if the owner ends
//	Async          a process          the owner ends too (1)    the task ends too (2)
//	AsyncUnder     a process          the owner ends too (1)    the task ends too (2)
//	AsyncOn        a goroutine        an error of Await         the task ends, with ctx
//	AsyncOn        a process          an error of Await         the task goes on
//	AsyncNolink    a goroutine        an error of Await         the task ends, with ctx
//	AsyncNolink    a process          an error of Await         the task goes on
//
// (1) unless it traps exits; (2) unless it ends normally, as with any link. Those
// under a supervisor end with that too. The streams, which have the same names,
// leave no task behind when the loop over them is left, however it is left.
//
// # Rules
//
// What the function returns is copied to the owner: it must be data. An error that
// it returns is an answer, which Await returns as it is, and the task ends
// normally; differs from an error of a [kista.Body]. A panic, a Goexit, a result
// that is not data and [Crash] are its exit reason, which Await returns in an
// [*Error].
//
// The function is code, and captures variables as any function does: those are
// shared memory. Give arguments as values that are not changed any more; a stream
// copies its items.
//
// The function gets the task's Self, which is a context. Whatever may block should
// be given it: it ends when the task is to end, and code that does not come back
// then is a zombie, counted and reported, that nobody waits for.
//
// An owner that cannot wait, such as a server between two messages, uses
// [Deliver], and gets the result as a message.
//
// # For those who know Elixir
//
//	Task.async, await, yield, shutdown       Async, Task.Await, Yield, Shutdown
//	await_many, yield_many                   AwaitMany, YieldMany
//	Task.start, start_link                   kista.Spawn, Self.SpawnLink
//	Task.async_stream                        Stream, StreamOpts
//	Task.Supervisor.async, async_nolink      AsyncUnder, AsyncNolink
//	Task.Supervisor.start_child              StartChild
//	Task.Supervisor.children                 supervisor.WhichChildren
//	the messages {ref, result} and :DOWN     Deliver
//
// # When not to use one
//
// What lives on and is asked again is a server. What must happen, whatever becomes
// of who wants it, is a child of a supervisor. A computation of a microsecond is
// a function call: a task costs a process.
package task
