package kista

import (
	"context"
	"errors"
	"reflect"
)

// SystemRequest is what every behaviour answers besides its own protocol
// (statements 217 to 221): [Suspend], [Resume], [Terminate], [GetState]. Such
// requests are not counted against the mailbox.
type SystemRequest interface{ system() }

// Suspend makes a behaviour leave its mail alone but for system requests.
type Suspend struct{}

// Resume ends a suspension; the mail is handled in order.
type Resume struct{}

// Terminate makes a behaviour end with Reason, after its Terminate callback.
type Terminate struct{ Reason error }

// GetState returns a copy of the behaviour's state, if it is data and the
// behaviour shows it ([StateReader]).
type GetState struct{}

func (Suspend) system()   {}
func (Resume) system()    {}
func (Terminate) system() {}
func (GetState) system()  {}

// StateReader is a [Behaviour] that answers [GetState]. State runs in the
// process, between callbacks; if it panics, whoever asked gets the
// [*PanicError].
type StateReader interface{ State() any }

// System sends a system request and waits for the answer. Terminate is answered
// by the end of the process: nil if it ended as asked. Errors: a [*CallError];
// [ErrNotBehaviour] for a process that runs a Body, [ErrUnsupported]. A ctx
// without a deadline means [DefaultCallTimeout].
func System(ctx context.Context, to Addr, req SystemRequest) (any, error) {
	if t, ok := req.(Terminate); ok {
		return nil, terminate(ctx, to, t)
	}
	c := beginSystem(ctx, to, req)
	v, err := c.Wait(ctx)
	if err != nil && !c.over.Load() {
		c.Cancel()
	}
	return v, err
}

func terminate(ctx context.Context, to Addr, t Terminate) error {
	t.Reason = Freeze(t.Reason)
	c := beginSystem(ctx, to, t)
	_, err := c.Wait(ctx)
	var ended *CallError
	if !c.over.Load() || !errors.As(err, &ended) {
		return err
	}
	if sameReason(ended.Reason, t.Reason) {
		return nil
	}
	return err
}

// sameReason compares two frozen reasons, which may be copies of one.
func sameReason(a, b error) bool {
	if a == nil || b == nil {
		return a == b
	}
	return errors.Is(a, b) || reflect.TypeOf(a) == reflect.TypeOf(b) && a.Error() == b.Error()
}

func beginSystem(ctx context.Context, to Addr, req SystemRequest) *Pending {
	c := &Pending{to: to, req: req, done: make(chan struct{})}
	if me, ok := ctx.(selfer); ok {
		s := me.process()
		c.caller = s.PID()
		if err := s.begin(); err != nil {
			return c.fail(err)
		}
		defer s.leave()
	}
	p := c.callee()
	switch {
	case p == nil:
		return c
	case p.far != nil:
		c.complete(nil, ErrRemote)
		return c
	case p.hasBody:
		c.complete(nil, ErrNotBehaviour)
		return c
	}
	m := &mail{msg: Request{From: From{c}, Msg: req}, system: true}
	if alive, _ := p.post(m, Ref{}, c); !alive {
		return c.fail(ErrNoProcess)
	}
	return c
}

// system answers a system request, between callbacks.
func (p *proc) system(q Request) error {
	switch req := q.Msg.(type) {
	case Suspend:
		p.setSuspended(true)
		return q.From.Reply(nil)
	case Resume:
		p.setSuspended(false)
		return q.From.Reply(nil)
	case Terminate:
		return Stop(req)
	case GetState:
		r, ok := p.behaviour.(StateReader)
		if !ok {
			q.From.Fail(ErrUnsupported)
			return nil
		}
		state, err := stateOf(r)
		if err == nil {
			err = q.From.Reply(state)
		}
		if err != nil {
			q.From.Fail(err)
		}
		return nil
	}
	q.From.Fail(ErrUnsupported)
	return nil
}

// stateOf asks a behaviour for its state. A panic there is the answer, not the
// process's end: it was somebody else who asked (statement 218).
func stateOf(r StateReader) (state any, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = newPanic(v)
		}
	}()
	return r.State(), nil
}

func (p *proc) setSuspended(on bool) {
	p.mu.Lock()
	p.suspended = on
	p.mu.Unlock()
}
