package contract

import (
	"slices"

	"github.com/kista-go/kista/term"
)

const (
	// maxLevel is the number of nested references that a value must need fewer of than this.
	maxLevel = 10_010
	// maxSteps bounds the references that the check of one value follows. Alternatives that begin alike can need a
	// number that doubles with each level of the value.
	maxSteps = 4_000_000
)

// matcher reports whether v is of a type. level is how many references lead here, this one included.
type matcher func(r *run, v term.Term, level int) bool

// run is what one check counts.
type run struct{ steps int }

// compiler makes matchers. Those of named types are found through a slot, since types may be recursive.
type compiler struct {
	defs  map[string]*TypeDef
	slots map[string]*matcher
	nodes map[Type]matcher
	// records holds the types of the fields of records' tuples.
	records map[*Record][]Type
	bare    map[string]bool // see bareRecursion
}

func newCompiler(defs map[string]*TypeDef) *compiler {
	return &compiler{defs: defs, slots: map[string]*matcher{}, nodes: map[Type]matcher{}, records: map[*Record][]Type{}}
}

// compile returns the matcher of t.
func (k *compiler) compile(t Type) matcher {
	if m := k.nodes[t]; m != nil {
		return m
	}
	m := k.make(t)
	k.nodes[t] = m
	return m
}

func (k *compiler) compileAll(ts []Type) []matcher {
	ms := make([]matcher, len(ts))
	for i, t := range ts {
		ms[i] = k.compile(t)
	}
	return ms
}

func (k *compiler) make(t Type) matcher {
	switch t := t.(type) {
	case *Ref:
		return k.ref(t)
	case *Alt:
		return k.alt(t)
	case *Tuple:
		return tupleMatcher(k.compileAll(t.Fields))
	case *List:
		return k.list(t)
	case *Range:
		return rangeMatcher(t)
	case *Literal:
		return literalMatcher(t)
	case *Record:
		return k.record(t)
	case *sequence:
		return k.sequence(t)
	}
	return func(*run, term.Term, int) bool { return false }
}

// ref counts a level. The level is looked at before anything else, as UBF 2.x does.
func (k *compiler) ref(t *Ref) matcher {
	m := k.named(t)
	if !t.Optional {
		return m
	}
	return func(r *run, v term.Term, level int) bool {
		return v == term.Term(undefined) && level < maxLevel || m(r, v, level)
	}
}

const undefined term.Atom = "undefined"

func (k *compiler) named(t *Ref) matcher {
	if Predefined(t.Name) {
		m := predefinedMatcher(t.Name, t.Attrs)
		return func(_ *run, v term.Term, level int) bool { return level < maxLevel && m(v) }
	}
	slot := k.slot(t.Name)
	return func(r *run, v term.Term, level int) bool {
		r.steps++
		return level < maxLevel && r.steps < maxSteps && (*slot)(r, v, level+1)
	}
}

// slot returns the place of a named type's matcher, which may be empty still.
func (k *compiler) slot(name string) *matcher {
	slot := k.slots[name]
	if slot == nil {
		slot = new(matcher)
		k.slots[name] = slot
		if k.bare == nil {
			k.bare = bareRecursion(k.defs)
		}
		if k.bare[name] {
			*slot = firstOf(k.compileAll(flatten(k.defs, nil, &Ref{Name: name}, map[string]bool{})))
		} else {
			*slot = k.compile(k.defs[name].Type)
		}
	}
	return slot
}

// bareRecursion returns the names that lead back to themselves, or to such a name, without a tuple or list between, as in
// a() :: a() | b(). Followed step by step they would be tried again and again on one value.
func bareRecursion(defs map[string]*TypeDef) map[string]bool {
	bare, users, left := map[string]bool{}, map[string][]string{}, map[string]int{}
	var done []string
	for name, d := range defs {
		bare[name] = true
		for _, used := range bareNames(nil, d.Type) {
			if defs[used] != nil {
				users[used] = append(users[used], name)
				left[name]++
			}
		}
		if left[name] == 0 {
			done = append(done, name)
		}
	}
	for ; len(done) > 0; done = done[1:] {
		delete(bare, done[0])
		for _, u := range users[done[0]] {
			if left[u]--; left[u] == 0 {
				done = append(done, u)
			}
		}
	}
	return bare
}

// bareNames appends the names that t itself may be.
func bareNames(names []string, t Type) []string {
	switch t := t.(type) {
	case *Ref:
		names = append(names, t.Name)
	case *Alt:
		for _, a := range t.Alts {
			names = bareNames(names, a)
		}
	}
	return names
}

// alt tries alternatives in their order. Atoms alone are looked up.
func (k *compiler) alt(t *Alt) matcher {
	var atoms []term.Atom
	for _, a := range t.Alts {
		if l, ok := a.(*Literal); ok {
			if a, ok := l.Value.(term.Atom); ok {
				atoms = append(atoms, a)
			}
		}
	}
	if len(atoms) == len(t.Alts) {
		return atomsMatcher(atoms)
	}
	return firstOf(k.compileAll(t.Alts))
}

