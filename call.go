package kista

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/kista-go/kista/internal/ready"
)

// DefaultCallTimeout bounds a call whose context has no deadline (statement 118).
const DefaultCallTimeout = 5 * time.Second

// NoTimeout, as the duration of [CallFor], lets a call wait for ever. It still
// hears of the server's death.
const NoTimeout time.Duration = -1

// Request is what a process receives when somebody calls it: answer through
// From, now or later, here or elsewhere (statements 119 to 121). Behaviours do
// this for their users.
type Request struct {
	From From
	Msg  any
}

// From is whom a request came from. It is data: a process may hand it to
// another one, which then answers.
type From struct{ c *Pending }

// PID returns the calling process, or the zero PID for a plain goroutine.
func (f From) PID() PID {
	if f.c == nil {
		return PID{}
	}
	return f.c.caller
}

// Reply answers the request with a copy of v. The first answer counts; later
// ones vanish, as do those to a caller that has given up or ended. The error is
// a [*DataError] if v is not data; the request is then still unanswered.
func (f From) Reply(v any) error {
	out, _, err := messages.Copy(v)
	if err != nil {
		return dataError(err)
	}
	f.answer(out, nil)
	return nil
}

// Fail answers the request with an error, frozen, which the caller gets as it
// is instead of a value.
func (f From) Fail(err error) {
	if err = Freeze(err); err == nil {
		err = Stop{}
	}
	f.answer(nil, err)
}

func (f From) answer(v any, err error) {
	if f.c != nil {
		f.c.release()
		f.c.complete(v, err)
	}
}

// Pending is a call under way. It is made by [Begin]; its methods may be used
// by any goroutine.
type Pending struct {
	server *proc // nil: nobody took the request
	caller PID
	to     Addr
	req    any // the caller's own value: only ever shown to the caller
	over   atomic.Bool
	done   chan struct{}
	val    any
	err    error
	sink   func(val any, err error) // not nil: the caller is beyond a carrier
	notice atomic.Pointer[notice]

	prev, next *Pending // the server's ring of requests it holds, guarded by its mu
}

// Done is closed when the call is over.
func (c *Pending) Done() <-chan struct{} { return c.done }

// notice says where to put what once the call is over.
type notice struct {
	q *ready.Queue
	v any
}

// Notify puts v into q once the call is over, which may be now. A call notifies
// one queue. It is for behaviours that wait for any of many calls: only packages
// of this module can make a queue.
func (c *Pending) Notify(q *ready.Queue, v any) {
	c.notice.Store(&notice{q, v})
	select {
	case <-c.done:
		c.notify()
	default: // complete will find it
	}
}

func (c *Pending) notify() {
	if n := c.notice.Swap(nil); n != nil {
		n.q.Put(n.v)
	}
}

// complete ends the call; only the first one counts.
func (c *Pending) complete(val any, err error) {
	if !c.over.CompareAndSwap(false, true) {
		return
	}
	c.val, c.err = val, err
	close(c.done)
	c.notify()
	if c.sink != nil {
		c.sink(val, err)
	}
}

// fail ends the call without an answer.
func (c *Pending) fail(reason error) *Pending {
	c.complete(nil, &CallError{Server: c.to, Request: c.req, Reason: reason})
	return c
}

// Cancel gives the call up: an answer that comes later vanishes. The server
// does not notice. A call that is over stays as it is.
func (c *Pending) Cancel() {
	c.release()
	c.fail(context.Canceled)
}

// holdLocked notes, under the server's lock, that it holds the request.
func (p *proc) holdLocked(c *Pending) {
	c.server = p
	if p.calls == nil {
		c.prev, c.next = c, c
		p.calls = c
		return
	}
	c.prev, c.next = p.calls.prev, p.calls
	c.prev.next, c.next.prev = c, c
}

func (c *Pending) release() {
	p := c.server
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.next == nil {
		return
	}
	if c.next == c {
		p.calls = nil
	} else {
		c.prev.next, c.next.prev = c.next, c.prev
		if p.calls == c {
			p.calls = c.next
		}
	}
	c.prev, c.next = nil, nil
}

// failCallsLocked tells everybody whose request the dying process holds, in its
// mailbox or in hand, why there will be no answer (law 4).
func (p *proc) failCallsLocked(reason error) (sigs []signal) {
	for c := p.calls; c != nil; {
		next := c.next
		sigs = append(sigs, signal{kind: sigReply, call: c, reason: reason})
		c.prev, c.next = nil, nil
		if next == p.calls {
			break
		}
		c = next
	}
	p.calls = nil
	return sigs
}

