package gen

import (
	"fmt"
	"slices"

	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/term"
)

// client writes the types of states, and how a conversation begins.
func (g *generator) client() {
	first := g.c.Initial()
	start := g.states[first]
	g.p(`// Dial connects to a server, starts a session with the service unless the server begins with it, and returns the state in which that begins.
// arg is what the service wants to be given. Events of the server go to events, if that is not nil.
func Dial(ctx context.Context, network, address string, o ubf.Options, arg term.Term, events Events) (%[1]s, error) {
	o.Event = func(e term.Term) { dispatch(events, e) }
	c, err := ubf.Dial(ctx, network, address, o)
	if err != nil {
		return %[1]s{}, err
	}
	s, err := Begin(ctx, c, arg)
	if err != nil {
		_ = c.Close()
	}
	return s, err
}

// Begin is Dial with a client that is connected. What it sends is checked against the contract first.
func Begin(ctx context.Context, c *ubf.Client, arg term.Term) (%[1]s, error) {
	if c.Name() != %[2]q && c.Name() != "" {
		if _, err := c.StartSession(ctx, %[2]q, arg, checked()); err != nil {
			return %[1]s{}, err
		}
	} else if err := c.Check(checked()); err != nil {
		return %[1]s{}, err
	}
	s, err := linear.Begin(c, %[3]q)
	return %[1]s{s}, err
}
`, start, g.c.Name, string(first))
	g.events()
	for _, s := range g.stateNames() {
		g.state(s)
	}
}

// state writes the type of a state.
func (g *generator) state(s term.Atom) {
	name := g.states[s]
	g.p("// %s is the state %s. It is good for one step.", name, plain(term.String(s)))
	if state := g.c.State(s); state != nil {
		g.comment(true, state)
	}
	g.p("type %s struct{ linear.State }\n", name)
	methods := taken{"State": true, "Client": true, "Name": true, "Ask": true, "Tell": true, "LinearState": true}
	for _, r := range g.rules(s, contract.Request) {
		g.ask(s, r, methods.pick(exported(r.message.Name), "Request"))
	}
	for _, r := range g.rules(s, contract.EventIn) {
		t := g.typeOf(r.message)
		method := methods.pick("Send"+exported(r.message.Name), "Event")
		g.p("// %s sends the event %s.", method, shown(r.message))
		g.comment(true, r.parts...)
		g.p("func (s %s) %s(event %s) error { return s.Tell(%q, %s) }\n", name, method, t.name, name+"."+method, call(t.of, "event"))
	}
}

// distinct are the outcomes of a rule, each reply with each state once.
func distinct(r rule, s term.Atom) (out []*contract.Outcome) {
	seen := map[string]bool{}
	for _, o := range r.outcomes {
		if key := o.Reply.Name + " " + string(r.next(o, s)); !seen[key] {
			seen[key] = true
			out = append(out, o)
		}
	}
	return out
}

// ask writes the method of a request.
func (g *generator) ask(s term.Atom, r rule, method string) {
	name, q := g.states[s], g.typeOf(r.message)
	all := distinct(r, s)
	comment := fmt.Sprintf("// %s asks %s; the answer is %s.", method, shown(r.message), said(r, s, all))
	if len(all) == 1 {
		g.p("%s", comment)
		g.comment(true, r.parts...)
		o := all[0]
		reply, next := g.typeOf(o.Reply), g.states[r.next(o, s)]
		g.p(`func (s %[1]s) %[2]s(ctx context.Context, request %[3]s) (next %[4]s, reply %[5]s, err error) {
	t, after, err := s.Ask(ctx, %[6]q, %[7]s)
	if err != nil {
		return next, reply, err
	}
	reply, ok := %[8]s
	if !ok {
		return next, reply, &linear.ReplyError{Type: %[9]q, Reply: t}
	}
	return %[4]s{after}, reply, nil
}
`, name, method, q.name, next, reply.name, name+"."+method, call(q.of, "request"), call(reply.from, "t"), contract.TypeString(o.Reply))
		return
	}
	outcome := g.outcomes(s, r, method, all)
	g.p("%s", comment)
	g.comment(true, r.parts...)
	g.p(`func (s %[1]s) %[2]s(ctx context.Context, request %[3]s) (%[4]s, error) {
	t, after, err := s.Ask(ctx, %[5]q, %[6]s)
	if err != nil {
		return nil, err
	}
	k := checked()
`, name, method, q.name, outcome.name, name+"."+method, call(q.of, "request"))
	for i, o := range all {
		reply := g.typeOf(o.Reply)
		g.p(`if after.Name() == %q && k.Is(%q, t) {
		if reply, ok := %s; ok {
			return %s{reply, %s{after}}, nil
		}
	}`, string(r.next(o, s)), o.Reply.Name, call(reply.from, "t"), outcome.types[i], g.states[r.next(o, s)])
	}
	g.p("return nil, &linear.ReplyError{Type: %q, Reply: t}\n}\n", contract.TypeString(r.message))
}