// firstOf tries alternatives in their order.
func firstOf(alts []matcher) matcher {
	return func(r *run, v term.Term, level int) bool {
		for _, m := range alts {
			if m(r, v, level) {
				return true
			}
		}
		return false
	}
}

func atomsMatcher(atoms []term.Atom) matcher {
	const few = 8
	if len(atoms) <= few {
		return func(_ *run, v term.Term, _ int) bool {
			a, ok := atomOf(v)
			return ok && slices.Contains(atoms, a)
		}
	}
	set := map[term.Atom]bool{}
	for _, a := range atoms {
		set[a] = true
	}
	return func(_ *run, v term.Term, _ int) bool {
		a, ok := atomOf(v)
		return ok && set[a]
	}
}

func tupleMatcher(fields []matcher) matcher {
	return func(r *run, v term.Term, level int) bool {
		t, ok := v.(term.Tuple)
		if !ok || len(t) != len(fields) {
			return false
		}
		for i, m := range fields {
			if !m(r, t[i], level) {
				return false
			}
		}
		return true
	}
}

// sequence compares element by element.
func (k *compiler) sequence(t *sequence) matcher {
	elems := k.compileAll(t.elems)
	return func(r *run, v term.Term, level int) bool {
		l, ok := listOf(v)
		if !ok || len(l) != len(elems) {
			return false
		}
		for i, m := range elems {
			if !m(r, l[i], level) {
				return false
			}
		}
		return true
	}
}

// record is the tuple that stands for it.
func (k *compiler) record(t *Record) matcher {
	k.records[t] = recordFields(t)
	return tupleMatcher(k.compileAll(k.records[t]))
}

// recordFields returns the types of the fields of a record's tuple, in a tree that is made anew.
func recordFields(t *Record) []Type {
	fields := []Type{&Literal{Pos: t.Pos, Value: term.Atom(t.Name)}}
	if t.Extended {
		names := &Tuple{Pos: t.Pos, Fields: []Type{&Literal{Value: term.Atom("$fields")}, &Literal{Value: term.Atom("$extra")}}}
		for _, f := range t.Fields {
			names.Fields = append(names.Fields, &Literal{Value: term.Atom(f.Name)})
		}
		fields = append(fields, &Alt{Pos: t.Pos, Alts: []Type{&Literal{Value: undefined}, names}}, &Ref{Pos: t.Pos, Name: "any"})
	}
	for _, f := range t.Fields {
		fields = append(fields, f.Type)
	}
	return fields
}

func (k *compiler) list(t *List) matcher {
	least, most := t.Min, t.Max
	fits := func(l term.List) bool {
		n := int64(len(l))
		return n >= least && (!t.Bounded || n <= most)
	}
	if t.Elem == nil {
		return func(_ *run, v term.Term, _ int) bool {
			l, ok := listOf(v)
			return ok && fits(l)
		}
	}
	elem := k.compile(t.Elem) // also where it is not asked below: whoever explains a mismatch asks it
	if lo, hi, refs, ok := k.smallRange(t.Elem, 0); ok {
		return func(_ *run, v term.Term, level int) bool {
			l, ok := listOf(v)
			return ok && fits(l) && (len(l) == 0 || level+refs <= maxLevel) && allWithin(l, lo, hi)
		}
	}
	return func(r *run, v term.Term, level int) bool {
		l, ok := listOf(v)
		if !ok || !fits(l) {
			return false
		}
		for _, e := range l {
			if !elem(r, e, level) {
				return false
			}
		}
		return true
	}
}

// listOf returns v as a proper list.
func listOf(v term.Term) (term.List, bool) {
	switch l := v.(type) {
	case term.List:
		return l, true
	case term.Improper:
		p, ok := term.Canonical(l).(term.List)
		return p, ok
	}
	return nil, false
}

// smallRange finds out whether t is, behind any number of names, a closed range of int64: that of strings is.
func (k *compiler) smallRange(t Type, refs int) (lo, hi int64, _ int, ok bool) {
	const farEnough = 10
	switch t := t.(type) {
	case *Ref:
		if d := k.defs[t.Name]; d != nil && !t.Optional && refs < farEnough {
			return k.smallRange(d.Type, refs+1)
		}
	case *Range:
		if t.Lo != nil && t.Hi != nil && t.Lo.IsInt64() && t.Hi.IsInt64() {
			return t.Lo.Int64(), t.Hi.Int64(), refs, true
		}
	}
	return 0, 0, 0, false
}

func allWithin(l term.List, lo, hi int64) bool {
	for _, e := range l {
		n, ok := e.(int64)
		if !ok {
			if n, ok = term.Canonical(e).(int64); !ok {
				return false
			}
		}
		if n < lo || n > hi {
			return false
		}
	}
	return true
}
