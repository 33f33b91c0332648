package contract

import (
	"path/filepath"
	"strconv"
	"strings"

	"github.com/kista-go/kista/term"
)

// oldTypes are the predefined types of UBF 1.x, which the slides use too, by the names that UBF 2.x has for them.
var oldTypes = map[string]string{
	"int": "integer", "string": "ubfstring", "constant": "atom", "bin": "binary", "void": "none",
}

// imply returns a reference to a type that is written out in a rule. Its name is found when everything is read.
func (r *reader) imply(t Type) *Ref {
	ref := &Ref{Pos: t.Position()}
	r.implied = append(r.implied, implied{ref, t})
	return ref
}

// implied is a type that is written out in a rule, and the reference that stands there now.
type implied struct {
	ref *Ref
	typ Type
}

// translate turns what has been read into UBF 2.x.
func (r *reader) translate() {
	if r.c.Dialect == Slides {
		r.slideNames()
	}
	if r.c.Dialect != UBF2 {
		r.oldNames()
	}
	r.nameImplied()
}

// oldNames gives old predefined types their new names, and new names to types that are called as builtin types of UBF 2.x.
func (r *reader) oldNames() {
	renamed := map[string]string{}
	own := map[string]bool{}
	for _, d := range r.c.Types {
		own[d.Name] = true
	}
	for _, d := range r.c.Types {
		b := builtin()[d.Name]
		if b == nil || TypeString(b.Type) == TypeString(d.Type) && d.Note == nil {
			continue
		}
		renamed[d.Name] = r.free(d.Name)
		r.warn(d.Pos, CodeTranslated, d.Name, "the type "+d.Name+"() is called "+renamed[d.Name]+"() here",
			"UBF 2.x has a type "+d.Name+"() of its own, "+TypeString(b.Type))
		d.Name = renamed[d.Name]
	}
	translate := func(ref *Ref) Type {
		switch {
		case renamed[ref.Name] != "":
			ref.Name = renamed[ref.Name]
		case own[ref.Name]:
		case oldTypes[ref.Name] != "":
			ref.Name = oldTypes[ref.Name]
		case ref.Name == "pid" && r.c.Dialect == Slides:
			return r.handle(ref)
		}
		return ref
	}
	for _, d := range r.c.Types {
		d.Type = mapRefs(d.Type, translate)
	}
	for i, im := range r.implied {
		r.implied[i].typ = mapRefs(im.typ, translate)
	}
	seen := map[*Ref]bool{}
	for ref := range r.c.messages() {
		if !seen[ref] && ref.Name != "" {
			seen[ref] = true
			if t, ok := translate(ref).(*Ref); !ok {
				r.implied = append(r.implied, implied{ref, mapRefs(&Ref{Pos: ref.Pos, Name: "pid"}, translate)})
				ref.Name = ""
			} else {
				*ref = *t
			}
		}
	}
}

// handle returns what stands for pid(), which no encoding of UBF has.
func (r *reader) handle(ref *Ref) Type {
	r.warn(ref.Pos, CodeTranslated, "pid()", "pid() is read as integer() | atom()",
		"no process identifier can be written in UBF: the server mints handles")
	return &Alt{Pos: ref.Pos, Alts: []Type{&Ref{Pos: ref.Pos, Name: "integer"}, &Ref{Pos: ref.Pos, Name: "atom"}}}
}

// mapRefs replaces every reference in t by what f says, and returns t.
func mapRefs(t Type, f func(*Ref) Type) Type {
	switch t := t.(type) {
	case *Ref:
		return f(t)
	case *Alt:
		var flat []Type
		for _, a := range t.Alts {
			switch m := mapRefs(a, f).(type) {
			case *Alt:
				flat = append(flat, m.Alts...)
			default:
				flat = append(flat, m)
			}
		}
		t.Alts = flat
	case *Tuple:
		for i := range t.Fields {
			t.Fields[i] = mapRefs(t.Fields[i], f)
		}
	case *List:
		if t.Elem != nil {
			t.Elem = mapRefs(t.Elem, f)
		}
	case *Record:
		for _, fd := range t.Fields {
			fd.Type = mapRefs(fd.Type, f)
			if fd.Default != nil {
				fd.Default = mapRefs(fd.Default, f)
			}
		}
	}
	return t
}

// nameImplied defines the types that are written out in rules: those of requests and events are called after their tag,
// those of replies after the request and their tag. Equal types share a name.
func (r *reader) nameImplied() {
	if len(r.implied) == 0 {
		return
	}
	types := map[*Ref]Type{}
	for _, im := range r.implied {
		types[im.ref] = im.typ
	}
	known := map[string]string{} // definitions -> names
	for _, d := range r.c.Types {
		known[TypeString(d.Type)] = d.Name
	}
	define := func(ref *Ref, prefix, otherwise string) {
		t, ok := types[ref]
		if !ok || ref.Name != "" {
			return
		}
		text := TypeString(t)
		if known[text] == "" {
			known[text] = r.free(impliedName(t, prefix, otherwise))
			r.c.Types = append(r.c.Types, &TypeDef{Pos: ref.Pos, File: r.file, Name: known[text], Type: t, Implied: true})
		}
		ref.Name = known[text]
	}
	for rule := range r.c.rules() {
		define(rule.Message, "", map[RuleKind]string{Request: "request", EventOut: "event", EventIn: "event"}[rule.Kind])
		for _, o := range rule.Outcomes {
			define(o.Reply, rule.Message.Name+"_", "reply")
		}
	}
}

// impliedName returns a name for t: a tuple's tag after the prefix, an atom, or prefix and otherwise.
func impliedName(t Type, prefix, otherwise string) string {
	tag := func(t Type) string {
		if l, ok := t.(*Literal); ok {
			if a, ok := l.Value.(term.Atom); ok && quoteAtom(string(a)) == string(a) {
				return string(a)
			}
		}
		return ""
	}
	if name := tag(t); name != "" {
		return name
	}
	if tu, ok := t.(*Tuple); ok && len(tu.Fields) > 0 {
		if name := tag(tu.Fields[0]); name != "" {
			return prefix + name
		}
	}
	return prefix + otherwise
}

// free returns name, or, where a type is called so already, name with a number.
func (r *reader) free(name string) string {
	taken := func(n string) bool {
		for _, d := range r.c.Types {
			if d.Name == n {
				return true
			}
		}
		return Predefined(n) || builtin()[n] != nil
	}
	for i, n := 2, name; ; i++ {
		if !taken(n) {
			return n
		}
		n = name + "_" + strconv.Itoa(i)
	}
}

// slideNames gives what the slides do not say: name and version, and next states.
func (r *reader) slideNames() {
	if len(r.forms["NAME"]) == 0 {
		if r.c.Name == "" {
			base := filepath.Base(r.file)
			r.c.Name = strings.ReplaceAll(strings.TrimSuffix(base, filepath.Ext(base)), `"`, "")
		}
		r.forms["NAME"] = []Pos{{}}
	}
	if len(r.forms["VSN"]) == 0 {
		r.c.Version = "1.0"
		r.forms["VSN"] = []Pos{{}}
	}
}
