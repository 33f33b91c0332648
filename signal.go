package kista

import (
	"cmp"
	"maps"
	"slices"
)

// Signals act on their receiver under its lock, on the sender's goroutine, in
// the order in which they are sent. So everything that one process sends to
// another arrives in order, messages and signals alike (law 2, statement 15).

type signalKind uint8

const (
	sigExit     signalKind = iota // Exit: with or without a link
	sigLinkExit                   // a linked process has ended
	sigLink                       // from a process beyond a carrier
	sigUnlink
	sigMonitor // from a process beyond a carrier
	sigDemonitor
	sigDown
	sigReply  // a call will not be answered
	sigAck    // a start is over
	sigNotice // a message of the kernel's own, never counted
)

type signal struct {
	kind     signalKind
	from, to PID
	ref      Ref
	reason   error
	msg      any
	obj      Addr // sigDown: what was monitored, as it was named
	call     *Pending
	out      *outcome
	start    *starting
	quiet    quietness
}

// deliver makes the signal act. It takes no lock of the sender.
func (g signal) deliver() after {
	g.reason = private(g.reason)
	if g.kind == sigReply {
		g.call.fail(g.reason)
		return after{}
	}
	if g.kind == sigAck {
		g.start.tell(g.reason)
		return after{}
	}
	if g.out != nil {
		g.out.tell(g.reason)
		return after{}
	}
	p := g.to.p
	if p == nil {
		return after{}
	}
	if p.isFar {
		return p.x.far.deliver(g)
	}
	switch g.kind {
	case sigExit:
		return p.exitSignal(g.from, g.reason)
	case sigLinkExit:
		return p.linkExit(g.from, g.reason, g.quiet)
	case sigLink:
		return p.farLink(g.from)
	case sigUnlink:
		p.mu.Lock()
		p.x.links.remove(g.from)
		p.mu.Unlock()
	case sigMonitor:
		return p.farMonitor(g)
	case sigDemonitor:
		p.mu.Lock()
		delete(p.x.watchers, g.ref)
		p.mu.Unlock()
	case sigDown:
		p.down(g)
	case sigNotice:
		p.notice(g.msg)
	}
	return after{}
}

// notice posts a message of the kernel's own.
func (p *proc) notice(msg any) {
	_, _ = p.post(uncounted(msg), Ref{}, nil, nil) // not counted, so never refused
}

// exitSignal is what Exit sends (statements 46 to 55).
func (p *proc) exitSignal(from PID, reason error) (a after) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.status == statusDead:
	case reason == Kill: //nolint:errorlint // identity: only Kill itself kills
		a = p.terminateLocked(ending{reason: ErrKilled, silent: true}, true)
	case p.trap:
		p.exitedLocked(from, reason)
	case reason == nil && from != p.pid():
	default:
		itself := from == p.pid()
		a = p.terminateLocked(ending{reason: reason, silent: !itself}, itself)
	}
	return a
}

// linkExit is what the end of a linked process sends (statements 39 to 43). Kill
// is a reason like any other here.
func (p *proc) linkExit(from PID, reason error, quiet quietness) (a after) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.x == &none || !p.x.links.remove(from) {
		return a // unlinked meanwhile (statement 37)
	}
	switch {
	case quiet == quietAlways || quiet == quietToTrappers && p.trap:
	case p.trap:
		p.exitedLocked(from, reason)
	case reason == nil:
	default:
		a = p.terminateLocked(ending{reason: reason, silent: true}, false)
	}
	return a
}

func (p *proc) exitedLocked(from PID, reason error) {
	if from == p.parent() {
		p.tellLocked()
	}
	p.postLocked(uncounted(Exited{PID: from, Reason: reason}))
}

// Exit sends an exit signal to a process: with reason [Kill] it ends whatever
// it does; with another one it ends unless it traps exits, in which case it
// receives an [Exited]; nil ends nobody but a process that sends it to itself.
// The sender need not be linked. Signals to an ended process vanish.
//
// A behaviour ends at once, even inside a handler. A Body in its own code has
// its context cancelled and time to return ([SpawnOpts.Grace]); one that waits
// in Receive returns from it. Kill waits for nobody (law 6).
//
// Exit freezes reason in the caller and does not block. Sent from a process,
// use [Self.Exit], so that Exited says from whom.
func Exit(to PID, reason error) error { return exit(PID{}, to, reason) }

func exit(from, to PID, reason error) error {
	signal{kind: sigExit, from: from, to: to, reason: Freeze(reason)}.deliver().run()
	return nil
}

// Exited is what a process that traps exits receives when it is sent an exit
// signal, or when a process it is linked to ends ('EXIT').
type Exited struct {
	PID    PID
	Reason error
}

// pairLock locks two processes of this node in a fixed order, so that what
// concerns both is one step. For p == q it locks once.
func pairLock(p, q *proc) {
	first, second := p, q
	if q.id < p.id || q.id == p.id && q.node.seq < p.node.seq {
		first, second = q, p
	}
	first.mu.Lock()
	if p != q {
		second.mu.Lock()
	}
}

func pairUnlock(p, q *proc) {
	p.mu.Unlock()
	if p != q {
		q.mu.Unlock()
	}
}

// sorted gives a set's members in a fixed order, so that no map decides who
// hears first.
func sorted[V any](m map[PID]V) []PID {
	return slices.SortedFunc(maps.Keys(m), byNumber)
}

func byNumber(a, b PID) int { return cmp.Compare(a.id, b.id) }

func sortedRefs[V any](m map[Ref]V) []Ref {
	if len(m) == 0 {
		return nil
	}
	return slices.SortedFunc(maps.Keys(m), func(a, b Ref) int { return cmp.Compare(a.id, b.id) })
}
