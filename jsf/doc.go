// Package jsf reads and writes JSF, the JSON of the Universal Binary Format: the terms of UBF as JSON texts, so that a
// program that speaks nothing but JSON can hold the same conversations under the same contracts.
//
//	12, 1.5e-7              numbers; integers of any size are exact
//	"joe"                   a binary, which must be UTF-8
//	[1,2]                   a list
//	true, false, null       the constants true, false and undefined
//	{"$A":"ok"}             any other constant, an atom in Erlang
//	{"$S":"joe"}            a string of UBF: the term {'#S',[106,111,101]}
//	{"$T":[1,2]}            a struct, a tuple in Erlang
//	{"$R":"person","age":3} a record: a struct whose fields a contract names
//	{"k":1}                 a property list: the term {'#P',[{<<"k">>,1}]}
//
// An object is a constant, a string or a struct only if it has just the one member; "$R" may stand anywhere in a record, and
// every field of it must be there, in any order. Any other object is a property list, in which the order counts and a key may
// be there twice. The values are those of github.com/kista-go/kista/term; ubfa.String, ubfa.PropList and ubfa.Tagged are
// Go types for the conventions.
//
// Encode writes the bytes that ubf-jsonrpc 1.x writes. It refuses what JSF has no form for: maps, improper lists,
// bitstrings, identifiers, bytes that are not UTF-8, and property lists that would be read as something else.
//
// # Dialect
//
// Taken are the JSON of RFC 8259, and what the parser of the original takes besides: a comma after the last element or
// member, and control characters in strings. Refused are numbers that are no float of 64 bits (1e400), as there, and surrogates
// without their other half.
//
// # Hostile input
//
// Bytes are assumed to come from an enemy. A decoder never panics, takes time in proportion to the text (integers a little
// more), and works within [Limits]. Every refusal is a [DecodeError] with place and reason.
//
// # Streams
//
// The original takes what a TCP segment brings for one text. A [Reader] takes texts one after the other, however they
// arrive; a [Writer] writes each with a line end, in one Write, which suits the original too.
package jsf
