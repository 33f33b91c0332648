package kista

import "context"

// Down tells a process that one it monitored has ended ('DOWN'): the reference
// that [Self.Monitor] gave, what was monitored as it was named there, and the
// exit reason, [ErrNoProcess] if there was nobody, [ErrNoConnection] if its
// node is out of reach.
type Down struct {
	Ref    Ref
	Addr   Addr
	Reason error
}

// Tagged is what arrives in place of [Down] for a monitor with a tag
// (statement 68).
type Tagged struct {
	Tag  any
	Down Down
}

// monitor is the watching side.
type monitor struct {
	target PID
	obj    Addr
	tag    any
	alias  AliasMode
}

// watcher is the watched side: a process, or somebody who waits.
type watcher struct {
	pid PID
	obj Addr
	out *outcome
}

func (w watcher) down(ref Ref, reason error) signal {
	return signal{kind: sigDown, to: w.pid, ref: ref, obj: w.obj, reason: reason, out: w.out}
}

// MonitorOpts are the extras of [Self.MonitorWith].
type MonitorOpts struct {
	// Tag, if not nil, is data: the process receives a [Tagged] instead of a Down.
	Tag any
	// Alias makes the reference an alias too, with the life that it says.
	Alias AliasMode
}

// Monitor watches a process, or whoever has a name at this moment (statement
// 63): the process receives one [Down] when it ends, at once if there is
// nobody (59). Each call makes a monitor of its own (57). Monitoring oneself
// never fires (60). It does not block; after the process's end it returns the
// zero Ref.
func (s *Self) Monitor(to Addr) Ref {
	ref, _ := s.MonitorWith(to, MonitorOpts{})
	return ref
}

// MonitorWith is [Self.Monitor] with extras. The error is a [*DataError] for
// the tag, or why the process must stop.
func (s *Self) MonitorWith(to Addr, o MonitorOpts) (Ref, error) {
	tag, _, err := messages.Copy(o.Tag)
	if err != nil {
		return Ref{}, dataError(err)
	}
	if err := s.begin(); err != nil {
		return Ref{}, err
	}
	defer s.leave()
	p := s.p
	ref := p.node.newRef()
	q, err := resolve(to)
	if q != nil && q.isFar && !q.x.far.ref.IsZero() {
		q, err = nil, nil // an alias of another node says nothing of a process
	}
	m := &monitor{obj: to, tag: tag, alias: o.Alias}
	if q != nil {
		m.target = q.pid()
	}
	if m.alias != 0 {
		p.node.addAlias(p, ref, m.alias)
	}
	if q == p {
		p.mu.Lock()
		p.monitorLocked(ref, m)
		p.mu.Unlock()
		return ref, nil
	}
	reason := ErrNoProcess
	if err == ErrNoConnection { //nolint:errorlint // resolve's own
		reason = ErrNoConnection
	}
	if q != nil {
		pairLock(p, q)
		alive := q.status != statusDead
		if alive {
			p.monitorLocked(ref, m)
			q.watchLocked(ref, watcher{pid: p.pid(), obj: to})
		}
		pairUnlock(p, q)
		if alive && q.isFar {
			q.x.far.deliver(signal{kind: sigMonitor, from: p.pid(), to: q.pid(), ref: ref}).run()
		}
		if alive {
			return ref, nil
		}
	}
	p.mu.Lock()
	p.monitorLocked(ref, m)
	p.mu.Unlock()
	p.down(signal{kind: sigDown, ref: ref, obj: to, reason: reason})
	return ref, nil
}

func (p *proc) monitorLocked(ref Ref, m *monitor) {
	x := p.own()
	if x.monitors == nil {
		x.monitors = map[Ref]*monitor{}
	}
	x.monitors[ref] = m
}

func (p *proc) watchLocked(ref Ref, w watcher) {
	x := p.own()
	if x.watchers == nil {
		x.watchers = map[Ref]watcher{}
	}
	x.watchers[ref] = w
}

// Demonitor takes a monitor away. It reports whether the monitor was there:
// false if it had fired or never was one (statement 66). Once it has returned
// no Down comes; one already in the mailbox stays (67).
func (s *Self) Demonitor(ref Ref) bool { return s.demonitor(ref, false) }

