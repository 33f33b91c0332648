package ubf

import (
	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubfa"
)

// begin is where a conversation begins, if nobody has said so: with the first contract, unless the client talks to the meta
// service.
func (g *gate) begin(first term.Term) {
	if g.session != nil {
		return
	}
	g.session = g.p.first.Session()
	if tu, ok := first.(term.Tuple); ok && len(tu) == 3 && tu[0] == wordStart {
		if meta().Is("startSession", first) && !allows(g.p.first, first) {
			g.session, g.meta = compatMeta().Session(), true
		}
	}
}

// allows reports whether a contract allows a request at its beginning.
func allows(k *contract.Checker, q term.Term) bool { return k.Session().Request(q) == nil }

// wants notes which service the client asks the meta service for.
func (g *gate) wants(t term.Term) {
	g.asked = nil
	if tu, ok := t.(term.Tuple); ok && g.meta && tu[0] == wordStart {
		g.asked = tu[1]
	}
}

// greeting takes the server's greeting, which says where the conversation begins. A client that has not waited for it has been
// checked by a guess.
func (g *gate) greeting(t term.Term) bool {
	tu, ok := t.(term.Tuple)
	if !ok || len(tu) != 3 || tu[0] != g.p.spec.Transport.name {
		return false
	}
	name, ok := ubfa.StringOf(tu[1])
	if !ok {
		return false
	}
	k := g.p.services.Lookup(string(name))
	if g.session != nil && (k == nil && g.meta || k != nil && k == g.session.Checker()) {
		return true
	}
	var asked term.Term
	if g.session != nil {
		asked, _ = g.session.Pending()
	}
	if k != nil {
		g.use(k, k.Session())
	} else {
		g.session, g.meta = compatMeta().Session(), true
	}
	if asked != nil {
		if g.session.Request(asked) != nil {
			g.excused++ // it has been passed on, and the server will say what it thinks of it
		}
		g.wants(asked)
	}
	return true
}

// use makes a contract that of the conversation.
func (g *gate) use(k *contract.Checker, session *contract.Session) {
	g.session, g.meta = session, false
	g.client.use(k.Contract())
	g.server.use(k.Contract())
}
