package kista

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"weak"
)

// A Carrier takes signals to processes that live elsewhere: on another node, in
// a wasm instance, in another OS process. A PID's target is local, or proxied
// through one of these; the code that uses the PID cannot tell.
//
// The kernel calls Carry without holding a lock. Signals of one process to
// another are carried in the order in which Carry was called, or the connection
// is lost ([Peer.Lost]) and said so: never silence (law 2). Carry does not wait
// for the other side. [Pipe] is the in-memory twin.
type Carrier interface {
	// Carry takes one signal. The PIDs, references and requests in it, also those
	// inside Msg, are the sending node's: the carrier translates them
	// ([Peer.Export]). A *DataError refuses this one message, and so does a
	// *MailboxFullError, with which a carrier may refuse messages and requests, not
	// other signals, while too much waits. Any other error means that the
	// connection is lost.
	Carry(sig Signal) error
}

// SignalKind says what a [Signal] is.
type SignalKind uint8

// The kinds of signals that cross a carrier.
const (
	SignalMessage   SignalKind = iota // Msg to To, or to Name, or through the alias Ref
	SignalRequest                     // Msg as a call of Call, to To, Name or Ref
	SignalReply                       // Msg or Reason answers Call
	SignalExit                        // Exit with Reason
	SignalLinkExit                    // the linked From has ended with Reason
	SignalLink                        // From links with To
	SignalUnlink                      // From unlinks To
	SignalMonitor                     // From monitors To, or Name, as Ref
	SignalDemonitor                   // From ends Ref
	SignalDown                        // From, monitored by To as Ref, has ended with Reason
)

// Signal is one signal on its way to another node.
type Signal struct {
	Kind     SignalKind
	From, To PID
	Name     string
	Ref      Ref
	Call     uint64 // of the calling node
	Msg      any    // a private copy
	Size     int    // bytes of Msg, counted in the mailbox; 0: it is measured at the receiver
	Reason   error  // frozen
}

// Peer is another node as this one sees it. It is made by [Node.Attach]; its
// methods are for the carrier.
type Peer struct {
	node        *Node
	name        string
	incarnation uint64
	home        *home

	mu      sync.Mutex
	carrier Carrier
	lost    bool
	gone    bool                          // another life of the node has taken its place
	proxies map[uint64]weak.Pointer[proc] // by the number that the other side gave
	names   map[string]weak.Pointer[proc]
	calls   map[uint64]*Pending // made there
	lent    map[uint64]*Pending // not made there, but may be answered there
}

// far is the distant half of a proxy: which process of which peer it stands for.
type far struct {
	peer *Peer
	id   uint64
	name string
	ref  Ref
}

// Attach makes the node name reachable through c and returns the receiving
// half. incarnation tells one life of that node from the next: PIDs of an
// earlier connection to the same one are good again, those of an earlier life
// name nobody. A connection under that name that still stands is lost first.
func (n *Node) Attach(name string, incarnation uint64, c Carrier) *Peer {
	r := n.meet(name, incarnation)
	r.mu.Lock()
	r.carrier, r.lost = c, false
	r.mu.Unlock()
	return r
}

// meet returns the peer for one life of the node name, without a connection.
func (n *Node) meet(name string, incarnation uint64) *Peer {
	n.namesMu.Lock()
	r := n.peers[name]
	if r == nil || r.incarnation != incarnation {
		old := r
		r = &Peer{
			node: n, name: name, incarnation: incarnation,
			proxies: map[uint64]weak.Pointer[proc]{}, names: map[string]weak.Pointer[proc]{}, calls: map[uint64]*Pending{},
			lost: true,
		}
		r.home = &home{peer: r}
		n.peers[name] = r
		n.namesMu.Unlock()
		if old != nil {
			old.Lost()
			old.mu.Lock()
			old.gone = true
			old.mu.Unlock()
		}
		return r
	}
	n.namesMu.Unlock()
	r.Lost()
	return r
}

func (n *Node) peer(name string) *Peer {
	n.namesMu.RLock()
	defer n.namesMu.RUnlock()
	return n.peers[name]
}

// Proxy returns the PID that stands, on this node, for the peer's process with
// that number: always the same one.
func (r *Peer) Proxy(id uint64) PID { return proxyIn(r, r.proxies, id, far{id: id}).pid() }

func (r *Peer) named(name string) *proc { return proxyIn(r, r.names, name, far{name: name}) }

// aliased is only good for sending: nothing can be tied to an alias.
func (r *Peer) aliased(ref Ref) *proc { return r.newProxy(far{ref: ref}) }

// proxyIn finds or makes the proxy for key. It stays the same one as long as
// anybody here holds it or has a tie through it, and no longer, so that a peer
// with many short lives behind it costs nothing.
func proxyIn[K comparable](r *Peer, m map[K]weak.Pointer[proc], key K, f far) *proc {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := m[key].Value()
	if p == nil {
		p = r.newProxy(f)
		w := weak.Make(p)
		m[key] = w
		runtime.AddCleanup(p, func(key K) {
			r.mu.Lock()
			defer r.mu.Unlock()
			if m[key] == w {
				delete(m, key)
			}
		}, key)
	}
	return p
}

