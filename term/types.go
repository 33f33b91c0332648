package term

import (
	"fmt"
	"math/big"
)

// Term is any value of the model: exactly the types listed in the package comment. It is an alias of any, so that a
// message, a decoded term and a Go literal are written without conversions; what a function of this package cannot
// take as a term it says by an error, or, where it has no error result ([Compare], [Key]), by a panic.
type Term = any

// Atom is an Erlang atom: UTF-8 text of at most 255 characters. It is an ordinary Go string: two atoms are == when
// their text is, and nothing is interned. The zero value is the empty atom ”.
type Atom string

// Binary is an Erlang binary: immutable bytes. It is string-backed, so that it may be shared and passed on uncopied.
// Binary("joe") is <<"joe">>; the zero value is the empty binary.
type Binary string

// Tuple is an Erlang tuple. The zero value is {}.
type Tuple []Term

// List is a proper Erlang list. The zero value, like every List of length 0, is [] (nil in Erlang's words). An Erlang
// "string" is a List of integers: see [Charlist] and [Text].
type List []Term

// Improper is a list with a tail that is not a list: [1,2|x] is Improper{Elems: List{1, 2}, Tail: Atom("x")}. Make it
// with [Cons], which returns a [List] where the tail is one.
type Improper struct {
	// Elems are the elements before the tail, at least one.
	Elems List
	// Tail is what stands after the bar; not a list.
	Tail Term
}

// Cons returns the list of elems followed by tail: a [List] where tail is a list, an [Improper] list where it is not,
// and tail itself where there are no elems.
func Cons(elems List, tail Term) Term {
	switch t := tail.(type) {
	case List:
		if len(elems) == 0 {
			return t
		}
		if len(t) == 0 {
			return elems
		}
		return append(elems[:len(elems):len(elems)], t...)
	case Improper:
		inner := Cons(t.Elems, t.Tail)
		if in, ok := inner.(Improper); ok {
			return Improper{append(elems[:len(elems):len(elems)], in.Elems...), in.Tail}
		}
		return Cons(elems, inner)
	}
	if len(elems) == 0 {
		return tail
	}
	return Improper{elems, tail}
}

// PID is an Erlang process identifier as it stands on the wire. Node, numbers and creation together are the identity;
// all of them are compared by ==. It is data only: having one gives no way to the process.
type PID struct {
	// Node is the name of the node.
	Node Atom
	// ID and Serial number the process: Serial counts how often ID has wrapped.
	ID, Serial uint32
	// Creation numbers the incarnations of the node; 0 means unknown.
	Creation uint32
}

// Port is an Erlang port identifier as it stands on the wire.
type Port struct {
	// Node is the name of the node.
	Node Atom
	// ID numbers the port.
	ID uint64
	// Creation numbers the incarnations of the node; 0 means unknown.
	Creation uint32
}

// RefWords is the largest number of words in a [Ref].
const RefWords = 5

// Ref is an Erlang reference as it stands on the wire: Len words of ID, the rest of ID being 0.
type Ref struct {
	// Node is the name of the node.
	Node Atom
	// Creation numbers the incarnations of the node; 0 means unknown.
	Creation uint32
	// Len is how many words of ID count.
	Len uint8
	// ID holds the words in the order of the wire.
	ID [RefWords]uint32
}

// NewRef returns the reference with the given words; it panics where there are more than [RefWords].
func NewRef(node Atom, creation uint32, words ...uint32) Ref {
	r := Ref{Node: node, Creation: creation, Len: uint8(len(words))}
	if copy(r.ID[:], words) != len(words) {
		panic(fmt.Sprintf("term: a reference has at most %d words, not %d", RefWords, len(words)))
	}
	return r
}

// Words returns the words of the reference that count, in the order of the wire.
func (r Ref) Words() []uint32 { return r.ID[:min(int(r.Len), RefWords)] }

// Fun is a local Erlang function. Go cannot call it; it is carried through and given back unchanged. Module, Index, OldUniq and
// Free are its identity and order, as from OTP 25: the same function of two versions of a module may be one.
type Fun struct {
	// Module is the name of the module that made the function.
	Module Atom
	// Arity is the number of arguments.
	Arity uint8
	// Uniq is the MD5 sum of the significant parts of the module.
	Uniq [16]byte
	// Index numbers the function in its module.
	Index uint32
	// OldIndex and OldUniq are the numbers that printing uses. OldUniq is a hash of the function's code.
	OldIndex, OldUniq int64
	// Creator is the process that made it.
	Creator PID
	// Free are the values the function has closed over.
	Free []Term
}

// Export names an exported Erlang function: fun lists:map/2.
type Export struct {
	// Module and Function name it.
	Module, Function Atom
	// Arity is the number of arguments, not negative.
	Arity int
}

// Pair is an entry of a [Map]: a Key and its Value.
type Pair struct{ Key, Value Term }

// Canonical returns t in the one form that decoders yield: every Go integer type and *big.Int become int64, or *big.Int
// where int64 is too small; float32 becomes float64; bool becomes the atom true or false; an [Improper] list that has a
// list as its tail becomes a [List]. It looks at t alone, not at what is inside. Whatever is no term comes back unchanged.
func Canonical(t Term) Term {
	switch v := t.(type) {
	case int:
		return int64(v)
	case int8:
		return int64(v)
	case int16:
		return int64(v)
	case int32:
		return int64(v)
	case uint8:
		return int64(v)
	case uint16:
		return int64(v)
	case uint32:
		return int64(v)
	case uint:
		return fromUint64(uint64(v))
	case uint64:
		return fromUint64(v)
	case *big.Int:
		if v != nil && v.IsInt64() {
			return v.Int64()
		}
	case float32:
		return float64(v)
	case bool:
		if v {
			return Atom("true")
		}
		return Atom("false")
	case Improper:
		return Cons(v.Elems, v.Tail)
	}
	return t
}

func fromUint64(u uint64) Term {
	if u <= 1<<63-1 {
		return int64(u)
	}
	return new(big.Int).SetUint64(u)
}

// String returns the atom as Erlang source, quoted where it must be; string(a) is its bare text.
func (a Atom) String() string     { return String(a) }
func (b Binary) String() string   { return String(b) }
func (t Tuple) String() string    { return String(t) }
func (l List) String() string     { return String(l) }
func (l Improper) String() string { return String(l) }
func (p PID) String() string      { return String(p) }
func (p Port) String() string     { return String(p) }
func (r Ref) String() string      { return String(r) }
func (f Fun) String() string      { return String(f) }
func (e Export) String() string   { return String(e) }
func (m Map) String() string      { return String(m) }
func (b Bits) String() string     { return String(b) }
