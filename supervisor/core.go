package supervisor

import (
	"errors"
	"time"

	"github.com/kista-go/kista"
)

// core decides. It knows children, strategies and restarts, and nothing of
// processes: what is to be done goes to a doer, what has happened comes as a
// method call. It has no clock and no goroutine.
type core struct {
	spec  Spec
	do    doer
	all   list
	byID  map[string]*child
	num   uint64
	win   window
	group *group // a start of all, a restart of several, or the end
	end   *ending
}

// doer carries decisions out. Each of its methods returns at once.
type doer interface {
	start(c *child) error // then started, or ended, or late
	stop(c *child)        // tell it to stop; then ended, or late
	kill(c *child)        // then ended
	retry(c *child)       // then retried, after other mail
	now() time.Time
	report(k EventKind, c *child, reason error, took time.Duration)
	answer(to any, c *child, err error)
}

// group is work on several children, one at a time: stop some, the youngest
// first, then start some, the oldest first.
type group struct {
	stop   []*child // from the end
	start  []*child // from the beginning
	first  bool     // the supervisor's own start: a failure ends it
	silent bool     // a shutdown: nothing is started
}

// ending says that the supervisor is to end, and why.
type ending struct{ reason error }

func newCore(s Spec, do doer) *core {
	c := &core{spec: s, do: do, byID: map[string]*child{}}
	return c
}

func (k *core) add(spec Child) *child {
	k.num++
	c := &child{spec: spec, num: k.num}
	k.all.push(c)
	if spec.ID != "" {
		k.byID[spec.ID] = c
	}
	return c
}

func (k *core) drop(c *child) {
	k.all.remove(c)
	if k.byID[c.id()] == c {
		delete(k.byID, c.id())
	}
}

// begin starts all children in their order.
func (k *core) begin() {
	g := &group{first: true}
	for _, spec := range k.spec.Children {
		g.start = append(g.start, k.add(spec))
	}
	k.group = g
	k.step()
}

// step goes on with the group, if there is one and nothing is under way in it.
func (k *core) step() {
	for k.group != nil {
		g := k.group
		switch {
		case len(g.stop) > 0:
			c := g.stop[len(g.stop)-1]
			if c.status.hasProcess() {
				k.tell(c)
				return
			}
			g.stop = g.stop[:len(g.stop)-1]
			k.stopped(c)
		case len(g.start) > 0 && !g.silent:
			c := g.start[0]
			if c.status.hasProcess() {
				return
			}
			g.start = g.start[1:]
			if k.start(c) {
				g.start = append([]*child{c}, g.start...)
				return
			}
		default:
			k.group = nil
			return
		}
	}
}

// stopped is the end of a child that a group has stopped: a temporary one is
// not started again (statement 179).
func (k *core) stopped(c *child) {
	if c.spec.Restart == Temporary && k.group != nil {
		k.drop(c)
		for i, s := range k.group.start {
			if s == c {
				k.group.start = append(k.group.start[:i:i], k.group.start[i+1:]...)
				break
			}
		}
	}
}

// start starts a child; true if it is under way.
func (k *core) start(c *child) bool {
	c.status, c.overdue, c.told = Starting, false, false
	if err := k.do.start(c); err != nil {
		c.status = Stopped
		k.failed(c, err)
		return false
	}
	return c.status == Starting
}

// tell makes a child stop, once.
func (k *core) tell(c *child) {
	if c.status == Stopping {
		return
	}
	c.status = Stopping
	if c.spec.Shutdown == BrutalKill {
		c.told = true
		k.do.kill(c)
		return
	}
	k.do.stop(c)
}

// late: the time for a start or for a stop is over.
func (k *core) late(c *child) {
	switch c.status {
	case Starting:
		c.overdue = true
	case Stopping:
		c.told = true
	default:
		return
	}
	k.do.kill(c)
}

// started: the child is up.
func (k *core) started(c *child) {
	if c.status != Starting {
		return // told to stop meanwhile: its end comes
	}
	c.status, c.ever = Running, true
	var took time.Duration
	kind := ChildStarted
	if c.again {
		kind, took = ChildRestarted, k.do.now().Sub(c.endedAt)
		c.count++
	}
	c.again, c.fresh = false, false
	k.do.report(kind, c, nil, took)
	k.answerStart(c, nil)
	k.advance(c)
}

// advance goes on with the group after the start of c.
func (k *core) advance(c *child) {
	if g := k.group; g != nil && len(g.start) > 0 && g.start[0] == c {
		g.start = g.start[1:]
	}
	k.step()
}

func (k *core) answerStart(c *child, err error) {
	for _, w := range c.waiters {
		k.do.answer(w, c, err)
	}
	c.waiters = nil
}

func (k *core) answerEnd(c *child) {
	for _, w := range c.enders {
		k.do.answer(w, c, nil)
	}
	c.enders = nil
}

