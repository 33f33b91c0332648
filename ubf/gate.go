package ubf

import (
	"errors"
	"log/slog"
	"net"
	"slices"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubfa"
)

// gate is the process that checks a conversation between two others.
type gate struct {
	p              *Proxy
	client, server *wire
	addr           net.Addr

	session *contract.Session // nil: not begun
	meta    bool              // the service is the meta service
	asked   term.Term         // of the meta service: a service that the client wants
	greeted bool              // the server has said something
	contr   bool              // the client has asked for the contract, and waits
	blind   bool              // nothing is checked any more: the service has no contract that is known here, or somebody spoke nonsense
	excused int               // replies of the server to what the client should not have asked (Observe)
	waiting []waiting         // what the client has said before the reply to the request before
}

// waiting is a message of the client's that must wait for a reply.
type waiting struct {
	term term.Term
	from kista.From
	held bool // from waits for it
}

// mostWaiting is how many requests may wait for replies. A conversation with more is checked no further.
const mostWaiting = 1000

// Init implements [kista.Behaviour].
func (g *gate) Init(*kista.Self) error { return nil }

// Terminate ends both connections.
func (g *gate) Terminate(*kista.Self, error) error {
	_, _ = g.client.Close(), g.server.Close() // whoever read there may have done so
	return nil
}

// Handle takes what the two say.
func (g *gate) Handle(s *kista.Self, msg any) error {
	switch m := msg.(type) {
	case kista.Request:
		in, ok := m.Msg.(said)
		if !ok {
			m.From.Fail(kista.ErrUnknownRequest)
			return nil
		}
		var err error
		answered := true
		if g.blind {
			err = g.pass(map[contract.Side]*wire{contract.Client: g.server, contract.Server: g.client}[in.By], in.Term)
		} else if in.By == contract.Client {
			answered, err = g.fromClient(s, in.Term, m.From)
		} else {
			err = g.fromServer(s, in.Term)
		}
		if err != nil {
			if unencodable(err) {
				s.Logger().Warn("ubf: proxy: a message cannot be passed on", "by", in.By.String(), "client", g.addr.String(), "error", err)
			}
			_ = m.From.Reply(true)
			return kista.Stop{Reason: kista.ErrShutdown}
		}
		if answered {
			return m.From.Reply(false)
		}
	case nonsense:
		g.blind = true
	case kista.Exited:
		return kista.Stop{Reason: kista.ErrShutdown} // one of the two has gone
	}
	return nil
}

// errEnough ends a conversation.
var errEnough = errors.New("ubf: the conversation is over")

// fromClient takes what the client says. It is false if the answer to the driver must wait.
func (g *gate) fromClient(s *kista.Self, t term.Term, from kista.From) (answered bool, err error) {
	g.begin(t)
	if _, busy := g.session.Pending(); busy || g.contr {
		if e, ok := event(t, wordEventIn); ok {
			return true, g.event(s, contract.Client, t, e)
		}
		if len(g.waiting) >= mostWaiting {
			return true, errEnough
		}
		w := waiting{t, from, !g.p.spec.Observe}
		g.waiting = append(g.waiting, w)
		return !w.held, nil
	}
	return true, g.request(s, t)
}

// request checks what the client says, and passes it on.
func (g *gate) request(s *kista.Self, t term.Term) error {
	if e, ok := event(t, wordEventIn); ok {
		return g.event(s, contract.Client, t, e)
	}
	if t == wordContract {
		g.contr = true
		return g.pass(g.server, t)
	}
	if err := g.session.Request(t); err != nil {
		v := g.broke(s, err)
		if v == nil || g.p.spec.Observe {
			g.excused++
			return g.pass(g.server, t)
		}
		err := g.reply(term.Tuple{wordClientBroke, t, v.Expect})
		if unencodable(err) { // not all that is read can be written, or it is too long to be said back
			err = g.reply(term.Tuple{wordClientBroke, wordUndefined, v.Expect})
		}
		return err
	}
	g.wants(t)
	return g.pass(g.server, t)
}

// pass passes on what was not passed on by itself.
func (g *gate) pass(w *wire, t term.Term) error {
	if g.p.spec.Observe {
		return nil
	}
	return w.send(t)
}

// reply says something to the client in the server's place.
func (g *gate) reply(t term.Term) error {
	if g.p.spec.SimpleRPC {
		return g.client.send(t)
	}
	state := g.session.State()
	if g.meta {
		state = metaState
	}
	return g.client.send(term.Tuple{t, state})
}

// broke counts and reports a violation.
func (g *gate) broke(s *kista.Self, err error) *contract.Violation {
	var v *contract.Violation
	if !errors.As(err, &v) {
		return nil
	}
	c := &g.p.counts
	c.mu.Lock()
	c.broke[v.Blame]++
	c.mu.Unlock()
	s.Logger().Warn("ubf: proxy: a contract is broken", slog.String("blame", v.Blame.String()), slog.String("client", g.addr.String()), slog.Any("violation", v))
	if f := g.p.spec.Violation; f != nil {
		f(g.addr, v)
	}
	return v
}

func (g *gate) event(s *kista.Self, by contract.Side, whole, e term.Term) error {
	to, kind := g.server, contract.EventIn
	if by == contract.Server {
		to, kind = g.client, contract.EventOut
	}
	state := g.session.State()
	if err := g.session.Event(by, e); err != nil {
		if g.broke(s, err) != nil && !g.p.spec.Observe {
			return nil // it is dropped
		}
	} else {
		k := g.session.Checker()
		g.p.counts.add(Transition{Contract: k.Contract().Name, State: state, What: eventType(k, state, kind, e), Kind: kind})
	}
	return g.pass(to, whole)
}

