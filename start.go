package kista

import (
	"context"
	"errors"
)

var (
	errNoProgram  = errors.New("kista: the program is empty: it has neither a body nor a behaviour")
	errEndedEarly = errors.New("kista: the process ended normally before it was up")
)

// Started tells a process the outcome of [Self.StartChild]: the child is up, or
// has failed and ended.
type Started struct {
	Ref Ref
	PID PID
	Err error
}

// starting is a start that has not been acknowledged. It ends exactly once: by
// the new process when it is up, or by its death.
type starting struct {
	outcome
	waits bool
	to    PID // not zero: tell this process instead
	ref   Ref
}

func newStarting(waits bool) *starting { return &starting{waits: waits} }

func (a *starting) wait(ctx context.Context, p *proc) (PID, error) {
	if !a.waits {
		return p.pid(), nil
	}
	n := p.node
	err, up := a.outcome.wait(ctx, n, NoTimeout, waitStart)
	if !up {
		p.mu.Lock()
		if p.ack == a {
			p.ack, p.quiet = nil, quietAlways // who asked is told by the error, not by the link
			gone := &outcome{}
			p.watchLocked(n.newRef(), watcher{out: gone})
			after := p.terminateLocked(ending{reason: ErrKilled, silent: true}, true)
			p.mu.Unlock()
			after.run()
			_, _ = gone.wait(context.Background(), n, NoTimeout, waitStart) // a kernel operation of its own may be under way: short
			return PID{}, context.Cause(ctx)
		}
		p.mu.Unlock() // it was acknowledged at the last moment
		err, _ = a.outcome.wait(context.Background(), n, NoTimeout, waitStart)
	}
	if err != nil {
		return PID{}, err
	}
	return p.pid(), nil
}

// Started tells whoever waits for the start of this process that it is up
// (statement 98, init_ack). Behaviours do it themselves after Init. Later calls
// do nothing.
func (s *Self) Started() error {
	if err := s.begin(); err != nil {
		return err
	}
	defer s.leave()
	s.p.acknowledge(nil)
	return nil
}

func (p *proc) acknowledge(err error) {
	p.mu.Lock()
	p.started = true
	sig, open := p.ackLocked(err)
	p.mu.Unlock()
	if open {
		sig.deliver().run()
	}
}

// ackLocked ends the start, if it is still open.
func (p *proc) ackLocked(err error) (sig signal, open bool) {
	a := p.ack
	if a == nil {
		return sig, false
	}
	p.ack = nil
	if a.to.IsZero() {
		return signal{kind: sigAck, start: a, reason: err}, true
	}
	return signal{kind: sigNotice, to: a.to, msg: Started{Ref: a.ref, PID: p.pid(), Err: err}}, true
}

// failStartLocked ends an open start because the process has ended first. The
// starter hears of it once: a link tells only one that does not trap exits and
// waits itself (statements 100, 108).
func (p *proc) failStartLocked(reason error) (sig signal, open bool) {
	if p.ack == nil {
		return sig, false
	}
	p.quiet = quietToTrappers
	if !p.ack.to.IsZero() {
		p.quiet = quietAlways
	}
	if p.ignored {
		reason = ErrIgnore
	} else if reason == nil {
		reason = errEndedEarly
	}
	return p.ackLocked(reason)
}

// quietness says whether a link tells the parent of the process's end.
type quietness uint8

const (
	tells quietness = iota
	quietToTrappers
	quietAlways
)
