package contract

import (
	"fmt"

	"github.com/kista-go/kista/term"
)

var keywords = map[string]bool{
	"NAME": true, "VSN": true, "TYPES": true, "STATE": true, "ANYSTATE": true, "EVENT": true,
	"INFO": true, "DESCRIPTION": true, "TYPE": true, "IMPORT": true,
}

// form reads one form, from its plus sign to its dot.
func (r *reader) form() error {
	plus, err := r.expect("+", "a form, such as +NAME,")
	if err != nil {
		return err
	}
	head := r.next()
	if head.kind == tAtom && r.c.Dialect == Slides {
		return r.slideForm(plus, head)
	}
	if head.kind != tWord || !keywords[head.text] {
		r.i--
		if head.kind == tWord || head.kind == tAtom {
			r.errorAt(head.pos, CodeSyntax, head.text, "there is no form +"+head.text,
				"the forms are +NAME, +VSN, +TYPES, +STATE, +ANYSTATE and +IMPORT")
			return errSyntax
		}
		return r.unexpected("the name of a form")
	}
	r.forms[head.text] = append(r.forms[head.text], plus.pos)
	switch head.text {
	case "NAME":
		err = r.text(&r.c.Name)
	case "VSN":
		err = r.text(&r.c.Version)
	case "TYPES":
		err = r.separated(r.typeDef)
	case "STATE":
		err = r.state(plus)
	case "ANYSTATE":
		err = r.separated(func() error {
			rule, err := r.rule(false)
			r.c.AnyState = append(r.c.AnyState, rule...)
			return err
		})
	case "IMPORT":
		err = r.importForm(plus)
	default:
		err = r.oldForm(head)
	}
	if err != nil {
		return err
	}
	return r.dot()
}

// dot reads the end of a form.
func (r *reader) dot() error {
	t, err := r.expect(tDot, `the dot that ends the form, or another part of it,`)
	if err == nil && r.peek().kind == tEOF && r.peek().glued && r.c.Dialect != Slides {
		r.errorAt(t.pos, CodeLexical, ".", "the last dot has no white space after it", "end the file with a newline")
	}
	return err
}

// text reads ("...").
func (r *reader) text(dst *string) error {
	if _, err := r.expect("(", `"("`); err != nil {
		return err
	}
	t, err := r.expect(tString, `text in double quotes`)
	if err != nil {
		return err
	}
	*dst = t.val.(string)
	_, err = r.expect(")", `")"`)
	return err
}

// separated reads parts with semicolons between them. After an error in a part it goes on with the next one.
func (r *reader) separated(part func() error) error {
	var failed error
	for {
		if err := part(); err != nil {
			failed = err
			if !r.skipPart() {
				return failed
			}
			continue
		}
		if r.accept(";") {
			continue
		}
		return failed
	}
}

// skipPart goes behind the next semicolon of the form, if there is one.
func (r *reader) skipPart() bool {
	for i := r.i; ; i++ {
		switch t := r.toks[i]; {
		case t.kind == tEOF, t.kind == tDot, t.kind == "+" && t.pos.Column == 1:
			return false
		case t.kind == ";":
			r.i = i + 1
			return true
		}
	}
}

// typeDef reads name() :: type note.
func (r *reader) typeDef() error {
	name, err := r.expect(tAtom, "the definition of a type, name() :: type,")
	if err != nil {
		return err
	}
	if _, err = r.expect("(", `"(" after the name of the type`); err != nil {
		return err
	}
	if _, err = r.expect(")", `")" (types have no parameters)`); err != nil {
		return err
	}
	if r.c.Dialect == UBF2 {
		_, err = r.expect("::", `"::"`)
	} else {
		_, err = r.expect("=", `"="`)
	}
	if err != nil {
		return err
	}
	t, err := r.typ()
	if err != nil {
		return err
	}
	def := &TypeDef{Pos: name.pos, File: r.file, Name: nameOf(name), Type: t}
	for k, kind := range map[kind]NoteKind{tString: StringNote, tBinary: BinaryNote, tTag: TagNote} {
		if n := r.peek(); n.kind == k {
			def.Note = &Note{Kind: kind, Text: n.val.(string)}
			r.i++
			break
		}
	}
	def.end = r.line()
	r.c.Types = append(r.c.Types, def)
	return nil
}

// line returns the line of the token that was taken last.
func (r *reader) line() int { return r.toks[max(r.i-1, 0)].pos.Line }

