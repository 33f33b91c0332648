package supervisor

import (
	"github.com/kista-go/kista"
)

// Requests, as a supervisor receives them. Child specifications hold code, which
// is no data: they are passed as they are and never changed.
type (
	startChild struct {
		kista.Immutable
		child Child
		pool  any // the *Pool that asks; nil: a child with an ID
	}
	terminateChild struct{ ID string }
	terminatePID   struct{ PID kista.PID }
	restartChild   struct{ ID string }
	deleteChild    struct{ ID string }
	getChild       struct{ ID string }
	getSpec        struct{ ID string }
	whichChildren  struct{}
	countChildren  struct{}
	update         struct {
		kista.Immutable
		spec Spec
	}
)

// What answers them besides PIDs and lists.
type (
	done      struct{}
	childSpec struct {
		kista.Immutable
		child Child
	}
)

// ask is a request on its way through the core. c is the child that a
// terminatePID means.
type ask struct {
	from any
	req  any
	c    *child
}

func (k *core) reply(a ask, val any) { k.emit(effect{op: opReply, to: a.from, val: val}) }

func (k *core) refuse(a ask, op, id string, why error) {
	k.emit(effect{op: opReply, to: a.from, err: &ChildError{Op: op, ID: id, Reason: why}})
}

// ask answers a question at once. A wish is fulfilled at once too, unless
// several children are just being stopped or started: then it waits for the end
// of that, as it would in OTP.
func (k *core) ask(a ask) {
	switch q := a.req.(type) {
	case whichChildren:
		k.reply(a, k.which())
	case countChildren:
		k.reply(a, k.counts())
	case getChild:
		if c := k.find(a, "get", q.ID); c != nil {
			k.reply(a, c.info())
		}
	case getSpec:
		if c := k.find(a, "get", q.ID); c != nil {
			k.reply(a, childSpec{child: c.spec})
		}
	default:
		switch {
		case k.final: // its end is the answer
		case k.sweep.on && !isStart(a.req), k.busy() && isUpdate(a.req):
			k.later = append(k.later, a)
		default:
			k.change(a)
		}
	}
}

func isStart(req any) bool {
	_, ok := req.(startChild)
	return ok
}

func isUpdate(req any) bool {
	_, ok := req.(update)
	return ok
}

// busy tells whether several children are being started or stopped, or will be
// as soon as a failed restart is tried again.
func (k *core) busy() bool {
	if k.sweep.on || k.spec.Strategy == OneForOne {
		return k.sweep.on
	}
	for c := k.children.first; c != nil; c = c.next {
		if c.status == Restarting {
			return true
		}
	}
	return false
}

func (k *core) change(a ask) {
	switch q := a.req.(type) {
	case startChild:
		k.startChild(a, q.child)
	case terminateChild:
		if c := k.find(a, "terminate", q.ID); c != nil {
			k.terminate(a, c)
		}
	case terminatePID:
		switch {
		case k.pool == nil:
			k.refuse(a, "terminate", q.PID.String(), ErrNotPool)
		case a.c == nil:
			k.refuse(a, "terminate", q.PID.String(), ErrNotFound)
		default:
			k.terminate(a, a.c)
		}
	case restartChild:
		if c := k.idle(a, "restart", q.ID); c != nil {
			c.waiters = append(c.waiters, a.from)
			c.level, c.again = 0, false
			c.win.reset()
			k.start(c)
		}
	case deleteChild:
		if c := k.idle(a, "delete", q.ID); c != nil {
			k.remove(c)
			k.reply(a, done{})
		}
	case update:
		k.update(a, q.spec)
	}
}

// find looks up a child, and refuses the request if there is none.
func (k *core) find(a ask, op, id string) *child {
	c := k.byID[id]
	switch {
	case k.pool != nil:
		k.refuse(a, op, id, ErrPool)
	case c == nil:
		k.refuse(a, op, id, ErrNotFound)
	}
	return c
}

// idle is find for a child that must not have a process.
func (k *core) idle(a ask, op, id string) *child {
	c := k.find(a, op, id)
	switch {
	case c == nil || c.status == Stopped:
		return c
	case c.status == Restarting || c.status == Starting && c.again:
		k.refuse(a, op, id, ErrRestarting)
	default:
		k.refuse(a, op, id, ErrRunning)
	}
	return nil
}

