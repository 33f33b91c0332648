package kista

import (
	"context"
	"reflect"
	"sync"
	"sync/atomic"
	"time"
)

type status uint8

const (
	statusIdle status = iota // a behaviour without mail: it owns no goroutine
	statusLive               // an execution exists: in user code, or waiting in the kernel
	statusDead               // its death has been carried out
)

// proc is one process. Everything below mu is guarded by mu, except where said.
//
// Who may do what: signals act on a process under its lock, whoever sends
// them; user code runs only in the process's own execution, never under a lock.
// ops counts kernel operations that the process itself has under way: a death
// that comes meanwhile waits for them (doomed), so nothing that a process sends
// through its Self can follow its DOWN (law 6).
type proc struct {
	node   *Node
	id     uint64
	far    *far // not nil: the process lives beyond a carrier, and only id, node and far are used
	self   *Self
	parent PID
	born   time.Time
	line   *ancestor // who spawned whom, nearest first; immutable

	body      Body
	make      func() (Behaviour, error)
	behaviour Behaviour // the execution's alone
	kind      string    // what it runs, for people
	dedicated bool
	shutdown  time.Duration
	grace     time.Duration
	limit     MailboxLimit

	heir string      // the name that it waits for before its code runs; its execution's alone
	gone atomic.Bool // as statusDead, to be read without the lock

	mu        sync.Mutex
	status    status
	hasBody   bool // immutable: it runs a Body, not a behaviour
	trap      bool
	receiving bool   // somebody is inside next
	waiting   string // what the execution waits for in the kernel, for people
	suspended bool
	started   bool // its Init has been acknowledged
	running   bool // an execution exists; stays true for a zombie
	zombie    bool
	told      bool // the first kernel operation after the end has returned the reason
	ops       int
	doomed    *ending   // death to carry out when ops is 0
	exiting   *ending   // a terminating exit signal was taken; user code is given time to return
	ended     *ending   // set with statusDead
	alarm     Stopper   // ends its grace; after its death, reports it as a zombie
	since     time.Time // start of the present execution

	inbox queue
	saved queue // older than inbox: passed over by a selective receive
	count int
	bytes int
	wake  chan struct{}

	name     string
	label    string
	handled  uint64
	last     reflect.Type // of the last message taken, for reports
	links    map[PID]struct{}
	monitors map[Ref]*monitor // what this process watches
	watchers map[Ref]watcher  // who watches this process
	aliases  map[Ref]AliasMode
	calls    *Pending // requests it holds, a ring without a head
	timers   map[*Timer]struct{}
	ack      *starting
	quiet    quietness
	ignored  bool // its Init returned ErrIgnore
	locals   map[any]any

	seq        uint64 // its place in the node's list of living processes
	prev, next *proc  // that list, guarded by node.mu
	root       bool
	ctx        selfContext
}

// ending says how a process ends.
type ending struct {
	reason error
	silent bool // no crash report: the reason is somebody else's news
}

// ancestor is a link of the chain of spawns that led to a process.
type ancestor struct {
	pid  PID
	name string
	up   *ancestor
}

func (p *proc) pid() PID { return PID{p, p.id} }

// after is what is left to do once a process's lock has been given back:
// signals to others, and the cancelling of its context.
type after struct {
	signals []signal
	cancel  context.CancelCauseFunc
	cause   error
}

// cancelLocked ends p's context, once the lock has been given back.
func (a *after) cancelLocked(p *proc, cause error) {
	a.cancel = p.ctx.cancelLocked(cause)
	a.cause = p.ctx.cause
}

func (a *after) merge(b after) {
	a.signals = append(a.signals, b.signals...)
	if b.cancel != nil {
		b.cancel(b.cause)
	}
}

// run carries signals out, and whatever they lead to, in order and without
// recursion: a chain of a million links ends in a loop.
func (a after) run() {
	if a.cancel != nil {
		a.cancel(a.cause)
		a.cancel = nil
	}
	for i := 0; i < len(a.signals); i++ {
		sig := a.signals[i]
		a.signals[i] = signal{}
		a.merge(sig.deliver())
	}
}

