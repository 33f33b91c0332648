package kista

import (
	"sync"
	"time"
)

// Timer is a message that is on its way through time (statements 84 to 90).
type Timer struct {
	node *Node
	to   Addr
	msg  any
	size int
	at   time.Time
	err  error
	proc *proc // the process it dies with; for others the node's own

	mu   sync.Mutex
	stop Stopper
	over bool
}

// SendAfter sends msg, copied now, once d has passed. A timer for a process dies
// with it; a name is looked up when the time comes (statement 88), and nobody
// there is no error. A negative d counts as zero. Where the mailbox is full the
// message comes as soon as there is room, whatever the policy; until then the
// timer counts as one under way. If msg is not data, or the node has as many
// timers as it may, the timer never fires and [Timer.Err] says why.
func SendAfter(d time.Duration, to Addr, msg any) *Timer {
	t := &Timer{to: to}
	out, size, err := messages.Copy(msg)
	if err != nil {
		return t.failed(dataError(err))
	}
	t.msg, t.size = out, size+mailOverhead
	switch a := to.(type) {
	case PID:
		t.proc = a.p
	case Ref:
		t.proc = a.alias()
	case localName:
		t.node = a.n
	case remoteName:
		t.node = a.n
	}
	if t.node == nil {
		if t.proc == nil {
			return t.failed(nil)
		}
		t.node = t.proc.node
	}
	if t.proc == nil || t.proc.isFar {
		t.proc = t.node.init
	}
	if err := t.arm(max(d, 0)); err != nil {
		return t.failed(err)
	}
	return t
}

// arm sets the timer going. It is over at once if its process has ended.
func (t *Timer) arm(d time.Duration) error {
	n, p := t.node, t.proc
	if n.timers.Add(1) > int64(n.maxTimers) {
		n.timers.Add(-1)
		return ErrSystemLimit
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	if p.status == statusDead && p != n.init || p.fate != nil && p.fate.phase == doomed {
		n.timers.Add(-1)
		t.over = true
		return nil
	}
	x := p.own()
	if x.timers == nil {
		x.timers = map[*Timer]struct{}{}
	}
	x.timers[t] = struct{}{}
	t.over, t.at = false, n.clock.Now().Add(d)
	t.stop = n.clock.AfterFunc(d, t.fire)
	return nil
}

func (t *Timer) failed(err error) *Timer {
	t.err, t.over = err, true
	return t
}

// Err says why the timer will never fire: nil, a [*DataError] or [ErrSystemLimit].
func (t *Timer) Err() error { return t.err }

// end takes the timer out of play; only one caller gets true.
func (t *Timer) end() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return false
	}
	t.over = true
	t.node.timers.Add(-1)
	return true
}

func (t *Timer) forget() {
	t.proc.mu.Lock()
	delete(t.proc.x.timers, t)
	t.proc.mu.Unlock()
}

// roomEvery is how often a timer tries again to get into a full mailbox.
const roomEvery = 10 * time.Millisecond

func (t *Timer) fire() {
	if !t.end() {
		return
	}
	t.forget()
	err := dispatch(PID{}, t.to, &mail{msg: t.msg, size: t.size, counted: true, patient: true}, nil)
	if _, full := err.(*MailboxFullError); full && t.arm(roomEvery) != nil { //nolint:errorlint // post's own
		t.node.dropped.Add(1)
	}
}

// dropTimers ends the timers that die with the node only: those for names and
// for processes of other nodes. None starts from then on.
func (n *Node) dropTimers() {
	p := n.init
	p.mu.Lock()
	defer p.mu.Unlock()
	for t := range p.x.timers {
		t.dropLocked()
	}
	p.own().timers, p.fate = nil, &fate{phase: doomed}
}

// dropLocked ends the timer of a dying process, under that process's lock.
func (t *Timer) dropLocked() {
	if t.end() && t.stop != nil {
		t.stop.Stop()
	}
}

// Cancel stops the timer. It returns the time that was left and true, and then
// the message never comes; or false if the timer had fired (its message may be
// in the mailbox) or was over (statements 85, 89).
func (t *Timer) Cancel() (left time.Duration, ok bool) {
	if !t.end() {
		return 0, false
	}
	t.mu.Lock()
	stop := t.stop
	t.mu.Unlock()
	stop.Stop()
	t.forget()
	return max(t.at.Sub(t.node.clock.Now()), 0), true
}

// Left returns the time that is left, or false if the timer is over.
func (t *Timer) Left() (time.Duration, bool) {
	t.mu.Lock()
	over := t.over
	t.mu.Unlock()
	if over {
		return 0, false
	}
	return max(t.at.Sub(t.node.clock.Now()), 0), true
}
