package contract

import (
	"slices"
	"strings"
)

// String returns the contract in the canonical form of UBF 2.x, which its own compiler takes where there are no imports: name and
// version, types one a line, a form for each state, one for every state. [Parse] reads it back to the same tree, places
// and comments excepted. A type that stands for one written out in a rule is printed as a definition.
func (c *Contract) String() string {
	f := &formatter{c: c}
	f.run()
	return f.b.String()
}

// Format returns what String returns, with the comments of the file, each before or behind what it stands at, and with
// the empty lines that divide types. It is what a formatter writes.
func (c *Contract) Format() []byte {
	f := &formatter{c: c, lead: map[any][]string{}, trail: map[any][]string{}, apart: map[any]bool{}}
	f.attach()
	f.run()
	return []byte(f.b.String())
}

// Comments returns what the comments of the file say of its parts, each a *[TypeDef], *[State] or *[Rule]: those before it and
// behind it, a line each, without percent signs. Those that stand before everything else are at the *Contract itself.
func (c *Contract) Comments() map[any][]string {
	f := &formatter{c: c, lead: map[any][]string{}, trail: map[any][]string{}, apart: map[any]bool{}}
	f.attach()
	out := map[any][]string{}
	for _, comments := range []map[any][]string{f.lead, f.trail} {
		for part, lines := range comments {
			switch form, is := part.(string); {
			case form == "NAME":
				part = c
			case is:
				continue
			}
			for _, l := range lines {
				out[part] = append(out[part], strings.TrimSpace(strings.TrimLeft(l, "%")))
			}
		}
	}
	return out
}

type formatter struct {
	c *Contract
	b strings.Builder
	// Comments before and behind parts, and parts that an empty line precedes. Parts are pointers into the tree, and names of forms.
	lead, trail map[any][]string
	apart       map[any]bool
	last        []string // comments at the end
}

// anchor is a part that comments can stand at.
type anchor struct {
	part any
	pos  Pos
	end  int
}

// anchors returns the parts in the order of the file, the first of those at one place.
func (f *formatter) anchors() []anchor {
	var as []anchor
	add := func(part any, pos Pos, end int) {
		if pos.IsValid() {
			as = append(as, anchor{part, pos, max(end, pos.Line)})
		}
	}
	for _, form := range []string{"NAME", "VSN", "TYPES", "ANYSTATE"} {
		for _, pos := range f.c.forms[form] {
			add(form, pos, 0)
		}
	}
	for _, im := range f.c.Imports {
		add(im, im.Pos, 0)
	}
	for _, d := range f.c.Types {
		add(d, d.Pos, d.end)
	}
	for _, s := range f.c.States {
		add(s, s.Pos, 0)
	}
	for r := range f.c.rules() {
		add(r, r.Pos, r.end)
	}
	slices.SortStableFunc(as, func(a, b anchor) int { return a.pos.Compare(b.pos) })
	return slices.CompactFunc(as, func(a, b anchor) bool { return a.pos == b.pos })
}

// attach gives every comment a place: behind a part that begins or ends on its line, else before the part that follows.
func (f *formatter) attach() {
	as := f.anchors()
	first := make([]int, len(as)) // the line on which a part or its comments begin
	for i, a := range as {
		first[i] = a.pos.Line
	}
	for _, c := range f.c.comments {
		next := slices.IndexFunc(as, func(a anchor) bool { return a.pos.Compare(c.pos) > 0 })
		before := next - 1
		if next < 0 {
			before = len(as) - 1
		}
		switch {
		case before >= 0 && (as[before].pos.Line == c.pos.Line || as[before].end == c.pos.Line):
			f.trail[as[before].part] = append(f.trail[as[before].part], c.text)
		case next < 0:
			f.last = append(f.last, c.text)
		default:
			f.lead[as[next].part] = append(f.lead[as[next].part], c.text)
			first[next] = min(first[next], c.pos.Line)
		}
	}
	for i := range as {
		f.apart[as[i].part] = i > 0 && first[i] > as[i-1].end+1
	}
}

// part writes a part on lines of its own, with its comments.
func (f *formatter) part(part any, indent, text string) {
	for _, c := range f.lead[part] {
		f.b.WriteString(indent + c + "\n")
	}
	f.b.WriteString(indent + text)
	if t := f.trail[part]; len(t) > 0 {
		f.b.WriteString(" " + strings.Join(t, " "))
	}
	f.b.WriteString("\n")
}

func (f *formatter) run() {
	c := f.c
	f.part("NAME", "", "+NAME(\""+c.Name+"\").")
	f.part("VSN", "", "+VSN(\""+c.Version+"\").")
	for _, im := range c.Imports {
		f.part(im, "", im.String())
	}
	if len(c.Types) > 0 {
		f.b.WriteString("\n")
		f.part("TYPES", "", "+TYPES")
		widths := f.widths()
		for i, d := range c.Types {
			if i > 0 && f.apart[d] {
				f.b.WriteString("\n")
			}
			f.part(d, "", aligned(d, widths[i])+end(i, len(c.Types)))
		}
	}
	for _, s := range c.States {
		f.b.WriteString("\n")
		f.part(s, "", "+STATE "+quoteAtom(string(s.Name)))
		f.rules(s.Rules)
	}
	if len(c.AnyState) > 0 {
		f.b.WriteString("\n")
		f.part("ANYSTATE", "", "+ANYSTATE")
		f.rules(c.AnyState)
	}
	if len(f.last) > 0 {
		f.b.WriteString("\n" + strings.Join(f.last, "\n") + "\n")
	}
}

const widestName = 24 // of those types that are aligned with others

// widths returns how wide the names of types are made: alike up to the next empty line.
func (f *formatter) widths() []int {
	types := f.c.Types
	widths := make([]int, len(types))
	for from := 0; from < len(types); {
		to, most := from, 0
		for to < len(types) && (to == from || !f.apart[types[to]]) {
			if n := len(quoteAtom(types[to].Name)); n <= widestName {
				most = max(most, n)
			}
			to++
		}
		for ; from < to; from++ {
			widths[from] = most
		}
	}
	return widths
}

// aligned returns the definition with a name of at least that width.
func aligned(d *TypeDef, width int) string {
	name := len(quoteAtom(d.Name)) + len("()")
	text := d.String()
	return text[:name] + strings.Repeat(" ", max(width+len("()")-name, 0)) + text[name:]
}

// end is what ends the ith of n parts.
func end(i, n int) string {
	if i == n-1 {
		return "."
	}
	return ";"
}

const lineLength = 100 // from which on the outcomes of a rule stand on lines of their own

func (f *formatter) rules(rules []*Rule) {
	const indent = "    "
	for i, r := range rules {
		text := r.String()
		if len(text) > lineLength && len(r.Outcomes) > 1 {
			outs := make([]string, len(r.Outcomes))
			for j, o := range r.Outcomes {
				outs[j] = o.String()
			}
			text = TypeString(r.Message) + " =>\n" + indent + indent + strings.Join(outs, "\n"+indent+"  | ")
		}
		f.part(r, indent, text+end(i, len(rules)))
	}
}
