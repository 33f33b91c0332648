package contract

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/kista-go/kista/term"
)

// typ reads alternatives.
func (r *reader) typ() (Type, error) {
	if r.depth++; r.depth > maxNesting {
		r.errorAt(r.peek().pos, CodeLimit, "", fmt.Sprintf("types are nested more than %d levels", maxNesting), "")
		return nil, errSyntax
	}
	defer func() { r.depth-- }()
	first, err := r.prim()
	if err != nil || r.peek().kind != "|" {
		return first, err
	}
	alt := &Alt{Pos: first.Position(), Alts: []Type{first}}
	for r.accept("|") {
		t, err := r.prim()
		if err != nil {
			return nil, err
		}
		alt.Alts = append(alt.Alts, t)
	}
	return alt, nil
}

// message reads the type of a message in a rule: a name, or, leniently, any type.
func (r *reader) message(what string) (*Ref, error) {
	start := r.peek()
	if r.strict && start.kind != tAtom {
		return nil, r.unexpected(what)
	}
	t, err := r.typ()
	if err != nil {
		return nil, err
	}
	if ref, ok := t.(*Ref); ok && !ref.Optional && len(ref.Attrs) == 0 {
		return ref, nil
	}
	if r.strict {
		r.errorAt(start.pos, CodeSyntax, start.text, "the type of a message in a rule is written out", "give it a name in +TYPES")
		return nil, errSyntax
	}
	if r.c.Dialect == UBF2 {
		r.warn(start.pos, CodeStyle, start.text, "the type of a message in a rule is written out", "UBF 2.x wants a name for it")
	}
	return r.imply(t), nil
}

// prim reads a type without alternatives.
func (r *reader) prim() (Type, error) {
	t := r.peek()
	switch t.kind {
	case tAtom:
		if r.peekAt(1).kind == "(" {
			return r.ref()
		}
		r.i++
		return &Literal{Pos: t.pos, Value: t.val}, nil
	case tBinary:
		r.i++
		return &Literal{Pos: t.pos, Value: term.Binary(t.val.(string))}, nil
	case tFloat:
		r.i++
		return &Literal{Pos: t.pos, Value: t.val}, nil
	case tString:
		r.i++
		return &Literal{Pos: t.pos, Value: ubfString(t.val.(string)), Text: true}, nil
	case tInt, "..":
		return r.rangeOrInt()
	case "{":
		return r.tuple()
	case "#", "##":
		return r.record()
	case "[":
		return r.list()
	}
	return nil, r.unexpected("a type")
}

// ubfString returns the tuple that a UBF string is.
func ubfString(bytes string) term.Tuple {
	l := make(term.List, len(bytes))
	for i := range len(bytes) {
		l[i] = int64(bytes[i])
	}
	return term.Tuple{term.Atom("#S"), l}
}

// ref reads name(), name(attributes) and either with a question mark.
func (r *reader) ref() (Type, error) {
	name := r.next()
	ref := &Ref{Pos: name.pos, Name: nameOf(name)}
	r.i++ // the parenthesis
	for r.peek().kind == tAtom {
		ref.Attrs = append(ref.Attrs, nameOf(r.next()))
		if !r.accept(",") {
			break
		}
		if r.peek().kind != tAtom {
			return nil, r.unexpected("an attribute")
		}
	}
	if _, err := r.expect(")", `")"`); err != nil {
		return nil, err
	}
	if r.peek().kind == "?" {
		if err := r.blank("?", `")?"`); err != nil {
			return nil, err
		}
		ref.Optional = true
	}
	slices.Sort(ref.Attrs)
	ref.Attrs = slices.Compact(ref.Attrs)
	r.attributes(ref)
	return ref, nil
}

// blank takes a token that must follow the one before without a blank; together they are whole.
func (r *reader) blank(k kind, whole string) error {
	t := r.peek()
	if !t.glued {
		if r.strict {
			return r.unexpected("a part of the form without a blank inside " + whole)
		}
		r.warn(t.pos, CodeStyle, t.text, "a blank stands inside "+whole, "UBF 2.x takes it without one only")
	}
	_, err := r.expect(k, whole)
	return err
}

// attributes reports attributes that the type cannot have.
func (r *reader) attributes(ref *Ref) {
	if len(ref.Attrs) == 0 {
		return
	}
	legal, predefined := predefinedAttrs[ref.Name]
	text := ref.Name + "(" + strings.Join(ref.Attrs, ",") + ")"
	switch {
	case !predefined:
		r.errorAt(ref.Pos, CodeAttribute, text, "the type "+ref.Name+"() cannot have attributes", "only predefined types have them")
		return
	case len(legal) == 0:
		r.errorAt(ref.Pos, CodeAttribute, text, ref.Name+"() has no attributes", "")
		return
	}
	for _, a := range ref.Attrs {
		if !slices.Contains(legal, a) {
			r.errorAt(ref.Pos, CodeAttribute, text, ref.Name+"() has no attribute "+quoteAtom(a), "it has "+strings.Join(legal, ", "))
			return
		}
	}
	if slices.Contains(ref.Attrs, "ascii") && slices.Contains(ref.Attrs, "asciiprintable") {
		r.errorAt(ref.Pos, CodeAttribute, text, "ascii and asciiprintable exclude each other", "asciiprintable is the narrower one")
	}
}