// eventType is the type of an event, as the contract has it.
func eventType(k *contract.Checker, state term.Atom, kind contract.RuleKind, e term.Term) string {
	c := k.Contract()
	rules := c.AnyState
	if s := c.State(state); s != nil {
		rules = append(append([]*contract.Rule(nil), s.Rules...), rules...)
	}
	for _, r := range rules {
		if r.Kind == kind && k.Is(r.Message.Name, e) {
			return contract.TypeString(r.Message)
		}
	}
	return ""
}

// fromServer takes what the server says.
func (g *gate) fromServer(s *kista.Self, t term.Term) error {
	first := !g.greeted
	g.greeted = true
	if first && g.greeting(t) {
		return g.pass(g.client, t)
	}
	g.begin(nil)
	if e, ok := event(t, wordEventOut); ok && !g.isReply(e) {
		return g.event(s, contract.Server, t, e)
	}
	var err error
	switch tu, pair := t.(term.Tuple); {
	case g.contr && pair && len(tu) == 2 && tu[0] == wordContract:
		g.contr = false
		err = g.pass(g.client, t)
	default:
		err = g.answer(s, t)
	}
	if err != nil {
		return err
	}
	return g.next(s)
}

// next goes on with what the client has said meanwhile.
func (g *gate) next(s *kista.Self) error {
	for len(g.waiting) > 0 {
		if _, busy := g.session.Pending(); busy || g.contr {
			return nil
		}
		w := g.waiting[0]
		g.waiting = g.waiting[1:]
		err := g.request(s, w.term)
		if w.held {
			_ = w.from.Reply(err != nil)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// isReply tells whether {event_out,X} is the reply event_out with a state.
func (g *gate) isReply(x term.Term) bool {
	state, constant := x.(term.Atom)
	if _, busy := g.session.Pending(); !constant || !busy || g.p.spec.SimpleRPC {
		return false
	}
	_, err := g.session.Checker().SessionAt(state)
	return err == nil && g.session.Event(contract.Server, x) != nil
}

// answer checks a reply, and passes it on.
func (g *gate) answer(s *kista.Self, t term.Term) error {
	request, _ := g.session.Pending()
	if request == nil && g.excused > 0 {
		g.excused--
		return g.pass(g.client, t)
	}
	state, outcomes, k := g.session.State(), g.session.Outcomes(), g.session.Checker()
	reply, next, named := t, term.Atom(""), false
	if tu, ok := t.(term.Tuple); ok && len(tu) == 2 && !g.p.spec.SimpleRPC {
		if next, named = tu[1].(term.Atom); named {
			reply = tu[0]
		}
	}
	if b := broken(reply, request, next); b != nil && request == nil && named {
		return g.pass(g.client, t) // the server's own checker has refused what we let pass
	}
	if g.meta {
		return g.metaAnswer(s, t, reply, next)
	}
	fit := slices.IndexFunc(outcomes, func(o contract.Candidate) bool { return (o.Next == next || !named) && k.Is(o.Reply.Name, reply) })
	if fit < 0 && g.excused > 0 { // it answers what came before
		g.excused--
		return g.pass(g.client, t)
	}
	var err error
	if named {
		err = g.session.Reply(reply, next)
	} else {
		err = g.session.Answer(reply)
	}
	if err == nil {
		if fit >= 0 {
			o := outcomes[fit]
			g.p.counts.add(Transition{
				Contract: k.Contract().Name, State: state, What: contract.TypeString(o.Request), Reply: contract.TypeString(o.Reply),
				Kind: contract.Request, Next: o.Next,
			})
		}
		return g.pass(g.client, t)
	}
	v := g.broke(s, err)
	switch {
	case v == nil:
		return g.pass(g.client, t)
	case g.p.spec.Observe:
		_ = g.session.Enter(next)
		return nil
	}
	_ = g.reply(term.Tuple{wordServerBroke, term.Tuple{orUndefined(request), reply}, orList(v.Expect)})
	return errEnough
}

func orUndefined(t term.Term) term.Term {
	if t == nil {
		return wordUndefined
	}
	return t
}

func orList(t term.Term) term.Term {
	if t == nil {
		return term.List{}
	}
	return t
}

// metaAnswer passes on what the meta service says, and begins the session that it grants. Its strings are whatever they are: that
// of UBF 2.x does not keep its own contract.
func (g *gate) metaAnswer(s *kista.Self, t, reply term.Term, next term.Atom) error {
	_ = g.session.Reply(reply, g.session.State())
	asked := g.asked
	g.asked = nil
	if tu, ok := reply.(term.Tuple); ok && asked != nil && len(tu) == 2 && tu[0] == wordOK {
		name, _ := ubfa.StringOf(asked)
		if k := g.p.services.Lookup(string(name)); k != nil {
			session, err := k.SessionAt(next)
			if err != nil {
				session = k.Session()
			}
			err = g.pass(g.client, t)
			g.use(k, session)
			return err
		}
		s.Logger().Warn("ubf: proxy: there is no contract for a service: what is said is not checked", "service", string(name), "client", g.addr.String())
		g.blind = true
	}
	return g.pass(g.client, t)
}
