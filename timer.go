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
	at   time.Time
	err  error
	proc *proc // the process it dies with; for others the node's own

	mu   sync.Mutex
	stop Stopper
	over bool
}

// SendAfter sends msg, copied now, once d has passed. A timer for a process dies
// with it; a name is looked up when the time comes (statement 88), and nobody
// there is no error. A negative d counts as zero. The message is not counted
// against the mailbox. If msg is not data, or the node has as many timers as it
// may, the timer never fires and [Timer.Err] says why.
func SendAfter(d time.Duration, to Addr, msg any) *Timer {
	t := &Timer{to: to}
	out, _, err := messages.Copy(msg)
	if err != nil {
		return t.failed(dataError(err))
	}
	t.msg = out
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
	if t.node.timers.Add(1) > int64(t.node.maxTimers) {
		t.node.timers.Add(-1)
		return t.failed(ErrSystemLimit)
	}
	t.at = t.node.clock.Now().Add(max(d, 0))
	if t.proc == nil || t.proc.far != nil {
		t.proc = t.node.init
	}
	p := t.proc
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.status == statusDead && p != t.node.init || p.doomed != nil {
		t.node.timers.Add(-1)
		return t.failed(nil)
	}
	if p.timers == nil {
		p.timers = map[*Timer]struct{}{}
	}
	p.timers[t] = struct{}{}
	t.mu.Lock()
	t.stop = t.node.clock.AfterFunc(max(d, 0), t.fire)
	t.mu.Unlock()
	return t
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
	delete(t.proc.timers, t)
	t.proc.mu.Unlock()
}

func (t *Timer) fire() {
	if !t.end() {
		return
	}
	t.forget()
	_ = dispatch(PID{}, t.to, &mail{msg: t.msg})
}

// dropTimers ends the timers that die with the node only: those for names and
// for processes of other nodes. None starts from then on.
func (n *Node) dropTimers() {
	p := n.init
	p.mu.Lock()
	defer p.mu.Unlock()
	for t := range p.timers {
		t.dropLocked()
	}
	p.timers, p.doomed = nil, p.ended
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
