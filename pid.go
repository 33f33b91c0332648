package kista

import (
	"log/slog"
	"strconv"
)

// PID names one process. It is a comparable 16-byte value that only a node
// makes: two PIDs of one process are ==, a PID of an ended process never equals
// one that is made later, and there is no way to build one from text or JSON
// (law 3, statement 7). A PID routes itself: it needs no node beside it.
//
// The zero PID names nothing: sending to it vanishes, linking to it and
// monitoring it tell ErrNoProcess, as for any process that has ended.
type PID struct {
	p  *proc
	id uint64
}

// IsZero reports whether p is the zero PID.
func (p PID) IsZero() bool { return p.p == nil }

// Node returns the name of the node on which the process lives or lived.
func (p PID) Node() string {
	switch {
	case p.p == nil:
		return ""
	case p.p.isFar:
		return p.p.x.far.peer.name
	}
	return p.p.node.name
}

// String shows the PID as <node.number>, for people. It does not decode.
func (p PID) String() string {
	if p.p == nil {
		return "<none>"
	}
	id := p.id
	if p.p.isFar {
		id = p.p.x.far.id
	}
	return "<" + p.Node() + "." + strconv.FormatUint(id, 10) + ">"
}

// MarshalText shows the PID in text and JSON output. There is no counterpart
// that reads one: PIDs cannot be forged.
func (p PID) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// LogValue lets slog print a PID as String does.
func (p PID) LogValue() slog.Value { return slog.StringValue(p.String()) }

func (p PID) addr() {}

// Ref is a unique reference: it names a monitor, an alias or a start. Like a
// PID it is comparable, 16 bytes, made only by a node. A Ref that is an active
// alias is also an [Addr].
type Ref struct {
	h  *home
	id uint64
}

// home is where references come from: this node, or a peer beyond a carrier.
type home struct {
	node *Node
	peer *Peer
}

// node is the node to whose code the reference was given, nil for the zero Ref.
func (r Ref) node() *Node {
	switch {
	case r.h == nil:
		return nil
	case r.h.peer != nil:
		return r.h.peer.node
	}
	return r.h.node
}

// IsZero reports whether r is the zero Ref.
func (r Ref) IsZero() bool { return r.h == nil }

// String shows the reference, for people.
func (r Ref) String() string {
	if r.h == nil {
		return "#Ref<none>"
	}
	name := ""
	switch {
	case r.h.node != nil:
		name = r.h.node.name
	case r.h.peer != nil:
		name = r.h.peer.name
	}
	return "#Ref<" + name + "." + strconv.FormatUint(r.id, 10) + ">"
}

// LogValue lets slog print a Ref as String does.
func (r Ref) LogValue() slog.Value { return slog.StringValue(r.String()) }

func (r Ref) addr() {}