// rangeOrInt reads N, N..M, N.. and ..M.
func (r *reader) rangeOrInt() (Type, error) {
	t := r.next()
	rng := &Range{Pos: t.pos}
	if t.kind == tInt {
		if !r.accept("..") {
			return &Literal{Pos: t.pos, Value: t.val}, nil
		}
		rng.Lo = bigInt(t.val)
		if r.peek().kind != tInt {
			return rng, nil
		}
	}
	hi, err := r.expect(tInt, "an integer")
	if err != nil {
		return nil, err
	}
	rng.Hi = bigInt(hi.val)
	return rng, nil
}

func bigInt(t term.Term) *big.Int {
	if n, ok := t.(int64); ok {
		return big.NewInt(n)
	}
	return t.(*big.Int)
}

// tuple reads {A, B}.
func (r *reader) tuple() (Type, error) {
	t := &Tuple{Pos: r.next().pos}
	if r.peek().kind == "}" {
		return t, r.blank("}", `"{}"`)
	}
	for {
		f, err := r.typ()
		if err != nil {
			return nil, err
		}
		t.Fields = append(t.Fields, f)
		if r.accept(",") {
			continue
		}
		_, err = r.expect("}", `"," or "}"`)
		return t, err
	}
}

// record reads #name{field::T, ...} and ##name{...}.
func (r *reader) record() (Type, error) {
	open := r.next()
	name, err := r.expect(tAtom, "the name of a record")
	if err != nil {
		return nil, err
	}
	rec := &Record{Pos: open.pos, Name: nameOf(name), Extended: open.kind == "##"}
	if _, err := r.expect("{", `"{"`); err != nil {
		return nil, err
	}
	if r.peek().kind == "}" {
		return rec, r.blank("}", `"{}"`)
	}
	for {
		f, err := r.field()
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(rec.Fields, func(g *Field) bool { return g.Name == f.Name }) {
			r.errorAt(f.Pos, CodeDuplicateField, f.Name, "the record "+rec.Name+" has two fields "+f.Name, "")
		}
		rec.Fields = append(rec.Fields, f)
		if r.accept(",") {
			continue
		}
		_, err = r.expect("}", `"," or "}"`)
		return rec, err
	}
}

// field reads name::T or name=default::T.
func (r *reader) field() (*Field, error) {
	name, err := r.expect(tAtom, "the name of a field")
	if err != nil {
		return nil, err
	}
	f := &Field{Pos: name.pos, Name: nameOf(name)}
	if r.accept("=") {
		if f.Default, err = r.typ(); err != nil {
			return nil, err
		}
	}
	if _, err = r.expect("::", `"::" and the type of the field`); err != nil {
		return nil, err
	}
	f.Type, err = r.typ()
	return f, err
}

// list reads [] and [T] with what may follow.
func (r *reader) list() (Type, error) {
	l := &List{Pos: r.next().pos}
	if r.peek().kind == "]" {
		l.Bounded = true
		return l, r.blank("]", `"[]"`)
	}
	var err error
	if l.Elem, err = r.typ(); err != nil {
		return nil, err
	}
	if _, err = r.expect("]", `"]"`); err != nil {
		return nil, err
	}
	switch t := r.peek(); {
	case t.kind == "+" && (t.glued || !r.strict && !r.formBegins()):
		l.Min = 1
		return l, r.blank("+", `"]+"`)
	case t.kind == "?":
		l.Max, l.Bounded = 1, true
		return l, r.blank("?", `"]?"`)
	case t.kind == "{":
		r.i++
		return l, r.bounds(l)
	}
	return l, nil
}

// bounds reads n}, n,}, ,n} and m,n}.
func (r *reader) bounds(l *List) error {
	first := r.peek()
	if first.kind == tInt {
		r.i++
		l.Min = r.bound(first)
		if !r.accept(",") {
			l.Max, l.Bounded = l.Min, true
			_, err := r.expect("}", `"," or "}"`)
			return err
		}
		if r.accept("}") {
			return nil
		}
	} else if _, err := r.expect(",", "the bounds of the length"); err != nil {
		return err
	}
	hi, err := r.expect(tInt, "the greatest length")
	if err != nil {
		return err
	}
	l.Max, l.Bounded = r.bound(hi), true
	_, err = r.expect("}", `"}"`)
	return err
}

// bound returns a bound of a length.
func (r *reader) bound(t token) int64 {
	n, ok := t.val.(int64)
	if !ok {
		r.errorAt(t.pos, CodeLimit, quote(t.text), "no list is that long", "")
	}
	return n
}
