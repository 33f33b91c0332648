// Package frame cuts a stream of bytes into messages and puts messages together to a stream, the ways in which programs
// talk on their standard input and output.
//
// A *stream* has no messages: what was read at once is one. *Lines* end in a newline, which is not part of them. A *frame* is
// preceded by its length, a big-endian number of 1, 2 or 4 bytes, as Erlang's ports have it ({packet, N}).
//
// What is read comes from a stranger. A [Reader] has a limit for the size of one message, and memory for a long one is taken
// as its bytes arrive, never because a length says that they will. A length over the limit is an error, before any of it is
// read. A [Reader] and its methods belong to one goroutine.
package frame
