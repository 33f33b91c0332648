package contract

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kista-go/kista/term"
)

// A Comparison says whether a server that keeps a new contract can take the place of one that keeps an old contract, while its
// clients still keep the old one.
type Comparison struct {
	// Safe is true where nothing breaks. It is false too where a question was too large to decide: see Undecided.
	Safe bool
	// Breaks are conversations that the old contract allows and that end in a violation, each with another cause.
	Breaks []*Break
	// Undecided are comparisons of types that would have taken too long.
	Undecided []string
}

// A Break is a conversation with a new server that breaks an old client, or that the new server refuses.
type Break struct {
	// Kind says what goes wrong.
	Kind BreakKind
	// State is the state in which it happens.
	State term.Atom
	// Steps are the requests with their replies that lead there from the initial state; they keep both contracts.
	Steps []Line
	// Message is what breaks the contract, an example of possibly many: a request or event from the client that the new contract does not allow,
	// or a reply or event from the server that the old one does not. It is nil for BreakName and BreakStart.
	Message term.Term
	// Request is the request that a reply answers, and Next the state that the server names with it.
	Request term.Term
	Next    term.Atom
	// Reason says it in words.
	Reason string
}

// BreakKind is what goes wrong in a [Break].
type BreakKind int

// The kinds of breaks.
const (
	// BreakName is another name of the service: clients ask for the old one.
	BreakName BreakKind = iota
	// BreakStart is another state to begin in.
	BreakStart
	// BreakRequest is a request that the new contract refuses.
	BreakRequest
	// BreakReply is a reply, or a state named with it, that an old client does not know.
	BreakReply
	// BreakEventIn is an event from the client that the new contract refuses.
	BreakEventIn
	// BreakEventOut is an event to the client that it does not know.
	BreakEventOut
)

// Lines returns the conversation, the message that breaks it last.
func (b *Break) Lines() []Line {
	lines := slices.Clone(b.Steps)
	last := Line{State: b.State, Message: b.Message}
	switch b.Kind {
	case BreakName, BreakStart:
		return lines
	case BreakReply:
		last.Message, last.Answered, last.Reply, last.Next = b.Request, true, b.Message, b.Next
	case BreakEventIn:
		last.Kind = EventIn
	case BreakEventOut:
		last.Kind = EventOut
	}
	return append(lines, last)
}

// String returns the conversation as [ReadTranscript] reads it, with the reason as a comment in front.
func (b *Break) String() string {
	s := "% " + b.Reason + "\n"
	for _, l := range b.Lines() {
		s += l.String() + "\n"
	}
	return s
}

// maxBreaks ends a comparison: what follows has most likely been told.
const maxBreaks = 20

// Compare says whether a server that keeps the contract new is a safe replacement for one that keeps old: whether it takes every
// message that an old client may send, and sends none that such a client does not know, in every state that a conversation between the two can
// reach. Since replies name the state, states are the same where their names are. Types that have other names and the same
// values are the same.
func Compare(old, new *Contract) *Comparison {
	c := &comparer{old: old, new: new, res: &Comparison{}, told: map[string]bool{}}
	c.solver()
	c.run()
	c.res.Safe = len(c.res.Breaks) == 0 && len(c.res.Undecided) == 0
	return c.res
}

type comparer struct {
	old, new *Contract
	s        *solver
	res      *Comparison
	told     map[string]bool
}

// newPrefix distinguishes the new contract's types where both are in one set of definitions. No name in a contract holds a quote.
const newPrefix = "'"

// solver makes one for the types of both contracts.
func (c *comparer) solver() {
	defs := c.old.definitions()
	for name, d := range c.new.definitions() {
		renamed := *d
		renamed.Type = rename(d.Type)
		defs[newPrefix+name] = &renamed
	}
	c.s = solverOf(defs)
}

