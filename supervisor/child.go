package supervisor

import (
	"time"

	"github.com/kista-go/kista"
)

// Status is what a child does at the moment.
type Status uint8

const (
	// Stopped: it has no process: it ended, was terminated, or ignored its start.
	Stopped Status = iota
	// Starting: its process runs, but is not up yet.
	Starting
	// Running: it is up.
	Running
	// Stopping: it has been told to stop.
	Stopping
	// Restarting: a restart has failed and will be tried again.
	Restarting
)

// String names the status.
func (s Status) String() string {
	return name(s, "stopped", "starting", "running", "stopping", "restarting")
}

// hasProcess tells whether a process stands behind the child.
func (s Status) hasProcess() bool { return s == Starting || s == Running || s == Stopping }

// child is one child as the supervisor knows it.
type child struct {
	spec  Child
	level int    // how it is started: 0 is spec.Start, else spec.OrElse[level-1]
	num   uint64 // children are numbered in their order

	prev, next *child

	status  Status // changed by core.become alone
	waiters []any  // who waits for the outcome of its start
	enders  []any  // who waits for its end
	fresh   bool   // StartChild has made it, and it has not been up yet
	ever    bool   // it has been up
	overdue bool   // killed because it was not up in time
	killed  bool   // because of BrutalKill, or because it did not stop in time
	again   bool   // its present start is a restart
	token   uint64
	count   int       // restarts
	endedAt time.Time // of its last process
	why     error     // why it is to be restarted
	win     window    // its own, while there is a simpler way left

	pid    kista.PID // set by the shell, which alone gives it a meaning
	before kista.PID // of the last process that was up
	shell  childShell
}

func (c *child) id() string { return c.spec.ID }

// program is what the child runs at its level.
func (c *child) program() kista.Program {
	if c.level == 0 {
		return c.spec.Start
	}
	return c.spec.OrElse[c.level-1]
}

// ChildInfo is what [WhichChildren] tells of a child.
type ChildInfo struct {
	ID       string    // empty in a pool
	PID      kista.PID // zero unless Status says that there is a process
	Status   Status
	Type     Type
	Restart  Restart
	Level    int // how it is started: 0 is Start, n is OrElse[n-1]
	Restarts int // how often it has been restarted
}

func (c *child) info() ChildInfo {
	return ChildInfo{
		ID: c.id(), PID: c.pid, Status: c.status, Type: c.spec.Type(), Restart: c.spec.Restart,
		Level: c.level, Restarts: c.count,
	}
}

// list holds the children in the order of their start. All it does takes
// constant time.
type list struct {
	first, last *child
	len         int
}

func (l *list) push(c *child) {
	c.prev, c.next = l.last, nil
	if l.last == nil {
		l.first = c
	} else {
		l.last.next = c
	}
	l.last = c
	l.len++
}

func (l *list) remove(c *child) {
	if c.prev == nil {
		l.first = c.next
	} else {
		c.prev.next = c.next
	}
	if c.next == nil {
		l.last = c.prev
	} else {
		c.next.prev = c.prev
	}
	c.prev, c.next = nil, nil
	l.len--
}