// selfer is an argument that is a process: a *Self, or a behaviour's context
// that embeds one. Contexts derived from it are not (they are outsiders).
type selfer interface{ process() *Self }

// Begin sends a call and returns at once; [Pending.Wait] waits for the answer.
// Many may be under way. ctx only says who calls: a *Self if a process does.
// Whatever is wrong, also with the request itself, Wait tells.
func Begin(ctx context.Context, to Addr, req any) *Pending {
	c := &Pending{to: to, req: req, done: make(chan struct{})}
	msg, size, err := messages.Copy(req)
	if err != nil {
		return c.fail(dataError(err))
	}
	var w *worker
	if me, ok := ctx.(selfer); ok {
		s := me.process()
		c.caller = s.PID()
		w = s.p.worker.Load()
		if err := s.begin(); err != nil {
			return c.fail(err)
		}
		defer s.leave()
	}
	p := c.callee()
	switch {
	case p == nil:
		return c
	case p.isFar:
		p.farCall(c, msg)
		return c
	}
	ref, _ := to.(Ref)
	m := makeMail(Request{From: From{c}, Msg: msg}, size)
	alive, err := p.post(m, ref, c, w)
	switch {
	case err != nil:
		return c.fail(err)
	case !alive:
		return c.fail(ErrNoProcess)
	}
	return c
}

// callee finds whom the call is for. If there is nobody, the call has failed.
func (c *Pending) callee() *proc {
	p, err := resolve(c.to)
	switch {
	case err != nil:
		c.fail(err)
	case p == nil:
		c.fail(ErrNoProcess)
	case p.pid() == c.caller:
		c.fail(ErrCallingSelf)
	default:
		return p
	}
	return nil
}

// Wait waits for the answer: until it is there, the server has ended, or ctx
// has. A ctx without a deadline means [DefaultCallTimeout]. If the time runs
// out the call goes on: Wait again, or Cancel. The error is a [*CallError], or
// what the server answered with [From.Fail].
func (c *Pending) Wait(ctx context.Context) (any, error) {
	d := NoTimeout
	if _, has := ctx.Deadline(); !has {
		d = DefaultCallTimeout
	}
	return c.wait(ctx, d)
}

// WaitFor is Wait with a duration, or [NoTimeout].
func (c *Pending) WaitFor(ctx context.Context, d time.Duration) (any, error) { return c.wait(ctx, d) }

func (c *Pending) wait(ctx context.Context, d time.Duration) (any, error) {
	select {
	case <-c.done:
		return c.val, c.err
	default:
	}
	var late chan struct{}
	if d != NoTimeout {
		late = make(chan struct{})
		t := c.clock().AfterFunc(d, func() { close(late) })
		defer t.Stop()
	}
	me, isSelf := ctx.(selfer)
	if isSelf {
		defer me.process().p.blocked(waitCall)()
	}
	select {
	case <-c.done:
		return c.val, c.err
	case <-late:
		return nil, c.because(context.DeadlineExceeded)
	case <-ctx.Done():
		if isSelf {
			if err := me.process().stopped(); err != nil {
				return nil, err
			}
		}
		return nil, c.because(context.Cause(ctx))
	}
}

func (c *Pending) because(reason error) error {
	return &CallError{Server: c.to, Request: c.req, Reason: reason}
}

func (c *Pending) clock() Clock {
	switch a := c.to.(type) {
	case PID:
		return a.p.node.clock
	case localName:
		return a.n.clock
	case remoteName:
		return a.n.clock
	case Ref:
		if n := a.node(); n != nil {
			return n.clock
		}
	}
	return machineClock{}
}

// Call sends a request and waits for the answer, as `!!` was to do in the talk.
// Without a deadline in ctx it waits [DefaultCallTimeout]. The error is a
// [*CallError] (why there is no answer), or what the server answered with
// [From.Fail]. Package server has the typed form.
func Call(ctx context.Context, to Addr, req any) (any, error) {
	c := Begin(ctx, to, req)
	v, err := c.Wait(ctx)
	if err != nil && !c.over.Load() {
		c.Cancel()
	}
	return v, err
}

// CallFor is Call with a duration, or [NoTimeout].
func CallFor(ctx context.Context, d time.Duration, to Addr, req any) (any, error) {
	c := Begin(ctx, to, req)
	v, err := c.WaitFor(ctx, d)
	if err != nil && !c.over.Load() {
		c.Cancel()
	}
	return v, err
}
