package contract

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/kista-go/kista/term"
)

// A Mismatch says where a value departs from a type.
type Mismatch struct {
	// Type is the type as it stands in the contract, such as open().
	Type string
	// Path leads to the part of the value that is wrong: {2} is the second field of a tuple, [3] the third element of a list, counted
	// from 1. It is empty where the value itself is meant; of more than 100 steps it has the first, and "..." after them.
	Path string
	// Expected is the type of that part, as it stands in the contract. Meaning is what that name stands for in the end, where that is
	// something else.
	Expected, Meaning string
	// Seen is the part itself.
	Seen term.Term
	// Reason says what is wrong where type and value do not say it, such as the length of a list.
	Reason string

	depth int // how many steps Path has
}

// Error returns all of it on one line. Long values are cut.
func (m *Mismatch) Error() string { return "contract: the value is not " + m.reason() }

// reason is "open(): {3}: expected read | write, got execute".
func (m *Mismatch) reason() string {
	var b strings.Builder
	b.WriteString(m.Type)
	b.WriteString(": ")
	if m.Path != "" {
		b.WriteString(m.Path + ": ")
	}
	b.WriteString(m.Said())
	return b.String()
}

// Said returns what was expected at the path and what was seen there, without type and path.
func (m *Mismatch) Said() string {
	s := "expected " + m.Expected
	if m.Meaning != "" {
		s += ", which is " + m.Meaning
	}
	s += ", got " + show(m.Seen)
	if m.Reason != "" {
		s += " (" + m.Reason + ")"
	}
	return s
}

// show returns a value for a message: cut where it is long.
func show(v term.Term) string { return term.Printer{Strings: true, Limit: 80}.String(v) }

// closeness says how near a value comes to a type that it does not match.
type closeness int

const (
	otherKind closeness = iota // another kind of value
	sameKind                   // such as two tuples
	sameSize                   // tuples of as many fields
	sameTag                    // tuples with the same first field
)

// explainer finds where values depart from types.
type explainer struct {
	k   *Checker
	run run
	// path is where the explainer is, and level how many references lead there.
	path  []string
	level int
}

// explain says why v is not of type t.
func (k *Checker) explain(t Type, v term.Term) *Mismatch {
	e := &explainer{k: k, level: 1}
	m := e.descend(t, v)
	m.Type = TypeString(t)
	return m
}

// nearest explains why m is not of the type that it comes nearest to, or returns nil where it comes near none.
func (k *Checker) nearest(types []Type, m term.Term) *Mismatch {
	e := &explainer{k: k, level: 1}
	if t := e.nearest(types, m); t != nil {
		return k.explain(t, m)
	}
	if len(types) == 1 {
		return k.explain(types[0], m)
	}
	return nil
}

func (e *explainer) matches(t Type, v term.Term) bool {
	m := e.k.nodes[t]
	return m == nil || m(&e.run, v, e.level)
}

const tooLarge = "the fault lies further inside, in a value too deep or too large to be searched"

// spent reports whether explaining has taken so much work that what does not match may only have been cut short.
func (e *explainer) spent() bool { return e.run.steps >= maxSteps }

// pathOf returns the text of a path. Of a very long one it returns the beginning.
func pathOf(steps []string) string {
	const most = 100
	if len(steps) > most {
		return strings.Join(steps[:most], "") + "..."
	}
	return strings.Join(steps, "")
}

// at says that t is expected here.
func (e *explainer) at(t Type, v term.Term, reason string) *Mismatch {
	m := &Mismatch{Path: pathOf(e.path), depth: len(e.path), Expected: TypeString(t), Seen: v, Reason: reason}
	if ref, ok := t.(*Ref); ok {
		if d := e.end(ref); d != nil {
			m.Meaning = TypeString(d)
		}
	}
	return m
}

// end returns what a name stands for behind other names, or nil where it is defined by itself or predefined.
func (e *explainer) end(ref *Ref) Type {
	var last Type
	for range 10 {
		d := e.k.defs[ref.Name]
		if d == nil {
			return last
		}
		last = d.Type
		next, ok := d.Type.(*Ref)
		if !ok {
			return last
		}
		ref = next
	}
	return last
}

// descend finds the part of v that is not as t says. v is not of type t.
func (e *explainer) descend(t Type, v term.Term) *Mismatch {
	inner := e.part(t, v)
	if inner != nil {
		return inner
	}
	return e.at(t, v, "")
}

// part explains a part of v, or returns nil where v itself is wrong.
func (e *explainer) part(t Type, v term.Term) *Mismatch {
	switch t := t.(type) {
	case *Ref:
		return e.ref(t, v)
	case *Alt:
		if best := e.nearest(t.Alts, v); best != nil {
			return e.part(best, v)
		}
	case *Tuple:
		return e.tuple(t, t.Fields, nil, v)
	case *Record:
		return e.record(t, v)
	case *List:
		return e.list(t, v)
	}
	return nil
}

