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
	ctx       context.Context
	cancel    context.CancelCauseFunc
	cancelled bool
	cause     error
	stopping  chan struct{}
	told      bool // the parent's exit signal has come to a process that traps
	toldAt    time.Time
}

func (s *Self) context() context.Context {
	p := s.p
	p.mu.Lock()
	defer p.mu.Unlock()
	c := &p.ctx
	if c.ctx == nil {
		c.ctx, c.cancel = context.WithCancelCause(context.Background())
		if c.cancelled {
			c.cancel(c.cause)
		}
	}
	return c.ctx
}

// cancelLocked marks the context as ended and returns what ends it, to be
// called without the lock; nil if there is nothing to end.
func (c *selfContext) cancelLocked(cause error) context.CancelCauseFunc {
	if c.cancelled {
		return nil
	}
	if cause == nil {
		cause = context.Canceled
	}
	c.cancelled, c.cause = true, cause
	return c.cancel
}

// renewLocked gives Terminate a context that has not ended, with what is left of
// the shutdown time as its deadline.
func (c *selfContext) renewLocked(p *proc) {
	c.cancelled = false
	old := c.cancel // of what handlers derived from it: ends with the process
	if old == nil {
		old = func(error) {}
	}
	if p.shutdown <= 0 {
		ctx, cancel := context.WithCancelCause(context.Background())
		c.ctx, c.cancel = ctx, func(cause error) { cancel(cause); old(cause) }
		return
	}
	from := c.toldAt
	if !c.told {
		from = p.node.clock.Now()
	}
	left := from.Add(p.shutdown).Sub(p.node.clock.Now())
	ctx, stop := context.WithTimeout(context.Background(), left)
	ctx, cancel := context.WithCancelCause(ctx)
	c.ctx, c.cancel = ctx, func(cause error) { cancel(cause); stop(); old(cause) }
}

// stopLocked notes that the parent wants a process that traps exits to stop.
func (c *selfContext) stopLocked(p *proc) {
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
	if p.ctx.stopping == nil {
		p.ctx.stopping = make(chan struct{})
	}
	return p.ctx.stopping
}

// Deadline is part of context.Context; only inside Terminate is there one.
func (s *Self) Deadline() (time.Time, bool) { return s.context().Deadline() }

// Done is part of context.Context.
func (s *Self) Done() <-chan struct{} { return s.context().Done() }

// Err is part of context.Context; context.Cause tells the exit reason.
func (s *Self) Err() error { return s.context().Err() }

// Value is part of context.Context. A process's identity never travels in it.
func (s *Self) Value(key any) any { return s.context().Value(key) }
