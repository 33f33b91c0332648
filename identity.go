package kista

import (
	"fmt"
	"reflect"
)

// IdentityKind says what an [Identity] is.
type IdentityKind uint8

// The kinds of identities.
const (
	IdentityPID  IdentityKind = iota + 1 // Number is the process's
	IdentityRef                          // Number is the reference's
	IdentityFrom                         // Number is the call's, Caller who calls
	IdentityName                         // Name, registered on Node
	IdentityCode                         // Name is that of a [CodeHandle]
)

// Identity is a [PID], a [Ref], a [From], an [Addr] that is a name, or a
// [CodeHandle], in the form in which one node tells another of it: plain data. A
// [Carrier] that encodes makes it with [Peer.Export], and of it, at the other end,
// the value that means the same there ([Peer.Import]).
type Identity struct {
	Kind   IdentityKind
	Yours  bool   // Number was given by the node to which it is told, not by the one that tells it
	Number uint64 // 0: the zero PID, Ref or From
	Caller *Identity
	Node   string
	Name   string
}

// IsIdentity reports whether values of type t, found in a message, are such that
// [Peer.Export] must translate them. Besides, an [Addr] that an interface holds
// may be a name, whose type is nobody's: Export takes it too.
func IsIdentity(t reflect.Type) bool {
	return t != nil && (identities[t] || t == reflect.TypeFor[localName]() || t == reflect.TypeFor[remoteName]() || t.Implements(handleType))
}

// Export tells what v, of a type that [IsIdentity], is between this node and the
// peer. The error is a [*DataError]: it belongs to a third node, of which the peer
// knows nothing.
//
// A From that has been exported can be answered by the peer until the call is over.
func (r *Peer) Export(v any) (Identity, error) {
	switch v := v.(type) {
	case PID:
		return r.exportPID(v)
	case Ref:
		id := Identity{Kind: IdentityRef, Number: v.id}
		switch {
		case v.h == nil:
			id.Number = 0
		case v.h == r.home:
			id.Yours = true
		case v.h != r.node.home:
			return id, r.third(v, v.String())
		}
		return id, nil
	case From:
		return r.exportFrom(v.c)
	case localName:
		return Identity{Kind: IdentityName, Node: v.n.name, Name: v.name}, nil
	case remoteName:
		return Identity{Kind: IdentityName, Node: v.node, Name: v.name}, nil
	case codeHandle:
		return Identity{Kind: IdentityCode, Name: v.codeName()}, nil
	}
	return Identity{}, &DataError{Type: fmt.Sprintf("%T", v), Why: "it is no identity"}
}

func (r *Peer) third(v any, shown string) error {
	return &DataError{
		Type: reflect.TypeOf(v).String(),
		Why: fmt.Sprintf("%s belongs to a third node, which %s has no way to; give it a process of node %s that passes messages on",
			shown, r.name, r.node.name),
	}
}

func (r *Peer) exportPID(pid PID) (Identity, error) {
	id := Identity{Kind: IdentityPID}
	switch p := pid.p; {
	case p == nil:
	case p.isFar && p.x.far.peer == r:
		id.Yours, id.Number = true, p.x.far.id
	case p.isFar || p.node != r.node:
		return id, r.third(pid, pid.String())
	default:
		r.node.mu.Lock()
		r.node.exportLocked(p)
		r.node.mu.Unlock()
		id.Number = p.id
	}
	return id, nil
}

// exportFrom lends a call to the peer, unless it came from there.
func (r *Peer) exportFrom(c *Pending) (Identity, error) {
	id := Identity{Kind: IdentityFrom}
	if c == nil {
		return id, nil
	}
	if caller, err := r.exportPID(c.caller); err == nil && caller.Number != 0 {
		id.Caller = &caller
	}
	if c.made != nil && c.made.peer == r {
		id.Yours, id.Number = true, c.made.number
		return id, nil
	}
	number := r.node.nextID()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over.Load() {
		return id, nil // an answer would vanish anyhow
	}
	before := c.sink
	c.sink = func(val any, err error) {
		if before != nil {
			before(val, err)
		}
		r.mu.Lock()
		delete(r.lent, number)
		r.mu.Unlock()
	}
	r.mu.Lock()
	if r.lent == nil {
		r.lent = map[uint64]*Pending{}
	}
	r.lent[number] = c
	r.mu.Unlock()
	id.Number = number
	return id, nil
}

// Import returns what an identity that the peer has told is on this node: a PID,
// Ref, From or Addr, or, for a CodeHandle, one of type t, which is looked at for
// those only. What nobody here knows any more gives an identity of something
// that has ended, as a PID of an ended process. The error is a [*DataError]: there
// is no such code here, or the identity makes no sense. Whoever imports what a
// stranger has written is safe.
func (r *Peer) Import(id Identity, t reflect.Type) (any, error) {
	switch id.Kind {
	case IdentityPID:
		return r.importPID(id), nil
	case IdentityRef:
		switch {
		case id.Number == 0:
			return Ref{}, nil
		case id.Yours:
			return Ref{h: r.node.home, id: id.Number}, nil
		}
		return r.Ref(id.Number), nil
	case IdentityFrom:
		return r.importFrom(id), nil
	case IdentityName:
		if id.Node == r.node.name {
			return r.node.Name(id.Name), nil
		}
		return r.node.Remote(id.Node, id.Name), nil
	case IdentityCode:
		if t != nil && t.Implements(handleType) {
			h, known := reflect.Zero(t).Interface().(codeHandle).codeNamed(id.Name)
			if known {
				return h, nil
			}
			return nil, &DataError{Type: t.String(), Why: fmt.Sprintf("no code of that type is registered as %q on node %s", id.Name, r.node.name)}
		}
	}
	return nil, &DataError{Type: "Identity", Why: "it is no identity, or not one of the type that it stands for"}
}

func (r *Peer) importPID(id Identity) PID {
	switch {
	case id.Number == 0:
		return PID{}
	case id.Yours:
		return r.node.exportedPID(id.Number)
	}
	return r.Proxy(id.Number)
}

// exportedPID is the PID of the process that others know by that number: of a
// dead one if nobody remembers it.
func (n *Node) exportedPID(id uint64) PID {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.exported[id].Value()
	if p == nil {
		p = n.deceased(id)
		n.exportLocked(p)
	}
	return p.pid()
}

func (r *Peer) importFrom(id Identity) From {
	if id.Number == 0 {
		return From{}
	}
	if id.Yours {
		if c := r.asked(id.Number); c != nil {
			return From{c}
		}
		return From{}
	}
	c := r.callOf(id.Number)
	if id.Caller != nil && id.Caller.Kind == IdentityPID {
		c.caller = r.importPID(*id.Caller)
	}
	return From{c}
}

// asked is the call with that number that the peer may answer.
func (r *Peer) asked(number uint64) *Pending {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.calls[number]; c != nil {
		return c
	}
	return r.lent[number]
}

// farCall says whose call it is, and its number there.
type farCall struct {
	peer   *Peer
	number uint64
}

// callOf stands for a call of the peer's: its end is carried there. An answer
// that cannot be carried is one that says so.
func (r *Peer) callOf(number uint64) *Pending {
	return &Pending{made: &farCall{r, number}, sink: func(val any, err error) {
		refused := r.carry(Signal{Kind: SignalReply, Call: number, Msg: val, Reason: err})
		if _, is := refused.(*DataError); is { //nolint:errorlint // carry's own
			_ = r.carry(Signal{Kind: SignalReply, Call: number, Reason: refused})
		}
	}}
}