// outcomeTypes are the Go types of the outcomes of a request.
type outcomeTypes struct {
	name  string
	types []string
}

// outcomes writes them.
func (g *generator) outcomes(s term.Atom, r rule, method string, all []*contract.Outcome) outcomeTypes {
	state := g.states[s]
	out := outcomeTypes{name: g.names.pick(state+method+"Outcome", "_")}
	mark := "is" + out.name
	g.p("// %s is how %s in state %s may end: one of the types below it.", out.name, method, plain(term.String(s)))
	g.p("type %s interface{ %s() }\n", out.name, mark)
	for _, o := range all {
		next := g.states[r.next(o, s)]
		t := g.names.pick(state+method+exported(o.Reply.Name), next, "_")
		out.types = append(out.types, t)
		g.p("// %s is the reply %s, with which the state %s follows.", t, shown(o.Reply), plain(term.String(r.next(o, s))))
		g.p("type %s struct {\nReply %s\nNext %s\n}\n", t, g.typeOf(o.Reply).name, next)
		g.p("func (%s) %s() {}\n", t, mark)
	}
	g.kept[key(s, r)] = out
	return out
}

// said is what may be answered, for a comment.
func said(r rule, s term.Atom, all []*contract.Outcome) string {
	text := ""
	for i, o := range all {
		if i > 0 {
			text += " or "
		}
		text += fmt.Sprintf("%s & %s", shown(o.Reply), plain(term.String(r.next(o, s))))
	}
	return text
}

// event is one that the contract has in some state.
type event struct {
	message *contract.Ref
	parts   []any // the *contract.Rules that say it
	method  string
}

// told returns the events that go one way.
func (g *generator) told(kind contract.RuleKind) (all []event) {
	for _, s := range g.stateNames() {
		for _, r := range g.rules(s, kind) {
			at := slices.IndexFunc(all, func(e event) bool { return e.message.Name == r.message.Name })
			if at < 0 {
				at = len(all)
				all = append(all, event{message: r.message})
			}
			for _, part := range r.parts {
				if !slices.Contains(all[at].parts, part) {
					all[at].parts = append(all[at].parts, part)
				}
			}
		}
	}
	return all
}

// events writes the interface for the server's events.
func (g *generator) events() {
	all := g.told(contract.EventOut)
	g.p("// Events takes the server's events, one at a time; it must not wait for an answer of the same server.\ntype Events interface {")
	names := taken{}
	for i := range all {
		e := &all[i]
		e.method = names.pick(exported(e.message.Name))
		g.p("// %s is the event %s.", e.method, shown(e.message))
		g.comment(true, e.parts...)
		g.p("%s(event %s)", e.method, g.typeOf(e.message).name)
	}
	g.p("}\n")
	g.p("// dispatch finds out which event it is.\nfunc dispatch(to Events, e term.Term) {\nif to == nil {\nreturn\n}")
	if len(all) > 0 {
		g.p("k := checked()")
	}
	for _, e := range all {
		g.p("if k.Is(%q, e) {\nif v, ok := %s; ok {\nto.%s(v)\n}\nreturn\n}", e.message.Name, call(g.typeOf(e.message).from, "e"), e.method)
	}
	g.p("}\n")
}