// startChild adds a child at the end (statement 190). While a group is being
// restarted its turn comes with the group's.
func (k *core) startChild(a ask, spec Child) {
	if k.pool != nil {
		common := *k.pool
		common.Start, common.OrElse = spec.Start, spec.OrElse
		spec = common
		if spec.Start.IsZero() {
			k.refuse(a, "start", "", &SpecError{Field: "Start", Value: "nothing", Why: "the pool's Child returned no program"})
			return
		}
	} else if err := spec.validate(k.spec.AutoShutdown); err != nil {
		k.emit(effect{op: opReply, to: a.from, err: err})
		return
	}
	if c := k.byID[spec.ID]; c != nil {
		why := ErrAlreadyPresent
		if c.status.hasProcess() {
			why = &AlreadyStartedError{ID: spec.ID, PID: c.pid}
		}
		k.refuse(a, "start", spec.ID, why)
		return
	}
	c := k.add(spec)
	c.fresh = true
	c.waiters = append(c.waiters, a.from)
	if !k.sweep.on || k.spec.Strategy == OneForOne {
		k.start(c)
	}
}

// terminate stops a child; its specification stays, but a temporary one's
// (statement 187).
func (k *core) terminate(a ask, c *child) {
	switch c.status {
	case Stopping:
		c.enders = append(c.enders, a.from)
		return
	case Starting, Running:
		c.enders = append(c.enders, a.from)
		k.stop(c)
		return
	case Restarting:
		k.disarm(c)
		k.become(c, Stopped)
		if k.spec.Strategy != OneForOne {
			k.sweep = sweep{on: true, low: c.num, at: c.next} // the others are still to be started
		}
	}
	k.dropTemporary(c)
	k.reply(a, done{})
}

func (k *core) which() []ChildInfo {
	out := make([]ChildInfo, 0, k.children.len)
	for c := k.children.last; c != nil; c = c.prev {
		out = append(out, c.info())
	}
	return out
}

// Counts is what [CountChildren] returns (statement 192).
type Counts struct {
	Specs       int // children in the supervisor's list; of a pool: 1
	Active      int // those with a process
	Supervisors int // whether they have a process or not
	Workers     int
}

func (k *core) counts() Counts {
	n := Counts{
		Specs: k.children.len, Active: k.active,
		Supervisors: k.supervisors, Workers: k.children.len - k.supervisors,
	}
	if k.pool != nil {
		n.Specs = 1
	}
	return n
}

// update takes new flags and specifications without touching what runs
// (statement 200).
func (k *core) update(a ask, spec Spec) {
	if err := k.checkUpdate(spec); err != nil {
		k.emit(effect{op: opReply, to: a.from, err: err})
		return
	}
	k.take(spec)
	k.reply(a, done{})
}

// take puts a Spec that fits in the place of the old one. Its order becomes the
// children's; those that stay besides come last.
func (k *core) take(spec Spec) {
	k.setFlags(spec)
	for _, s := range spec.Children {
		c := k.byID[s.ID]
		if c == nil {
			k.add(s)
			continue
		}
		k.supervisors += one(s.Type() == Supervisor) - one(c.spec.Type() == Supervisor)
		if c.status != Stopped {
			k.significant += one(s.Significant) - one(c.spec.Significant)
		}
		c.spec = s
		c.level = min(c.level, len(s.OrElse))
	}
	if k.pool == nil {
		k.reorder(spec.Children)
	}
}

// reorder puts the named children first, in that order, and numbers all anew.
func (k *core) reorder(first []Child) {
	old := k.children
	k.children, k.lastNum = list{}, 0
	place := func(c *child) {
		k.lastNum++
		c.num = k.lastNum
		k.children.push(c)
	}
	for _, s := range first {
		c := k.byID[s.ID]
		old.remove(c)
		place(c)
	}
	for c := old.first; c != nil; c = old.first {
		old.remove(c)
		place(c)
	}
}

// checkUpdate finds what would not fit, also with the children that stay.
func (k *core) checkUpdate(spec Spec) error {
	if k.pool != nil {
		return ErrPool
	}
	if err := Check(spec); err != nil {
		return err
	}
	if spec.AutoShutdown != Never {
		return nil
	}
	replaced := make(map[string]bool, len(spec.Children))
	for _, s := range spec.Children {
		replaced[s.ID] = true
	}
	for c := k.children.first; c != nil; c = c.next {
		if c.spec.Significant && !replaced[c.id()] {
			return c.spec.validate(spec.AutoShutdown)
		}
	}
	return nil
}
