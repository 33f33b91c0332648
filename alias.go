package kista

// AliasMode says how long an alias lives.
type AliasMode uint8

const (
	// NoAlias: the reference of a monitor is no alias.
	NoAlias AliasMode = iota
	// ExplicitUnalias: until [Self.Unalias] (statement 73, 75).
	ExplicitUnalias
	// Reply: until the first message through it (73).
	Reply
	// WithMonitor: as long as the monitor: until Demonitor or Down (75).
	WithMonitor
	// ReplyWithMonitor: as WithMonitor, and the first message through the alias
	// ends both (74).
	ReplyWithMonitor
)

func (m AliasMode) endsWithMonitor() bool { return m == WithMonitor || m == ReplyWithMonitor }

func (m AliasMode) onceOnly() bool { return m == Reply || m == ReplyWithMonitor }

// Alias makes a reference that stands for the process as an address: messages
// through it arrive as if sent to the PID, until the alias ends, and are
// dropped from then on (statements 71 to 73). The mode is [ExplicitUnalias] or
// [Reply]; others act as ExplicitUnalias. After the process's end it returns
// the zero Ref.
func (s *Self) Alias(mode AliasMode) Ref {
	if s.begin() != nil {
		return Ref{}
	}
	defer s.leave()
	if mode != Reply {
		mode = ExplicitUnalias
	}
	ref := s.p.node.newRef()
	s.p.node.addAlias(s.p, ref, mode)
	return ref
}

// Unalias ends an alias and reports whether it was active. Messages already in
// the mailbox stay.
func (s *Self) Unalias(ref Ref) bool {
	if s.begin() != nil {
		return false
	}
	defer s.leave()
	return s.p.node.unalias(s.p, ref)
}

func (n *Node) addAlias(p *proc, ref Ref, mode AliasMode) {
	p.mu.Lock()
	defer p.mu.Unlock()
	x := p.own()
	if x.aliases == nil {
		x.aliases = map[Ref]AliasMode{}
	}
	x.aliases[ref] = mode
	n.namesMu.Lock()
	n.aliases[ref.id] = p
	n.namesMu.Unlock()
}

func (n *Node) unalias(p *proc, ref Ref) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return n.unaliasLocked(p, ref)
}

func (n *Node) unaliasLocked(p *proc, ref Ref) bool {
	if _, ok := p.x.aliases[ref]; !ok {
		return false
	}
	delete(p.x.aliases, ref)
	n.namesMu.Lock()
	delete(n.aliases, ref.id)
	n.namesMu.Unlock()
	return true
}

func (n *Node) unaliasAllLocked(p *proc) {
	if len(p.x.aliases) == 0 {
		return
	}
	n.namesMu.Lock()
	for ref := range p.x.aliases {
		delete(n.aliases, ref.id)
	}
	n.namesMu.Unlock()
}

// alias finds the process that r stands for, if it is an active alias.
func (r Ref) alias() *proc {
	switch {
	case r.h == nil:
		return nil
	case r.h.peer != nil:
		return r.h.peer.aliased(r)
	}
	n := r.h.node
	n.namesMu.RLock()
	defer n.namesMu.RUnlock()
	return n.aliases[r.id]
}

// through decides whether a message sent through alias r may enter p's mailbox,
// and ends the alias if it was good for one message. Needs p.mu. It returns
// the monitor that went with it.
func (p *proc) throughLocked(r Ref) (ok bool, m *monitor) {
	mode, active := p.x.aliases[r]
	if !active {
		return false, nil
	}
	if mode.onceOnly() {
		p.node.unaliasLocked(p, r)
		if m = p.x.monitors[r]; m != nil {
			delete(p.x.monitors, r)
		}
	}
	return true, m
}