// rename returns a copy of t in which references are to types of the new contract.
func rename(t Type) Type {
	switch t := t.(type) {
	case *Ref:
		r := *t
		if !Predefined(r.Name) {
			r.Name = newPrefix + r.Name
		}
		return &r
	case *Alt:
		return &Alt{Pos: t.Pos, Alts: renameAll(t.Alts)}
	case *Tuple:
		return &Tuple{Pos: t.Pos, Fields: renameAll(t.Fields)}
	case *List:
		l := *t
		if l.Elem != nil {
			l.Elem = rename(l.Elem)
		}
		return &l
	case *Record:
		r := *t
		r.Fields = nil
		for _, f := range t.Fields {
			r.Fields = append(r.Fields, &Field{Pos: f.Pos, Name: f.Name, Type: rename(f.Type)})
		}
		return &r
	}
	return t
}

func renameAll(ts []Type) []Type {
	all := make([]Type, len(ts))
	for i, t := range ts {
		all[i] = rename(t)
	}
	return all
}

// ending is an outcome with the state that really follows.
type ending struct {
	reply Type
	next  term.Atom
}

// situation is the requests of a state that the same rules take, and how they may end.
type situation struct {
	pos, neg []Type
	endings  []ending
}

// situations divides the requests of a state by the rules that take them.
func (c *comparer) situations(k *Contract, state term.Atom) []situation {
	as := func(t *Ref) Type { return t }
	if k == c.new {
		as = func(t *Ref) Type { return rename(t) }
	}
	split := func(all []situation, rules []*Rule) []situation {
		for _, r := range rules {
			if r.Kind != Request {
				continue
			}
			var ends []ending
			for _, o := range r.Outcomes {
				next := o.Next
				if next == "" {
					next = state
				}
				ends = append(ends, ending{as(o.Reply), next})
			}
			all = c.split(all, as(r.Message), ends)
		}
		return all
	}
	var rules []*Rule
	if s := k.State(state); s != nil {
		rules = s.Rules
	}
	whole := []situation{{pos: nil}}
	own := split(whole, rules)
	// What no rule of the state takes, the rules for every state may.
	var taken []situation
	for _, s := range own {
		if len(s.pos) > 0 {
			taken = append(taken, s)
			continue
		}
		for _, t := range split([]situation{s}, k.AnyState) {
			if len(t.pos) > 0 {
				taken = append(taken, t)
			}
		}
	}
	return taken
}

// split divides every situation into what is of type t too and what is not.
func (c *comparer) split(all []situation, t Type, ends []ending) []situation {
	var parts []situation
	for _, s := range all {
		in := situation{append(slices.Clip(s.pos), t), s.neg, append(slices.Clip(s.endings), ends...)}
		if _, v := c.s.find(in.pos, in.neg); v != noValue {
			parts = append(parts, in)
		}
		out := situation{s.pos, append(slices.Clip(s.neg), t), s.endings}
		if len(out.pos) == 0 {
			parts = append(parts, out)
		} else if _, v := c.s.find(out.pos, out.neg); v != noValue {
			parts = append(parts, out)
		}
	}
	return parts
}

// run goes through all states that both can be in.
func (c *comparer) run() {
	if c.old.Name != c.new.Name {
		c.add(&Break{Kind: BreakName, Reason: fmt.Sprintf("the service is called %q, clients ask for %q", c.new.Name, c.old.Name)})
	}
	start := c.old.Initial()
	if now := c.new.Initial(); now != start {
		c.add(&Break{Kind: BreakStart, State: start, Reason: fmt.Sprintf("a conversation begins in %s, not in %s",
			quoteAtom(string(now)), quoteAtom(string(start)))})
		return
	}
	type place struct {
		state term.Atom
		steps []Line
	}
	seen := map[term.Atom]bool{start: true, Stop: true}
	for todo := []place{{start, nil}}; len(todo) > 0 && len(c.res.Breaks) < maxBreaks; todo = todo[1:] {
		for _, step := range c.state(todo[0].state, todo[0].steps) {
			if !seen[step.Next] {
				seen[step.Next] = true
				todo = append(todo, place{step.Next, append(slices.Clip(todo[0].steps), step)})
			}
		}
	}
}

// find asks the solver, and notes what it cannot tell.
func (c *comparer) find(state term.Atom, pos, neg []Type) (term.Term, bool) {
	v, verdict := c.s.find(pos, neg)
	if verdict == unsure {
		c.res.Undecided = append(c.res.Undecided, fmt.Sprintf("state %s: whether a value is %s and not %s", quoteAtom(string(state)),
			strings.ReplaceAll(strings.Join(texts(pos), " and "), newPrefix, ""), strings.ReplaceAll(strings.Join(texts(neg), " or "), newPrefix, "")))
	}
	return v, verdict == found
}

