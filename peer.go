package kista

import (
	"cmp"
	"slices"
)

// Receive takes a signal from the other side, its PIDs and references already
// translated into this node's. It does not wait for user code. Messages that
// nobody takes vanish (those that a full mailbox refuses are counted, see
// [Stats]); a request gets its answer. What makes no sense, like a link of a
// process that is not the peer's, is dropped, and so is all that comes after
// [Peer.Lost].
func (r *Peer) Receive(sig Signal) {
	r.mu.Lock()
	lost := r.lost
	r.mu.Unlock()
	if lost {
		return
	}
	switch sig.Kind {
	case SignalMessage:
		if p := r.target(sig); p != nil {
			if _, err := p.post(sig.mail(sig.Msg), sig.Ref, nil, nil); err != nil {
				r.node.dropped.Add(1) // nobody here to be refused
			}
		}
	case SignalRequest:
		r.request(sig)
	case SignalReply:
		if c := r.asked(sig.Call); c != nil {
			if ended, ok := sig.Reason.(*CallError); ok { //nolint:errorlint // as made by fail
				c.fail(ended.Reason)
			} else {
				From{c}.answer(sig.Msg, sig.Reason)
			}
		}
	case SignalDown:
		if r.ours(sig.To) == nil {
			return
		}
		r.forgetWatcher(sig)
		signal{kind: sigDown, to: sig.To, ref: sig.Ref, reason: sig.Reason}.deliver().run()
	case SignalMonitor:
		r.monitor(sig)
	default:
		r.relay(sig)
	}
}

// relay hands the plain signals on.
func (r *Peer) relay(sig Signal) {
	kinds := map[SignalKind]signalKind{
		SignalExit: sigExit, SignalLinkExit: sigLinkExit, SignalLink: sigLink, SignalUnlink: sigUnlink,
		SignalDemonitor: sigDemonitor,
	}
	kind, known := kinds[sig.Kind]
	if !known || r.ours(sig.To) == nil && sig.Kind != SignalDemonitor || !r.theirs(sig.From) && sig.Kind != SignalExit {
		return
	}
	g := signal{kind: kind, from: sig.From, to: sig.To, ref: sig.Ref, reason: sig.Reason}
	if sig.Kind == SignalDemonitor {
		g.to = r.forgetMonitor(sig)
	}
	if sig.Kind == SignalLinkExit || sig.Kind == SignalUnlink {
		if q := sig.From.p; q != nil {
			q.mu.Lock()
			q.x.links.remove(sig.To)
			q.mu.Unlock()
		}
	}
	g.deliver().run()
	r.undoIfLost(sig)
}

// undoIfLost takes back a tie that was made while the connection went, since
// nobody else will.
func (r *Peer) undoIfLost(sig Signal) {
	if (sig.Kind == SignalLink || sig.Kind == SignalMonitor) && !r.up() {
		sig.From.p.disconnect(r.noWay()).run()
	}
}

// ours returns the process of this node that pid names, or nil.
func (r *Peer) ours(pid PID) *proc {
	if pid.p == nil || pid.p.isFar {
		return nil
	}
	return pid.p
}

// theirs reports whether pid is one of the peer's.
func (r *Peer) theirs(pid PID) bool { return pid.p != nil && pid.p.isFar && pid.p.x.far.peer == r }

// mail makes the entry of a mailbox. A carrier that does not know the size has
// it measured.
func (g *Signal) mail(msg any) *mail {
	if g.Size == 0 && g.Msg != nil {
		_, g.Size, _ = messages.Copy(g.Msg)
	}
	return &mail{msg: msg, size: g.Size + mailOverhead, counted: true}
}

// forgetMonitor drops the watching half that a distant process has here and
// returns what it watched.
func (r *Peer) forgetMonitor(sig Signal) PID {
	w := sig.From.p
	w.mu.Lock()
	defer w.mu.Unlock()
	m := w.x.monitors[sig.Ref]
	delete(w.x.monitors, sig.Ref)
	if m == nil {
		return PID{}
	}
	return m.target
}

