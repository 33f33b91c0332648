package kista

import (
	"runtime"
	"sync"
	"weak"
)

// Pipe connects two nodes of one program in memory: each is attached to the
// other under its name, and everything that crosses is copied and translated as
// it would be on a wire, and comes a little later. It is the twin of the real
// carriers, for tests. cut breaks the connection, on both sides; what is under
// way is lost.
func Pipe(a, b *Node) (cut func()) {
	viewA, viewB := b.meet(a.name, a.seq), a.meet(b.name, b.seq)
	ab := &pipeEnd{from: a, to: b, here: viewB, there: viewA}
	ba := &pipeEnd{from: b, to: a, here: viewA, there: viewB}
	ab.twin, ba.twin = ba, ab
	viewA.mu.Lock()
	viewB.mu.Lock() // both directions at once: an answer must find its way
	viewA.carrier, viewA.lost = ba, false
	viewB.carrier, viewB.lost = ab, false
	viewB.mu.Unlock()
	viewA.mu.Unlock()
	return func() {
		if ab.stands() {
			viewB.Lost()
		}
		if ba.stands() {
			viewA.Lost()
		}
	}
}

// pipeEnd carries from one node to another. A goroutine delivers while there is
// something to deliver.
type pipeEnd struct {
	from, to    *Node
	here, there *Peer // the sender's view of the receiver, and the receiver's of the sender
	twin        *pipeEnd

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
	defer e.mu.Unlock()
	e.queue = append(e.queue, sig)
	if !e.busy {
		e.busy = true
		go e.deliver()
	}
	return nil
}

func (e *pipeEnd) deliver() {
	for {
		e.mu.Lock()
		batch := e.queue
		e.queue = nil
		e.busy = len(batch) > 0
		e.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		for _, sig := range batch {
			if e.twin.stands() {
				e.there.Receive(sig)
			}
		}
	}
}

// stands reports whether e is still the connection from its node to the other.
func (e *pipeEnd) stands() bool {
	e.here.mu.Lock()
	defer e.here.mu.Unlock()
	return e.here.carrier == e && !e.here.lost
}

func (e *pipeEnd) translate(sig Signal) (Signal, error) {
	sig.From, sig.To, sig.Ref = e.pid(sig.From), e.pid(sig.To), e.ref(sig.Ref)
	msg, size, err := messages.Carry(sig.Msg, e.swap)
	if err != nil {
		return sig, dataError(err)
	}
	sig.Msg, sig.Size = msg, size
	return sig, nil
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
	case !p.p.isFar && p.p.node == e.from:
		return e.there.export(p.p)
	case p.p.isFar && p.p.x.far.peer == e.here:
		return e.there.imported(p.p)
	}
	return p // of a third node: good in this program
}

// export is the receiver's proxy for a process of the sender.
func (r *Peer) export(p *proc) PID {
	n := p.node
	n.mu.Lock()
	n.exportLocked(p)
	n.mu.Unlock()
	return r.Proxy(p.id)
}

// exportLocked remembers p by its number, for as long as anybody holds p: also
// when it has ended, so that its PID is still the same one when it comes back.
func (n *Node) exportLocked(p *proc) {
	if n.exported[p.id].Value() == p {
		return
	}
	w := weak.Make(p)
	n.exported[p.id] = w
	runtime.AddCleanup(p, func(id uint64) {
		n.mu.Lock()
		defer n.mu.Unlock()
		if n.exported[id] == w {
			delete(n.exported, id)
		}
	}, p.id)
}

// imported finds the receiver's own process behind the sender's proxy: a dead
// one if nobody remembers it.
func (r *Peer) imported(proxy *proc) PID {
	if proxy.x.far.id == 0 {
		return PID{} // stands for a name or an alias
	}
	return r.node.exportedPID(proxy.x.far.id)
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
