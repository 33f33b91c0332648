package kista

// ending says how a process ends.
type ending struct {
	reason error
	silent bool // no crash report: the reason is somebody else's news
}

type phase uint8

const (
	exiting phase = iota // a terminating exit signal was taken; user code is given time to return
	doomed               // the death is to be carried out when the process's own operations are over
	ended                // with statusDead
)

// fate is how a process is to end, or has ended. It is replaced, not changed.
type fate struct {
	ending
	phase phase
}

// natural is the fate of those who end by themselves, without a reason: most.
var natural = &fate{phase: ended}

// terminateLocked makes p end as e says. now: without waiting for user code that
// is under way. The caller runs what it returns after giving back p.mu.
func (p *proc) terminateLocked(e ending, now bool) (a after) {
	switch {
	case p.status == statusDead:
	case p.status == statusIdle || p.status == statusReady && !p.executes() || now || p.how.grace == 0:
		return p.endLocked(e)
	case p.fate != nil: // statement 54: the first one counts
	default:
		p.fate = &fate{e, exiting}
		p.gate.Or(gateStop)
		p.rouseLocked()
		if d := p.how.grace; d > 0 {
			p.own().alarm = p.node.clock.AfterFunc(d, p.overdue)
		}
		a.cancelLocked(p)
	}
	return a
}

// endLocked carries out a death as soon as no kernel operation of the process
// itself is under way.
func (p *proc) endLocked(e ending) after {
	if p.gate.Or(gateStop)&gateOps == 0 {
		return p.buryLocked(e)
	}
	if p.fate == nil || p.fate.phase == exiting {
		p.fate = &fate{e, doomed}
	}
	return after{}
}

// overdue carries out the death of a process whose code did not come back in
// its grace.
func (p *proc) overdue() {
	p.mu.Lock()
	var a after
	if p.status != statusDead { // else it has just come back by itself
		a = p.endLocked(p.fate.ending)
	}
	p.mu.Unlock()
	a.run()
}

// buryLocked carries out a death: the name first, then links, monitors and
// callers (statements 8, 9; law 6). Whoever calls it, under p.mu, owns the
// process from here; an execution still in user code finds itself dead at its
// next kernel operation.
func (p *proc) buryLocked(e ending) (a after) {
	rep := p.reportLocked(e)
	executes := p.executes()
	p.status = statusDead
	p.fate = natural
	if e.reason != nil {
		p.fate = &fate{e, ended}
	}
	p.gate.Or(gateStop | gateGone)
	// What few processes need is in functions of its own: so this fits on the
	// stack that a goroutine begins with, and most bodies need no more.
	if p.x != &none || p.ack != nil {
		p.partLocked(e.reason, &a)
	}
	if p.calls != nil {
		p.owesLocked(e.reason, &a)
	}
	p.inbox, p.saved, p.count, p.bytes = queue{}, queue{}, 0, 0
	if p.wake != nil || p.parkers != nil {
		p.rouseLocked() // whoever waits for it, be it with a leaked Self
	}
	if executes {
		p.hauntLocked()
	} else {
		p.behaviour = nil
	}
	p.node.forget(p)
	if rep != nil {
		p.node.reports.put(rep)
	}
	return a
}

// owesLocked tells the callers that there will be no answer.
//
//go:noinline
func (p *proc) owesLocked(reason error, a *after) {
	a.signals = append(a.signals, p.failCallsLocked(reason)...)
}

// hauntLocked makes a zombie of a process whose code still runs.
//
//go:noinline
func (p *proc) hauntLocked() {
	n := p.node
	p.running, p.zombie = true, true
	n.haunt(p, true)
	x := p.own()
	x.died = n.ticks()
	x.alarm = n.clock.AfterFunc(n.zombieAfter, p.stillThere)
}

// partLocked takes leave of everybody whom the process knows.
//
//go:noinline
func (p *proc) partLocked(reason error, a *after) {
	n, x := p.node, p.x
	if x.alarm != nil {
		x.alarm.Stop()
	}
	if x.name != "" {
		x.former = x.name
		n.unnameLocked(p)
	}
	n.unaliasAllLocked(p)
	failed, wasStarting := p.failStartLocked(reason)
	for _, peer := range x.links.sorted() {
		a.signals = append(a.signals, signal{kind: sigLinkExit, from: p.pid(), to: peer, reason: reason, quiet: p.quietFor(peer)})
	}
	for _, ref := range sortedRefs(x.watchers) {
		a.signals = append(a.signals, x.watchers[ref].down(ref, reason))
	}
	for _, ref := range sortedRefs(x.monitors) {
		a.signals = append(a.signals, signal{kind: sigDemonitor, from: p.pid(), to: x.monitors[ref].target, ref: ref})
	}
	if p.calls != nil {
		p.owesLocked(reason, a)
	}
	if wasStarting {
		a.signals = append(a.signals, failed)
	}
	if x == &none {
		return
	}
	p.dropTimersLocked()
	x.links, x.monitors, x.watchers, x.aliases, x.locals = links{}, nil, nil, nil, nil
	a.cancelLocked(p)
}

func (p *proc) quietFor(peer PID) quietness {
	if peer != p.parent() {
		return tells
	}
	return p.quiet
}
