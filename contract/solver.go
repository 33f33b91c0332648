package contract

import (
	"math"
	"slices"
	"strings"

	"github.com/kista-go/kista/term"
)

// A solver looks for values: such as are of every type of one list and of no type of another. With it one finds out whether a type
// has values (of T), whether two overlap (of A and B), and whether one contains the other (of A, not of B), each with an example.
//
// It decides by induction on the size of values: the smallest value of a goal has no part that is looked for by the same goal. What
// UBF cannot write (processes, maps, improper lists) is no value here.
type solver struct {
	defs map[string]*TypeDef
	comp *compiler
	run  run
	memo map[string]answer
	path map[string]int // goals in progress, by how deep they are
	work int            // of the question that is being answered
	all  int            // of all questions
	made map[Type]Type  // what stands for records and strings
}

// answer is what a goal has come to.
type answer struct {
	value   term.Term
	verdict verdict
}

type verdict int

const (
	noValue verdict = iota
	found
	unsure // it takes too long
)

const (
	maxWork   = 20_000  // for one question
	maxAll    = 500_000 // for all questions to one solver
	wide      = 1000    // so many columns or alternatives are a piece of work more
	noCut     = math.MaxInt
	maxLength = 10_000 // of a list made up
	maxSize   = 20_000 // of a value made up, with all its parts
)

func newSolver(c *Contract) *solver { return solverOf(c.definitions()) }

func solverOf(defs map[string]*TypeDef) *solver {
	return &solver{
		defs: defs,
		comp: newCompiler(defs),
		memo: map[string]answer{}, path: map[string]int{}, made: map[Type]Type{},
	}
}

// find returns a value of all types of pos and of none of neg. Each question may take the same amount of work.
func (s *solver) find(pos, neg []Type) (term.Term, verdict) {
	s.work = 0
	a, _ := s.goal(pos, neg)
	return a.value, a.verdict
}

// may counts a piece of work, and reports whether it may be done.
func (s *solver) may() bool {
	s.work++
	s.all++
	return s.work <= maxWork && s.all <= maxAll
}

// sizeOf counts a value and its parts, up to one more than most: parts may be shared, and be many more than there is memory.
func sizeOf(v term.Term, most int) int {
	var parts []term.Term
	switch v := v.(type) {
	case term.Tuple:
		parts = v
	case term.List:
		parts = v
	}
	n := 1
	for _, p := range parts {
		if n > most {
			break
		}
		n += sizeOf(p, most-n)
	}
	return n
}

// is reports whether v is of type t.
func (s *solver) is(t Type, v term.Term) bool {
	s.run.steps = 0
	return s.comp.compile(t)(&s.run, v, 1)
}

