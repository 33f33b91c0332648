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
	over  *ready.Queue    // nil: nothing was added
	first *labelled[L, R] // under way or not yet taken
	n     int
}

type labelled[L, R any] struct {
	label      L
	call       *Pending[R]
	prev, next *labelled[L, R]
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
	e := &labelled[L, R]{label: label, call: p, next: c.first}
	if c.first != nil {
		c.first.prev = e
	}
	c.first = e
	c.n++
	if c.over == nil {
		c.over = new(ready.Queue)
	}
	p.call.Notify(c.over, e)
}

// Len returns how many calls have not been taken with Next.
func (c *Calls[L, R]) Len() int { return c.n }

// Next waits for the next call to end and takes it out of the collection. Errors:
// [ErrNoCalls] if there is none; why ctx ended, or context.DeadlineExceeded
// after five seconds if it has no deadline. Then nothing is lost: ask again, or
// Cancel.
func (c *Calls[L, R]) Next(ctx context.Context) (a Answer[L, R], err error) {
	if c.n == 0 {
		return a, ErrNoCalls
	}
	var late <-chan time.Time
	for {
		if v, ok := c.over.Take(); ok {
			e := v.(*labelled[L, R])
			c.forget(e)
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
	for e := c.first; e != nil; e = e.next {
		e.call.Cancel()
	}
	*c = Calls[L, R]{}
}

func (c *Calls[L, R]) forget(e *labelled[L, R]) {
	c.n--
	if e.prev != nil {
		e.prev.next = e.next
	} else {
		c.first = e.next
	}
	if e.next != nil {
		e.next.prev = e.prev
	}
}
