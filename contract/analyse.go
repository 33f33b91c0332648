package contract

import (
	"fmt"
	"strings"

	"github.com/kista-go/kista/term"
)

// Analyse returns what is legal in a contract and hardly meant, as warnings in the order of the file: states that nobody reaches or
// leaves, requests of one state that one value can be, rules that never apply, types without values, messages in shapes that UBF(C)
// uses itself, defaults that are not of their field's type. The codes of warnings say more. Questions about types are
// decided exactly, with an example where there is one; where that would take too long nothing is said.
func Analyse(c *Contract) []Diagnostic {
	a := &analyser{c: c, s: newSolver(c)}
	a.reachable()
	a.deadEnds()
	for _, s := range c.States {
		a.overlaps(s.Rules)
		a.hidden(s)
	}
	a.overlaps(c.AnyState)
	a.reserved()
	for _, d := range c.Types {
		a.typeDef(d)
	}
	return a.diags.sorted()
}

type analyser struct {
	c     *Contract
	s     *solver
	diags diagnostics
}

func (a *analyser) warn(pos Pos, code Code, text, message, hint string) {
	a.diags = append(a.diags, Diagnostic{
		File: a.c.File, Pos: pos, Severity: Warning, Code: code, Text: text, Message: message, Hint: hint,
	})
}

// edges returns the states that follow a state.
func (c *Contract) edges(s *State) []term.Atom {
	var next []term.Atom
	for _, r := range s.Rules {
		for _, o := range r.Outcomes {
			next = append(next, o.Next)
		}
	}
	return next
}

// from returns the states that can be reached from one.
func (c *Contract) from(state term.Atom) map[term.Atom]bool {
	seen := map[term.Atom]bool{state: true}
	for todo := []term.Atom{state}; len(todo) > 0; {
		s := c.State(todo[0])
		todo = todo[1:]
		if s == nil {
			continue
		}
		for _, next := range c.edges(s) {
			if !seen[next] {
				seen[next] = true
				todo = append(todo, next)
			}
		}
	}
	return seen
}

func (a *analyser) reachable() {
	reached := a.c.from(a.c.Initial())
	for _, s := range a.c.States {
		if !reached[s.Name] {
			name := quoteAtom(string(s.Name))
			a.warn(s.Pos, CodeUnreachableState, string(s.Name),
				"no conversation that begins in "+quoteAtom(string(a.c.Initial()))+" reaches the state "+name,
				"it is only good for a server that accepts clients there")
		}
	}
}

// deadEnds looks for states without a way to stop. Where no state has one, it is said once.
func (a *analyser) deadEnds() {
	before := map[term.Atom][]term.Atom{} // the states that lead to one
	for _, s := range a.c.States {
		for _, next := range a.c.edges(s) {
			before[next] = append(before[next], s.Name)
		}
	}
	alive := map[term.Atom]bool{Stop: true}
	for todo := []term.Atom{Stop}; len(todo) > 0; todo = todo[1:] {
		for _, s := range before[todo[0]] {
			if !alive[s] {
				alive[s] = true
				todo = append(todo, s)
			}
		}
	}
	var dead []*State
	for _, s := range a.c.States {
		if !alive[s.Name] {
			dead = append(dead, s)
		}
	}
	if len(dead) > 0 && len(dead) == len(a.c.States) {
		a.warn(dead[0].Pos, CodeDeadEnd, string(dead[0].Name), "no state leads to stop", "a session ends only when a side leaves")
		return
	}
	for _, s := range dead {
		a.warn(s.Pos, CodeDeadEnd, string(s.Name), "no way leads from the state "+quoteAtom(string(s.Name))+" to stop", "")
	}
}

// overlaps looks for two requests that one value can be, and for an outcome that stands twice.
func (a *analyser) overlaps(rules []*Rule) {
	for i, r := range rules {
		seen := map[string]bool{}
		for _, o := range r.Outcomes {
			text := o.String()
			if seen[text] {
				a.warn(o.Pos, CodeOverlap, text, "the outcome "+text+" stands twice", "")
			}
			seen[text] = true
		}
		for _, q := range rules[:i] {
			if q.Kind != Request || r.Kind != Request {
				continue
			}
			if v, verdict := a.s.find([]Type{q.Message, r.Message}, nil); verdict == found {
				a.warn(r.Pos, CodeOverlap, TypeString(r.Message), fmt.Sprintf("the request %s can be %s too, in line %d, as %s is",
					TypeString(r.Message), TypeString(q.Message), q.Pos.Line, show(v)), "it may then end as either says")
			}
		}
	}
}