// forgetWatcher drops the watched half that stands here for a distant process
// which has ended.
func (r *Peer) forgetWatcher(sig Signal) {
	p := sig.To.p
	if p == nil {
		return
	}
	p.mu.Lock()
	m := p.x.monitors[sig.Ref]
	p.mu.Unlock()
	if m == nil || m.target.p == nil {
		return
	}
	q := m.target.p
	q.mu.Lock()
	delete(q.x.watchers, sig.Ref)
	q.mu.Unlock()
}

// target finds whom a message is for.
func (r *Peer) target(sig Signal) *proc {
	switch {
	case sig.Name != "":
		return r.node.lookup(sig.Name)
	case sig.Ref.h == r.node.home:
		return sig.Ref.alias()
	}
	return r.ours(sig.To)
}

func (r *Peer) request(sig Signal) {
	c := r.callOf(sig.Call)
	c.to, c.caller = sig.To, sig.From
	p := r.target(sig)
	if p == nil {
		c.fail(ErrNoProcess)
		return
	}
	alive, err := p.post(sig.mail(Request{From: From{c}, Msg: sig.Msg}), sig.Ref, c, nil)
	switch {
	case err != nil:
		c.fail(err)
	case !alive:
		c.fail(ErrNoProcess)
	}
}

// monitor lets a distant process watch one of ours, by PID or name.
func (r *Peer) monitor(sig Signal) {
	if !r.theirs(sig.From) {
		return
	}
	p := r.ours(sig.To)
	if sig.Name != "" {
		p = r.node.lookup(sig.Name)
	}
	if p == nil {
		w := watcher{pid: sig.From, obj: sig.To}
		w.down(sig.Ref, ErrNoProcess).deliver().run()
		return
	}
	p.farMonitor(signal{from: sig.From, to: p.pid(), ref: sig.Ref}).run()
	r.undoIfLost(sig)
}

// Lost says that the connection has broken: every link over it ends with
// [ErrNoConnection], every monitor fires with it, and every call fails with it
// (statements 44, 61). Processes on the other side may still live; their PIDs
// stay good, and are reachable again once the node is attached anew under its
// name. Calling it twice is fine.
func (r *Peer) Lost() { r.lose(ErrNoConnection, false) }

// Died is Lost for a node that has itself ended, and will not come back: whoever
// has ties over the connection is told reason instead of [ErrNoConnection], and
// its PIDs are from then on those of processes that have ended. The name is
// forgotten.
func (r *Peer) Died(reason error) {
	if reason = Freeze(reason); reason == nil {
		reason = ErrNoConnection
	}
	r.lose(reason, true)
	n := r.node
	n.namesMu.Lock()
	defer n.namesMu.Unlock()
	if n.peers[r.name] == r {
		delete(n.peers, r.name)
	}
}

func (r *Peer) lose(reason error, gone bool) {
	r.mu.Lock()
	r.gone = r.gone || gone
	if r.lost {
		r.mu.Unlock()
		return
	}
	r.lost = true
	var all []*proc
	for _, w := range r.proxies {
		if p := w.Value(); p != nil {
			all = append(all, p)
		}
	}
	for _, w := range r.names {
		if p := w.Value(); p != nil {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(p, q *proc) int { return cmp.Compare(p.id, q.id) })
	calls := make([]*Pending, 0, len(r.calls))
	for _, c := range r.calls {
		calls = append(calls, c)
	}
	r.calls, r.lent = map[uint64]*Pending{}, nil
	r.mu.Unlock()
	for _, p := range all {
		p.disconnect(reason).run()
	}
	for _, c := range calls {
		c.fail(private(reason))
	}
}

// disconnect undoes all ties that cross a broken connection through the proxy p.
func (p *proc) disconnect(reason error) (a after) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, peer := range p.x.links.sorted() {
		a.signals = append(a.signals, signal{kind: sigLinkExit, from: p.pid(), to: peer, reason: reason})
	}
	for _, ref := range sortedRefs(p.x.watchers) {
		a.signals = append(a.signals, p.x.watchers[ref].down(ref, reason))
	}
	for _, ref := range sortedRefs(p.x.monitors) {
		a.signals = append(a.signals, signal{kind: sigDemonitor, from: p.pid(), to: p.x.monitors[ref].target, ref: ref})
	}
	p.x.links, p.x.watchers, p.x.monitors = links{}, nil, nil
	return a
}
