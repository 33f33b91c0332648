package contract

import (
	"iter"

	"github.com/kista-go/kista/term"
)

// rules yields all rules: of the states, then those for every state.
func (c *Contract) rules() iter.Seq[*Rule] {
	return func(yield func(*Rule) bool) {
		for _, s := range c.States {
			for _, r := range s.Rules {
				if !yield(r) {
					return
				}
			}
		}
		for _, r := range c.AnyState {
			if !yield(r) {
				return
			}
		}
	}
}

// messages yields the types of requests, events and replies, in the order of the rules.
func (c *Contract) messages() iter.Seq[*Ref] {
	return func(yield func(*Ref) bool) {
		for r := range c.rules() {
			if !yield(r.Message) {
				return
			}
			for _, o := range r.Outcomes {
				if !yield(o.Reply) {
					return
				}
			}
		}
	}
}

// Refs yields the references in t, in the order in which they stand there; t itself where it is one.
func Refs(t Type) iter.Seq[*Ref] {
	return func(yield func(*Ref) bool) { walkRefs(t, yield) }
}

func walkRefs(t Type, yield func(*Ref) bool) bool {
	switch t := t.(type) {
	case *Ref:
		return yield(t)
	case *Alt:
		return walkAll(t.Alts, yield)
	case *Tuple:
		return walkAll(t.Fields, yield)
	case *List:
		return t.Elem == nil || walkRefs(t.Elem, yield)
	case *Record:
		for _, f := range t.Fields {
			if f.Default != nil && !walkRefs(f.Default, yield) || !walkRefs(f.Type, yield) {
				return false
			}
		}
	}
	return true
}

func walkAll(ts []Type, yield func(*Ref) bool) bool {
	for _, t := range ts {
		if !walkRefs(t, yield) {
			return false
		}
	}
	return true
}

// Lookup returns the definition of a type: the contract's own, an imported or a builtin one. It returns nil for
// predefined types, which have no definition, and for names without one.
func (c *Contract) Lookup(name string) *TypeDef {
	if Predefined(name) {
		return nil
	}
	for _, d := range c.Types {
		if d.Name == name {
			return d
		}
	}
	for _, d := range c.Imported {
		if d.Name == name {
			return d
		}
	}
	return builtin()[name]
}

// State returns the state of that name, or nil.
func (c *Contract) State(name term.Atom) *State {
	for _, s := range c.States {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// Initial returns the state in which a conversation begins, where nobody says otherwise: start, if the contract has such a state,
// else the first one of the file; [None] where there are no states.
func (c *Contract) Initial() term.Atom {
	switch {
	case len(c.States) == 0:
		return None
	case c.State("start") != nil:
		return "start"
	}
	return c.States[0].Name
}