// nameOf returns the text that an atom token stands for.
func nameOf(t token) string { return string(t.val.(term.Atom)) }

// state reads a name and rules.
func (r *reader) state(plus token) error {
	name, err := r.expect(tAtom, "the name of the state")
	if err != nil {
		return err
	}
	s := &State{Pos: name.pos, Name: term.Atom(nameOf(name))}
	r.c.States = append(r.c.States, s)
	return r.separated(func() error {
		rules, err := r.rule(true)
		s.Rules = append(s.Rules, rules...)
		return err
	})
}

// rule reads a rule of a state, or, where next is false, one for every state.
func (r *reader) rule(next bool) ([]*Rule, error) {
	if t := r.peek(); t.kind == tWord && t.text == "EVENT" {
		return r.event()
	}
	rule := &Rule{Pos: r.peek().pos}
	var err error
	if rule.Message, err = r.message("a request, name(), or EVENT"); err != nil {
		return nil, err
	}
	if _, err = r.expect("=>", `"=>" after the request`); err != nil {
		return nil, err
	}
	for {
		o := &Outcome{Pos: r.peek().pos}
		if o.Reply, err = r.message("a reply, name()"); err != nil {
			return nil, err
		}
		if next {
			if _, err = r.expect("&", `"&" and the next state`); err != nil {
				return nil, err
			}
			state, err := r.expect(tAtom, "the name of the next state")
			if err != nil {
				return nil, err
			}
			o.Next = term.Atom(nameOf(state))
		}
		rule.Outcomes = append(rule.Outcomes, o)
		if rule.end = r.line(); !next || !r.accept("|") {
			return []*Rule{rule}, nil
		}
	}
}

// event reads an event. Behind it, a next state is refused: events never change the state.
func (r *reader) event() ([]*Rule, error) {
	rule := &Rule{Pos: r.next().pos, Kind: EventOut}
	if !r.accept("=>") {
		if _, err := r.expect("<=", `"=>" (to the client) or "<=" (from the client)`); err != nil {
			return nil, err
		}
		rule.Kind = EventIn
	}
	var err error
	if rule.Message, err = r.message("the event, name()"); err != nil {
		return nil, err
	}
	if t := r.peek(); t.kind == "&" {
		r.errorAt(t.pos, CodeSyntax, t.text, "an event cannot have a next state", "events never change the state")
		return nil, errSyntax
	}
	rule.end = r.line()
	return []*Rule{rule}, nil
}

// importForm reads ("file"), ("file", [names]) or ("file", except [names]).
func (r *reader) importForm(plus token) error {
	im := &Import{Pos: plus.pos}
	if _, err := r.expect("(", `"("`); err != nil {
		return err
	}
	file, err := r.expect(tString, "the name of a file in double quotes")
	if err != nil {
		return err
	}
	im.File = file.val.(string)
	if r.accept(",") {
		if t := r.peek(); t.kind == tAtom && t.text == "except" {
			im.Except = true
			r.i++
		}
		if im.Names, err = r.names(); err != nil {
			return err
		}
	}
	r.c.Imports = append(r.c.Imports, im)
	if r.strict {
		r.errorAt(plus.pos, CodeSyntax, "+IMPORT", "UBF 2.x has no form +IMPORT", "it names imports in the plugin module")
	}
	_, err = r.expect(")", `")"`)
	return err
}

// names reads [a, b].
func (r *reader) names() ([]string, error) {
	if _, err := r.expect("[", `"[" and names of types`); err != nil {
		return nil, err
	}
	names := []string{}
	for {
		t, err := r.expect(tAtom, "the name of a type")
		if err != nil {
			return nil, err
		}
		names = append(names, nameOf(t))
		if !r.accept(",") {
			_, err = r.expect("]", `"]"`)
			return names, err
		}
	}
}

// oldForm reads what UBF 1.x has besides: +INFO and +DESCRIPTION, which say nothing to a checker, and +TYPE.
func (r *reader) oldForm(head token) error {
	if r.c.Dialect != UBF1 {
		r.errorAt(head.pos, CodeSyntax, head.text, fmt.Sprintf("only UBF 1.x has a form +%s", head.text), "")
		return errSyntax
	}
	if head.text == "TYPE" {
		return r.typeDef()
	}
	var ignored string
	return r.text(&ignored)
}