// DemonitorFlush is [Self.Demonitor] that also removes the Down from the
// mailbox if it has come already (statement 65).
func (s *Self) DemonitorFlush(ref Ref) bool { return s.demonitor(ref, true) }

func (s *Self) demonitor(ref Ref, flush bool) bool {
	if s.begin() != nil {
		return false
	}
	p := s.p
	p.mu.Lock()
	m := p.x.monitors[ref]
	delete(p.x.monitors, ref)
	p.mu.Unlock()
	if m != nil && m.alias.endsWithMonitor() {
		p.node.unalias(p, ref)
	}
	if m != nil && m.target.p != nil && m.target.p != p {
		signal{kind: sigDemonitor, from: p.pid(), to: m.target, ref: ref}.deliver().run()
	}
	s.leave()
	if flush && m == nil {
		_, _, _ = s.next(func(msg any) bool {
			switch d := msg.(type) {
			case Down:
				return d.Ref == ref
			case Tagged:
				return d.Down.Ref == ref
			}
			return false
		}, 0)
	}
	return m != nil
}

// flush takes away a monitor of an operation that has failed, and its Down, which
// has come if it was to come. It is no operation of its own: the end of the
// process is still to be told.
func (p *proc) flush(ref Ref) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.x.monitors, ref)
	for _, q := range []*queue{&p.saved, &p.inbox} {
		var prev *mail
		for m := q.head; m != nil; prev, m = m, m.next {
			if d, is := m.msg.(Down); is && d.Ref == ref {
				q.remove(prev, m)
				return
			}
		}
	}
}

// down turns a sigDown into the message, if the monitor still stands.
func (p *proc) down(g signal) {
	p.mu.Lock()
	m := p.x.monitors[g.ref]
	if m == nil || p.status == statusDead {
		p.mu.Unlock()
		return
	}
	delete(p.x.monitors, g.ref)
	d := Down{Ref: g.ref, Addr: m.obj, Reason: g.reason}
	var msg any = d
	if m.tag != nil {
		msg = Tagged{Tag: m.tag, Down: d}
	}
	p.postLocked(uncounted(msg))
	p.mu.Unlock()
	if m.alias.endsWithMonitor() {
		p.node.unalias(p, g.ref)
	}
}

// farMonitor is a monitor of p asked for beyond a carrier.
func (p *proc) farMonitor(g signal) after {
	pairLock(p, g.from.p)
	defer pairUnlock(p, g.from.p)
	w := watcher{pid: g.from, obj: p.pid()}
	if p.status == statusDead {
		return after{signals: []signal{w.down(g.ref, ErrNoProcess)}}
	}
	p.watchLocked(g.ref, w)
	g.from.p.monitorLocked(g.ref, &monitor{target: p.pid()})
	return after{}
}

// Wait waits until the process ends and returns its exit reason, nil for a
// normal end. A PID of this node still knows the reason of a process that has
// ended before, so whoever spawned one cannot come too late; for the zero PID,
// and for a name that nobody has, the reason is [ErrNoProcess]. err is ctx's, if
// that ends first. Anyone may call it; a process gives its Self as ctx.
func Wait(ctx context.Context, to Addr) (reason, err error) {
	q, rerr := resolve(to)
	if q == nil {
		if rerr == nil {
			rerr = ErrNoProcess
		}
		return rerr, nil
	}
	if q.isFar {
		return q.x.far.wait(ctx, q)
	}
	out := &outcome{}
	ref := q.node.newRef()
	q.mu.Lock()
	if q.status == statusDead {
		reason := q.fate.reason
		q.mu.Unlock()
		return private(reason), nil
	}
	q.watchLocked(ref, watcher{obj: to, out: out})
	q.mu.Unlock()
	if reason, ended := out.wait(ctx, q.node, NoTimeout, waitEnd); ended {
		return reason, nil
	}
	q.mu.Lock()
	delete(q.x.watchers, ref)
	q.mu.Unlock()
	return nil, context.Cause(ctx)
}
