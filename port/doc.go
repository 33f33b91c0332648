// Package port runs any program of the operating system as a process of the node: Erlang's ports, with an end that holds. A
// port has a PID, is called, linked, monitored, named and supervised as a server is; when its program ends, it ends, with a
// reason that says how; when it ends, for whatever reason, its program ends and everything that the program has started. What
// a program does to its own memory, it does to nobody else's: this is isolation level 3.
//
// # Words
//
// A *port* is the process of the node; its *program* is the one of the operating system. A *message* is a part of the
// program's standard input or output, as [Framing] divides it: lines, frames with a length, or whatever comes at once. The
// *subscriber* is the process that gets the program's messages as [Data], unless they answer a [Call]. A *descendant* is what
// the program starts, and what that starts, also what has forked twice and taken a session of its own to get away. The
// *guardian* is a small process between the node and the program; every descendant that loses its parent becomes its child,
// so none is lost sight of.
//
//	pid, err := port.Start(ctx, node, port.Spec{
//		Path:    "bc",
//		Args:    []string{"-l"},
//		Framing: port.Lines,
//	}, port.Opts{Name: "bc"})
//	answer, err := port.Call(ctx, pid, []byte("4*a(1)")) // 3.14159...
//
// Under a supervisor, [Program] is a child like any other:
//
//	supervisor.Child{ID: "bc", Start: port.Program(spec, port.Opts{Name: "bc"})}
//
// # The end
//
// The exit reason of a port is nil when its program ended with status 0, an [*ExitError] with its status or the signal that
// killed it otherwise, a [*MessageError] when it wrote what is no message. What it had written before comes first.
//
// A port that is to stop closes its program's input, after [Spec.Grace] sends SIGTERM to its process group, and after that
// time again kills it; all of that within the time that the supervisor gives. Then it kills the descendants that are left, and
// only when the last one is gone, the port ends: whoever hears of its end can rely on that. A port that is killed
// ([kista.Kill]) is dead at once, as any process, and its descendants are some milliseconds later; its [Program] does not start
// again before. All are gone too when the node is, even if it was killed by SIGKILL: the guardian notices that its node has
// gone.
//
// # Rules
//
//   - A program has the environment and the descriptors that [Spec] names, and nothing else of the node's.
//   - Nothing grows: what a program does not read, senders keep ([Send] waits, a [*BusyError] refuses); what its subscriber is
//     not ready for ([Activate]), stays in the program. Lines of standard error become log records, so many a second.
//   - [Call] is for programs that answer each message with one, in order. Other conversations go by [Send] and a subscriber.
//   - Limits and whatever else is asked for hold before the program's first instruction. What cannot be had on this system is
//     an [*UnsupportedError] at the start, never left out.
//   - The guardian is the node's own executable, started again: package initialisation that runs before this package's own
//     runs there too. It costs some milliseconds at the start and some megabytes.
//
// # What a port does not contain
//
// A program has the rights of the node's user, unless it is in a [Sandbox]: it may delete what the node may delete, and kill
// what the node may kill. If it kills its guardian, it dies of that, and its descendants with it ([ErrGuardianDied]: behind all
// guardians stands one more process, the warden); if it kills its node, all do; if it kills all three, what is left is on its
// own. Ports need Linux.
package port
