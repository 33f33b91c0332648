package kista

import (
	"sync"
	"sync/atomic"
)

// control is what system requests have set in a process. Most processes have
// none.
type control struct {
	holders  map[PID]struct{} // who suspends it; the execution's alone
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

func (p *proc) suspend(holder PID) {
	c := p.controls()
	if c.holders == nil {
		c.holders = map[PID]struct{}{}
	}
	c.holders[holder] = struct{}{}
	p.setSuspended(true)
}

// resume ends one holder's suspension, or all for the zero PID. What was prepared
// and not installed is given up with the last one.
func (p *proc) resume(holder PID) {
	c := p.controls()
	if !holder.IsZero() {
		if _, holds := c.holders[holder]; !holds {
			return
		}
		delete(c.holders, holder)
		if len(c.holders) > 0 {
			return
		}
	}
	for h := range c.holders {
		if !h.IsZero() {
			_ = p.self.Exit(h, ErrShutdown) // it only watches over the suspension
		}
	}
	c.holders, c.prepared = nil, nil
	p.setSuspended(false)
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
