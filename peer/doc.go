// Package peer runs a part of a program in another OS process: a node of ours in a child process, in which a supervised
// subtree lives as it would live here. What one address space cannot contain (two goroutines that write one map, a stack that
// overflows, memory without bound, os.Exit, a wild pointer in C code, a runtime that stands still) ends that child, and is an
// exit reason here. This is isolation level 3, for code of the program's own; package port is it for other programs.
//
// # Words
//
// A *peer* is the OS process with its node; it is a second copy of this program, which [Main] keeps from doing the program's
// work again. An *entry* is what a peer can be asked to run: a function, registered under a name ([Register]), that describes
// a process, a supervisor as a rule, for some arguments; that process is the *root*. The peer's *process*, or face, is a
// process here that stands for it: its end is the peer's, it is named and supervised, and passes on to the root what is sent
// to it. Another OS process may *stand by*, started already, for the time when the first one dies ([Spec.Standby]).
//
//	var bank = peer.Register("bank", func(a Accounts) kista.Program {
//		return supervisor.Program(supervisor.Spec{Children: a.children()}, supervisor.Opts{})
//	})
//
//	func main() {
//		peer.Main() // first of all
//		...
//		supervisor.Spec{Children: []supervisor.Child{
//			{ID: "bank", Start: bank.Program(accounts, peer.Spec{Name: "bank", Memory: 512 << 20}, peer.Opts{})},
//		}}
//		...
//		balance, err := server.Call(ctx, node.Remote("bank", "joe"), Deposit{Amount: 10})
//	}
//
// # What goes across
//
// Everything that processes of two nodes can do: messages, casts, calls and their answers, also late ones given through a From
// that was handed on, links, monitors, exit signals, aliases, names ([kista.Node.Remote]), and spawning ([Entry.Spawn]). A PID
// that has been across and comes back is the same one. Errors arrive as the sentinels and types that they are, as long as they
// are registered with the kernel ([kista.RegisterError], [kista.RegisterErrorType]); otherwise as their text.
//
// Messages are data as everywhere, and are encoded on their way. What an interface in them holds, the message itself
// included, arrives as a value of the same type, which both sides must know: see [RegisterType]. What cannot travel is refused
// to its sender with a [*kista.DataError] that says what, where and why; to a caller, if it is an answer.
//
// # The end
//
// If the root ends, the peer is stopped, and ends with the root's reason. If the OS process dies, the reason is a
// [*DeathError], for the peer's process and for everyone who had a link, a monitor or a call in it. A peer that is stopped by
// its supervisor, or by [Shutdown], stops its own processes in order, within [Spec.Grace]; then it is killed. It is killed too
// when it is silent for longer than [Spec.Patience], needs more than [Spec.Memory], does not read what it is sent, or sends
// what is no message. When this OS process ends, however it does, its peers are killed, with all that they have started.
//
// # Rules
//
//   - Call [Main] first in main, and first in TestMain. Register entries and types in package-level variables or init functions:
//     the peer's copy of the program runs those, and nothing else of the program's.
//   - Package initialisation runs in a peer too, so it should open nothing that there may be one of only.
//   - Nothing grows: [Spec.Buffer] bounds what a peer has not read, and over it senders get a [*kista.MailboxFullError].
//   - What a peer logs, by its node's logger, slog or its standard output and error, becomes records of the node here, with
//     the attribute "peer".
//   - PIDs of a peer mean nothing in another peer: let a process here stand between them. The peer's own process can.
//   - State in a peer is lost with it, as in any process that dies. What must last belongs into a store.
//
// # What a peer does not contain
//
// It has the rights of this OS process's user unless it is in a sandbox ([Spec.Sandbox]). One that means harm can send any
// message, under any name, and exit signals to whom it has been told of. Peers need Linux; elsewhere the package builds, and
// each start fails with a [*port.UnsupportedError].
package peer
