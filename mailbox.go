package kista

import (
	"sync"
)

// Policy says what happens to a message for a mailbox that is at its limit.
type Policy uint8

const (
	// Refuse gives the sender a *MailboxFullError; the receiver notices nothing.
	// The default.
	Refuse Policy = iota
	// KillReceiver ends the receiver with a *MailboxFullError as its reason.
	KillReceiver
	// DropNewest drops the message without a word to either.
	DropNewest
)

// MailboxLimit bounds a mailbox in messages and bytes, whichever comes first
// (law 8). Zero fields mean the node's default, and there 100,000 messages and
// 64 MiB. Signals, replies and system requests are never counted,
// refused or dropped.
type MailboxLimit struct {
	Messages int
	Bytes    int
	Policy   Policy // what happens over the limit
}

// Defaults of MailboxLimit.
const (
	DefaultMailboxMessages = 100_000
	DefaultMailboxBytes    = 64 << 20
)

func (l MailboxLimit) or(d MailboxLimit) MailboxLimit {
	if l.Messages == 0 {
		l.Messages = d.Messages
	}
	if l.Bytes == 0 {
		l.Bytes = d.Bytes
	}
	if l.Policy == Refuse {
		l.Policy = d.Policy
	}
	return l
}

// mail is one entry of a mailbox.
type mail struct {
	next    *mail
	msg     any
	size    int
	counted bool
	system  bool
	patient bool // a timer's: it comes again if there is no room, whatever the policy
}

// mails are entries that are free again.
var mails = sync.Pool{New: func() any { return new(mail) }}

func makeMail(msg any, size int) *mail {
	if raced { // a pool would order who has nothing to do with each other
		return &mail{msg: msg, size: size + mailOverhead, counted: true}
	}
	m := mails.Get().(*mail)
	m.msg, m.size, m.counted = msg, size+mailOverhead, true
	return m
}

// uncounted makes an entry of the kernel's own.
func uncounted(msg any) *mail {
	m := makeMail(msg, 0)
	m.counted = false
	return m
}

// free gives the entry back; nobody else knows it any more.
func (m *mail) free() {
	if raced {
		return
	}
	*m = mail{}
	mails.Put(m)
}

const mailOverhead = 48 // bytes counted for an entry besides its message

// queue is a FIFO of mail. Its zero value is empty.
type queue struct{ head, tail *mail }

func (q *queue) push(m *mail) {
	if q.tail == nil {
		q.head = m
	} else {
		q.tail.next = m
	}
	q.tail = m
}

func (q *queue) pop() *mail {
	m := q.head
	if m != nil {
		q.remove(nil, m)
	}
	return m
}

// unpop puts back what pop took.
func (q *queue) unpop(m *mail) {
	if m.next = q.head; m.next == nil {
		q.tail = m
	}
	q.head = m
}

// remove takes m out; prev is the entry before it, nil for the head.
func (q *queue) remove(prev, m *mail) {
	if prev == nil {
		q.head = m.next
	} else {
		prev.next = m.next
	}
	if q.tail == m {
		q.tail = prev
	}
	m.next = nil
}

// splice moves all of r to the end of q.
func (q *queue) splice(r *queue) {
	if r.head == nil {
		return
	}
	if q.tail == nil {
		q.head = r.head
	} else {
		q.tail.next = r.head
	}
	q.tail = r.tail
	*r = queue{}
}

// post puts an entry into p's mailbox and sees to it that somebody reads it.
// via is the alias it came through, if any; call is the request that it is, if
// it is one. alive is false if there is no process to take it; err is the
// refusal of a full mailbox.
// from is the process that sends it, if one does; errEnded says that it has ended.
//
// That it has not is asked under the receiver's lock: who ends it says so first
// and takes that lock later, to post the news. So nothing that a process sends
// can follow its DOWN (law 6), and a send needs no mark of its own.
func (p *proc) post(m *mail, via Ref, call *Pending, from *proc) (alive bool, err error) {
	var w *worker
	p.mu.Lock()
	if from != nil {
		if from.stopping() {
			p.mu.Unlock()
			return false, errEnded
		}
		w = from.worker.Load()
	}
	if p.status == statusDead || !via.IsZero() || p.fullLocked(m) {
		return p.postAnyway(m, via, call, w)
	}
	wake := p.letInLocked(m, call, w)
	p.mu.Unlock()
	ping(wake) // without the lock, which is what who wakes wants first
	return true, nil
}

