package gen

import (
	"fmt"
	"strings"

	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/term"
)

// goType is how values of a contract's type stand in Go.
type goType struct {
	name string // of the Go type
	of   string // a function from it to a term
	from string // a function from a term to it and whether it fits
}

var anyType = goType{"term.Term", "linear.OfAny", "linear.Any"}

// scalar is a Go type whose values are terms.
func scalar(name, from string) goType {
	return goType{name, "func(v " + name + ") term.Term { return v }", from}
}

var (
	intType    = scalar("int64", "linear.Int")
	floatType  = scalar("float64", "linear.Float")
	boolType   = scalar("bool", "linear.Bool")
	atomType   = scalar("term.Atom", "linear.Atom")
	binaryType = scalar("term.Binary", "linear.Binary")
	textType   = goType{"string", "linear.OfText", "linear.Text"}
)

// typeOf is the Go type of a type.
func (g *generator) typeOf(t contract.Type) goType {
	switch t := t.(type) {
	case *contract.Ref:
		if t.Optional {
			return anyType
		}
		return g.named(t)
	case *contract.Range:
		if fits(t) {
			return intType
		}
	case *contract.Literal:
		switch t.Value.(type) {
		case term.Atom:
			return atomType
		case int64:
			return intType
		case float64:
			return floatType
		case term.Binary:
			return binaryType
		}
		if t.Text {
			return textType
		}
	case *contract.Alt:
		if atoms, ok := constants(t); ok && len(atoms) > 0 {
			return atomType
		}
	case *contract.List:
		if t.Elem == nil {
			return anyType
		}
		e := g.typeOf(t.Elem)
		return goType{
			"[]" + e.name,
			fmt.Sprintf("func(l []%s) term.Term { return linear.OfList(l, %s) }", e.name, e.of),
			fmt.Sprintf("func(t term.Term) ([]%s, bool) { return linear.List(t, %s) }", e.name, e.from),
		}
	}
	return anyType
}

// fits reports whether all integers of a range, as far as it has bounds, have 64 bits. What does not is an error when it comes.
func fits(r *contract.Range) bool {
	return (r.Lo == nil || r.Lo.IsInt64()) && (r.Hi == nil || r.Hi.IsInt64())
}

// named is the Go type of a type with a name.
func (g *generator) named(r *contract.Ref) goType {
	if contract.Predefined(r.Name) {
		switch r.Name {
		case "integer":
			return intType
		case "float":
			return floatType
		case "atom":
			return atomType
		case "binary":
			return binaryType
		}
		return anyType
	}
	switch r.Name {
	case "ubfstring":
		return textType
	case "boolean":
		return boolType
	}
	if name, ok := g.types[r.Name]; ok {
		return goType{name, "of" + name, "to" + name}
	}
	d := g.c.Lookup(r.Name)
	if d == nil || g.busy[r.Name] { // a type that has itself in it
		return anyType
	}
	g.busy[r.Name] = true
	defer delete(g.busy, r.Name)
	return g.typeOf(d.Type)
}

// shape is a type that becomes one of Go: a struct, or constants.
type shape struct {
	def    *contract.TypeDef
	name   string      // in Go
	tag    term.Atom   // the first element, where that is a constant
	tagged bool        //
	fields []field     // of a struct
	atoms  []term.Atom // the constants
}

type field struct {
	name string
	typ  contract.Type
}

// shapeOf says what becomes of a type; ok is false for those that have no Go type of their own.
func (g *generator) shapeOf(d *contract.TypeDef) (s *shape, ok bool) {
	s = &shape{def: d}
	names := taken{"Term": true}
	add := func(t contract.Type, name string) {
		if r, is := t.(*contract.Ref); is && name == "" {
			name = exported(r.Name)
			if r.Name == "ubfstring" {
				name = "Text"
			}
		}
		if name == "" {
			name = fmt.Sprintf("Field%d", len(s.fields)+1)
		}
		s.fields = append(s.fields, field{name: names.pick(name), typ: t})
	}
	switch t := d.Type.(type) {
	case *contract.Tuple:
		if len(t.Fields) > 0 {
			if l, is := t.Fields[0].(*contract.Literal); is {
				s.tag, s.tagged = l.Value.(term.Atom)
			}
		}
		for i, f := range t.Fields {
			if i > 0 || !s.tagged {
				add(f, "")
			}
		}
		if s.tagged && strings.HasPrefix(string(s.tag), "#") { // strings and property lists
			return nil, false
		}
		return s, true
	case *contract.Record:
		if t.Extended {
			return nil, false
		}
		s.tag, s.tagged = term.Atom(t.Name), true
		for _, f := range t.Fields {
			add(f.Type, exported(f.Name))
		}
		return s, true
	case *contract.Literal:
		if a, is := t.Value.(term.Atom); is {
			s.atoms = []term.Atom{a}
			return s, true
		}
	case *contract.Alt:
		s.atoms, ok = constants(t)
		return s, ok
	}
	return nil, false
}

