// Package ubfa reads and writes UBF(A), the encoding of Joe Armstrong's Universal Binary Format: text enough to be typed into
// telnet, and a program at the same time.
//
// A message is a sequence of operations for a stack machine, which leave one term on its stack; a dollar sign ends it:
//
//	'deposit'           a *constant*, an atom in Erlang: Latin-1, at most 255 bytes
//	-12                 an integer of any size
//	"joe"               a *string*: bytes. It is the term {'#S',[106,111,101]}
//	3~abc~              a binary, its length before it
//	{'ok',1}            a *struct*, a tuple in Erlang; its fields may be separated by blanks, line ends and commas
//	#2&1&               the list [1,2]: the empty one, and elements put before it one by one
//	12`cm`              a *tagged* item: the term {'$TYPE',[99,109],12}
//	'person'>p {p p}    a *register*, one byte, which holds what stands before it, and stands for it
//	%note%              a comment
//
// The values are those of [github.com/kista-go/kista/term]. UBF(A) has no floats, maps, bitstrings, identifiers and improper
// lists; [Encode] refuses them. [String], [PropList] and [Tagged] are Go types for what is a convention on structs.
//
// [Encode] writes the bytes that UBF 2.2.4 writes, the registers included. [Decode] is for one message,
// a [Reader] for a stream of them, and a [Machine] for bytes that arrive in pieces.
//
// # Hostile input
//
// Bytes are assumed to come from an enemy. A decoder never panics, takes time in proportion to the message (integers a little
// more), reserves nothing on the strength of a length that it has read, and works within [Limits]. Registers make terms
// grow by sharing: a few bytes can stand for more leaves than there is memory. What a decoder keeps stays small, but whoever
// walks over such a term visits every leaf; so the size of a term with its registers written out is limited as well. Every
// refusal is a [DecodeError] with place and reason. After one, the rest of the stream has no meaning.
//
// # Strictness
//
// The decoder of UBF 2.2.4 ignores a cons, a store and an end of message that have nothing to work on, waits for ever for
// what cannot become a message, and makes improper lists. Here all of that is an error at once, unless [Decoder].Compat is set.
package ubfa