// state compares a state, and returns steps from it that keep both contracts.
func (c *comparer) state(state term.Atom, steps []Line) (on []Line) {
	olds, news := c.situations(c.old, state), c.situations(c.new, state)
	var accepted []Type
	for _, k := range c.requests(c.new, state) {
		accepted = append(accepted, rename(k))
	}
	for _, o := range olds {
		if q, ok := c.find(state, o.pos, append(slices.Clip(o.neg), accepted...)); ok {
			c.add(&Break{Kind: BreakRequest, State: state, Steps: steps, Message: q, Reason: fmt.Sprintf(
				"in state %s the new contract does not allow the request %s", quoteAtom(string(state)), show(q))})
		}
		for _, n := range news {
			if q, ok := c.find(state, slices.Concat(o.pos, n.pos), slices.Concat(o.neg, n.neg)); ok {
				on = append(on, c.replies(state, steps, q, o, n)...)
			}
		}
	}
	c.events(state, steps, EventIn, c.old, c.new)
	c.events(state, steps, EventOut, c.new, c.old)
	return on
}

// requests returns the types of the requests that a state takes.
func (c *comparer) requests(k *Contract, state term.Atom) []*Ref {
	return messagesOf(k, state, Request)
}

func messagesOf(k *Contract, state term.Atom, kind RuleKind) []*Ref {
	rules := k.AnyState
	if s := k.State(state); s != nil {
		rules = slices.Concat(s.Rules, rules)
	}
	var types []*Ref
	for _, r := range rules {
		if r.Kind == kind {
			types = append(types, r.Message)
		}
	}
	return types
}

// replies compares how the request q may end, and returns steps that keep both contracts.
func (c *comparer) replies(state term.Atom, steps []Line, q term.Term, old, new situation) (on []Line) {
	for _, n := range new.endings {
		var known []Type
		for _, o := range old.endings {
			if o.next != n.next {
				continue
			}
			known = append(known, o.reply)
			if r, ok := c.find(state, []Type{n.reply, o.reply}, nil); ok {
				on = append(on, Line{State: state, Message: q, Answered: true, Reply: r, Next: n.next})
			}
		}
		r, ok := c.find(state, []Type{n.reply}, known)
		if !ok {
			continue
		}
		reason := fmt.Sprintf("in state %s an old client does not know the reply %s with state %s", quoteAtom(string(state)), show(r), quoteAtom(string(n.next)))
		if n.next != Stop && n.next != None && c.old.State(n.next) == nil {
			reason += ", which the old contract does not have"
		}
		c.add(&Break{Kind: BreakReply, State: state, Steps: steps, Message: r, Request: q, Next: n.next, Reason: reason})
	}
	return on
}

// events compares events in one direction: of the sender's contract all must be known to the receiver's.
func (c *comparer) events(state term.Atom, steps []Line, kind RuleKind, sender, receiver *Contract) {
	as := func(k *Contract, refs []*Ref) (ts []Type) {
		for _, r := range refs {
			var t Type = r
			if k == c.new {
				t = rename(r)
			}
			ts = append(ts, t)
		}
		return ts
	}
	known := as(receiver, messagesOf(receiver, state, kind))
	for _, t := range as(sender, messagesOf(sender, state, kind)) {
		m, ok := c.find(state, []Type{t}, known)
		if !ok {
			continue
		}
		b := &Break{
			Kind: BreakEventIn, State: state, Steps: steps, Message: m,
			Reason: fmt.Sprintf("in state %s the new contract does not allow the event %s from the client", quoteAtom(string(state)), show(m)),
		}
		if kind == EventOut {
			b.Kind = BreakEventOut
			b.Reason = fmt.Sprintf("in state %s an old client does not know the event %s", quoteAtom(string(state)), show(m))
		}
		c.add(b)
	}
}

// add adds a break, once for each reason.
func (c *comparer) add(b *Break) {
	if len(c.res.Breaks) < maxBreaks && !c.told[b.Reason] {
		c.told[b.Reason] = true
		c.res.Breaks = append(c.res.Breaks, b)
	}
}
