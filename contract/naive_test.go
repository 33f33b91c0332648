package contract_test

import (
	"math/big"
	"slices"

	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/term"
)

// naive is a second checker, which walks the tree and does what the rules say word by word. It knows what decoders yield only.
type naive struct{ c *contract.Contract }

// is begins at a value; bare are the names that have led from it to t without a step into it. A value that is of a type only if it is
// of that type is not.
func (n naive) is(t contract.Type, v term.Term, level int, bare ...string) bool {
	switch t := t.(type) {
	case *contract.Ref:
		if level >= 10010 {
			return false
		}
		if t.Optional && term.Identical(v, term.Atom("undefined")) {
			return true
		}
		if contract.Predefined(t.Name) {
			return n.predefined(t, v)
		}
		return !slices.Contains(bare, t.Name) && n.is(n.c.Lookup(t.Name).Type, v, level+1, append(slices.Clip(bare), t.Name)...)
	case *contract.Alt:
		for _, a := range t.Alts {
			if n.is(a, v, level, bare...) {
				return true
			}
		}
	case *contract.Tuple:
		return n.fields(t.Fields, v, level)
	case *contract.List:
		l, ok := v.(term.List)
		if !ok || int64(len(l)) < t.Min || t.Bounded && int64(len(l)) > t.Max {
			return false
		}
		for _, e := range l {
			if t.Elem == nil || !n.is(t.Elem, e, level) {
				return false
			}
		}
		return true
	case *contract.Range:
		i := bigOf(v)
		return i != nil && (t.Lo == nil || i.Cmp(t.Lo) >= 0) && (t.Hi == nil || i.Cmp(t.Hi) <= 0)
	case *contract.Literal:
		return term.Identical(t.Value, v)
	case *contract.Record:
		fields := []contract.Type{&contract.Literal{Value: term.Atom(t.Name)}}
		if t.Extended {
			names := &contract.Tuple{Fields: []contract.Type{atom("$fields"), atom("$extra")}}
			for _, f := range t.Fields {
				names.Fields = append(names.Fields, atom(f.Name))
			}
			fields = append(fields, &contract.Alt{Alts: []contract.Type{atom("undefined"), names}}, &contract.Ref{Name: "any"})
		}
		for _, f := range t.Fields {
			fields = append(fields, f.Type)
		}
		return n.fields(fields, v, level)
	}
	return false
}

func atom(name string) contract.Type { return &contract.Literal{Value: term.Atom(name)} }

func (n naive) fields(ts []contract.Type, v term.Term, level int) bool {
	tu, ok := v.(term.Tuple)
	if !ok || len(tu) != len(ts) {
		return false
	}
	for i, t := range ts {
		if !n.is(t, tu[i], level) {
			return false
		}
	}
	return true
}

func bigOf(v term.Term) *big.Int {
	switch v := v.(type) {
	case int64:
		return big.NewInt(v)
	case *big.Int:
		return v
	}
	return nil
}

func (n naive) predefined(t *contract.Ref, v term.Term) bool {
	ok := false
	switch t.Name {
	case "any", "none":
		ok = true
	case "atom":
		_, ok = v.(term.Atom)
	case "binary":
		_, ok = v.(term.Binary)
	case "float":
		_, ok = v.(float64)
	case "integer":
		ok = bigOf(v) != nil
	case "list":
		_, ok = v.(term.List)
		if !ok {
			_, ok = v.(term.Improper)
		}
	case "tuple":
		_, ok = v.(term.Tuple)
	}
	for _, a := range t.Attrs {
		ok = ok && attribute(a, v)
	}
	return ok
}

func attribute(a string, v term.Term) bool {
	lo, hi := rune(0), rune(127)
	switch a {
	case "nonempty":
		for _, empty := range []term.Term{term.Atom(""), term.Binary(""), term.Tuple{}, term.List{}} {
			if term.Identical(v, empty) {
				return false
			}
		}
		return true
	case "nonundefined":
		return !term.Identical(v, term.Atom("undefined"))
	case "asciiprintable":
		lo, hi = 32, 126
	}
	var s string
	switch v := v.(type) {
	case term.Atom:
		s = string(v)
	case term.Binary:
		s = string(v)
	}
	for i := range len(s) {
		if c := rune(s[i]); c < lo || c > hi {
			return false
		}
	}
	return true
}
