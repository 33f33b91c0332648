// Package heart lets a node die and come back: a tiny process above it, the *heart*, in which no code of the program runs, keeps
// what must survive a fatal error, and starts the program again. Two goroutines that write one map, a stack without end, os.Exit,
// kill -9 end all processes of a node (isolation level 1); with a heart they end one *life* of it.
//
//	kista run --heart ./cmd/shop
//
// What survives is what the program has given to its heart:
//
//   - listeners ([Listen]): clients that connect meanwhile wait, and are not refused;
//   - established connections ([Keep], [Kept]): plain TCP and Unix ones. TLS cannot be handed over: its keys were in the
//     program's memory;
//   - *state* ([Open]): the value that a process has committed last, in memory that both share. To commit is to write a few hundred bytes
//     and one word: a life that ends at any instruction leaves the old value or the new one.
//
// What was read from a connection and not yet answered is lost, and so is every message in a mailbox. Who asks must be able to ask
// again: tags, as those of the bank example, make that harmless. The state lives as long as the heart does; what must survive the
// machine belongs into a journal, which is also where to look when [State.Load] says that the value is broken.
//
// # Deaths
//
// The heart reads what the Go runtime writes when it dies, and tells the next life ([LastDeath]). It starts the program at once after
// a first death, and with longer and longer pauses after more of them; too many within a period end it as well. After the
// same death again the program comes back without the subtree whose code it was ([Subtree]); if nobody knows whose, after some more of them without what was kept, since that may be the reason. A program that ends with status
// 0 or 2, or because it was told to, is not started again.
//
// # Without a heart
//
// Everything works: [Listen] is net.Listen, [Keep] keeps nothing, [Open] gives memory that ends with the program. So a program
// need not ask. It works on Linux; elsewhere there is no heart.
package heart