// constants are the alternatives, if all of them are constants.
func constants(t *contract.Alt) (atoms []term.Atom, ok bool) {
	for _, alt := range t.Alts {
		l, is := alt.(*contract.Literal)
		if !is {
			return nil, false
		}
		a, is := l.Value.(term.Atom)
		if !is {
			return nil, false
		}
		atoms = append(atoms, a)
	}
	return atoms, true
}

// writeShape writes a Go type.
func (g *generator) writeShape(s *shape) {
	g.p("// %s is %s.", s.name, oneLine(s.def.String()))
	if note := noteOf(s.def); note != "" {
		g.p("// %s", note)
	}
	g.comment(true, s.def)
	switch {
	case len(s.atoms) == 1:
		g.p("type %s struct{}\n", s.name)
		g.p("// Term returns it as a message.\nfunc (%s) Term() term.Term { return term.Atom(%q) }\n", s.name, string(s.atoms[0]))
		g.p("func of%[1]s(%[1]s) term.Term { return term.Atom(%[2]q) }\n", s.name, string(s.atoms[0]))
		g.p("func to%[1]s(t term.Term) (%[1]s, bool) { return %[1]s{}, t == term.Atom(%[2]q) }\n", s.name, string(s.atoms[0]))
		return
	case s.atoms != nil:
		g.p("type %s term.Atom\n", s.name)
		g.p("// The values of %s.\nconst (", s.name)
		for _, a := range s.atoms {
			g.p("%s %s = %q", g.names.pick(s.name+exported(string(a))), s.name, string(a))
		}
		g.p(")\n")
		g.p("// Term returns it as a message.\nfunc (v %s) Term() term.Term { return term.Atom(v) }\n", s.name)
		g.p("func of%[1]s(v %[1]s) term.Term { return term.Atom(v) }\n", s.name)
		g.p("func to%[1]s(t term.Term) (%[1]s, bool) { a, ok := t.(term.Atom); return %[1]s(a), ok }\n", s.name)
		return
	}
	g.p("type %s struct {", s.name)
	for _, f := range s.fields {
		g.p("%s %s // %s", f.name, g.typeOf(f.typ).name, shown(f.typ))
	}
	g.p("}\n")
	g.p("// Term returns it as a message.\nfunc (v %[1]s) Term() term.Term { return of%[1]s(v) }\n", s.name)
	g.p("func of%[1]s(v %[1]s) term.Term { return term.Tuple{", s.name)
	if s.tagged {
		g.p("term.Atom(%q),", string(s.tag))
	}
	for _, f := range s.fields {
		g.p("%s,", call(g.typeOf(f.typ).of, "v."+f.name))
	}
	g.p("} }\n")
	n := len(s.fields)
	tag := ""
	if s.tagged {
		n++
		tag = string(s.tag)
	}
	g.p("func to%[1]s(t term.Term) (v %[1]s, ok bool) {", s.name)
	tuple := "tu, ok :="
	if len(s.fields) == 0 {
		tuple = "_, ok ="
	}
	g.p("%s linear.Fields(t, %q, %d)\nif !ok { return v, false }", tuple, tag, n)
	for i, f := range s.fields {
		at := i + n - len(s.fields)
		g.p("if v.%s, ok = %s; !ok { return v, false }", f.name, call(g.typeOf(f.typ).from, fmt.Sprintf("tu[%d]", at)))
	}
	g.p("return v, true }\n")
}

// call calls a function that may be written out.
func call(f, arg string) string {
	if body, ok := strings.CutPrefix(f, "func(v "); ok { // a scalar is its own term
		if strings.HasSuffix(body, "{ return v }") {
			return arg
		}
	}
	if strings.HasPrefix(f, "func(") {
		return "(" + f + ")(" + arg + ")"
	}
	return f + "(" + arg + ")"
}

func oneLine(s string) string {
	return plain(strings.TrimSuffix(strings.Join(strings.Fields(s), " "), ";"))
}
