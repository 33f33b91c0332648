// Package vet finds, in the text of a program, what the kernel cannot hold back
// while it runs: process code that can end the whole program, hold up other
// processes, or share memory with them. A Go program is one address space; a
// process of package kista contains a panic, but not a panic in a goroutine that
// its code has started with the go statement, not os.Exit, not two writers of
// one map. Those are found here, before they happen.
//
// # Words
//
// *Process code* is what runs in a process: functions that take a
// [github.com/kista-go/kista.Self] or a behaviour's Ctx, functions that are
// handed to the kernel or to a behaviour to be run in a process, function
// literals within those, and the functions of the same package that are reached
// from them by calls. A *rule* is one kind of fault, with a name:
//
//	goroutine   the go statement and its like: nobody contains a panic there
//	exit        os.Exit, log.Fatal and their like end everybody
//	message     a message, request, reply or argument whose type is no data
//	global      package variables that change: every process sees it
//	capture     variables that a process shares with who has spawned it
//	lock        locks that are shared with others, who wait when it dies
//	channel     channels that are shared with others, who wait when it dies
//	self        a Self or Ctx in another goroutine, or kept beyond its callback
//	thread      LockOSThread without UnlockOSThread in a callback
//	allow       a suppression without a reason, or with nothing to suppress
//
// An *effect* is what a function of another package of the same module does that
// a rule forbids; it is reported where process code calls the function.
//
// # Rules for callers
//
// [Analyzer] is an ordinary analyzer of golang.org/x/tools/go/analysis: it works
// in `kista vet`, in `go vet -vettool=$(which kista)`, and in any driver of your
// own. Whoever uses the library but not this package builds nothing of it.
//
// A finding that is right in general and wrong here is suppressed with its
// reason, on its line, on the line before, or in the doc comment of the
// declaration:
//
//	//kista:allow channel the listener's owner reads it until it is closed
//
// # What it does not see
//
// Calls through interfaces and function values, reflection, code of other
// modules, and memory that is shared through pointers which look private. It is
// of a lint's strength: what must hold against code that nobody has read needs
// a wall of another kind, a guest of package wasm or a program of package port.
// docs/vet.md explains each rule.
package vet
