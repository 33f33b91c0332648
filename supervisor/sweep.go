package supervisor

import "github.com/kista-go/kista"

// sweep brings children down or up in their order, one after another. Its set
// are the children from number low on.
type sweep struct {
	on   bool
	down bool   // phase: stopping, from the last child to low; then starting, the other way
	low  uint64 // the first one of the set
	at   *child // whose turn it is; nil: past the last
}

// willStop tells whether c's turn to be stopped is still to come.
func (w *sweep) willStop(c *child) bool {
	return w.on && w.down && c.num >= w.low && w.at != nil && c.num <= w.at.num
}

// leave moves on from a child whose turn is over.
func (w *sweep) leave(c *child) {
	switch {
	case w.at != c:
	case w.down:
		w.at = c.prev
	default:
		w.at = c.next
	}
}

// regroup stops the children from number low on and starts them again. If a
// sweep is under way, it goes on with what there is more to do.
func (k *core) regroup(c *child, low uint64) {
	k.become(c, Stopped)
	if k.sweep.on && k.sweep.down {
		k.sweep.low = min(k.sweep.low, low)
		return
	}
	if k.sweep.on {
		low = min(low, k.sweep.at.num) // what it had still to start
	}
	k.sweep = sweep{on: true, down: true, low: low, at: k.children.last}
}

// advance does the next steps of the sweep, until one has to be waited for.
func (k *core) advance() {
	switch {
	case k.ended:
	case k.final && k.active == 0:
		k.end()
	case k.final && k.pool != nil: // all have been told
	default:
		for k.sweep.on {
			k.steps++
			moved := k.sweepUp
			if k.sweep.down {
				moved = k.sweepDown
			}
			if !moved() {
				return
			}
		}
	}
}

// sweepDown does one step towards the first child of the set, and reports
// whether there may be another one.
func (k *core) sweepDown() bool {
	c := k.sweep.at
	if c == nil || c.num < k.sweep.low {
		k.turn(c)
		return !k.ended
	}
	switch c.status {
	case Starting, Running:
		k.stop(c)
		return false
	case Stopping:
		return false
	case Restarting:
		k.disarm(c)
		k.become(c, Stopped)
	}
	k.sweep.at = c.prev
	if k.booted && len(c.waiters) == 0 {
		k.dropTemporary(c) // an Update has added it, and nobody has started it since
	}
	return true
}

// turn ends the first phase of a sweep; c is the child before the set, if there
// is one.
func (k *core) turn(c *child) {
	k.sweep.down = false
	switch {
	case k.final:
		k.end()
	case c == nil:
		k.sweep.at = k.children.first
	default:
		k.sweep.at = c.next
	}
}

// sweepUp does one step towards the last child.
func (k *core) sweepUp() bool {
	c := k.sweep.at
	if c == nil || k.spec.Strategy == OneForOne && c.num > k.initial { // others go their own way
		k.sweepEnded()
		return true
	}
	switch c.status {
	case Starting, Stopping:
		return false
	case Running, Restarting:
		k.sweep.at = c.next
		return true
	}
	c.again = c.ever
	k.start(c)
	return false
}

// sweepEnded: all are up.
func (k *core) sweepEnded() {
	k.sweep = sweep{}
	if !k.booted {
		k.booted = true
		k.emit(effect{op: opUp})
		if k.halted {
			k.finish(kista.ErrShutdown)
			return
		}
	}
	waiting := k.later
	k.later = nil
	for i, a := range waiting {
		if k.sweep.on { // one of them has begun another one
			k.later = append(k.later, waiting[i:]...)
			return
		}
		k.ask(a)
	}
}

// finish stops all children, the youngest first, and then ends with reason. A
// pool tells all of them at once (statement 194).
func (k *core) finish(reason error) {
	if k.final {
		return
	}
	k.final, k.reason = true, reason
	k.later = nil
	k.sweep = sweep{on: true, down: true, at: k.children.last}
	if k.pool != nil {
		k.stopAll()
	}
}

func (k *core) end() {
	k.ended = true
	k.sweep = sweep{}
	k.emit(effect{op: opEnd, err: k.reason})
}

// stopAll tells all children to stop.
func (k *core) stopAll() {
	k.sweep = sweep{}
	for c := k.children.first; c != nil; c = c.next {
		k.steps++
		switch c.status {
		case Starting, Running:
			k.tell(c)
		case Restarting:
			k.disarm(c)
			k.become(c, Stopped)
		}
	}
	if d := k.pool.shutdown(); d >= 0 && k.active > 0 {
		k.poolToken = k.newToken()
		k.emit(effect{op: opArm, token: k.poolToken, d: d})
	}
}

// killAll kills those that have not stopped in time.
func (k *core) killAll() {
	for c := k.children.first; c != nil; c = c.next {
		k.steps++
		if c.status == Stopping && !c.killed {
			k.kill(c)
		}
	}
}
