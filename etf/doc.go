// Package etf reads and writes Erlang's external term format: the bytes of term_to_binary and binary_to_term, and
// of the distribution protocol. The values are those of [github.com/kista-go/kista/term].
//
// [Encode] writes what OTP 26 and later write (minor version 2, all atoms in UTF-8, the smallest form of every value),
// which every release since OTP 17 reads; map entries are sorted by key, so that equal terms always give equal
// bytes. [Decode] reads everything that Erlang has written since: all minor versions, old identifiers, compressed
// terms. [Marshal] and [Unmarshal] do the same for Go values that package term can map.
//
// # Hostile input
//
// Bytes are assumed to come from an enemy. A decoder never panics; it never reserves memory on the strength of a
// number that it has read, beyond a fixed multiple of the bytes that are really there; and it works within [Limits] on
// size, depth, number of terms, atoms, large integers and decompressed bytes, all of which have defaults. Maps cannot
// be flooded with colliding keys, since they are not hashed. Atoms are plain strings that live and die with the message:
// there is no table to fill. A decoder that must know its atoms nevertheless, as binary_to_term's option
// safe asks, is one with a [Safe] table. Every refusal is a [DecodeError] with place and reason.
//
// Nesting deeper than 10000 levels, which Erlang itself would take, is refused by default: see [Limits].
//
// # Strictness
//
// What Erlang refuses is refused: infinite and NaN floats, atoms that are not UTF-8 or longer than 255 characters, maps with a
// key twice, counts beyond the data. Two tags that OTP takes by accident and never writes (its internal atom references, 73
// and 75), and LOCAL, which only the runtime that wrote it can read, are refused too. Differs from OTP: 0.0 and -0.0 are
// two keys of a map, as from OTP 27.
//
// # Frames
//
// A [Reader] and a [Writer] carry terms over a stream as {packet,4} does, each with a length of four bytes before it.
package etf