func (e *explainer) ref(t *Ref, v term.Term) *Mismatch {
	if e.level >= maxLevel {
		return e.at(t, v, "the value is nested too deep: "+strconv.Itoa(maxLevel)+" named types")
	}
	d := e.k.defs[t.Name]
	if d == nil {
		return nil
	}
	e.level++
	m := e.part(d.Type, v)
	if m != nil && m.depth == len(e.path) && m.Meaning == "" {
		m.Expected, m.Meaning = TypeString(t), m.Expected
	}
	e.level--
	return m
}

func (e *explainer) tuple(t Type, fields []Type, names []string, v term.Term) *Mismatch {
	tu, ok := v.(term.Tuple)
	switch {
	case !ok:
		return nil
	case len(tu) != len(fields):
		return e.at(t, v, fmt.Sprintf("%s instead of %d", count(len(tu), "field"), len(fields)))
	}
	for i, f := range fields {
		if e.matches(f, tu[i]) {
			continue
		}
		if e.spent() {
			return e.at(t, v, tooLarge)
		}
		m := e.under("{"+strconv.Itoa(i+1)+"}", f, tu[i])
		if names != nil && names[i] != "" && m.Reason == "" {
			m.Reason = "in the field " + quoteAtom(names[i]) + " of the record"
		}
		return m
	}
	return nil
}

// under explains a part at a step further down.
func (e *explainer) under(step string, t Type, v term.Term) *Mismatch {
	e.path = append(e.path, step)
	m := e.descend(t, v)
	e.path = e.path[:len(e.path)-1]
	return m
}

func (e *explainer) record(t *Record, v term.Term) *Mismatch {
	names := []string{""}
	if t.Extended {
		names = append(names, "$fields", "$extra")
	}
	for _, f := range t.Fields {
		names = append(names, f.Name)
	}
	return e.tuple(t, e.k.records[t], names, v)
}

func (e *explainer) list(t *List, v term.Term) *Mismatch {
	l, ok := listOf(v)
	if !ok {
		if _, improper := v.(term.Improper); improper {
			return e.at(t, v, "the list does not end in []")
		}
		return nil
	}
	if n := int64(len(l)); n < t.Min || t.Bounded && n > t.Max {
		return e.at(t, v, count(len(l), "element"))
	}
	for i, el := range l {
		if !e.matches(t.Elem, el) {
			if e.spent() {
				return e.at(t, v, tooLarge)
			}
			return e.under("["+strconv.Itoa(i+1)+"]", t.Elem, el)
		}
	}
	return nil
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// nearest returns the alternative that v comes nearest to, or nil where none stands out.
func (e *explainer) nearest(alts []Type, v term.Term) Type {
	var best Type
	most, depth := sameKind, 0
	for _, a := range alts {
		c := e.close(a, v, 0)
		if c < most || c == sameKind {
			continue
		}
		d := e.fieldsRight(a, v, 0)
		if c > most || d > depth {
			best, most, depth = a, c, d
		} else if d == depth && c == most {
			if c < sameTag {
				best = nil // two come as near
			}
		}
	}
	return best
}

// close says how near v comes to t.
func (e *explainer) close(t Type, v term.Term, deep int) closeness {
	const deepest = 20
	tu, isTuple := v.(term.Tuple)
	switch t := t.(type) {
	case *Ref:
		if d := e.k.defs[t.Name]; d != nil && deep < deepest {
			return e.close(d.Type, v, deep+1)
		}
		if t.Name == "tuple" && isTuple {
			return sameKind
		}
	case *Alt:
		most := otherKind
		for _, a := range t.Alts {
			most = max(most, e.close(a, v, deep))
		}
		return most
	case *Tuple:
		return e.closeTuple(t.Fields, tu, isTuple)
	case *Record:
		return e.closeTuple(e.k.records[t], tu, isTuple)
	case *List:
		if _, ok := listOf(v); ok {
			return sameSize
		}
	}
	return otherKind
}

func (e *explainer) closeTuple(fields []Type, tu term.Tuple, isTuple bool) closeness {
	if !isTuple {
		return otherKind
	}
	tagged := false
	if len(fields) > 0 && len(tu) > 0 {
		_, tagged = fields[0].(*Literal)
		tagged = tagged && e.matches(fields[0], tu[0])
	}
	switch {
	case tagged:
		return sameTag
	case len(fields) == len(tu):
		return sameSize
	}
	return sameKind
}

// fieldsRight returns how many fields of v are as t says before the first that is not; one more where their number is right.
func (e *explainer) fieldsRight(t Type, v term.Term, deep int) int {
	const deepest = 20
	switch t := t.(type) {
	case *Ref:
		if d := e.k.defs[t.Name]; d != nil && deep < deepest {
			return e.fieldsRight(d.Type, v, deep+1)
		}
	case *Alt:
		most := 0
		for _, a := range t.Alts {
			most = max(most, e.fieldsRight(a, v, deep))
		}
		return most
	case *Tuple:
		return e.countRight(t.Fields, v)
	case *Record:
		return e.countRight(e.k.records[t], v)
	}
	return 0
}

func (e *explainer) countRight(fields []Type, v term.Term) int {
	tu, ok := v.(term.Tuple)
	if !ok {
		return 0
	}
	n := 0
	for n < min(len(fields), len(tu)) && e.matches(fields[n], tu[n]) {
		n++
	}
	if len(fields) == len(tu) {
		n++
	}
	return n
}
