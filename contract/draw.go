package contract

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/kista-go/kista/term"
)

// diagram is a state machine to be drawn: states in the order in which conversations reach them, and all that leads from one to
// another as one arrow.
type diagram struct {
	title  string
	states []term.Atom // stop last, if anything leads there
	arrows []arrow
	notes  []string // what holds in every state, and events
}

// arrow is what leads from one state to another, by their index, with a label for each way.
type arrow struct {
	from, to int
	labels   []string
}

// diagram lays out what is to be drawn.
func (c *Contract) diagram() *diagram {
	d := &diagram{title: readable(strings.TrimSpace(c.Name + " " + c.Version))}
	index := map[term.Atom]int{}
	add := func(s term.Atom) {
		if _, ok := index[s]; !ok && s != Stop {
			index[s] = len(d.states)
			d.states = append(d.states, s)
		}
	}
	add(c.Initial())
	for i := 0; i < len(d.states); i++ {
		if s := c.State(d.states[i]); s != nil {
			for _, next := range c.edges(s) {
				add(next)
			}
		}
		if i == len(d.states)-1 { // what no conversation reaches follows
			for _, s := range c.States {
				add(s.Name)
			}
		}
	}
	for _, s := range c.States {
		for _, o := range c.edges(s) {
			if _, ok := index[o]; !ok {
				index[o] = len(d.states)
				d.states = append(d.states, o)
			}
		}
	}
	at := map[[2]int]int{}
	for _, s := range c.States {
		for _, r := range s.Rules {
			if r.Kind != Request {
				d.notes = append(d.notes, readable(quoteAtom(string(s.Name))+": "+r.String()))
			}
			for _, o := range r.Outcomes {
				key := [2]int{index[s.Name], index[o.Next]}
				i, ok := at[key]
				if !ok {
					i = len(d.arrows)
					at[key] = i
					d.arrows = append(d.arrows, arrow{from: key[0], to: key[1]})
				}
				d.arrows[i].labels = append(d.arrows[i].labels, readable(TypeString(r.Message)+" => "+TypeString(o.Reply)))
			}
		}
	}
	for _, r := range c.AnyState {
		d.notes = append(d.notes, readable("in every state: "+r.String()))
	}
	return d
}

// readable returns text from a contract as UTF-8 that XML can hold.
func readable(s string) string {
	if !utf8.ValidString(s) {
		s = latin1([]byte(s))
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0xfffe || r == 0xffff {
			return utf8.RuneError
		}
		return r
	}, s)
}

var (
	mermaidName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	mermaidWord = regexp.MustCompile(`(?i)^(state|note|end|direction|as|class|classdef|style|click|default|fork|join|choice)$`)
	mermaidText = strings.NewReplacer("#", "#35;", ";", "#59;", "\"", "#quot;", "<", "#lt;", ":", "#58;", "\n", " ")
)

// Mermaid returns the states as a diagram in the language of Mermaid, which many readers of Markdown draw: an arrow for each pair of
// states, with requests and replies on it; rules for every state and events as a note.
func (c *Contract) Mermaid() string {
	d := c.diagram()
	var b strings.Builder
	fmt.Fprintf(&b, "---\ntitle: %q\n---\nstateDiagram-v2\n", d.title)
	names := make([]string, len(d.states))
	for i, s := range d.states {
		names[i] = string(s)
		if s == Stop {
			names[i] = "[*]"
		} else if !mermaidName.MatchString(names[i]) || mermaidWord.MatchString(names[i]) {
			names[i] = fmt.Sprintf("state%d", i)
			for c.State(term.Atom(names[i])) != nil {
				names[i] += "_"
			}
			fmt.Fprintf(&b, "    state \"%s\" as %s\n", mermaidText.Replace(readable(string(s))), names[i])
		}
	}
	fmt.Fprintf(&b, "    [*] --> %s\n", names[0])
	for _, a := range d.arrows {
		labels := make([]string, len(a.labels))
		for i, l := range a.labels {
			labels[i] = mermaidText.Replace(l)
		}
		fmt.Fprintf(&b, "    %s --> %s: %s\n", names[a.from], names[a.to], strings.Join(labels, "<br/>"))
	}
	if len(d.notes) > 0 {
		fmt.Fprintf(&b, "    note right of %s\n", names[0])
		for _, n := range d.notes {
			b.WriteString("        " + mermaidText.Replace(n) + "\n")
		}
		b.WriteString("    end note\n")
	}
	return b.String()
}
