package contract

import (
	"math/big"
	"slices"
	"strconv"

	"github.com/kista-go/kista/term"
)

// candidates returns values of an atomic kind, among which there is one of all of pos and none of neg if there is any at all: those
// that the types themselves name, and of each class that attributes tell apart more than neg can name.
func candidates(k valueKind, pos, neg []Type) []term.Term {
	var named []term.Term
	for _, t := range pos {
		if l, ok := t.(*Literal); ok {
			named = append(named, l.Value)
		}
	}
	if len(named) > 0 {
		return named[:1]
	}
	if k == anInteger {
		return integers(pos, neg)
	}
	var vs []term.Term
	for i := range len(neg) + 1 {
		switch n := strconv.Itoa(i); k {
		case anAtom:
			vs = append(vs, term.Atom(letter(i)), undefined, term.Atom(""), term.Atom("\x01"+n), term.Atom("é"+n))
		case aBinary:
			vs = append(vs, term.Binary(letter(i)), term.Binary(""), term.Binary("\x01"+n), term.Binary("\xff"+n))
		case aFloat:
			vs = append(vs, float64(i)+0.5)
		}
	}
	slices.SortStableFunc(vs, func(a, b term.Term) int { return strangeness(a) - strangeness(b) })
	return vs
}

// letter returns a, b, ... z, a1, b1 and so on.
func letter(i int) string {
	s := string(rune('a' + i%26))
	if i >= 26 {
		s += strconv.Itoa(i / 26)
	}
	return s
}

// strangeness puts ordinary values before those that an example should show only if it must.
func strangeness(v term.Term) int {
	s, _ := term.Text(v)
	switch {
	case s == "undefined":
		return 1
	case s == "":
		return 2
	case s[0] < ' ' || s[0] > '~':
		return 3
	}
	return 0
}

// integers returns the ends of ranges and what lies beside them.
func integers(pos, neg []Type) []term.Term {
	one := big.NewInt(1)
	ns := []*big.Int{big.NewInt(0), one, big.NewInt(-1)}
	near := func(n *big.Int) {
		if n != nil {
			ns = append(ns, n, new(big.Int).Sub(n, one), new(big.Int).Add(n, one))
		}
	}
	for _, t := range slices.Concat(pos, neg) {
		switch t := t.(type) {
		case *Range:
			near(t.Lo)
			near(t.Hi)
		case *Literal:
			near(bigInt(t.Value))
		}
	}
	vs := make([]term.Term, len(ns))
	for i, n := range ns {
		vs[i] = integer(n)
	}
	return vs
}

// solveTuple looks for a tuple.
func (s *solver) solveTuple(pos, neg []Type) (answer, int) {
	sizes, low := s.tupleSizes(pos, neg), noCut
	res := answer{}
	for _, n := range sizes {
		a, l := s.tupleOf(n, pos, neg)
		if a.verdict == found {
			return a, noCut
		}
		res.verdict, low = max(res.verdict, a.verdict), min(low, l)
	}
	return res, low
}

// tupleSizes returns the numbers of fields that matter: what pos demands, or those that neg knows and one more.
func (s *solver) tupleSizes(pos, neg []Type) []int {
	for _, t := range pos {
		if tu, ok := t.(*Tuple); ok {
			return []int{len(tu.Fields)}
		}
	}
	sizes, most := []int{0}, 0
	for _, t := range neg {
		if tu, ok := t.(*Tuple); ok {
			sizes = append(sizes, len(tu.Fields))
			most = max(most, len(tu.Fields))
		}
	}
	slices.Sort(sizes)
	return append(slices.Compact(sizes), most+1)
}

func (s *solver) tupleOf(n int, pos, neg []Type) (answer, int) {
	cols := make([][]Type, n)
	for _, t := range pos {
		switch t := t.(type) {
		case *Tuple:
			if len(t.Fields) != n {
				return answer{}, noCut
			}
			for i, f := range t.Fields {
				cols[i] = append(cols[i], f)
			}
		case *Ref:
			if n == 0 && slices.Contains(t.Attrs, "nonempty") {
				return answer{}, noCut
			}
		}
	}
	var rows [][]Type
	for _, t := range neg {
		switch t := t.(type) {
		case *Tuple:
			if len(t.Fields) == n {
				rows = append(rows, t.Fields)
			}
		case *Ref:
			if n > 0 || !slices.Contains(t.Attrs, "nonempty") {
				return answer{}, noCut
			}
		}
	}
	vs, verdict, low := s.product(filled(cols), make([][]Type, n), rows)
	if verdict == found {
		return answer{append(term.Tuple{}, vs...), found}, noCut
	}
	return answer{verdict: verdict}, low
}

