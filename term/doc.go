// Package term is the model of the values that may cross a boundary: between processes that do not trust each other,
// between nodes, to and from Erlang. Encodings ([github.com/kista-go/kista/etf] and its siblings) turn these values
// into bytes; this package compares them, prints and parses them, and maps Go types to them.
//
// # Terms
//
// A [Term] is one of
//
//	int64               an integer that fits
//	*big.Int            an integer that does not
//	float64             a float; neither infinite nor NaN
//	Atom                a name: ok, 'DOWN', true
//	Binary              bytes, immutable: <<"joe">>
//	Bits                a bitstring that does not end on a byte: <<5:3>>
//	Tuple               {deposit,joe,5}
//	List                [1,2,3], and "abc", which is [97,98,99]
//	Improper            [1|x]
//	Map                 #{a => 1}
//	PID, Port, Ref      identifiers, as they stand on the wire
//	Fun, Export         functions of Erlang, which Go carries but cannot call
//
// This is what decoders yield. Functions that take terms take every Go integer type, float32 and bool as well
// ([Canonical] says how), so that Tuple{Atom("deposit"), Atom("joe"), 5} is a good term. Whatever else a Go program
// has is mapped by [From] and [To].
//
// # Equality and order
//
// Go's == is wrong for terms: it panics on tuples and lists and compares big integers by address. [Identical] is
// Erlang's =:=, [Equal] its ==, [Compare] its order of all terms and [CompareExact] the order of map keys. [Key] gives a
// string for use in a Go map. Atoms, binaries, bitstrings, floats, small integers and identifiers are
// comparable in Go, with the exceptions that NaN is no term and that 0.0 == -0.0 in Go.
//
// # Strings
//
// Erlang has no string type. A Go string maps to a [Binary]; in the other direction a charlist is taken too. Decoders
// never guess: a list of small integers is a [List]. [Charlist] makes one and [Text] reads the text from an atom, a
// binary or a charlist.
//
// # Sharing
//
// Terms are values; nothing in this package changes one. Slices inside (Tuple, List) are Go slices, and whoever
// changes one must own it: two goroutines, or two processes, must not share one that either writes to.
// Atoms are not interned, so foreign atoms cost no more than the memory of the messages that hold them.
package term
