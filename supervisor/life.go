package supervisor

import (
	"errors"

	"github.com/kista-go/kista"
)

// The life of one child, as the core sees it: started, up, told to stop, gone,
// and what follows from its end.

// start gives a child a process.
func (k *core) start(c *child) {
	k.become(c, Starting)
	c.overdue, c.killed = false, false
	k.emit(effect{op: opStart, child: c})
	k.arm(c, c.spec.startTimeout())
}

// stop takes it away.
func (k *core) stop(c *child) {
	k.tell(c)
	if !c.killed {
		k.arm(c, c.spec.shutdown())
	}
}

// tell makes a child stop.
func (k *core) tell(c *child) {
	k.become(c, Stopping)
	k.disarm(c)
	if c.spec.Shutdown == BrutalKill {
		k.kill(c)
		return
	}
	k.emit(effect{op: opStop, child: c})
}

func (k *core) kill(c *child) {
	c.killed, c.token = true, 0
	k.emit(effect{op: opKill, child: c})
}

// up: the child's start is complete.
func (k *core) up(c *child) {
	if c.status != Starting {
		return // told to stop meanwhile
	}
	k.disarm(c)
	k.become(c, Running)
	n := note{kind: ChildStarted, pid: c.pid, level: c.level}
	if c.again {
		c.count++
		n.kind, n.took = ChildRestarted, k.now.Sub(c.endedAt)
	}
	k.emit(effect{op: opNote, child: c, note: n})
	c.ever, c.fresh, c.again = true, false, false
	k.answer(&c.waiters, c.pid, nil)
}

// gone: a child's process is no more.
func (k *core) gone(c *child) {
	k.disarm(c)
	if c.status != Starting {
		c.before = c.pid
	}
	k.become(c, Stopped)
	c.pid = kista.PID{}
	c.endedAt = k.now
}

// startEnded: a start has failed, or was ignored, or was broken off.
func (k *core) startEnded(c *child, err error) {
	switch c.status {
	case Starting:
	case Stopping:
		k.stopped(c, err)
		return
	default:
		return
	}
	if err == kista.ErrIgnore { //nolint:errorlint // the kernel's, as it is
		k.gone(c)
		k.answer(&c.waiters, kista.PID{}, nil)
		c.fresh, c.again = false, false
		k.sweep.leave(c)
		k.dropTemporary(c)
		return
	}
	if c.overdue {
		err = ErrStartTimeout
	}
	k.note(ChildStartFailed, c, err)
	k.gone(c)
	why := &ChildError{Op: "start", ID: c.id(), Reason: err}
	asked := len(c.waiters) > 0
	k.answer(&c.waiters, nil, why)
	switch {
	case c.fresh || asked || k.final:
		k.dropTemporary(c) // by RestartChild: the specification stays
	case !c.ever && !k.booted:
		k.finish(&kista.ShutdownError{Cause: why}) // statement 175
	default:
		k.retry(c, err)
	}
}

// retry has the child restarted later: other requests come first (statement 183).
func (k *core) retry(c *child, err error) {
	if k.sweep.at == c {
		k.sweep = sweep{}
	}
	k.become(c, Restarting)
	c.why, c.token = err, k.newToken()
	k.emit(effect{op: opAgain, child: c, token: c.token})
}

// retryNow: other requests have come first. A child that is about to be stopped
// with others is started with them.
func (k *core) retryNow(e again) {
	c := e.c
	if c.status == Restarting && c.token == e.token && !k.sweep.willStop(c) {
		c.token = 0
		k.restart(c)
	}
}

// processEnded: the process of a child that was up, or was told to stop, has
// ended.
func (k *core) processEnded(c *child, reason error) {
	switch c.status {
	case Starting, Stopping:
		k.startEnded(c, reason)
	case Running:
		k.died(c, reason)
	}
}

// stopped: a child that was told to stop has ended (statements 184, 186).
func (k *core) stopped(c *child, reason error) {
	kind := ChildStopped
	if !c.asAsked(reason) {
		kind = ChildStopFailed
	}
	k.note(kind, c, reason)
	k.gone(c)
	if len(c.waiters) > 0 && len(c.enders) == 0 && !k.final {
		return // stopped with its group: they wait for its start with the group
	}
	k.neverStarted(c)
	k.answer(&c.enders, done{}, nil)
	k.dropTemporary(c)
}

// neverStarted tells those who wait for the start of a child that is not wanted
// any more.
func (k *core) neverStarted(c *child) {
	k.answer(&c.waiters, nil, &ChildError{Op: "start", ID: c.id(), Reason: ErrTerminated})
}

// asAsked tells whether that is how a child ends that was told to stop.
func (c *child) asAsked(reason error) bool {
	want := kista.ErrShutdown
	if c.spec.Shutdown == BrutalKill {
		want = kista.ErrKilled
	}
	return reason == want || !kista.Abnormal(reason) && c.spec.Restart != Permanent //nolint:errorlint // identity
}

// dropTemporary removes a child of which nothing is kept once it has ended: a
// temporary one, any of a pool, and one that StartChild has made in vain.
func (k *core) dropTemporary(c *child) {
	if c.spec.Restart == Temporary || k.pool != nil || c.fresh {
		k.remove(c)
	}
}

// died: a child has ended by itself, or somebody else has ended it (statement
// 178).
func (k *core) died(c *child, reason error) {
	k.note(ChildTerminated, c, reason)
	k.gone(c)
	c.why = reason
	switch {
	case k.final || k.sweep.willStop(c): // it would have been told to stop
		k.dropTemporary(c)
	case c.spec.Restart == Permanent || c.spec.Restart == Transient && kista.Abnormal(reason):
		k.restart(c)
	default:
		k.dropTemporary(c)
		k.significantEnded(c)
	}
}

// significantEnded ends the supervisor, if it is for that (statement 196).
func (k *core) significantEnded(c *child) {
	switch {
	case !c.spec.Significant:
		return
	case k.spec.AutoShutdown == Never: // an Update has said so
		return
	case k.spec.AutoShutdown == AllSignificant && k.significant > 0:
		return
	}
	k.note(SignificantEnded, c, c.why)
	if !k.booted {
		k.halted = true // let the start succeed first
		return
	}
	k.finish(kista.ErrShutdown)
}

// restart starts a child again, and with it those that the strategy says, if
// that is not once too often.
func (k *core) restart(c *child) {
	if !k.allow(c) {
		k.become(c, Stopped)
		k.note(GaveUp, c, c.why)
		k.finish(&kista.ShutdownError{Cause: &IntensityError{
			ID: c.id(), Intensity: k.intensity, Period: k.period, Reason: c.why,
		}})
		return
	}
	c.again = true
	switch k.spec.Strategy {
	case OneForAll:
		k.regroup(c, 0)
	case RestForOne:
		k.regroup(c, c.num)
	default:
		k.start(c)
	}
}

// allow counts a restart. As long as there is a simpler way left, a child's
// restarts are its own affair; in the last way they are the supervisor's.
func (k *core) allow(c *child) bool {
	if c.level == len(c.spec.OrElse) {
		return k.win.add(k.now, k.intensity, k.period)
	}
	var same *SameFault
	if errors.As(c.why, &same) || !c.win.add(k.now, k.intensity, k.period) {
		c.level++
		c.win.reset()
		k.note(ChildSimpler, c, c.why)
	}
	return true
}
