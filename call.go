package kista

import (
	"context"
	"sync"
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
		f.c.answered(v, err)
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

	over   atomic.Bool // set last, under mu: val and err stand
	mu     sync.Mutex
	val    any
	err    error
	waiter *parker
	done   chan struct{}            // for those who select, and for a second one who waits
	sink   func(val any, err error) // not nil: somebody beyond a carrier has a part in it
	made   *farCall                 // not nil: it was made beyond that carrier
	notice *notice

	prev, next *Pending // the server's ring of requests it holds, guarded by its mu
}

// Done is closed when the call is over.
func (c *Pending) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done == nil {
		c.done = make(chan struct{})
		if c.over.Load() {
			close(c.done)
		}
	}
	return c.done
}

// notice says where to put what once the call is over.
type notice struct {
	q *ready.Queue
	v any
}

// Notify puts v into q once the call is over, which may be now. A call notifies
// one queue. It is for behaviours that wait for any of many calls: only packages
// of this module can make a queue.
func (c *Pending) Notify(q *ready.Queue, v any) {
	c.mu.Lock()
	over := c.over.Load()
	if !over {
		c.notice = &notice{q, v}
	}
	c.mu.Unlock()
	if over {
		q.Put(v)
	}
}

// complete ends the call; only the first one counts.
func (c *Pending) complete(val any, err error) {
	c.mu.Lock()
	if c.over.Load() {
		c.mu.Unlock()
		return
	}
	c.val, c.err = val, err
	c.over.Store(true)
	k, done, n := c.waiter, c.done, c.notice
	c.waiter, c.notice = nil, nil
	c.mu.Unlock()
	if done != nil {
		close(done)
	}
	if k != nil {
		k.rouse()
	}
	if n != nil {
		n.q.Put(n.v)
	}
	if c.sink != nil {
		c.sink(val, err)
	}
}

// waitWith lets k be roused when the call is over. It is false if it is over
// already, or somebody else waits for it.
func (c *Pending) waitWith(k *parker) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over.Load() || c.waiter != nil {
		return false
	}
	c.waiter = k
	return true
}

// leave takes k away from the call.
func (c *Pending) leave(k *parker) {
	c.mu.Lock()
	if c.waiter == k {
		c.waiter = nil
	}
	c.mu.Unlock()
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
	c := &Pending{to: to, req: req}
	msg, size, err := messages.Copy(req)
	if err != nil {
		return c.fail(dataError(err))
	}
	var from *proc
	if me, ok := ctx.(selfer); ok {
		from = me.process().p
		c.caller = from.pid()
		if from.stopping() {
			return c.fail(from.self.ended())
		}
	}
	p := c.callee()
	switch {
	case p == nil:
		return c
	case p.isFar:
		if from != nil {
			if err := from.self.begin(); err != nil {
				return c.fail(err)
			}
			defer from.self.leave()
		}
		p.farCall(c, msg)
		return c
	}
	ref, _ := to.(Ref)
	m := makeMail(Request{From: From{c}, Msg: msg}, size)
	alive, err := p.post(m, ref, c, from)
	switch {
	case err == errEnded: //nolint:errorlint // post's own
		return c.fail(from.self.ended())
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
	if c.over.Load() {
		return c.val, c.err
	}
	d := DefaultCallTimeout
	if processOf(ctx) == nil {
		if _, has := ctx.Deadline(); has {
			d = NoTimeout
		}
	}
	return c.wait(ctx, d)
}

// WaitFor is Wait with a duration, or [NoTimeout]. Any other negative d is over at
// once: it is what is left of a deadline that has passed.
func (c *Pending) WaitFor(ctx context.Context, d time.Duration) (any, error) { return c.wait(ctx, d) }

func (c *Pending) wait(ctx context.Context, d time.Duration) (any, error) {
	if c.over.Load() {
		return c.val, c.err
	}
	if d < 0 && d != NoTimeout {
		d = 0
	}
	n := c.node() // there is one, or the call would be over
	k := n.parker()
	if !c.waitWith(k) {
		if c.over.Load() {
			return c.val, c.err
		}
		return c.waitBeside(ctx, d)
	}
	late := n.await(ctx, k, d, waitCall, c.over.Load)
	if c.over.Load() {
		return c.val, c.err
	}
	c.leave(k)
	if late {
		return nil, c.because(context.DeadlineExceeded)
	}
	return nil, c.gaveUp(ctx)
}

// waitBeside is wait for those who come second.
func (c *Pending) waitBeside(ctx context.Context, d time.Duration) (any, error) {
	var late chan struct{}
	if d != NoTimeout {
		late = make(chan struct{})
		t := c.node().clock.AfterFunc(d, func() { close(late) })
		defer t.Stop()
	}
	select {
	case <-c.Done():
		return c.val, c.err
	case <-late:
		return nil, c.because(context.DeadlineExceeded)
	case <-ctx.Done():
		return nil, c.gaveUp(ctx)
	}
}

// gaveUp is why a wait ended with its context.
func (c *Pending) gaveUp(ctx context.Context) error {
	if me, ok := ctx.(selfer); ok {
		if err := me.process().stopped(); err != nil {
			return err
		}
	}
	return c.because(context.Cause(ctx))
}

func (c *Pending) because(reason error) error {
	return &CallError{Server: c.to, Request: c.req, Reason: reason}
}

// node is the one in whose time the call is waited for.
func (c *Pending) node() *Node {
	switch a := c.to.(type) {
	case PID:
		if a.p != nil {
			return a.p.node
		}
	case localName:
		return a.n
	case remoteName:
		return a.n
	case Ref:
		return a.node()
	}
	return nil
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