func (r *Peer) newProxy(f far) *proc {
	f.peer = r
	p := &proc{node: r.node, id: r.node.nextID(), isFar: true, x: &extras{far: &f}, status: statusLive}
	p.self = Self{p}
	return p
}

// Number tells, for a PID of this peer, the number that its own node gave it.
func (r *Peer) Number(pid PID) (id uint64, ok bool) {
	if pid.p == nil || !pid.p.isFar || pid.p.x.far.peer != r || pid.p.x.far.id == 0 {
		return 0, false
	}
	return pid.p.x.far.id, true
}

// Ref returns the reference that stands, on this node, for the peer's with that
// number.
func (r *Peer) Ref(id uint64) Ref { return Ref{h: r.home, id: id} }

// to starts a signal to the process that the proxy p stands for.
func (f *far) to(p *proc, sig Signal) Signal {
	switch {
	case f.name != "":
		sig.Name = f.name
	case !f.ref.IsZero():
		sig.Ref = f.ref
	default:
		sig.To = p.pid()
	}
	return sig
}

func (r *Peer) up() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.lost
}

// noWay is why the peer's processes cannot be reached: an earlier life of the
// node has none any more.
func (r *Peer) noWay() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gone {
		return ErrNoProcess
	}
	return ErrNoConnection
}

func (r *Peer) carry(sig Signal) error {
	r.mu.Lock()
	c, lost := r.carrier, r.lost
	r.mu.Unlock()
	if lost {
		return r.noWay()
	}
	err := c.Carry(sig)
	if err == nil {
		return nil
	}
	var data *DataError
	var full *MailboxFullError
	switch {
	case errors.As(err, &data):
		return data
	case errors.As(err, &full):
		return full
	}
	r.Lost()
	return r.noWay()
}

// farSend sends a message to the process that the proxy p stands for.
func (p *proc) farSend(from PID, m *mail) error {
	err := p.x.far.peer.carry(p.x.far.to(p, Signal{Kind: SignalMessage, From: from, Msg: m.msg}))
	if err == ErrNoProcess { //nolint:errorlint // carry's own
		return nil // as any message to a process that has ended
	}
	return err
}

// farCall sends a request there. The call leaves the peer's list when it ends.
func (p *proc) farCall(c *Pending, msg any) {
	r := p.x.far.peer
	id := r.node.nextID()
	c.sink = func(any, error) {
		r.mu.Lock()
		delete(r.calls, id)
		r.mu.Unlock()
	}
	r.mu.Lock()
	r.calls[id] = c
	r.mu.Unlock()
	if err := r.carry(p.x.far.to(p, Signal{Kind: SignalRequest, From: c.caller, Call: id, Msg: msg})); err != nil {
		c.fail(err)
	}
}

// deliver sends a kernel signal over the carrier. It runs on the sender's
// goroutine; what it returns is left to do here.
func (f *far) deliver(g signal) after {
	kind, known := farKinds[g.kind]
	if !known {
		return after{}
	}
	p := g.to.p
	p.mu.Lock()
	switch kind {
	case SignalLinkExit:
		p.x.links.remove(g.from)
	case SignalDemonitor:
		delete(p.x.watchers, g.ref)
	case SignalDown:
		delete(p.x.monitors, g.ref)
	}
	p.mu.Unlock()
	sig := f.to(p, Signal{Kind: kind, From: g.from, Ref: g.ref, Reason: g.reason})
	if kind == SignalDown {
		if o, ok := g.obj.(PID); ok {
			sig.From = o
		}
	}
	err := f.peer.carry(sig)
	if err == nil {
		return after{}
	}
	// No way there: whoever asked to be told is told that (statements 36, 61).
	p.mu.Lock()
	defer p.mu.Unlock()
	switch kind {
	case SignalLink:
		p.x.links.remove(g.from)
		return after{signals: []signal{{kind: sigLinkExit, from: g.to, to: g.from, reason: err}}}
	case SignalMonitor:
		delete(p.x.watchers, g.ref)
		return after{signals: []signal{{kind: sigDown, to: g.from, ref: g.ref, reason: err}}}
	}
	return after{}
}

var farKinds = map[signalKind]SignalKind{
	sigExit: SignalExit, sigLinkExit: SignalLinkExit, sigLink: SignalLink, sigUnlink: SignalUnlink,
	sigMonitor: SignalMonitor, sigDemonitor: SignalDemonitor, sigDown: SignalDown,
}

// wait is Wait for a distant process: a short-lived process of this node
// monitors it.
func (f *far) wait(ctx context.Context, q *proc) (reason, err error) {
	got := make(chan error, 1)
	watcher := q.node.Spawn(func(s *Self) error {
		s.Monitor(q.pid())
		d, err := Receive[Down](s)
		if err == nil {
			got <- d.Reason
		}
		return err
	})
	if watcher.IsZero() {
		return nil, ErrNodeStopped
	}
	select {
	case r := <-got:
		return r, nil
	case <-ctx.Done():
		_ = Exit(watcher, Kill)
		return nil, context.Cause(ctx)
	}
}
