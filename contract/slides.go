package contract

import "github.com/kista-go/kista/term"

// slideForm reads a form of the slides; plus and head are read.
func (r *reader) slideForm(plus, head token) error {
	var err error
	switch head.text {
	case "state":
		err = r.slideState(plus)
	case "type":
		err = r.slideType(plus)
	case "deftype":
		err = r.typeDef()
	default:
		r.errorAt(head.pos, CodeSyntax, head.text, "there is no form +"+head.text, "the slides have +state, +type and +deftype")
		return errSyntax
	}
	if err != nil {
		return err
	}
	if r.accept(tDot) || r.peek().kind == "+" || r.peek().kind == tEOF {
		return nil
	}
	return r.unexpected("the end of the form")
}

// product reads the sign between a state and a message.
func (r *reader) product() bool {
	if t := r.peek(); t.kind == "x" || t.kind == tAtom && t.text == "x" {
		r.i++
		return true
	}
	return false
}

// slideStates reads A | B x.
func (r *reader) slideStates() ([]token, error) {
	var states []token
	for {
		t, err := r.expect(tAtom, "the name of a state")
		if err != nil {
			return nil, err
		}
		states = append(states, t)
		if !r.accept("|") {
			return states, nil
		}
	}
}

// slideState reads states x request -> outcomes, or state request => outcomes; ...
func (r *reader) slideState(plus token) error {
	states, err := r.slideStates()
	if err != nil {
		return err
	}
	if !r.product() {
		if len(states) > 1 {
			return r.unexpected(`"x" between states and request`)
		}
		return r.slideBlock(states)
	}
	rule := &Rule{Pos: plus.pos}
	if rule.Message, err = r.message("a request"); err != nil {
		return err
	}
	if _, err = r.expect("->", `"->" after the request`); err != nil {
		return err
	}
	if rule.Outcomes, err = r.slideOutcomes(); err != nil {
		return err
	}
	r.addRule(states, rule)
	return nil
}

// slideBlock reads request => outcomes with a semicolon behind each, which may also stand before another outcome.
func (r *reader) slideBlock(states []token) error {
	for {
		rule := &Rule{Pos: r.peek().pos}
		var err error
		if rule.Message, err = r.message("a request"); err != nil {
			return err
		}
		if _, err = r.expect("=>", `"=>" after the request`); err != nil {
			return err
		}
		for more := true; more; more = r.accept("|") {
			outs, err := r.slideOutcomes()
			if err != nil {
				return err
			}
			rule.Outcomes = append(rule.Outcomes, outs...)
			r.accept(";")
		}
		r.addRule(states, rule)
		switch r.peek().kind {
		case tDot, tEOF, "+":
			return nil
		}
	}
}

// slideOutcomes reads reply x state | reply x state.
func (r *reader) slideOutcomes() ([]*Outcome, error) {
	var outs []*Outcome
	for {
		start := r.peek()
		t, err := r.typ()
		if err != nil {
			return nil, err
		}
		o := &Outcome{Pos: start.pos}
		if ref, ok := t.(*Ref); ok && !ref.Optional && len(ref.Attrs) == 0 {
			o.Reply = ref
		} else {
			o.Reply = r.imply(t)
		}
		outs = append(outs, o)
		if r.product() {
			state, err := r.expect(tAtom, "the name of the next state")
			if err != nil {
				return nil, err
			}
			o.Next = term.Atom(nameOf(state))
		}
		if !r.accept("|") {
			return outs, nil
		}
	}
}

// slideType reads states x module:fun(types) -> outcomes: the request {fun, types...}. Without states it holds in every state.
func (r *reader) slideType(plus token) error {
	var states []token
	var err error
	if after := r.peekAt(1); after.kind != ":" && after.kind != "(" {
		if states, err = r.slideStates(); err != nil {
			return err
		}
		if !r.product() {
			return r.unexpected(`"x" between states and function`)
		}
	}
	fun, err := r.expect(tAtom, "the name of a function, module:function")
	if err != nil {
		return err
	}
	if r.accept(":") {
		if len(r.forms["NAME"]) == 0 {
			r.c.Name = nameOf(fun)
		}
		if fun, err = r.expect(tAtom, "the name of a function"); err != nil {
			return err
		}
	}
	request := &Tuple{Pos: fun.pos, Fields: []Type{&Literal{Pos: fun.pos, Value: fun.val}}}
	if err = r.arguments(request); err != nil {
		return err
	}
	if _, err = r.expect("->", `"->" after the function`); err != nil {
		return err
	}
	rule := &Rule{Pos: plus.pos, Message: r.imply(request)}
	if rule.Outcomes, err = r.slideOutcomes(); err != nil {
		return err
	}
	r.addRule(states, rule)
	return nil
}

// arguments reads (A, B), and appends the types to the request's fields.
func (r *reader) arguments(request *Tuple) error {
	if _, err := r.expect("(", `"("`); err != nil {
		return err
	}
	if r.accept(")") {
		return nil
	}
	for {
		t, err := r.typ()
		if err != nil {
			return err
		}
		request.Fields = append(request.Fields, t)
		if r.accept(",") {
			continue
		}
		_, err = r.expect(")", `"," or ")"`)
		return err
	}
}

// addRule adds the rule to the states, or, without any, to those for every state.
func (r *reader) addRule(states []token, rule *Rule) {
	if len(states) == 0 {
		for _, o := range rule.Outcomes {
			if o.Next != "" {
				r.errorAt(o.Pos, CodeSyntax, string(o.Next), "a rule without a state has a next state",
					"write +type state x function(...) -> reply x next")
			}
		}
		r.c.AnyState = append(r.c.AnyState, rule)
		return
	}
	for _, t := range states {
		name := term.Atom(nameOf(t))
		s := r.c.State(name)
		if s == nil {
			s = &State{Pos: t.pos, Name: name}
			r.c.States = append(r.c.States, s)
		}
		own := &Rule{Pos: rule.Pos, Message: rule.Message}
		for _, o := range rule.Outcomes {
			next := o.Next
			if next == "" {
				next = name
				r.warn(o.Pos, CodeTranslated, "", "no next state is named; the state stays "+string(name), "write reply x "+string(name))
			}
			own.Outcomes = append(own.Outcomes, &Outcome{Pos: o.Pos, Reply: o.Reply, Next: next})
		}
		s.Rules = append(s.Rules, own)
	}
}
