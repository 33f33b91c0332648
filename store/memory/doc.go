// Package memory keeps journals in memory, with the semantics of the drivers
// that keep them on disk: the same fencing, conflicts, limits and errors. What
// it does not give is what memory cannot: a [Journal] is empty when the program
// starts, and gone when it ends.
//
// It is the twin for tests of code that uses [store.Journal], and a store for
// state whose loss at the end of the program is meant. It shares nothing with
// its callers: bytes are copied in and out, as a disk would. It starts no
// goroutine, waits for nothing, and works within testing/synctest.
package memory