// letInLocked puts m, for which there is room, in its place. The caller pings
// what it returns.
func (p *proc) letInLocked(m *mail, call *Pending, w *worker) (wake chan struct{}) {
	if call != nil {
		p.holdLocked(call)
	}
	if p.status == statusIdle && !p.suspended && !p.how.dedicated && !raced && p.node.baton == nil {
		m.counted = false                    // it is as good as taken
		p.first, p.last = m, typeWord(m.msg) // the worker finds it without the lock
		p.wakeLocked(w)
		return nil
	}
	if m.counted {
		p.count++
		p.bytes += m.size
	}
	p.inbox.push(m)
	if p.passesLocked(m) {
		return nil
	}
	return p.wakeLocked(w)
}

func (p *proc) fullLocked(m *mail) bool {
	return m.counted && (int(p.count) >= p.how.limit.Messages || p.bytes+m.size > p.how.limit.Bytes && p.count > 0)
}

// postAnyway is [proc.post] where it is not simply let in; a function of its own
// for the sake of the sender's stack. It gives the lock back. A caller always
// hears why its request may not enter, also under a policy that keeps quiet to
// senders.
//
//go:noinline
func (p *proc) postAnyway(m *mail, via Ref, call *Pending, w *worker) (alive bool, err error) {
	var a after
	if p.status == statusDead {
		p.mu.Unlock()
		return false, nil
	}
	if p.fullLocked(m) {
		full := &MailboxFullError{PID: p.pid(), Messages: int(p.count), Bytes: p.bytes}
		told := call != nil
		switch {
		case m.patient:
			told = true
		case p.how.limit.Policy == KillReceiver:
			a = p.terminateLocked(ending{reason: full}, true)
		case p.how.limit.Policy == DropNewest:
			p.node.dropped.Add(1)
		default:
			told = true
		}
		p.mu.Unlock()
		a.run()
		if told {
			return true, full
		}
		return false, nil
	}
	ok, mon := p.throughLocked(via) // or it had room
	if !ok {
		p.mu.Unlock()
		return false, nil
	}
	if mon != nil && mon.target.p != nil {
		a.signals = append(a.signals, signal{kind: sigDemonitor, from: p.pid(), to: mon.target, ref: via})
	}
	wake := p.letInLocked(m, call, w)
	p.mu.Unlock()
	ping(wake)
	a.run()
	return true, nil
}

func (p *proc) postLocked(m *mail) {
	p.inbox.push(m)
	if !p.passesLocked(m) {
		ping(p.wakeLocked(nil))
	}
}

// passesLocked reports whether m is left lying: p is suspended, and it is
// nothing that somebody suspended looks at.
func (p *proc) passesLocked(m *mail) bool {
	return p.suspended && !m.system && !p.fromParent(m.msg)
}

// wakeLocked makes somebody look at the mailbox: it has an idle behaviour
// executed, or returns what wakes the execution that sleeps.
func (p *proc) wakeLocked(w *worker) (wake chan struct{}) {
	if p.status == statusIdle {
		p.status = statusReady
		p.node.execute(p, w)
		return nil
	}
	if !p.asleep {
		return nil
	}
	p.asleep = false
	if p.node.baton != nil {
		p.pingLocked()
		return nil
	}
	return p.wake
}

// sleepLocked waits, without the lock, for new mail or the end.
func (p *proc) sleepLocked(what wait) {
	if p.wake == nil {
		p.wake = make(chan struct{}, 1)
	}
	p.asleep, p.waiting = true, what
	t := p.x.thread
	p.mu.Unlock()
	if w := p.worker.Load(); w != nil && w.current.Load() == p {
		w.yields()
	}
	p.node.sleep(t, p.wake)
	p.mu.Lock()
	p.asleep, p.waiting = false, waitNothing
}

// rouseLocked makes everybody who waits in p's name look why.
func (p *proc) rouseLocked() {
	if p.wake != nil {
		p.pingLocked()
	}
	for k := p.parkers; k != nil; k = k.next {
		k.rouse()
	}
}

func (p *proc) pingLocked() {
	ping(p.wake)
	if b := p.node.baton; b != nil {
		b.wake(p.x.thread)
	}
}

func ping(wake chan struct{}) {
	if wake == nil {
		return
	}
	select {
	case wake <- struct{}{}:
	default:
	}
}

// Postponed says how many of the messages that the process has taken its behaviour
// keeps for later. They count against the mailbox like those that wait in it (law
// 8), and [ProcessInfo] shows them; their bytes do not. Each call replaces the
// number of the one before. It is for authors of behaviours, and belongs to the
// process's own code.
func (s *Self) Postponed(messages int) {
	p := s.p
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.status == statusDead || messages < 0 || p.x.postponed == int32(messages) {
		return
	}
	x := p.own()
	p.count += int32(messages) - x.postponed
	x.postponed = int32(messages)
}

// takenLocked accounts for an entry that left the mailbox.
func (p *proc) takenLocked(m *mail) {
	if m.counted {
		p.count--
		p.bytes -= m.size
	}
	p.handled++
	p.last = typeWord(m.msg)
}
