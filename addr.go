package kista

import "context"

// Addr says where a message goes: a [PID], a name ([Node.Name]), a name on
// another node ([Node.Remote]) or an alias (a [Ref] made by [Self.Alias]).
// The set is closed. Names are looked up at each use.
type Addr interface{ addr() }

type localName struct {
	n    *Node
	name string
}

type remoteName struct {
	n          *Node
	node, name string
}

func (localName) addr()  {}
func (remoteName) addr() {}

func (a localName) String() string  { return a.name }
func (a remoteName) String() string { return a.name + "@" + a.node }

// Name returns the address of whatever process is registered under name on
// this node when the address is used.
func (n *Node) Name(name string) Addr { return localName{n, name} }

// Remote returns the address of a name on another node, reached through the
// carrier that is attached for that node (see [Node.Attach]). Naming this very
// node is the same as [Node.Name], except that an unknown name is no error.
func (n *Node) Remote(node, name string) Addr { return remoteName{n, node, name} }

// Register gives pid, a living process of this node, a name (statement 79).
// Errors: [ErrBadName] for the empty name, [ErrNoProcess] for an ended process,
// [ErrRemote] for one of another node, [*NameTakenError] for a name in use,
// [ErrHasName] for a process that has a name already. It does not block.
func (n *Node) Register(name string, pid PID) error {
	if name == "" {
		return ErrBadName
	}
	p := pid.p
	if p == nil {
		return ErrNoProcess
	}
	if p.isFar || p.node != n {
		return ErrRemote
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.status == statusDead {
		return ErrNoProcess
	}
	if p.x.name != "" {
		return ErrHasName
	}
	return n.registerLocked(name, p)
}

// registerLocked needs p.mu: registration and the end of a process are
// serialised by it (statement 83).
func (n *Node) registerLocked(name string, p *proc) error {
	n.namesMu.Lock()
	defer n.namesMu.Unlock()
	if old, ok := n.names[name]; ok {
		return &NameTakenError{Name: name, PID: old.pid()}
	}
	n.names[name] = p
	p.own().name = name
	n.namedLocked()
	return nil
}

// namedLocked wakes those who wait for a name.
func (n *Node) namedLocked() {
	if n.named != nil {
		close(n.named)
		n.named = nil
	}
}

// AwaitName waits until somebody is registered under name and returns who: the
// first one, or the next incarnation after a crash. It returns at once if
// somebody is. The error is ctx's cause, or [ErrNodeStopped]. Give ctx a deadline
// where a supervisor may have given up: then nobody comes any more.
func (n *Node) AwaitName(ctx context.Context, name string) (PID, error) {
	for {
		n.namesMu.Lock()
		p := n.names[name]
		if n.named == nil {
			n.named = make(chan struct{})
		}
		named := n.named
		n.namesMu.Unlock()
		if p != nil {
			return p.pid(), nil
		}
		n.mu.Lock()
		stopping := n.stopping
		n.mu.Unlock()
		if stopping {
			return PID{}, ErrNodeStopped
		}
		select {
		case <-named:
		case <-ctx.Done():
			return PID{}, context.Cause(ctx)
		}
	}
}

// Unregister frees a name. Error: [*NameError] if nobody has it (statement 80).
func (n *Node) Unregister(name string) error {
	for {
		p := n.lookup(name)
		if p == nil {
			return &NameError{Name: name}
		}
		p.mu.Lock()
		if p.x.name == name {
			n.unnameLocked(p)
			p.mu.Unlock()
			return nil
		}
		p.mu.Unlock() // lost a race with the end of p; look again
	}
}

func (n *Node) unnameLocked(p *proc) {
	n.namesMu.Lock()
	delete(n.names, p.x.name)
	n.namesMu.Unlock()
	p.x.name = ""
}

// WhereIs returns the process registered under name, if there is one.
func (n *Node) WhereIs(name string) (PID, bool) {
	p := n.lookup(name)
	if p == nil {
		return PID{}, false
	}
	return p.pid(), true
}

// Names returns all names registered on this node, in no order (statement 82).
func (n *Node) Names() []string {
	n.namesMu.RLock()
	defer n.namesMu.RUnlock()
	out := make([]string, 0, len(n.names))
	for name := range n.names {
		out = append(out, name)
	}
	return out
}

func (n *Node) lookup(name string) *proc {
	n.namesMu.RLock()
	defer n.namesMu.RUnlock()
	return n.names[name]
}

// resolve finds the process behind an address. A nil process with a nil error
// is one that cannot be told: an ended one, an inactive alias, an unknown name
// on another node.
func resolve(to Addr) (*proc, error) {
	switch a := to.(type) {
	case PID:
		return a.p, nil
	case localName:
		if p := a.n.lookup(a.name); p != nil {
			return p, nil
		}
		return nil, &NameError{Name: a.name}
	case remoteName:
		if a.node == a.n.name {
			return a.n.lookup(a.name), nil
		}
		if peer := a.n.peer(a.node); peer != nil && peer.up() {
			return peer.named(a.name), nil
		}
		return nil, ErrNoConnection
	case Ref:
		return a.alias(), nil
	case nil:
		return nil, ErrNoProcess
	}
	return nil, ErrNoProcess
}
