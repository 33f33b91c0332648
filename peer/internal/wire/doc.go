// Package wire is how signals between a node and its peer stand in bytes: each a frame, an Erlang tuple in the external term
// format.
//
// A *message* becomes a term field by field, unexported fields included, as the kernel copies it. What an interface holds
// stands with its *type*, and arrives as a value of that type: both sides run the same program, tell each other the names of
// the types that they know ([Types]), and say a type by its number in the other's list. What the other side does not know is
// refused at the sender, with the path to it.
//
// An *identity* (a PID, reference, From, name, code handle) is translated by the kernel ([Identities]). An *error* is frozen
// already; it travels as the sentinel that it is, as a value of its registered type, or as its text with what its chain has
// kept. In an error nothing is refused: what cannot travel is replaced by a word about it, so that a death always has a reason.
//
// What is read is taken for a stranger's: limits on size, depth and number hold before memory is taken, values are checked
// against their types, and a frame that is none is an error that ends the connection. It is not a format to be kept: it may
// differ between two builds of a program, which never talk to each other.
package wire
