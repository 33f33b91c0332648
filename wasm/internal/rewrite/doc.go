// Package rewrite makes a WebAssembly module safe to run beside others: it
// reads the binary format with limits on everything, refuses what it does not
// know, and writes a module that computes the same but cannot run for long
// without asking, cannot recurse without end, and hides none of its state.
//
// # What is put in
//
// Fuel is a counter of work. Each function entry and each turn of a loop takes
// from it what the instructions up to the next such point may cost, by their
// size; bulk instructions take by the bytes that they touch, and fill and copy memory
// in pieces. When it is used up
// the module calls an imported function, [YieldModule].[YieldName], with what is
// left (zero or less) and gets the next helping. So the host runs again after a
// bounded time, whatever the module does.
//
// A second counter is the depth of calls, weighed by the size of the frames.
// Beyond the limit the same import is called with [TooDeep], and must not
// return.
//
// Every mutable global is exported, under [GlobalPrefix] and its number, so
// that memory and globals together are all the state there is.
//
// # What is refused
//
// Imports of anything but functions, more than one memory, shared or 64-bit
// memory, threads, tail calls, exceptions, constant arithmetic in initialisers,
// and everything beyond the [Limits]. Indices are checked here, since what the
// rewriting adds must stay out of the module's reach; types are checked by the
// engine that compiles the result.
package rewrite
