package kista

import (
	"context"
	"time"
)

// A *Self is a context.Context. It ends when a terminating exit signal is
// delivered to the process, with the exit reason as its cause: this is what
// frees code that is blocked in a database driver or an HTTP client. It may be
// given to any goroutine; contexts derived from it are ordinary ones.

var _ context.Context = (*Self)(nil)

// selfContext is the one context that Self's methods delegate to, made on first
// use. Guarded by the process's mu.
type selfContext struct {
	ctx      context.Context // nil: not made, or of another time
	cancel   context.CancelCauseFunc
	old      context.CancelCauseFunc // what handlers derived from it: ends with the process
	stopping chan struct{}
	told     bool // the parent's exit signal has come to a process that traps
	toldAt   time.Time
	renewed  bool // Terminate runs: its context has not ended, and a deadline
	from     time.Time
}

func (p *proc) contextLocked() *selfContext {
	x := p.own()
	if x.ctx == nil {
		x.ctx = new(selfContext)
	}
	return x.ctx
}

func (s *Self) context() context.Context {
	p := s.p
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.contextLocked()
	if c.ctx == nil {
		c.makeLocked(p)
		if f := p.fate; f != nil {
			cancel, cause := c.cancelLocked(f.reason)
			cancel(cause)
		}
	}
	return c.ctx
}

// makeLocked makes the context; that of Terminate has what is left of the
// shutdown time as its deadline.
func (c *selfContext) makeLocked(p *proc) {
	parent, stop := context.Background(), func() {}
	if c.renewed && p.how.shutdown > 0 {
		parent, stop = context.WithTimeout(parent, c.from.Add(p.how.shutdown).Sub(p.node.clock.Now()))
	}
	ctx, cancel := context.WithCancelCause(parent)
	old := c.old
	c.ctx, c.cancel = ctx, func(cause error) {
		cancel(cause)
		stop()
		if old != nil {
			old(cause)
		}
	}
}

// cancelLocked returns what ends the context, and the cause, to be used without
// the lock; nil if there is nothing to end.
func (c *selfContext) cancelLocked(cause error) (context.CancelCauseFunc, error) {
	if cause == nil {
		cause = context.Canceled
	}
	if c.ctx == nil {
		return c.old, cause
	}
	return c.cancel, cause
}

// renewLocked gives Terminate a context that has not ended, made when it is
// asked for.
func (p *proc) renewLocked() {
	if p.how.shutdown <= 0 && (p.x.ctx == nil || p.x.ctx.ctx == nil) {
		return
	}
	c := p.contextLocked()
	c.old, c.ctx, c.cancel = c.cancel, nil, nil
	p.gate.Or(gateRenewed)
	c.renewed, c.from = true, c.toldAt
	if !c.told {
		c.from = p.node.clock.Now()
	}
}

// tellLocked notes that the parent wants a process that traps exits to stop.
func (p *proc) tellLocked() {
	c := p.contextLocked()
	if c.told {
		return
	}
	c.told, c.toldAt = true, p.node.clock.Now()
	if c.stopping == nil {
		c.stopping = make(chan struct{})
	}
	close(c.stopping)
}

// Stopping is closed when the parent's exit signal has reached a process that
// traps exits: long work in a handler watches it, since the context of such a
// process is not cancelled. For others see Done.
func (s *Self) Stopping() <-chan struct{} {
	p := s.p
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.contextLocked()
	if c.stopping == nil {
		c.stopping = make(chan struct{})
	}
	return c.stopping
}

// Deadline is part of context.Context; only inside Terminate is there one.
func (s *Self) Deadline() (time.Time, bool) { return s.context().Deadline() }

// Done is part of context.Context.
func (s *Self) Done() <-chan struct{} { return s.context().Done() }

// Err is part of context.Context; context.Cause tells the exit reason.
func (s *Self) Err() error { return s.context().Err() }

// Value is part of context.Context. A process's identity never travels in it.
func (s *Self) Value(key any) any { return s.context().Value(key) }
