package contract

import (
	"math/big"
	"slices"
	"strings"

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
		*slot = k.compile(k.defs[name].Type)
	}
	return slot
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
	alts := k.compileAll(t.Alts)
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

// record is the tuple that stands for it.
func (k *compiler) record(t *Record) matcher {
	return tupleMatcher(k.compileAll(recordFields(t)))
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
	if lo, hi, refs, ok := k.smallRange(t.Elem, 0); ok {
		return func(_ *run, v term.Term, level int) bool {
			l, ok := listOf(v)
			return ok && fits(l) && (len(l) == 0 || level+refs <= maxLevel) && allWithin(l, lo, hi)
		}
	}
	elem := k.compile(t.Elem)
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

func rangeMatcher(t *Range) matcher {
	small := func(n *big.Int) bool { return n == nil || n.IsInt64() }
	if !small(t.Lo) || !small(t.Hi) {
		return func(_ *run, v term.Term, _ int) bool { return isInteger(v) && within(bigOf(v), t) }
	}
	lo, hi, open := int64(-1<<63), int64(1<<63-1), t.Lo == nil || t.Hi == nil
	if t.Lo != nil {
		lo = t.Lo.Int64()
	}
	if t.Hi != nil {
		hi = t.Hi.Int64()
	}
	return func(_ *run, v term.Term, _ int) bool {
		n, ok := v.(int64)
		if !ok {
			if n, ok = term.Canonical(v).(int64); !ok {
				return open && isInteger(v) && within(bigOf(v), t)
			}
		}
		return lo <= n && n <= hi
	}
}

// within reports whether n lies in the range.
func within(n *big.Int, t *Range) bool {
	return (t.Lo == nil || n.Cmp(t.Lo) >= 0) && (t.Hi == nil || n.Cmp(t.Hi) <= 0)
}

func bigOf(v term.Term) *big.Int { return bigInt(term.Canonical(v)) }

func isInteger(v term.Term) bool {
	switch v := v.(type) {
	case int64:
		return true
	case *big.Int:
		return v != nil
	}
	switch term.Canonical(v).(type) {
	case int64, *big.Int:
		return true
	}
	return false
}

// atomOf returns v as an atom.
func atomOf(v term.Term) (term.Atom, bool) {
	if a, ok := v.(term.Atom); ok {
		return a, true
	}
	if b, ok := v.(bool); ok {
		if b {
			return "true", true
		}
		return "false", true
	}
	return "", false
}

func literalMatcher(t *Literal) matcher {
	switch want := t.Value.(type) {
	case term.Atom:
		return func(_ *run, v term.Term, _ int) bool {
			a, ok := atomOf(v)
			return ok && a == want
		}
	case term.Binary:
		return func(_ *run, v term.Term, _ int) bool { return v == term.Term(want) }
	case float64:
		return func(_ *run, v term.Term, _ int) bool {
			f, ok := term.Canonical(v).(float64)
			return ok && f == want
		}
	case term.Tuple:
		text := make([]byte, 0, len(want[1].(term.List)))
		for _, c := range want[1].(term.List) {
			text = append(text, byte(c.(int64)))
		}
		return textMatcher(string(text))
	case *big.Int:
		return func(_ *run, v term.Term, _ int) bool { return isInteger(v) && bigOf(v).Cmp(want) == 0 }
	case int64:
		return func(_ *run, v term.Term, _ int) bool {
			n, ok := v.(int64)
			if !ok {
				n, ok = term.Canonical(v).(int64)
			}
			return ok && n == want
		}
	}
	return func(*run, term.Term, int) bool { return false }
}

// textMatcher matches the UBF string of those bytes.
func textMatcher(text string) matcher {
	return func(_ *run, v term.Term, _ int) bool {
		t, ok := v.(term.Tuple)
		if !ok || len(t) != 2 || t[0] != term.Term(term.Atom("#S")) {
			return false
		}
		l, ok := listOf(t[1])
		if !ok || len(l) != len(text) {
			return false
		}
		for i, e := range l {
			if n, ok := term.Canonical(e).(int64); !ok || n != int64(text[i]) {
				return false
			}
		}
		return true
	}
}

// predefinedMatcher returns the test for a predefined type and its attributes.
func predefinedMatcher(name string, attrs []string) func(term.Term) bool {
	tests := make([]func(term.Term) bool, len(attrs))
	for i, a := range attrs {
		tests[i] = attributeTests[a]
	}
	is := predefinedTests[name]
	if len(tests) == 0 {
		return is
	}
	return func(v term.Term) bool {
		if !is(v) {
			return false
		}
		for _, test := range tests {
			if !test(v) {
				return false
			}
		}
		return true
	}
}

var predefinedTests = map[string]func(term.Term) bool{
	"any":     func(term.Term) bool { return true },
	"none":    func(term.Term) bool { return true },
	"integer": isInteger,
	"atom": func(v term.Term) bool {
		_, ok := atomOf(v)
		return ok
	},
	"binary": func(v term.Term) bool {
		_, ok := v.(term.Binary)
		return ok
	},
	"float": func(v term.Term) bool {
		_, ok := term.Canonical(v).(float64)
		return ok
	},
	"list": func(v term.Term) bool {
		switch v.(type) {
		case term.List, term.Improper:
			return true
		}
		return false
	},
	"tuple": func(v term.Term) bool {
		_, ok := v.(term.Tuple)
		return ok
	},
}

var attributeTests = map[string]func(term.Term) bool{
	"ascii":          func(v term.Term) bool { return allBytes(v, 0, 127) },
	"asciiprintable": func(v term.Term) bool { return allBytes(v, 32, 126) },
	"nonundefined":   func(v term.Term) bool { return v != term.Term(undefined) },
	"nonempty": func(v term.Term) bool {
		switch v := v.(type) {
		case term.Atom:
			return v != ""
		case term.Binary:
			return v != ""
		case term.List:
			return len(v) > 0
		case term.Tuple:
			return len(v) > 0
		}
		return true
	},
}

// allBytes reports whether the text of an atom or binary is of such bytes only.
func allBytes(v term.Term, lo, hi byte) bool {
	var s string
	switch v := v.(type) {
	case term.Binary:
		s = string(v)
	default:
		a, _ := atomOf(v)
		s = string(a)
	}
	return strings.IndexFunc(s, func(r rune) bool { return r < rune(lo) || r > rune(hi) }) < 0
}
