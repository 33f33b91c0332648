package server

import (
	"context"
	"errors"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/ready"
)

// ErrNoCalls says that a collection has no calls under way.
var ErrNoCalls = errors.New("server: no calls to wait for")

// Calls is a collection of calls under way, each with a label that says which it
// is, whose answers are taken in the order in which they come (statement 133).
// Its zero value is empty and ready; it must not be copied. It belongs to one
// goroutine.
type Calls[L, R any] struct {
	over *ready.Queue // nil: nothing was added
	rest map[*labelled[L, R]]struct{}
}

type labelled[L, R any] struct {
	label L
	call  *Pending[R]
}

// Answer is how the call with that Label ended: with a Reply, or with an Err as
// [Call] returns it.
type Answer[L, R any] struct {
	Label L
	Reply R
	Err   error
}

// Add adds a call, which must be in no other collection.
func (c *Calls[L, R]) Add(label L, p *Pending[R]) {
	if c.over == nil {
		c.over, c.rest = new(ready.Queue), map[*labelled[L, R]]struct{}{}
	}
	e := &labelled[L, R]{label, p}
	c.rest[e] = struct{}{}
	p.call.Notify(c.over, e)
}

// Len returns how many calls have not been taken with Next.
func (c *Calls[L, R]) Len() int { return len(c.rest) }

// Next waits for the next call to end and takes it out of the collection. Errors:
// [ErrNoCalls] if there is none; why ctx ended, or context.DeadlineExceeded
// after five seconds if it has no deadline. Then nothing is lost: ask again, or
// Cancel.
func (c *Calls[L, R]) Next(ctx context.Context) (a Answer[L, R], err error) {
	if len(c.rest) == 0 {
		return a, ErrNoCalls
	}
	var late <-chan time.Time
	for {
		if v, ok := c.over.Take(); ok {
			e := v.(*labelled[L, R])
			delete(c.rest, e)
			a.Label = e.label
			a.Reply, a.Err = e.call.WaitFor(ctx, NoTimeout) // over: does not wait
			return a, nil
		}
		if _, has := ctx.Deadline(); !has && late == nil {
			t := time.NewTimer(kista.DefaultCallTimeout)
			defer t.Stop()
			late = t.C
		}
		select {
		case <-c.over.Wake():
		case <-late:
			return a, context.DeadlineExceeded
		case <-ctx.Done():
			return a, context.Cause(ctx)
		}
	}
}

// Cancel gives up every call that has not been taken, and empties the
// collection.
func (c *Calls[L, R]) Cancel() {
	for e := range c.rest {
		e.call.Cancel()
	}
	*c = Calls[L, R]{}
}
