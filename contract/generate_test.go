package contract_test

import (
	"math/big"
	"slices"

	"pgregory.net/rapid"

	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/term"
)

var names = []string{"a", "b", "c", "t1", "t2", "t3", "odd name", "x"}

// genType draws a type that may refer to t1, t2 and t3.
func genType(t *rapid.T, depth int) contract.Type {
	if depth > 0 && rapid.IntRange(0, 3).Draw(t, "deeper") > 0 {
		switch rapid.IntRange(0, 4).Draw(t, "constructor") {
		case 0:
			return &contract.Tuple{Fields: genTypes(t, depth, 0, 3)}
		case 1:
			alts := []contract.Type{}
			for _, a := range genTypes(t, depth, 2, 3) {
				if alt, ok := a.(*contract.Alt); ok {
					alts = append(alts, alt.Alts...)
				} else {
					alts = append(alts, a)
				}
			}
			return &contract.Alt{Alts: alts}
		case 2:
			l := &contract.List{Elem: genType(t, depth-1), Min: rapid.Int64Range(0, 2).Draw(t, "min")}
			if rapid.Bool().Draw(t, "bounded") {
				l.Bounded, l.Max = true, l.Min+rapid.Int64Range(-1, 2).Draw(t, "more")
				l.Max = max(l.Max, 0)
			}
			return l
		case 3:
			r := &contract.Record{Name: rapid.SampledFrom(names).Draw(t, "record"), Extended: rapid.Bool().Draw(t, "extended")}
			for i, f := range genTypes(t, depth, 0, 2) {
				field := &contract.Field{Name: names[i], Type: f}
				if rapid.Bool().Draw(t, "has default") {
					field.Default = genType(t, 0)
				}
				r.Fields = append(r.Fields, field)
			}
			return r
		}
		return &contract.List{Bounded: true} // []
	}
	return genLeaf(t)
}

func genTypes(t *rapid.T, depth, least, most int) []contract.Type {
	ts := make([]contract.Type, rapid.IntRange(least, most).Draw(t, "how many"))
	for i := range ts {
		ts[i] = genType(t, depth-1)
	}
	return ts
}

func genLeaf(t *rapid.T) contract.Type {
	switch rapid.IntRange(0, 7).Draw(t, "leaf") {
	case 0:
		return &contract.Ref{Name: rapid.SampledFrom([]string{"t1", "t2", "t3", "ubfstring", "boolean", "byte", "string"}).Draw(t, "name"), Optional: rapid.Bool().Draw(t, "optional")}
	case 1:
		r := &contract.Ref{Name: rapid.SampledFrom([]string{"any", "atom", "binary", "list", "tuple", "integer", "float"}).Draw(t, "predefined")}
		if r.Name != "integer" && r.Name != "float" && rapid.Bool().Draw(t, "attribute") {
			r.Attrs = []string{"nonempty"}
			if r.Name == "atom" || r.Name == "binary" {
				r.Attrs = append([]string{rapid.SampledFrom([]string{"ascii", "asciiprintable"}).Draw(t, "class")}, r.Attrs...)
			}
		}
		return r
	case 2:
		r := &contract.Range{Lo: big.NewInt(rapid.Int64Range(-3, 3).Draw(t, "lo"))}
		switch rapid.IntRange(0, 3).Draw(t, "range") {
		case 0:
			return r
		case 1:
			r.Lo, r.Hi = nil, r.Lo
		case 2:
			r.Hi = big.NewInt(rapid.Int64Range(-3, 3).Draw(t, "hi"))
		case 3:
			r.Hi = new(big.Int).Lsh(big.NewInt(1), 70)
		}
		return r
	case 3:
		return &contract.Literal{Value: rapid.SampledFrom([]term.Term{int64(0), int64(-7), new(big.Int).Lsh(big.NewInt(1), 80)}).Draw(t, "integer")}
	case 4:
		return &contract.Literal{Value: rapid.SampledFrom([]term.Term{1.5, -0.25, 3.0}).Draw(t, "float")}
	case 5:
		return &contract.Literal{Value: term.Binary(rapid.SampledFrom([]string{"", "x", "\xff"}).Draw(t, "binary"))}
	case 6:
		return &contract.Literal{Value: ubfString(rapid.SampledFrom([]string{"", "abc"}).Draw(t, "string")), Text: true}
	}
	return &contract.Literal{Value: term.Atom(rapid.SampledFrom([]string{"a", "b", "", "undefined", "it is", "é"}).Draw(t, "atom"))}
}

