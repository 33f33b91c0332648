package supervisor

import (
	"time"

	"github.com/kista-go/kista"
)

// core decides. It is a pure state machine: step takes the time and what has
// happened, changes the state, and says what is to be done as a list of
// effects. It knows no process, clock or mailbox; the behaviour does.
//
// Two things are going on in it. Each child has a status of its own. And at
// most one sweep is under way, which brings several children down or up in
// their order: all of them at the start and at the end, a group when one of it
// is to be restarted.
type core struct {
	spec      Spec // without its children
	intensity int
	period    time.Duration
	pool      *Child // what all children of a pool have in common; nil: no pool

	children    list
	byID        map[string]*child
	lastNum     uint64
	initial     uint64 // the last number that the Spec's own children have
	active      int    // children with a process
	supervisors int
	significant int // significant children that have not ended

	win    window
	sweep  sweep
	later  []ask // requests that wait for the sweep's end
	booted bool
	halted bool // AutoShutdown was reached before the start was complete
	final  bool // everything is being stopped
	ended  bool
	reason error

	lastToken uint64
	poolToken uint64 // of the timer by which all of a pool must have stopped

	now   time.Time
	out   []effect
	steps int // what has been done so far, for the tests of its cost
}

func newCore(spec Spec, pool *Child) *core {
	k := &core{pool: pool, byID: map[string]*child{}}
	k.setFlags(spec)
	for _, c := range spec.Children {
		k.add(c)
	}
	k.initial = k.lastNum
	return k
}

func (k *core) setFlags(spec Spec) {
	k.intensity, k.period = spec.limit()
	k.spec = spec
	k.spec.Children = nil
}

// What can happen, besides an ask.
type (
	boot    struct{}
	started struct{ c *child } // it is up
	failed  struct {           // its start has failed
		c   *child
		err error
	}
	exited struct { // its process has ended
		c      *child
		reason error
	}
	tick struct { // a timer's time has come; the pool's own is no child's
		kista.Immutable
		c     *child
		token uint64
	}
	again struct { // the message to itself by which a failed restart is tried again
		kista.Immutable
		c     *child
		token uint64
	}
	halt struct{ reason error } // stop everything and end
)

// op is what an effect asks for.
type op uint8

const (
	opStart  op = iota // start the child's process
	opStop             // tell it to stop, and watch it
	opKill             // kill it, and watch it
	opArm              // send a tick after d
	opDisarm           // forget the timer
	opAgain            // send an again
	opReply            // answer a request
	opNote             // tell the world
	opUp               // the supervisor is up
	opEnd              // nothing is left: end with the reason
)

type effect struct {
	op    op
	child *child
	token uint64
	d     time.Duration
	to    any // whom to reply to
	val   any
	err   error // of a reply; of opEnd, the exit reason
	note  note
}

// note is something that the world may want to know.
type note struct {
	kind   EventKind
	pid    kista.PID
	level  int
	reason error
	took   time.Duration
}

// step lets one thing happen.
func (k *core) step(now time.Time, event any) []effect {
	k.now, k.out = now, nil
	k.steps++
	if !k.ended {
		k.happen(event)
		k.advance()
	}
	k.steps += len(k.out)
	return k.out
}

func (k *core) happen(event any) {
	switch e := event.(type) {
	case boot:
		k.sweep = sweep{on: true, at: k.children.first}
	case started:
		k.up(e.c)
	case failed:
		k.startEnded(e.c, e.err)
	case exited:
		k.processEnded(e.c, e.reason)
	case tick:
		k.tick(e)
	case again:
		k.retryNow(e)
	case ask:
		k.ask(e)
	case halt:
		k.finish(e.reason)
	}
}

func (k *core) emit(e effect) { k.out = append(k.out, e) }

func (k *core) note(kind EventKind, c *child, reason error) {
	k.emit(effect{op: opNote, child: c, note: note{kind: kind, pid: c.pid, level: c.level, reason: reason}})
}

func (k *core) add(spec Child) *child {
	k.lastNum++
	c := &child{spec: spec, num: k.lastNum}
	k.children.push(c)
	if k.pool == nil {
		k.byID[spec.ID] = c
	}
	k.supervisors += one(spec.Type() == Supervisor)
	return c
}

// remove forgets a child that has no process.
func (k *core) remove(c *child) {
	k.neverStarted(c)
	k.sweep.leave(c)
	k.children.remove(c)
	if k.pool == nil {
		delete(k.byID, c.id())
	}
	k.supervisors -= one(c.spec.Type() == Supervisor)
}

// become changes a child's status and keeps the counts.
func (k *core) become(c *child, s Status) {
	k.active += one(s.hasProcess()) - one(c.status.hasProcess())
	if c.spec.Significant {
		k.significant += one(s != Stopped) - one(c.status != Stopped)
	}
	c.status = s
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (k *core) newToken() uint64 {
	k.lastToken++
	return k.lastToken
}

func (k *core) arm(c *child, d time.Duration) {
	if d >= 0 {
		c.token = k.newToken()
		k.emit(effect{op: opArm, child: c, token: c.token, d: d})
	}
}

// disarm makes whatever is on its way for c come in vain.
func (k *core) disarm(c *child) {
	if c.token != 0 {
		c.token = 0
		k.emit(effect{op: opDisarm, child: c})
	}
}

func (k *core) tick(e tick) {
	c := e.c
	switch {
	case c == nil:
		if e.token == k.poolToken {
			k.killAll()
		}
	case c.token != e.token:
	case c.status == Starting:
		c.overdue, c.token = true, 0
		k.emit(effect{op: opKill, child: c})
	case c.status == Stopping:
		k.kill(c)
	}
}

// answer replies to all who wait.
func (k *core) answer(who *[]any, val any, err error) {
	for _, to := range *who {
		k.emit(effect{op: opReply, to: to, val: val, err: err})
	}
	*who = nil
}
