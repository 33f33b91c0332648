package gen

import (
	"strings"

	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/term"
)

// key names a rule of a state.
func key(s term.Atom, r rule) string { return string(s) + " " + r.message.Name }

// method of the other side.
type served struct {
	state  term.Atom
	rule   rule
	name   string
	all    []*contract.Outcome
	anyway bool // of every state: written once
}

// server writes the other side.
func (g *generator) server() {
	names := taken{"Accept": true}
	byState := map[term.Atom][]served{}
	var any []served
	for _, s := range g.stateNames() {
		for _, r := range g.rules(s, contract.Request) {
			if r.any {
				continue
			}
			byState[s] = append(byState[s], served{state: s, rule: r, name: names.pick(g.states[s] + exported(r.message.Name)), all: distinct(r, s)})
		}
	}
	for _, r := range g.rules("", contract.Request) {
		if r.any {
			any = append(any, served{rule: r, name: names.pick("Any" + exported(r.message.Name)), all: distinct(r, ""), anyway: true})
		}
	}
	g.p("// Handler is the code of one session, behind the contract: a request comes only where the contract allows it, and what a method\n// returns can only be what is allowed there. An error ends the session.\ntype Handler interface {")
	g.p("// Accept takes the session, or rejects it with ubf.Reject. It returns what the client is told.\nAccept(c *ubf.Ctx, arg term.Term) (reply term.Term, err error)")
	for _, s := range g.stateNames() {
		if len(byState[s]) > 0 {
			g.p("%s", g.handlers[s])
		}
	}
	for _, m := range any {
		g.method(m)
	}
	told := g.told(contract.EventIn)
	for i := range told {
		e := &told[i]
		e.method = names.pick("On"+exported(e.message.Name), "Event")
		g.p("// %s takes the event %s, which the contract allows in that state. An error ends the session.", e.method, shown(e.message))
		g.comment(true, e.parts...)
		g.p("%s(c *ubf.Ctx, state term.Atom, event %s) error", e.method, g.typeOf(e.message).name)
	}
	g.p("}\n")
	for _, s := range g.stateNames() {
		if len(byState[s]) == 0 {
			continue
		}
		g.p("// %[1]s answers in the state %[2]s.\ntype %[1]s interface {", g.handlers[s], plain(term.String(s)))
		for _, m := range byState[s] {
			g.method(m)
		}
		g.p("}\n")
	}
	g.p(`// Service makes a service of handlers, one for each session.
func Service(handler func() Handler) ubf.Service {
	return ubf.Service{Contract: Contract(), Plugin: func() ubf.Plugin { return &plugin{handler()} }}
}

// plugin is a Handler for package ubf.
type plugin struct{ Handler }

func (p *plugin) Start(c *ubf.Ctx, arg term.Term) (term.Term, term.Atom, error) {
	reply, err := p.Accept(c, arg)
	return reply, %q, err
}

// Stop tells the handler, if it wants to know.
func (p *plugin) Stop(c *ubf.Ctx, reason error) {
	if s, ok := p.Handler.(ubf.Stopper); ok {
		s.Stop(c, reason)
	}
}

func (p *plugin) Call(c *ubf.Ctx, state term.Atom, request term.Term) (term.Term, term.Atom, error) {
	k := checked()
	switch state {`, string(g.c.Initial()))
	for _, s := range g.stateNames() {
		if len(byState[s]) == 0 {
			continue
		}
		g.p("case %q:", string(s))
		for _, m := range byState[s] {
			g.serve(m)
		}
	}
	g.p("}")
	for _, m := range any {
		g.serve(m)
	}
	g.p("return nil, \"\", &linear.ReplyError{Type: \"a request of the contract\", Reply: request}\n}\n")
	if len(told) > 0 {
		g.p("func (p *plugin) Event(c *ubf.Ctx, state term.Atom, event term.Term) error {\nk := checked()")
		for _, e := range told {
			g.p("if k.Is(%q, event) {\ne, ok := %s\nif !ok {\nreturn &linear.ReplyError{Type: %q, Reply: event}\n}\nreturn p.%s(c, state, e)\n}",
				e.message.Name, call(g.typeOf(e.message).from, "event"), contract.TypeString(e.message), e.method)
		}
		g.p("return nil\n}\n")
	}
	g.p("// checked is made once: it never changes.\nvar checked = linear.Once(checker)")
}

// method writes the signature of a method.
func (g *generator) method(m served) {
	q := g.typeOf(m.rule.message)
	with := said(m.rule, m.state, m.all)
	if m.anyway {
		var types []string
		for _, o := range m.all {
			types = append(types, shown(o.Reply))
		}
		with = strings.Join(types, " or ") + ", in whatever state that is; the state stays"
	}
	g.p("// %s answers %s with %s.", m.name, shown(m.rule.message), with)
	g.comment(true, m.rule.parts...)
	g.p("%s(c *ubf.Ctx, request %s) (%s, error)", m.name, q.name, g.result(m))
}

// result is what a method returns.
func (g *generator) result(m served) string {
	if out, ok := g.kept[key(m.state, m.rule)]; ok && !m.anyway {
		return out.name
	}
	if len(m.all) > 1 { // replies in any state: of whatever type
		return "term.Term"
	}
	return g.typeOf(m.all[0].Reply).name
}

// serve writes how a request reaches its method.
func (g *generator) serve(m served) {
	q := g.typeOf(m.rule.message)
	g.p("if k.Is(%q, request) {\nq, ok := %s\nif !ok {\nreturn nil, \"\", &linear.ReplyError{Type: %q, Reply: request}\n}", m.rule.message.Name, call(q.from, "request"), contract.TypeString(m.rule.message))
	g.p("out, err := p.%s(c, q)\nif err != nil {\nreturn nil, \"\", err\n}", m.name)
	out, many := g.kept[key(m.state, m.rule)]
	switch {
	case many && !m.anyway:
		g.p("switch out := out.(type) {")
		for i, o := range m.all {
			g.p("case %s:\nreturn %s, %q, nil", out.types[i], call(g.typeOf(o.Reply).of, "out.Reply"), string(o.Next))
		}
		g.p("}\nreturn nil, \"\", &linear.ReplyError{Type: %q, Reply: request}\n}", out.name)
	case m.anyway && len(m.all) > 1:
		g.p("return out, state, nil\n}")
	case m.anyway:
		g.p("return %s, state, nil\n}", call(g.typeOf(m.all[0].Reply).of, "out"))
	default:
		g.p("return %s, %q, nil\n}", call(g.typeOf(m.all[0].Reply).of, "out"), string(m.all[0].Next))
	}
}
