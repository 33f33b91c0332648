package kista

// Receive takes a signal from the other side, its PIDs and references already
// translated into this node's. It does not wait for user code. Messages that
// nobody takes vanish; a request gets its answer.
func (r *Peer) Receive(sig Signal) {
	switch sig.Kind {
	case SignalMessage:
		if p := r.target(sig); p != nil {
			_, _ = p.post(&mail{msg: sig.Msg, size: mailOverhead, counted: true}, sig.Ref, nil)
		}
	case SignalRequest:
		r.request(sig)
	case SignalReply:
		r.mu.Lock()
		c := r.calls[sig.Call]
		r.mu.Unlock()
		if c != nil {
			if ended, ok := sig.Reason.(*CallError); ok { //nolint:errorlint // as made by failCallsLocked
				c.fail(ended.Reason)
			} else {
				c.complete(sig.Msg, sig.Reason)
			}
		}
	case SignalDown:
		r.forgetWatcher(sig)
		after{signals: []signal{{kind: sigDown, to: sig.To, ref: sig.Ref, reason: sig.Reason}}}.run()
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
	g := signal{kind: kinds[sig.Kind], from: sig.From, to: sig.To, ref: sig.Ref, reason: sig.Reason}
	if sig.Kind == SignalDemonitor {
		g.to = r.forgetMonitor(sig)
	}
	if sig.Kind == SignalLinkExit || sig.Kind == SignalUnlink {
		if q := sig.From.p; q != nil {
			q.mu.Lock()
			delete(q.links, sig.To)
			q.mu.Unlock()
		}
	}
	after{signals: []signal{g}}.run()
}

// forgetMonitor drops the watching half that a distant process has here and
// returns what it watched.
func (r *Peer) forgetMonitor(sig Signal) PID {
	w := sig.From.p
	if w == nil {
		return sig.To
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	m := w.monitors[sig.Ref]
	delete(w.monitors, sig.Ref)
	if m == nil {
		return sig.To
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
	m := p.monitors[sig.Ref]
	p.mu.Unlock()
	if m == nil || m.target.p == nil {
		return
	}
	q := m.target.p
	q.mu.Lock()
	delete(q.watchers, sig.Ref)
	q.mu.Unlock()
}

// target finds whom a message is for.
func (r *Peer) target(sig Signal) *proc {
	switch {
	case sig.Name != "":
		return r.node.lookup(sig.Name)
	case !sig.Ref.IsZero():
		return sig.Ref.alias()
	}
	return sig.To.p
}

func (r *Peer) request(sig Signal) {
	answer := func(val any, err error) {
		_ = r.carry(Signal{Kind: SignalReply, Call: sig.Call, Msg: val, Reason: err})
	}
	c := &Pending{to: sig.To, caller: sig.From, req: sig.Msg, done: make(chan struct{}), sink: answer}
	p := r.target(sig)
	if p == nil {
		c.fail(ErrNoProcess)
		return
	}
	m := &mail{msg: Request{From: From{c}, Msg: sig.Msg}, size: mailOverhead, counted: true}
	alive, err := p.post(m, sig.Ref, c)
	switch {
	case err != nil:
		c.fail(err)
	case !alive:
		c.fail(ErrNoProcess)
	}
}

// monitor lets a distant process watch one of ours, by PID or name.
func (r *Peer) monitor(sig Signal) {
	p := sig.To.p
	if sig.Name != "" {
		p = r.node.lookup(sig.Name)
	}
	if p == nil {
		w := watcher{pid: sig.From, obj: sig.To}
		after{signals: []signal{w.down(sig.Ref, ErrNoProcess)}}.run()
		return
	}
	p.farMonitor(signal{from: sig.From, to: p.pid(), ref: sig.Ref}).run()
}

// Lost says that the connection has broken: every link over it ends with
// [ErrNoConnection], every monitor fires with it, and every call fails with it
// (statements 44, 61). Processes on the other side may still live; their PIDs
// stay good, and are reachable again once the node is attached anew under its
// name. Calling it twice is fine.
func (r *Peer) Lost() {
	r.mu.Lock()
	if r.lost {
		r.mu.Unlock()
		return
	}
	r.lost = true
	var all []*proc
	for _, p := range r.proxies {
		all = append(all, p)
	}
	for _, p := range r.names {
		all = append(all, p)
	}
	calls := make([]*Pending, 0, len(r.calls))
	for _, c := range r.calls {
		calls = append(calls, c)
	}
	r.mu.Unlock()
	for _, p := range all {
		p.disconnect().run()
	}
	for _, c := range calls {
		c.fail(ErrNoConnection)
	}
}

// disconnect undoes all ties that cross a broken connection through the proxy p.
func (p *proc) disconnect() (a after) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, peer := range sorted(p.links) {
		a.signals = append(a.signals, signal{kind: sigLinkExit, from: p.pid(), to: peer, reason: ErrNoConnection})
	}
	for _, ref := range sortedRefs(p.watchers) {
		a.signals = append(a.signals, p.watchers[ref].down(ref, ErrNoConnection))
	}
	for _, ref := range sortedRefs(p.monitors) {
		a.signals = append(a.signals, signal{kind: sigDemonitor, from: p.pid(), to: p.monitors[ref].target, ref: ref})
	}
	p.links, p.watchers, p.monitors = nil, nil, nil
	return a
}