// terminateLocked makes p end as e says. now: without waiting for user code that
// is under way. The caller runs what it returns after giving back p.mu.
func (p *proc) terminateLocked(e ending, now bool) (a after) {
	switch {
	case p.status == statusDead:
	case p.status == statusIdle || now || p.grace == 0:
		return p.endLocked(e)
	case p.exiting != nil || p.doomed != nil: // statement 54: the first one counts
	default:
		p.exiting = &e
		p.wakeLocked()
		if p.grace > 0 {
			p.alarm = p.node.clock.AfterFunc(p.grace, p.overdue)
		}
		a.cancelLocked(p, e.reason)
	}
	return a
}

// endLocked carries out a death as soon as no kernel operation of the process
// itself is under way.
func (p *proc) endLocked(e ending) after {
	if p.ops == 0 {
		return p.buryLocked(e)
	}
	if p.doomed == nil {
		p.doomed = &e
	}
	return after{}
}

// overdue carries out the death of a process whose code did not come back in
// its grace.
func (p *proc) overdue() {
	p.mu.Lock()
	var a after
	if p.status != statusDead { // else it has just come back by itself
		a = p.endLocked(*p.exiting)
	}
	p.mu.Unlock()
	a.run()
}

// buryLocked carries out a death: the name first, then links, monitors and
// callers (statements 8, 9; law 6). Whoever calls it, under p.mu, owns the
// process from here; an execution still in user code finds itself dead at its
// next kernel operation.
func (p *proc) buryLocked(e ending) (a after) {
	n := p.node
	p.status = statusDead
	p.ended = &e
	p.gone.Store(true)
	if p.alarm != nil {
		p.alarm.Stop()
	}
	rep := p.reportLocked(e)
	if p.name != "" {
		n.unnameLocked(p)
	}
	n.unaliasAllLocked(p)
	failed, wasStarting := p.failStartLocked(e.reason)
	for _, peer := range sorted(p.links) {
		a.signals = append(a.signals, signal{kind: sigLinkExit, from: p.pid(), to: peer, reason: e.reason, quiet: p.quietFor(peer)})
	}
	for _, ref := range sortedRefs(p.watchers) {
		a.signals = append(a.signals, p.watchers[ref].down(ref, e.reason))
	}
	for _, ref := range sortedRefs(p.monitors) {
		a.signals = append(a.signals, signal{kind: sigDemonitor, from: p.pid(), to: p.monitors[ref].target, ref: ref})
	}
	a.signals = append(a.signals, p.failCallsLocked(e.reason)...)
	if wasStarting {
		a.signals = append(a.signals, failed)
	}
	for t := range p.timers {
		t.dropLocked()
	}
	p.links, p.monitors, p.watchers, p.aliases, p.timers, p.locals = nil, nil, nil, nil, nil, nil
	p.inbox, p.saved, p.count, p.bytes = queue{}, queue{}, 0, 0
	p.wakeLocked() // whoever receives for it, be it a leaked Self
	if p.running {
		p.zombie = true
		n.zombies.Add(1)
		p.alarm = n.clock.AfterFunc(n.zombieAfter, p.stillThere)
	} else {
		p.behaviour, p.body, p.make = nil, nil, nil
	}
	a.cancelLocked(p, e.reason)
	n.forget(p)
	n.reports.put(rep)
	return a
}

func (p *proc) quietFor(peer PID) quietness {
	if peer != p.parent {
		return tells
	}
	return p.quiet
}

// begin enters a kernel operation of the process itself; leave ends it.
// The error says that the process has ended or is ending.
func (s *Self) begin() error {
	p := s.p
	p.mu.Lock()
	if err := s.stoppedLocked(); err != nil {
		p.mu.Unlock()
		return s.end(err)
	}
	p.ops++
	p.mu.Unlock()
	return nil
}

func (s *Self) leave() {
	p := s.p
	p.mu.Lock()
	p.ops--
	var a after
	if p.ops == 0 && p.doomed != nil && p.status != statusDead {
		a = p.buryLocked(*p.doomed)
	}
	p.mu.Unlock()
	a.run()
}
