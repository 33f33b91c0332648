package kista

import "time"

// Timer is a message that is on its way through time (statements 84 to 90).
type Timer struct {
	alarm alarm
	node  *Node
	to    Addr
	msg   any
	size  int
	err   error
	proc  *proc // the process it dies with; for others the node's own

	// Guarded by proc.mu:
	over       bool
	prev, next *Timer // the process's list
}

// SendAfter sends msg, copied now, once d has passed. A timer for a process dies
// with it; a name is looked up when the time comes (statement 88), and nobody
// there is no error. A negative d counts as zero. Where the mailbox is full the
// message comes as soon as there is room, whatever the policy; until then the
// timer counts as one under way. If msg is not data, or the node has as many
// timers as it may, the timer never fires and [Timer.Err] says why.
func SendAfter(d time.Duration, to Addr, msg any) *Timer {
	t := &Timer{to: to}
	t.alarm.owner((*firing)(t))
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
	if n.timers.add(1) > int64(n.maxTimers) {
		n.timers.add(-1)
		return ErrSystemLimit
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.status == statusDead && p != n.init || p.fate != nil && p.fate.phase == doomed {
		n.timers.add(-1)
		t.over = true
		return nil
	}
	x := p.own()
	t.over, t.next = false, x.timers
	if t.next != nil {
		t.next.prev = t
	}
	x.timers = t
	t.alarm.set(n, d)
	return nil
}

func (t *Timer) failed(err error) *Timer {
	t.err, t.over = err, true
	if t.proc == nil {
		t.proc = nowhere
	}
	return t
}

// nowhere is the process of timers that have none.
var nowhere = &proc{status: statusDead, x: &none}

// Err says why the timer will never fire: nil, a [*DataError] or [ErrSystemLimit].
func (t *Timer) Err() error { return t.err }

// endLocked takes the timer out of play; only one caller gets true.
func (t *Timer) endLocked() bool {
	if t.over {
		return false
	}
	t.over = true
	t.node.timers.add(-1)
	if t.prev != nil {
		t.prev.next = t.next
	} else {
		t.proc.x.timers = t.next
	}
	if t.next != nil {
		t.next.prev = t.prev
	}
	t.prev, t.next = nil, nil
	return true
}

// roomEvery is how often a timer tries again to get into a full mailbox.
const roomEvery = 10 * time.Millisecond

// Fire is the wheel's: the time has come.
func (t *firing) Fire() {
	p := t.proc
	p.mu.Lock()
	goes := (*Timer)(t).endLocked()
	p.mu.Unlock()
	if !goes {
		return
	}
	err := dispatch(nil, t.to, &mail{msg: t.msg, size: t.size, counted: true, patient: true})
	if _, full := err.(*MailboxFullError); full && (*Timer)(t).arm(roomEvery) != nil { //nolint:errorlint // post's own
		t.node.dropped.Add(1)
	}
}

// firing is a Timer as the wheel sees it.
type firing Timer

// dropTimers ends the timers that die with the node only: those for names and
// for processes of other nodes. None starts from then on.
func (n *Node) dropTimers() {
	p := n.init
	p.mu.Lock()
	defer p.mu.Unlock()
	p.own()
	p.dropTimersLocked()
	p.fate = &fate{phase: doomed}
}

func (p *proc) dropTimersLocked() {
	for t := p.x.timers; t != nil; t = p.x.timers {
		t.endLocked()
		t.alarm.stop(t.node)
	}
}

// Cancel stops the timer. It returns the time that was left and true, and then
// the message never comes; or false if the timer had fired (its message may be
// in the mailbox) or was over (statements 85, 89).
func (t *Timer) Cancel() (left time.Duration, ok bool) {
	t.proc.mu.Lock()
	defer t.proc.mu.Unlock()
	if !t.endLocked() {
		return 0, false
	}
	left = t.alarm.left(t.node)
	t.alarm.stop(t.node)
	return left, true
}

// Left returns the time that is left, or false if the timer is over.
func (t *Timer) Left() (time.Duration, bool) {
	t.proc.mu.Lock()
	defer t.proc.mu.Unlock()
	if t.over {
		return 0, false
	}
	return t.alarm.left(t.node), true
}