// filled gives columns that nothing is said about the type of all values.
func filled(cols [][]Type) [][]Type {
	for i := range cols {
		if len(cols[i]) == 0 {
			cols[i] = []Type{anyType}
		}
	}
	return cols
}

// lengths is what a list head demands of the number of elements; most is -1 where nothing.
func lengths(t Type) (least, most int64) {
	switch t := t.(type) {
	case *List:
		if t.Bounded {
			return t.Min, t.Max
		}
		return t.Min, -1
	case *sequence:
		return int64(len(t.elems)), int64(len(t.elems))
	case *Ref:
		if slices.Contains(t.Attrs, "nonempty") {
			return 1, -1
		}
	}
	return 0, -1
}

// solveList looks for a list.
func (s *solver) solveList(pos, neg []Type) (answer, int) {
	least, most := int64(0), int64(-1)
	for _, t := range pos {
		lo, hi := lengths(t)
		least = max(least, lo)
		if hi >= 0 && (most < 0 || hi < most) {
			most = hi
		}
		if l, ok := t.(*List); ok && l.Bounded && l.Max < 0 {
			return answer{}, noCut
		}
	}
	// Beside the bounds, as many more as neg has types are enough, each to differ in one element.
	starts := []int64{least}
	for _, t := range neg {
		lo, hi := lengths(t)
		starts = append(starts, lo)
		if hi >= 0 {
			starts = append(starts, hi+1)
		}
	}
	var sizes []int64
	for _, b := range starts {
		for i := range int64(len(neg)) + 1 {
			if n := b + i; n >= least && (most < 0 || n <= most) {
				sizes = append(sizes, n)
			}
		}
	}
	slices.Sort(sizes)
	res, low := answer{}, noCut
	for _, n := range slices.Compact(sizes) {
		a, l := s.listOf(n, pos, neg)
		if a.verdict == found {
			return a, noCut
		}
		res.verdict, low = max(res.verdict, a.verdict), min(low, l)
	}
	return res, low
}

// elemAt returns the type of the ith element of a list head, or nil where it is any.
func elemAt(t Type, i int) Type {
	switch t := t.(type) {
	case *List:
		return t.Elem
	case *sequence:
		return t.elems[i]
	}
	return nil
}

func (s *solver) listOf(n int64, pos, neg []Type) (answer, int) {
	if n > maxLength {
		return answer{verdict: unsure}, noCut
	}
	var applies []Type
	spelled := slices.ContainsFunc(pos, isSequence)
	for _, t := range neg {
		if lo, hi := lengths(t); n >= lo && (hi < 0 || n <= hi) && !negativeMax(t) {
			applies = append(applies, t)
			spelled = spelled || isSequence(t)
		}
	}
	// Elements are alike; those that need not differ stand at the end and are all the same.
	size := int(n)
	if !spelled {
		size = min(size, len(applies)+1)
	}
	cols := make([][]Type, size)
	for i := range cols {
		for _, t := range pos {
			if e := elemAt(t, i); e != nil {
				cols[i] = append(cols[i], e)
			}
		}
	}
	var rows [][]Type
	for _, t := range applies {
		row := make([]Type, size)
		for i := range row {
			if row[i] = elemAt(t, i); row[i] == nil {
				row[i] = anyType
			}
		}
		rows = append(rows, row)
	}
	vs, verdict, low := s.product(filled(cols), make([][]Type, size), rows)
	if verdict != found {
		return answer{verdict: verdict}, low
	}
	l := append(term.List{}, vs...)
	for int64(len(l)) < n {
		l = append(l, l[len(l)-1])
	}
	return answer{l, found}, noCut
}

func isSequence(t Type) bool {
	_, ok := t.(*sequence)
	return ok
}

// negativeMax reports whether a list type has no value because its greatest length is negative.
func negativeMax(t Type) bool {
	l, ok := t.(*List)
	return ok && l.Bounded && l.Max < 0
}
