package kista

import "sync"

// Pipe connects two nodes of one program in memory: each is attached to the
// other under its name, and everything that crosses is copied and translated as
// it would be on a wire. It is the twin of the real carriers, for tests. cut
// breaks the connection, on both sides.
func Pipe(a, b *Node) (cut func()) {
	ab, ba := &pipeEnd{from: a, to: b}, &pipeEnd{from: b, to: a}
	ab.there, ba.there = b.Attach(a.name, a.seq, ba), a.Attach(b.name, b.seq, ab)
	ab.here, ba.here = ba.there, ab.there
	return func() {
		ab.here.Lost()
		ba.here.Lost()
	}
}

// pipeEnd carries from one node to another. Signals queue up while one is being
// delivered, so that two nodes that answer each other do not recurse.
type pipeEnd struct {
	from, to    *Node
	here, there *Peer // the sender's view of the receiver, and the receiver's of the sender

	mu    sync.Mutex
	queue []Signal
	busy  bool
}

// Carry implements [Carrier].
func (e *pipeEnd) Carry(sig Signal) error {
	sig, err := e.translate(sig)
	if err != nil {
		return err
	}
	e.mu.Lock()
	e.queue = append(e.queue, sig)
	if e.busy {
		e.mu.Unlock()
		return nil
	}
	e.busy = true
	for len(e.queue) > 0 {
		next := e.queue[0]
		e.queue = e.queue[1:]
		e.mu.Unlock()
		e.there.Receive(next)
		e.mu.Lock()
	}
	e.busy = false
	e.mu.Unlock()
	return nil
}

func (e *pipeEnd) translate(sig Signal) (Signal, error) {
	sig.From, sig.To, sig.Ref = e.pid(sig.From), e.pid(sig.To), e.ref(sig.Ref)
	msg, _, err := messages.Carry(sig.Msg, e.swap)
	sig.Msg = msg
	return sig, err
}

func (e *pipeEnd) swap(ptr any) error {
	switch v := ptr.(type) {
	case *PID:
		*v = e.pid(*v)
	case *Ref:
		*v = e.ref(*v)
	case *From:
		*v = e.request(*v)
	}
	return nil
}

// pid turns the sender's view of a process into the receiver's.
func (e *pipeEnd) pid(p PID) PID {
	switch {
	case p.p == nil:
		return PID{}
	case p.p.far == nil && p.p.node == e.from:
		return e.there.export(p.p)
	case p.p.far != nil && p.p.far.peer == e.here:
		return e.there.imported(p.p)
	}
	return p // of a third node: good in this program
}

// export is the receiver's proxy for a process of the sender.
func (r *Peer) export(p *proc) PID {
	n := p.node
	n.mu.Lock()
	n.exported[p.id] = p
	n.mu.Unlock()
	return r.Proxy(p.id)
}

// imported finds the receiver's own process behind the sender's proxy.
func (r *Peer) imported(proxy *proc) PID {
	n := r.node
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.exported[proxy.far.id].pidOrZero()
}

func (e *pipeEnd) ref(r Ref) Ref {
	switch {
	case r.h == nil:
		return Ref{}
	case r.h == e.from.home:
		return e.there.Ref(r.id)
	case r.h == e.here.home:
		return Ref{h: e.to.home, id: r.id}
	}
	return r
}

// request lets a From be answered on the other side: the answer goes straight
// to the call, since both nodes are in one program.
func (e *pipeEnd) request(f From) From { return f }