// hidden looks for rules for every state that never apply in a state.
func (a *analyser) hidden(s *State) {
	for _, r := range a.c.AnyState {
		if r.Kind != Request {
			continue
		}
		for _, own := range s.Rules {
			if own.Kind != Request {
				continue
			}
			if v, verdict := a.s.find([]Type{r.Message, own.Message}, nil); verdict == found {
				a.warn(own.Pos, CodeHidden, TypeString(own.Message), fmt.Sprintf("this rule of the state %s hides the rule %s for every state, for %s",
					quoteAtom(string(s.Name)), r, show(v)), "a rule for every state counts only where no rule of the state does")
			}
		}
	}
}

// reserved looks for messages that UBF(C) would take for its own.
func (a *analyser) reserved() {
	for r := range a.c.rules() {
		if r.Kind == Request {
			a.reservedIn(r.Message, map[string]int{"contract": 0, "event_in": 2, "event_out": 2})
		}
		for _, o := range r.Outcomes {
			a.reservedIn(o.Reply, map[string]int{
				"contract": 0, "event_in": 0, "event_out": 0, "clientBrokeContract": 3, "serverBrokeContract": 3,
			})
			a.reservedIn(o.Reply, map[string]int{"event_in": 2, "event_out": 2})
		}
	}
}

// reservedIn looks for the given tags, each with the number of fields of its tuple, 0 for the atom alone.
func (a *analyser) reservedIn(t *Ref, sizes map[string]int) {
	for _, h := range a.s.heads(t) {
		size, tag := 0, h
		if tu, ok := h.(*Tuple); ok && len(tu.Fields) > 0 {
			size, tag = len(tu.Fields), tu.Fields[0]
		}
		l, ok := tag.(*Literal)
		if !ok {
			continue
		}
		name, _ := l.Value.(term.Atom)
		if n, ok := sizes[string(name)]; ok && n == size {
			a.warn(t.Pos, CodeReserved, TypeString(t), fmt.Sprintf("%s can be %s, which UBF(C) itself uses", TypeString(t), TypeString(h)),
				"use another name")
		}
	}
}

// typeDef looks at a type by itself.
func (a *analyser) typeDef(d *TypeDef) {
	if Predefined(d.Name) {
		a.warn(d.Pos, CodeShadowed, d.Name, "the type "+d.Name+"() is never used: the name always means the predefined type", "choose another name")
	}
	if _, verdict := a.s.find([]Type{d.Type}, nil); verdict == noValue {
		a.warn(d.Pos, CodeNoValue, d.Name, "no value is of the type "+quoteAtom(d.Name)+"()", "")
	}
	a.parts(d.Type)
	for ref := range Refs(d.Type) {
		a.ref(ref)
	}
}

// parts looks into a type.
func (a *analyser) parts(t Type) {
	empty := func(pos Pos, why string) {
		a.warn(pos, CodeNoValue, TypeString(t), "no value is of the type "+TypeString(t), why)
	}
	switch t := t.(type) {
	case *Alt:
		for _, p := range t.Alts {
			a.parts(p)
		}
	case *Tuple:
		for _, p := range t.Fields {
			a.parts(p)
		}
	case *List:
		if t.Bounded && (t.Max < t.Min || t.Max < 0) {
			empty(t.Pos, "the greatest length is less than the least")
		} else if t.Min < 0 {
			a.warn(t.Pos, CodeNoValue, TypeString(t), "the least length of a list is negative", "")
		}
		if t.Elem != nil {
			a.parts(t.Elem)
		}
	case *Range:
		if t.Lo != nil && t.Hi != nil && t.Lo.Cmp(t.Hi) > 0 {
			empty(t.Pos, "the range ends before it begins")
		}
	case *Record:
		for _, f := range t.Fields {
			a.parts(f.Type)
			a.field(f)
		}
	}
}

// field compares a default with the type of its field.
func (a *analyser) field(f *Field) {
	if f.Default == nil {
		return
	}
	if v, verdict := a.s.find([]Type{f.Default}, []Type{f.Type}); verdict == found {
		a.warn(f.Pos, CodeDefault, f.Name, fmt.Sprintf("the default of the field %s can be %s, which is not of its type %s",
			quoteAtom(f.Name), show(v), TypeString(f.Type)), "")
	}
}

// ref looks at a reference within a type.
func (a *analyser) ref(ref *Ref) {
	switch {
	case ref.Name == "none" || ref.Name == "no_return":
		a.warn(ref.Pos, CodeNone, ref.Name+"()", ref.Name+"() matches every value", "if that is meant, write any()")
	case strings.HasSuffix(ref.Name, "string") && a.c.Version == "ubf1.0" && builtin()[ref.Name] != nil && ref.Name != "ubfstring" &&
		a.c.Dialect == UBF2:
		a.warn(ref.Pos, CodeString, ref.Name+"()", ref.Name+"() is a list of characters", "a string of UBF is ubfstring()")
	}
}
