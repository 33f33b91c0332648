package kista

import (
	"context"
	"sync/atomic"
	"time"
)

// parker is a goroutine that waits for the outcome of something: one channel
// that whoever ends the wait puts a token into, be it the answer, a timeout or
// the end of the waiting process. It is used again.
type parker struct {
	node   *Node
	ch     chan struct{} // has room for one
	timer  alarm
	late   atomic.Bool
	thread *thread // in a deterministic node
	next   *parker // of the process that waits, guarded by its mu
}

// Fire is called when the time is over.
func (k *parker) Fire() {
	k.late.Store(true)
	k.rouse()
}

func (k *parker) rouse() {
	select {
	case k.ch <- struct{}{}:
	default:
	}
	if t := k.thread; t != nil {
		k.node.baton.wake(t)
	}
}

func (n *Node) parker() *parker {
	if !raced {
		if k, ok := n.parkers.Get().(*parker); ok {
			return k
		}
	}
	k := &parker{node: n, ch: make(chan struct{}, 1)}
	k.timer.owner(k)
	return k
}

// await waits until over is true, d has passed, or ctx has ended; whoever makes
// over true rouses k. A process waits as itself: its end rouses it, and its
// worker goes on with others. It returns whether the time ran out, which is the
// least of the reasons; the caller looks at the others itself. k is given back.
func (n *Node) await(ctx context.Context, k *parker, d time.Duration, what wait, over func() bool) (late bool) {
	p := processOf(ctx)
	var done <-chan struct{}
	if p == nil {
		done = ctx.Done()
	} else {
		p.park(k, what)
	}
	if me, ok := ctx.(selfer); ok && n.baton != nil {
		k.thread = me.process().p.threadOf()
		if done != nil {
			defer context.AfterFunc(ctx, k.rouse)()
		}
	}
	if d >= 0 {
		k.timer.set(n, d)
		if n.baton != nil && k.thread == nil {
			n.baton.nudge()
		}
	}
	for !over() && !k.late.Load() && (p == nil || !p.stopping()) {
		if done == nil || k.thread != nil {
			n.sleep(k.thread, k.ch)
			continue
		}
		select {
		case <-k.ch:
			continue
		case <-done:
		}
		break
	}
	if p != nil {
		p.unpark(k)
	}
	late = k.late.Load()
	if (d < 0 || k.timer.stop(n)) && !raced && n.baton == nil { // else its time comes this moment
		n.parkers.Put(k) // a late token only makes the next one look once too often
	}
	return late
}

// processOf returns the process that ctx is, if it is one that waits as itself:
// in Terminate it has an ordinary context, which may have a deadline.
func processOf(ctx context.Context) *proc {
	me, ok := ctx.(selfer)
	if !ok {
		return nil
	}
	p := me.process().p
	if p.gate.Load()&gateRenewed != 0 {
		return nil
	}
	return p
}

// park notes that p's code is about to wait with k.
func (p *proc) park(k *parker, what wait) {
	p.mu.Lock()
	p.waiting = what
	k.next, p.parkers = p.parkers, k
	p.mu.Unlock()
	if w := p.worker.Load(); w != nil && w.current.Load() == p {
		w.yields()
	}
}

func (p *proc) unpark(k *parker) {
	p.mu.Lock()
	p.waiting = waitNothing
	for at := &p.parkers; *at != nil; at = &(*at).next {
		if *at == k {
			*at, k.next = k.next, nil
			break
		}
	}
	p.mu.Unlock()
	if w := p.worker.Load(); w != nil {
		w.resumes(p)
	}
}
