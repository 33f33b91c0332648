// Package guardian is the process between a node and a program that it runs: a copy of the node's own executable, started
// under another name, in which nothing but this package runs.
//
// The *guardian* starts one program and is the *subreaper* of everything that comes of it: a descendant whose parent ends,
// also one that forked twice to get away, becomes the guardian's child. So when the program has ended, or the node wants it
// ended, or the node is gone (the socket between them says so, whatever killed the node), the guardian kills its children
// until it has none, and ends. It sits in no data path: the program's input and output are pipes to the node.
//
// The *warden* is one for all nodes of an OS process: it starts the guardians, and stands behind them as they stand behind
// their programs. If a guardian is killed, by its program or anybody else, what it watched over becomes the warden's, which
// kills it. The node's socket to the warden carries requests ([Hire]) with the descriptors of the guardian to be.
//
// The *launcher* is one more copy for a moment: where limits or a sandbox are asked for, the guardian starts it instead of the
// program; it puts them on itself and becomes the program. What it cannot put on it refuses, with the reason.
//
// How a copy of the executable becomes one of these: the init function of this package looks at the name under which the
// executable was started (argv[0]), and does not return. Package initialisation that comes before it, in packages whose paths
// sort before this one and on which it does not depend, still runs there.
//
// A [Job] goes in over the socket, [Event] values come out, and then single commands go in: see [Term], [Kill], [Signal].
package guardian
