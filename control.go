package kista

import (
	"context"
	"sync"
	"sync/atomic"
)

// control is what system requests have set in a process. Most processes have
// none.
type control struct {
	holders  map[*Pending]PID // the suspensions, and on whose behalf; the execution's alone
	prepared func()           // puts new code in place; the execution's alone
	debug    atomic.Pointer[debugging]

	mu      sync.Mutex
	version string
}

var controlOf Local[*control]

// control returns what has been set, nil if nothing has. It takes p.mu.
func (p *proc) control() *control {
	c, _ := controlOf.Get(p.self.process())
	return c
}

// controls is control for the execution, which makes it at first use.
func (p *proc) controls() *control {
	c := p.control()
	if c == nil {
		c = new(control)
		controlOf.Set(p.self.process(), c)
	}
	return c
}

// SetVersion says which version of its code the process runs, by custom a name
// and a number: "counter/2". It is shown in [BehaviourStatus], and a code change
// is told it ([CodeChange]). Behaviours call it in Init and when new code is put
// in place; it belongs to the process's own code.
func (s *Self) SetVersion(v string) {
	if v == "" && s.p.control() == nil {
		return
	}
	c := s.p.controls()
	c.mu.Lock()
	c.version = v
	c.mu.Unlock()
}

// versionLocked is Version for who holds p.mu.
func (p *proc) versionLocked() string {
	c, ok := p.x.locals[&controlOf].(*control)
	if !ok {
		return ""
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.version
}

// Version returns the version of its code, "" if it has none.
func (s *Self) Version() string {
	c := s.p.control()
	if c == nil {
		return ""
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.version
}

// suspend answers a Suspend. One whose asker has given up does not count, so that
// whoever gets an error has not suspended anything.
func (p *proc) suspend(q Request, holder PID) {
	c := p.controls()
	if c.holders == nil {
		c.holders = map[*Pending]PID{}
	}
	c.holders[q.From.c] = holder
	p.setSuspended(true)
	_ = q.From.Reply(nil)
	if _, err := q.From.c.WaitFor(context.Background(), NoTimeout); err != nil { // over: does not wait
		delete(c.holders, q.From.c)
		p.setSuspended(len(c.holders) > 0)
	}
}

// resume ends one holder's suspensions, or all for the zero PID. What was prepared
// and not installed is given up with the last one.
func (p *proc) resume(holder PID) {
	c := p.controls()
	for q, h := range c.holders {
		if holder.IsZero() || h == holder {
			delete(c.holders, q)
		}
	}
	if len(c.holders) == 0 {
		c.holders, c.prepared = nil, nil
		p.setSuspended(false)
	}
}

func (p *proc) setSuspended(on bool) {
	p.mu.Lock()
	p.suspended = on
	p.mu.Unlock()
}

func (p *proc) isSuspended() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.suspended
}
