package contract

import (
	"cmp"
	"math/big"
	"slices"

	"github.com/kista-go/kista/term"
)

// This file makes the syntax tree as UBF(C) sends it. Its shapes are those of UBF 2.x, oddities included: the fields of a
// tuple type are a tuple, open ends of ranges are infinity on either side, and the second form of an extended record's field
// list is a list.

// Term returns the contract as UBF(C) sends it in answer to the request contract:
// {{name,Name},{states,States},{anystate,Rules},{types,Types}}, where the types include imported and builtin ones.
func (c *Contract) Term() term.Term {
	states := slices.Clone(c.States)
	slices.SortFunc(states, func(a, b *State) int { return term.Compare(a.Name, b.Name) })
	ss := term.List{}
	for _, s := range states {
		ss = append(ss, term.Tuple{s.Name, rulesTerm(s)})
	}
	any := term.List{}
	for _, r := range c.AnyState {
		any = append(any, ruleTerm(r, false))
	}
	slices.SortFunc(any, term.Compare)
	var defs []*TypeDef
	for _, d := range c.allTypes() {
		defs = append(defs, d)
	}
	slices.SortFunc(defs, func(a, b *TypeDef) int { return cmp.Compare(a.Name, b.Name) })
	types := term.List{}
	for _, d := range defs {
		types = append(types, term.Tuple{term.Atom(d.Name), term.Tuple{TypeTerm(d.Type), noteTerm(d.Note)}})
	}
	return term.Tuple{
		term.Tuple{term.Atom("name"), ubfString(c.Name)},
		term.Tuple{term.Atom("states"), ss},
		term.Tuple{term.Atom("anystate"), any},
		term.Tuple{term.Atom("types"), types},
	}
}

// allTypes returns all types by name, those too that are called as predefined ones.
func (c *Contract) allTypes() map[string]*TypeDef {
	defs := map[string]*TypeDef{}
	for _, list := range [][]*TypeDef{Builtin(), c.Imported, c.Types} {
		for _, d := range list {
			defs[d.Name] = d
		}
	}
	return defs
}

// noteTerm returns an annotation: a list of bytes, empty where there is none, or a binary.
func noteTerm(n *Note) term.Term {
	switch {
	case n == nil:
		return term.List{}
	case n.Kind == BinaryNote:
		return term.Binary(n.Text)
	}
	return bytesTerm(n.Text)
}

func bytesTerm(s string) term.List { return ubfString(s)[1].(term.List) }

// rulesTerm returns the rules of a state, [] where it is nil.
func rulesTerm(s *State) term.Term {
	rules := term.List{}
	if s != nil {
		for _, r := range s.Rules {
			rules = append(rules, ruleTerm(r, true))
		}
	}
	return rules
}

// ruleTerm returns a rule as it stands in a state, or among those for every state.
func ruleTerm(r *Rule, inState bool) term.Term {
	m := TypeTerm(r.Message)
	switch {
	case r.Kind == EventOut:
		return term.Tuple{term.Atom("event_out"), m}
	case r.Kind == EventIn:
		return term.Tuple{term.Atom("event_in"), m}
	case !inState:
		return term.Tuple{m, TypeTerm(r.Outcomes[0].Reply)}
	}
	outs := term.List{}
	for _, o := range r.Outcomes {
		outs = append(outs, term.Tuple{term.Atom("output"), TypeTerm(o.Reply), o.Next})
	}
	return term.Tuple{term.Atom("input"), m, outs}
}

const infinity term.Atom = "infinity"

// TypeTerm returns a type as UBF(C) sends it.
func TypeTerm(t Type) term.Term {
	switch t := t.(type) {
	case *Ref:
		return refTerm(t)
	case *Alt:
		last := TypeTerm(t.Alts[len(t.Alts)-1])
		for i := len(t.Alts) - 2; i >= 0; i-- {
			last = term.Tuple{term.Atom("alt"), TypeTerm(t.Alts[i]), last}
		}
		return last
	case *Tuple:
		return term.Tuple{term.Atom("tuple"), typesTuple(t.Fields)}
	case *List:
		return listTerm(t)
	case *Range:
		return term.Tuple{term.Atom("range"), boundTerm(t.Lo), boundTerm(t.Hi)}
	case *Literal:
		return literalTerm(t)
	case *Record:
		return recordTerm(t)
	}
	return nil
}

func refTerm(t *Ref) term.Term {
	var name term.Term = term.Atom(t.Name)
	if Predefined(t.Name) {
		if len(t.Attrs) > 0 {
			attrs := term.List{}
			for _, a := range t.Attrs {
				attrs = append(attrs, term.Atom(a))
			}
			name = term.Tuple{name, attrs}
		}
		name = term.Tuple{term.Atom("predef"), name}
	}
	least := int64(1)
	if t.Optional {
		least = 0
	}
	return term.Tuple{term.Atom("prim"), least, int64(1), name}
}

func typesTuple(ts []Type) term.Tuple {
	tu := term.Tuple{}
	for _, t := range ts {
		tu = append(tu, TypeTerm(t))
	}
	return tu
}

func listTerm(t *List) term.Term {
	var most, elem term.Term = infinity, undefined
	if t.Bounded {
		most = t.Max
	}
	if t.Elem != nil {
		elem = TypeTerm(t.Elem)
	}
	return term.Tuple{term.Atom("list"), t.Min, most, elem}
}

func boundTerm(n *big.Int) term.Term {
	if n == nil {
		return infinity
	}
	return integer(n)
}

func literalTerm(t *Literal) term.Term {
	kind := ""
	switch v := t.Value.(type) {
	case term.Atom:
		kind = "atom"
	case term.Binary:
		kind = "binary"
	case float64:
		kind = "float"
	case term.Tuple:
		return term.Tuple{term.Atom("string"), v[1]}
	default:
		kind = "integer"
	}
	return term.Tuple{term.Atom(kind), t.Value}
}

func recordTerm(t *Record) term.Term {
	kind := "record"
	names, defaults := term.List{}, term.List{}
	types := term.Tuple{term.Tuple{term.Atom("atom"), term.Atom(t.Name)}}
	for _, f := range t.Fields {
		names = append(names, term.Atom(f.Name))
	}
	if t.Extended {
		kind = "record_ext"
		names = append(term.List{term.Atom("$fields"), term.Atom("$extra")}, names...)
		defaults = term.List{term.List{names}, term.List{}}
		types = append(types, fieldsTerm(names), term.Tuple{term.Atom("predef"), term.Atom("any")})
	}
	for _, f := range t.Fields {
		d := term.List{}
		if f.Default != nil {
			d = append(d, TypeTerm(f.Default))
		}
		defaults = append(defaults, d)
		types = append(types, TypeTerm(f.Type))
	}
	return term.Tuple{term.Atom(kind), term.Atom(t.Name), names, defaults, types}
}

// fieldsTerm is the type of the second field of an extended record.
func fieldsTerm(names term.List) term.Term {
	none := term.Tuple{term.Atom("atom"), undefined}
	if len(names) == 2 { // no fields but $fields and $extra
		return none
	}
	atoms := term.List{}
	for _, n := range names {
		atoms = append(atoms, term.Tuple{term.Atom("atom"), n})
	}
	return term.Tuple{term.Atom("alt"), none, term.Tuple{term.Atom("tuple"), atoms}}
}
