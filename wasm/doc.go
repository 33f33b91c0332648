// Package wasm runs WebAssembly modules as processes: isolation level L2. The code
// of such a process cannot harm the program that it runs in. It has a memory of its
// own with a limit; whatever it does, loop for ever, recurse without end, run wild,
// ask for more and more memory, ends that one process, with a reason that says what
// it was and where, and everybody who asked hears of it. It can be killed at any
// time within milliseconds, and its code can be replaced while it runs.
//
// To everybody else it is a process like any other: it has a PID, a name, links,
// monitors, a supervisor; it answers calls of package server and requests of
// package sys.
//
// # Words
//
// A *module* is code in the binary format of WebAssembly. [Load] checks it, puts
// what keeps it tame into it, and compiles it to machine code. A *guest* is an
// instance of it: one memory, one process. [Program], [Spawn] and its kin start
// processes that run a module. A *trap* is a failure of a guest ([Trap]).
//
// *Fuel* is a measure of work that the guest's own code counts. When some is used
// up the guest comes back to the host, which sees whether it is to go on: so it
// can be killed, and the garbage collector never waits for it for long, which
// generated code would otherwise make it do.
//
// The *host interface* is what a guest can reach: the functions of the import
// module [HostModule]. It can receive, send, call and answer, set timers, link and
// monitor, write to the log, and spawn what [Opts.Children] lets it. It knows the
// processes that it has been told of, and cannot make up others. There are no
// files, no network, no environment, and no clock unless [Opts.Clock] grants one.
// The page docs/isolation-wasm.md describes each function.
//
// # Messages
//
// To a guest everything is a term in Erlang's external format (package etf). Go
// values are mapped by [Opts.Types], as package term describes; a request that says
// by its Reply method what it is answered with gets that type. So typed calls work:
//
//	type Deposit struct {
//		server.Replies[int]
//		_      struct{} `term:"deposit"`
//		Amount int
//	}
//
//	balance, err := server.Call(ctx, guest, Deposit{Amount: 10}) // {deposit,10}
//
// What cannot be a term is refused to a caller, and otherwise dropped with a record
// in the log.
//
// # Writing guests
//
// A guest is called back: for its start, for each message, for its end. Between
// that it owns neither goroutine nor stack. In Go, package
// [github.com/kista-go/kista/wasm/guest] has behaviours that look like any others.
// In C the header wasm/guest/c/kista.h declares the host interface. In any language
// a guest exports kista_v1_handle, and what it likes of the other callbacks.
//
// # Rules
//
// A guest that takes long keeps its own callers waiting and nobody else; but it
// uses a processor. [Opts.Fuel] bounds a callback.
//
// Load compiles in this program. Where modules come from others, or are large, use
// a [Compiler]: it compiles in a process that can be killed, and once for all.
//
// What the wall is made of: the compiler of the engine (wazero) must be right.
// Against faults that is enough. Against code from people who mean harm put another
// OS process around it. Side channels are out of scope.
package wasm