// genContract draws a contract of three types that know each other.
func genContract(t *rapid.T) *contract.Contract {
	c := &contract.Contract{Name: "random", Version: "1", Dialect: contract.UBF2}
	for _, name := range []string{"t1", "t2", "t3"} {
		c.Types = append(c.Types, &contract.TypeDef{Name: name, Type: genType(t, 3)})
	}
	return c
}

// genValue draws a value that is of the type more often than not.
func genValue(t *rapid.T, c *contract.Contract, typ contract.Type, depth int) term.Term {
	if depth < 0 || rapid.IntRange(0, 11).Draw(t, "almost") == 0 {
		return genAny(t)
	}
	switch typ := typ.(type) {
	case *contract.Ref:
		if typ.Optional && rapid.Bool().Draw(t, "undefined") {
			return term.Atom("undefined")
		}
		if d := c.Lookup(typ.Name); d != nil {
			return genValue(t, c, d.Type, depth-1)
		}
		return genAny(t)
	case *contract.Alt:
		return genValue(t, c, rapid.SampledFrom(typ.Alts).Draw(t, "alternative"), depth-1)
	case *contract.Tuple:
		tu := term.Tuple{}
		for _, f := range typ.Fields {
			tu = append(tu, genValue(t, c, f, depth-1))
		}
		return tu
	case *contract.Record:
		tu := term.Tuple{term.Atom(typ.Name)}
		if typ.Extended {
			tu = append(tu, term.Atom("undefined"), genAny(t))
		}
		for _, f := range typ.Fields {
			tu = append(tu, genValue(t, c, f.Type, depth-1))
		}
		return tu
	case *contract.List:
		l := term.List{}
		for range rapid.Int64Range(max(typ.Min, 0), max(typ.Min, 0)+2).Draw(t, "length") {
			if typ.Elem != nil {
				l = append(l, genValue(t, c, typ.Elem, depth-1))
			}
		}
		return l
	case *contract.Range:
		if typ.Lo != nil && typ.Lo.IsInt64() {
			return typ.Lo.Int64()
		}
		return term.Canonical(typ.Hi)
	case *contract.Literal:
		return typ.Value
	}
	return genAny(t)
}

var someValues = []term.Term{
	int64(0), int64(1), int64(-1), int64(255), int64(256), new(big.Int).Lsh(big.NewInt(1), 80), 1.5, 3.0,
	term.Atom("a"), term.Atom("b"), term.Atom(""), term.Atom("undefined"), term.Atom("true"), term.Atom("é"), term.Atom("it is"),
	term.Binary(""), term.Binary("x"), term.Binary("\xff"), term.Binary("\x01"),
	term.List{},
	term.List{int64(1)},
	term.List{int64(97), int64(98)},
	term.List{term.Atom("a"), int64(300)},
	term.Tuple{},
	term.Tuple{term.Atom("a")},
	term.Tuple{int64(1), int64(2)},
	term.Tuple{term.Atom("a"), term.Tuple{}, term.List{}},
	ubfString(""), ubfString("abc"), term.Cons(term.List{int64(1)}, int64(2)),
}

func genAny(t *rapid.T) term.Term { return rapid.SampledFrom(slices.Clone(someValues)).Draw(t, "any") }
