// Package kistatest is what tests of programs that use Kista import: nodes that
// must leave nothing behind, virtual time, the log to look at, and a few lines
// that every test of processes needs.
//
// # A node for one test
//
// [Node] starts a node that is stopped when the test is over. What is left of it
// then (a process that did not end, a handler that did not return, a timer, a
// name) fails the test: a leak is found where it is made. Nothing is written to
// the terminal; what the node reports is kept in a [Log].
//
// # Virtual time
//
// [Bubble] does the same within a bubble of testing/synctest, where time stands
// still while anything can run, and leaps to the next timer when nothing can. So a
// test of a timeout of one hour takes no time, and never depends on the machine.
// [Pass] lets time go by. In a bubble all goroutines must be the bubble's own, and
// wait for nothing outside: no sockets, no files that block.
//
// # Being a process
//
// A test is no process: it can send and call, but nobody can send to it. [Within]
// runs a function as a process and reports its failures as the test's. There
// [Receive] and [Empty] look at the mailbox.
//
//	func TestCounter(t *testing.T) {
//		kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
//			pid, err := server.Start(t.Context(), n, newCounter, 0, server.Opts{})
//			...
//			kistatest.Within(t, n, func(s *kista.Self) {
//				s.Monitor(pid)
//				server.Cast(pid, crash{})
//				down := kistatest.Receive[kista.Down](t, s)
//				...
//			})
//		})
//	}
//
// All functions are for the goroutine of the test, unless they say otherwise.
package kistatest