// failed: the child did not come up, or ended before it was up. It has no
// process.
func (k *core) failed(c *child, why error) {
	if c.status == Stopping {
		k.ended(c, why)
		return
	}
	c.status = Stopped
	if c.overdue {
		why = ErrStartTimeout
	}
	if errors.Is(why, kista.ErrIgnore) {
		k.ignored(c)
		return
	}
	k.do.report(ChildStartFailed, c, why, 0)
	switch {
	case k.group != nil && k.group.first:
		k.shut(&kista.ShutdownError{Cause: &ChildError{Op: "start", ID: c.id(), Reason: why}})
	case c.fresh:
		k.drop(c)
		k.answerStart(c, why)
		k.step()
	case len(c.waiters) > 0: // RestartChild: the specification stays
		k.answerStart(c, why)
		k.step()
	default: // a restart has failed: try again later (statement 183)
		c.status, c.why = Restarting, why
		if g := k.group; g != nil && len(g.start) > 0 && g.start[0] == c {
			g.start = g.start[1:]
		}
		k.do.retry(c)
	}
}

// ignored: the child did not want to start.
func (k *core) ignored(c *child) {
	k.answerStart(c, nil)
	if g := k.group; g != nil && len(g.start) > 0 && g.start[0] == c {
		g.start = g.start[1:]
	}
	if c.spec.Restart == Temporary || c.spec.ID == "" {
		k.drop(c)
	}
	k.step()
}

// retried: time to try a failed restart again.
func (k *core) retried(c *child) {
	if c.status == Restarting && k.end == nil {
		k.restart(c, c.why)
	}
}

// ended: the child's process is gone.
func (k *core) ended(c *child, why error) {
	was := c.status
	c.status, c.endedAt = Stopped, k.do.now()
	if was == Stopping {
		k.stoppedAsTold(c, why)
		return
	}
	k.do.report(ChildTerminated, c, why, 0)
	if k.end != nil {
		k.step()
		return
	}
	again := c.spec.Restart == Permanent || c.spec.Restart == Transient && kista.Abnormal(why)
	if again {
		k.restart(c, why)
		return
	}
	last := c.spec.Significant && k.lastSignificant(c)
	if c.spec.Restart == Temporary || c.spec.ID == "" {
		k.drop(c)
	}
	if last {
		k.shut(kista.ErrShutdown)
		return
	}
	k.step()
}

func (k *core) stoppedAsTold(c *child, why error) {
	bad := why
	if errors.Is(why, kista.ErrShutdown) || c.spec.Shutdown == BrutalKill && errors.Is(why, kista.ErrKilled) {
		bad = nil
	}
	if bad == nil && (why != nil || c.spec.Restart != Permanent) {
		k.do.report(ChildStopped, c, why, 0)
	} else {
		k.do.report(ChildStopFailed, c, why, 0) // statement 186
	}
	k.answerStart(c, ErrTerminated)
	enders := c.enders
	k.answerEnd(c)
	if len(enders) > 0 && (c.spec.Restart == Temporary || c.spec.ID == "") {
		k.drop(c)
	}
	k.step()
}

// lastSignificant tells whether the end of c by itself ends the supervisor.
func (k *core) lastSignificant(c *child) bool {
	switch k.spec.AutoShutdown {
	case AnySignificant:
		return true
	case AllSignificant:
		for o := k.all.first; o != nil; o = o.next {
			if o != c && o.spec.Significant && (o.status.hasProcess() || o.status == Restarting) {
				return false
			}
		}
		return true
	}
	return false
}

// restart counts a restart of c, or a simpler way, and does it by the strategy.
func (k *core) restart(c *child, why error) {
	c.why = why
	intensity, period := k.spec.limit()
	now := k.do.now()
	var same *SameFault
	if c.level < len(c.spec.OrElse) {
		if errors.As(why, &same) || !c.win.add(now, intensity, period) {
			c.level++
			c.win.reset()
			k.do.report(ChildSimpler, c, why, 0)
		}
	} else if !k.win.add(now, intensity, period) {
		gaveUp := &IntensityError{ID: c.id(), Intensity: intensity, Period: period, Reason: why}
		k.do.report(GaveUp, c, gaveUp, 0)
		k.shut(&kista.ShutdownError{Cause: gaveUp})
		return
	}
	c.again = true
	if k.spec.Strategy == OneForOne {
		k.start(c)
		return
	}
	g := &group{}
	for o := k.all.first; o != nil; o = o.next {
		if k.spec.Strategy == RestForOne && o.num < c.num && !k.owed(o) {
			continue
		}
		if o != c && o.status == Stopped && !k.owed(o) && !o.ever {
			continue
		}
		if o != c && o.status == Stopped && !k.owed(o) {
			continue // it was stopped for good
		}
		if o.status == Restarting {
			o.status = Stopped
		}
		if o.status.hasProcess() {
			g.stop = append(g.stop, o)
		}
		g.start = append(g.start, o)
		if o.ever {
			o.again = true
		}
	}
	k.group = g
	k.step()
}

// owed tells whether the present group has still to start o.
func (k *core) owed(o *child) bool {
	if k.group == nil {
		return false
	}
	for _, s := range k.group.start {
		if s == o {
			return true
		}
	}
	return false
}

// shut begins the end: all children stop, the youngest first.
func (k *core) shut(reason error) {
	if k.end != nil {
		return
	}
	k.end = &ending{reason}
	g := &group{silent: true}
	for c := k.all.first; c != nil; c = c.next {
		if c.status == Restarting {
			c.status = Stopped
		}
		if c.status.hasProcess() {
			g.stop = append(g.stop, c)
		}
	}
	k.group = g
	k.step()
}

// done tells whether the end is complete.
func (k *core) done() bool { return k.end != nil && k.group == nil }