func texts(ts []Type) []string {
	list := make([]string, len(ts))
	for i, t := range ts {
		list[i] = TypeString(t)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// goal is find within a search. low is how deep the outermost goal lies that was cut short because it is in progress.
func (s *solver) goal(pos, neg []Type) (a answer, low int) {
	ps, ns := texts(pos), texts(neg)
	for _, p := range ps {
		if slices.Contains(ns, p) {
			return answer{}, noCut
		}
	}
	key := strings.Join(ps, " & ") + " - " + strings.Join(ns, " - ")
	if a, ok := s.memo[key]; ok {
		return a, noCut
	}
	if depth, ok := s.path[key]; ok {
		return answer{}, depth
	}
	if !s.may() {
		return answer{verdict: unsure}, noCut
	}
	depth := len(s.path)
	s.path[key] = depth
	var negs []Type
	for _, n := range neg {
		negs = append(negs, s.heads(n)...)
	}
	a, low = s.choose(nil, pos, negs)
	delete(s.path, key)
	large := a.verdict == found && sizeOf(a.value, maxSize) > maxSize
	if large {
		a = answer{verdict: unsure} // whoever looks at it would be busy for long
	}
	if low >= depth {
		low = noCut
	}
	if a.verdict == found || large || a.verdict == noValue && low == noCut {
		s.memo[key] = a
	}
	return a, low
}

// choose takes one alternative of each type that is left, until there is a value.
func (s *solver) choose(chosen, left, neg []Type) (answer, int) {
	if len(left) == 0 {
		return s.solve(chosen, neg)
	}
	return s.first(s.heads(left[0]), func(h Type) (answer, int) {
		return s.choose(append(slices.Clip(chosen), h), left[1:], neg)
	})
}

// first returns the first answer with a value.
func (s *solver) first(ts []Type, try func(Type) (answer, int)) (answer, int) {
	res, low := answer{}, noCut
	for _, t := range ts {
		a, l := try(t)
		if a.verdict == found {
			return a, noCut
		}
		res.verdict, low = max(res.verdict, a.verdict), min(low, l)
	}
	return res, low
}

// heads returns the alternatives of t, names resolved: each a predefined type, a literal, a range, a list or a tuple.
func (s *solver) heads(t Type) []Type {
	hs := flatten(s.defs, nil, t, map[string]bool{})
	for i, h := range hs {
		switch h := h.(type) {
		case *Record:
			hs[i] = s.once(h, func() Type { return &Tuple{Fields: recordFields(h)} })
		case *Literal:
			if h.Text {
				hs[i] = s.once(h, func() Type { return spelled(h) })
			}
		}
	}
	return hs
}

// flatten appends the alternatives of t to hs, names resolved. A name that is met again adds nothing.
func flatten(defs map[string]*TypeDef, hs []Type, t Type, seen map[string]bool) []Type {
	switch t := t.(type) {
	case *Alt:
		for _, a := range t.Alts {
			hs = flatten(defs, hs, a, seen)
		}
		return hs
	case *Ref:
		if t.Optional {
			hs = append(hs, &Literal{Value: undefined})
		}
		d := defs[t.Name]
		switch {
		case Predefined(t.Name):
			return append(hs, &Ref{Name: t.Name, Attrs: t.Attrs})
		case d == nil || seen[t.Name]:
			return hs
		}
		seen[t.Name] = true
		return flatten(defs, hs, d.Type, seen)
	}
	return append(hs, t)
}

// once returns what stands for t, the same tree each time.
func (s *solver) once(t Type, build func() Type) Type {
	if s.made[t] == nil {
		s.made[t] = build()
	}
	return s.made[t]
}

// spelled returns the tuple type that has a string as its only value. Its list type is one of exactly these elements.
func spelled(t *Literal) Type {
	seq := &Tuple{}
	for _, c := range t.Value.(term.Tuple)[1].(term.List) {
		seq.Fields = append(seq.Fields, &Literal{Value: c})
	}
	return &Tuple{Fields: []Type{&Literal{Value: term.Atom("#S")}, &sequence{seq.Fields}}}
}

// sequence is the type of the lists with exactly those elements. No contract can say it.
type sequence struct{ elems []Type }

// Position returns no place.
func (*sequence) Position() Pos { return Pos{} }
func (*sequence) isType()       {}

// valueKind is a kind of values that differ from all others.
type valueKind int

const (
	anAtom valueKind = iota
	anInteger
	aTuple
	aList
	aBinary
	aFloat
)

var allKinds = []valueKind{anAtom, anInteger, aTuple, aList, aBinary, aFloat}

// hasKind reports whether a head has values of kind k.
func hasKind(t Type, k valueKind) bool {
	switch t := t.(type) {
	case *Ref:
		switch t.Name {
		case "atom":
			return k == anAtom
		case "integer":
			return k == anInteger
		case "tuple":
			return k == aTuple
		case "list":
			return k == aList
		case "binary":
			return k == aBinary
		case "float":
			return k == aFloat
		}
		return true
	case *Tuple:
		return k == aTuple
	case *List, *sequence:
		return k == aList
	case *Range:
		return k == anInteger
	case *Literal:
		switch t.Value.(type) {
		case term.Atom:
			return k == anAtom
		case term.Binary:
			return k == aBinary
		case float64:
			return k == aFloat
		}
		return k == anInteger
	}
	return false
}

// solve looks for a value of all heads of pos and none of neg, kind by kind.
func (s *solver) solve(pos, neg []Type) (answer, int) {
	s.work += len(neg) / wide
	if !s.may() {
		return answer{verdict: unsure}, noCut
	}
	res, low := answer{}, noCut
	for _, k := range allKinds {
		lacks := func(t Type) bool { return !hasKind(t, k) }
		if slices.ContainsFunc(pos, lacks) {
			continue
		}
		a, l := s.solveKind(k, pos, slices.DeleteFunc(slices.Clone(neg), lacks))
		if a.verdict == found {
			return a, noCut
		}
		res.verdict, low = max(res.verdict, a.verdict), min(low, l)
	}
	return res, low
}

func (s *solver) solveKind(k valueKind, pos, neg []Type) (answer, int) {
	switch k {
	case aTuple:
		return s.solveTuple(pos, neg)
	case aList:
		return s.solveList(pos, neg)
	}
	for _, v := range candidates(k, pos, neg) {
		fits := !slices.ContainsFunc(pos, func(t Type) bool { return !s.is(t, v) }) &&
			!slices.ContainsFunc(neg, func(t Type) bool { return s.is(t, v) })
		if fits {
			return answer{v, found}, noCut
		}
	}
	return answer{}, noCut
}

// anyType is the type of all values, for parts that nothing is said about.
var anyType Type = &Ref{Name: "any"}

// product looks for values for columns: each of all types of cols[i], none of nots[i]; and for each row of rows at least
// one must differ from the row's type in its column.
func (s *solver) product(cols, nots, rows [][]Type) ([]term.Term, verdict, int) {
	if s.work += len(cols) / wide; s.work > maxWork {
		return nil, unsure, noCut
	}
	vs := make([]term.Term, len(cols))
	verdict, low := found, noCut
	for i := range cols {
		a, l := s.goal(cols[i], nots[i])
		low = min(low, l)
		if a.verdict == noValue {
			return nil, noValue, low
		}
		verdict, vs[i] = max(verdict, a.verdict), a.value
	}
	if verdict != found {
		return nil, unsure, low
	}
	hit := slices.IndexFunc(rows, func(row []Type) bool {
		for i, t := range row {
			if !s.is(t, vs[i]) {
				return false
			}
		}
		return true
	})
	if hit < 0 {
		return vs, found, noCut
	}
	rest := slices.Delete(slices.Clone(rows), hit, hit+1)
	worst := noValue
	for i := range cols {
		narrowed := slices.Clone(nots)
		narrowed[i] = append(slices.Clip(nots[i]), rows[hit][i])
		vs, v, l := s.product(cols, narrowed, rest)
		if v == found {
			return vs, found, noCut
		}
		worst, low = max(worst, v), min(low, l)
	}
	return nil, worst, low
}
