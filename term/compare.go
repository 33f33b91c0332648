package term

import (
	"cmp"
	"fmt"
	"math/big"
	"strings"
)

// maxNesting ends the walk over a value that contains itself with a panic that can be recovered, where exhausting the
// stack would end the program.
const maxNesting = 110_000

// Compare gives the standard order of Erlang (S282 to S288): -1 where a < b, 0 where a == b, 1 where a > b.
//
//	number < atom < reference < fun < port < pid < tuple < map < nil < list < bitstring
//
// Integers and floats compare by exact value, so 1 and 1.0 are equal here; in keys of maps they are not. It panics
// where a or b is no term, or nested deeper than 110000 levels.
func Compare(a, b Term) int { return compare(a, b, false, 0) }

// CompareExact gives the order of map keys: as [Compare], but an integer is less than any float, and -0.0 less than
// 0.0, at every depth. It is the total order that belongs to [Identical]: 0 exactly where a =:= b.
func CompareExact(a, b Term) int { return compare(a, b, true, 0) }

// Equal reports a == b in Erlang's sense: 1 == 1.0.
func Equal(a, b Term) bool { return compare(a, b, false, 0) == 0 }

// Identical reports a =:= b in Erlang's sense: 1 =:= 1.0 is false. 0.0 =:= -0.0 is false as from OTP 27; it was true
// up to OTP 26 (S287).
func Identical(a, b Term) bool { return compare(a, b, true, 0) == 0 }

var tooDeep = fmt.Sprintf("term: value nested deeper than %d: does it contain itself?", maxNesting)

const (
	rankNumber = iota
	rankAtom
	rankRef
	rankFun
	rankPort
	rankPID
	rankTuple
	rankMap
	rankNil
	rankList
	rankBits
)

// rank also returns t in canonical form.
func rank(t Term) (int, Term) {
	switch v := t.(type) {
	case int64, float64:
		return rankNumber, t
	case Atom:
		return rankAtom, t
	case Binary, Bits:
		return rankBits, t
	case Tuple:
		return rankTuple, t
	case List:
		if len(v) == 0 {
			return rankNil, t
		}
		return rankList, t
	case Map:
		return rankMap, t
	case PID:
		return rankPID, t
	case Port:
		return rankPort, t
	case Ref:
		return rankRef, t
	case Fun, Export:
		return rankFun, t
	}
	switch c := Canonical(t).(type) {
	case *big.Int:
		if c != nil {
			return rankNumber, c
		}
	case Improper:
		return rankList, c
	case int64, float64, Atom, List:
		return rank(c)
	}
	panic(fmt.Sprintf("term: %T is no term: convert it with From", t))
}

func compare(a, b Term, exact bool, depth int) int {
	ra, a := rank(a)
	rb, b := rank(b)
	if ra != rb {
		return cmp.Compare(ra, rb)
	}
	if depth++; depth > maxNesting {
		panic(tooDeep)
	}
	switch ra {
	case rankNumber:
		return compareNumbers(a, b, exact)
	case rankAtom:
		return strings.Compare(string(a.(Atom)), string(b.(Atom)))
	case rankRef:
		return compareRefs(a.(Ref), b.(Ref))
	case rankFun:
		return compareFuns(a, b, exact, depth)
	case rankPort:
		return comparePorts(a.(Port), b.(Port))
	case rankPID:
		return comparePIDs(a.(PID), b.(PID))
	case rankTuple:
		x, y := a.(Tuple), b.(Tuple)
		if len(x) != len(y) {
			return cmp.Compare(len(x), len(y))
		}
		return compareSeq(x, y, exact, depth)
	case rankMap:
		return compareMaps(a.(Map), b.(Map), exact, depth)
	case rankList:
		return compareLists(a, b, exact, depth)
	case rankBits:
		return compareBits(a, b)
	}
	return 0 // both are []
}

// compareSeq compares the elements that both have.
func compareSeq(a, b []Term, exact bool, depth int) int {
	for i := range min(len(a), len(b)) {
		if c := compare(a[i], b[i], exact, depth); c != 0 {
			return c
		}
	}
	return 0
}

func compareLists(a, b Term, exact bool, depth int) int {
	x, xt := listParts(a)
	y, yt := listParts(b)
	if c := compareSeq(x, y, exact, depth); c != 0 {
		return c
	}
	// Where one list goes on, the rest of it stands against the other's tail.
	n := min(len(x), len(y))
	if len(x) > n || len(y) > n {
		return compare(Cons(x[n:], xt), Cons(y[n:], yt), exact, depth)
	}
	return compare(xt, yt, exact, depth)
}

func listParts(t Term) (List, Term) {
	if v, ok := t.(Improper); ok {
		return v.Elems, v.Tail
	}
	return t.(List), List(nil)
}

func compareMaps(a, b Map, exact bool, depth int) int {
	if c := cmp.Compare(len(a.kv), len(b.kv)); c != 0 {
		return c
	}
	for i := range a.kv {
		if c := compare(a.kv[i].Key, b.kv[i].Key, true, depth); c != 0 {
			return c
		}
	}
	for i := range a.kv {
		if c := compare(a.kv[i].Value, b.kv[i].Value, exact, depth); c != 0 {
			return c
		}
	}
	return 0
}

func compareBits(a, b Term) int {
	x, nx, _ := bitsOf(a)
	y, ny, _ := bitsOf(b)
	// Unused bits are 0, so bytes decide wherever the shorter one is no prefix of the other.
	return cmp.Or(strings.Compare(string(x), string(y)), cmp.Compare(nx, ny))
}

func compareNodes(na Atom, ca uint32, nb Atom, cb uint32) int {
	return cmp.Or(strings.Compare(string(na), string(nb)), cmp.Compare(ca, cb))
}

func comparePIDs(a, b PID) int {
	return cmp.Or(cmp.Compare(a.Serial, b.Serial), cmp.Compare(a.ID, b.ID),
		compareNodes(a.Node, a.Creation, b.Node, b.Creation))
}

func comparePorts(a, b Port) int {
	return cmp.Or(compareNodes(a.Node, a.Creation, b.Node, b.Creation), cmp.Compare(a.ID, b.ID))
}

// compareRefs compares the numbers from the last word on; a word that is not there counts as 0.
func compareRefs(a, b Ref) int {
	if c := compareNodes(a.Node, a.Creation, b.Node, b.Creation); c != 0 {
		return c
	}
	for i := RefWords - 1; i >= 0; i-- {
		if c := cmp.Compare(a.word(i), b.word(i)); c != 0 {
			return c
		}
	}
	return 0
}

func (r Ref) word(i int) uint32 {
	if i >= int(r.Len) {
		return 0
	}
	return r.ID[i]
}

func compareFuns(a, b Term, exact bool, depth int) int {
	switch x := a.(type) {
	case Fun:
		y, ok := b.(Fun)
		if !ok {
			return -1 // a local fun is less than an external one
		}
		// Erlang takes the index for a signed number.
		if c := cmp.Or(strings.Compare(string(x.Module), string(y.Module)), cmp.Compare(int32(x.Index), int32(y.Index)),
			cmp.Compare(x.OldUniq, y.OldUniq), cmp.Compare(len(x.Free), len(y.Free))); c != 0 {
			return c
		}
		return compareSeq(x.Free, y.Free, exact, depth)
	case Export:
		y, ok := b.(Export)
		if !ok {
			return 1
		}
		return cmp.Or(strings.Compare(string(x.Module), string(y.Module)),
			strings.Compare(string(x.Function), string(y.Function)), cmp.Compare(x.Arity, y.Arity))
	}
	return 0
}
