package contract

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kista-go/kista/term"
)

// check does what the compiler of UBF 2.x checks once everything is read.
func (r *reader) check() {
	r.checkForms()
	r.checkDefinitions()
	r.checkReferences()
	r.checkStates()
	r.checkUse()
}

// checkForms counts the forms.
func (r *reader) checkForms() {
	once := []string{"NAME", "VSN"}
	if r.c.Dialect == UBF1 {
		once = []string{"NAME", "VSN", "TYPES", "ANYSTATE"}
		if len(r.forms["TYPE"]) > 0 {
			once = []string{"NAME", "VSN", "ANYSTATE"}
		}
	}
	for _, form := range once {
		if len(r.forms[form]) == 0 {
			hint := "write +" + form + `("...").`
			if r.c.Dialect == UBF1 {
				hint = "UBF 1.x wants +NAME, +VSN, +TYPES and +ANYSTATE"
			}
			r.errorAt(Pos{1, 1}, CodeForms, "", "there is no form +"+form, hint)
		}
	}
	for _, form := range []string{"NAME", "VSN", "TYPES", "ANYSTATE"} {
		if at := r.forms[form]; len(at) > 1 {
			r.errorAt(at[1], CodeForms, "+"+form, fmt.Sprintf("+%s stands here again; the first one is in line %d", form, at[0].Line),
				"put everything into one form")
		}
	}
}

// checkDefinitions looks for types with two definitions.
func (r *reader) checkDefinitions() {
	first := map[string]*TypeDef{}
	for _, d := range r.c.Types {
		if f := first[d.Name]; f != nil {
			r.errorAt(d.Pos, CodeDuplicateType, d.Name, fmt.Sprintf("the type %s() is defined again; line %d defines it first",
				quoteAtom(d.Name), f.Pos.Line), "")
			continue
		}
		first[d.Name] = d
		if b := builtin()[d.Name]; b != nil && d.String() != b.String() {
			r.errorAt(d.Pos, CodeConflict, d.Name, "the type "+d.Name+"() is builtin, with another definition: "+TypeString(b.Type),
				"choose another name")
		}
	}
	for _, d := range r.c.Imported {
		if own := first[d.Name]; own != nil && own.String() != d.String() {
			r.errorAt(own.Pos, CodeConflict, d.Name, fmt.Sprintf("the type %s() is imported from %s with another definition: %s",
				quoteAtom(d.Name), d.File, TypeString(d.Type)), "choose another name, or do not import it")
		}
	}
}

// checkReferences looks for types without definition.
func (r *reader) checkReferences() {
	defined := map[string]bool{}
	for _, d := range slices.Concat(r.c.Types, r.c.Imported, Builtin()) {
		defined[d.Name] = true
	}
	for name := range predefinedAttrs {
		defined[name] = true
	}
	check := func(ref *Ref) {
		if !defined[ref.Name] {
			r.errorAt(ref.Pos, CodeMissingType, ref.Name, "the type "+quoteAtom(ref.Name)+"() is not defined", r.missingHint(ref.Name, defined))
		}
	}
	for _, d := range r.c.Types {
		for ref := range Refs(d.Type) {
			check(ref)
		}
	}
	for ref := range r.c.messages() {
		check(ref)
	}
	for _, d := range r.c.Imported {
		for ref := range Refs(d.Type) {
			if !defined[ref.Name] {
				r.errorAt(Pos{}, CodeMissingType, ref.Name, fmt.Sprintf("the imported type %s() needs %s(), which is not imported",
					quoteAtom(d.Name), quoteAtom(ref.Name)), "import it too")
			}
		}
	}
}

// missingHint says what an unknown type may have been meant to be.
func (r *reader) missingHint(name string, defined map[string]bool) string {
	if now := oldTypes[name]; now != "" {
		return "UBF 2.x calls it " + now + "()"
	}
	switch name {
	case "pid", "reference", "fun", "map":
		return "no value of UBF is a " + name
	case "bool":
		return "it is boolean()"
	}
	var names []string
	for n := range defined {
		names = append(names, n)
	}
	if near := nearest(name, names); near != "" {
		return "did you mean " + quoteAtom(near) + "()?"
	}
	return ""
}

// checkStates looks for states with two definitions and next states without any.
func (r *reader) checkStates() {
	first := map[term.Atom]*State{}
	var names []string
	for _, s := range r.c.States {
		switch f := first[s.Name]; {
		case s.Name == Stop:
			r.errorAt(s.Pos, CodeDuplicateState, "stop", "the state stop cannot be defined", "it ends the session")
		case f != nil:
			r.errorAt(s.Pos, CodeDuplicateState, string(s.Name), fmt.Sprintf("the state %s is defined again; line %d defines it first",
				quoteAtom(string(s.Name)), f.Pos.Line), "put all rules into one form")
		default:
			first[s.Name] = s
			names = append(names, string(s.Name))
		}
	}
	for _, s := range r.c.States {
		for _, rule := range s.Rules {
			for _, o := range rule.Outcomes {
				if o.Next != Stop && first[o.Next] == nil {
					hint := ""
					if near := nearest(string(o.Next), append(names, "stop")); near != "" {
						hint = "did you mean " + quoteAtom(near) + "?"
					}
					r.errorAt(o.Pos, CodeMissingState, string(o.Next), "the state "+quoteAtom(string(o.Next))+" is not defined", hint)
				}
			}
		}
	}
}

// checkUse looks for own types that no rule reaches, where there are rules.
func (r *reader) checkUse() {
	if len(r.c.States) == 0 && len(r.c.AnyState) == 0 {
		return
	}
	used := r.c.used()
	for _, d := range r.c.Types {
		b := builtin()[d.Name]
		if used[d.Name] && !Predefined(d.Name) || b != nil && d.String() == b.String() {
			continue
		}
		hint := "remove it, or use it"
		if Predefined(d.Name) {
			hint = d.Name + "() always means the predefined type"
		}
		r.errorAt(d.Pos, CodeUnusedType, d.Name, "no rule uses the type "+quoteAtom(d.Name)+"()", hint)
	}
}

// used returns the names of the types that rules reach.
func (c *Contract) used() map[string]bool {
	used := map[string]bool{}
	var todo []*Ref
	for ref := range c.messages() {
		todo = append(todo, ref)
	}
	defs := c.definitions()
	for len(todo) > 0 {
		ref := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if used[ref.Name] {
			continue
		}
		used[ref.Name] = true
		if d := defs[ref.Name]; d != nil {
			for ref := range Refs(d.Type) {
				todo = append(todo, ref)
			}
		}
	}
	return used
}

// definitions returns all types by name, as Lookup finds them.
func (c *Contract) definitions() map[string]*TypeDef {
	defs := map[string]*TypeDef{}
	for _, list := range [][]*TypeDef{Builtin(), c.Imported, c.Types} {
		for _, d := range list {
			if !Predefined(d.Name) {
				defs[d.Name] = d
			}
		}
	}
	return defs
}

// nearest returns the candidate that looks most like name, or "" where none looks much like it.
func nearest(name string, candidates []string) string {
	slices.Sort(candidates)
	best, least := "", 1+len(name)/3
	for _, c := range candidates {
		if d := distance(strings.ToLower(name), strings.ToLower(c)); d < least || d == least && best == "" {
			best, least = c, d
		}
	}
	return best
}

// distance returns how many letters to insert, remove or change to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			above := row[j+1]
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, above+1, row[j]+1)
			diagonal = above
		}
	}
	return row[len(b)]
}
