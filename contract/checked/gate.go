package checked

import (
	"context"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/term"
)

// gate is the checked address: the process that has the contract.
type gate struct {
	spec    Spec
	session *contract.Session
	back    kista.PID
	box     kista.PID
	over    bool // the box has ended

	asking  kista.From // whose request is being answered
	waiting []any      // requests and events that came meanwhile
}

// Init starts the other half, and what is behind it.
func (g *gate) Init(s *kista.Self) error {
	me := s.PID()
	b := &back{gate: me, box: g.spec.Box, behind: g.spec.Behind}
	pid, err := s.StartLink(s, kista.BodyProgram(kista.SpawnOpts{TrapExits: true, Label: "back of a checked address"}, true, b.run))
	if err != nil {
		return err
	}
	g.back = pid
	return nil
}

// Handle takes what comes from either side.
func (g *gate) Handle(s *kista.Self, msg any) error {
	switch m := msg.(type) {
	case started:
		g.box = m.Box
		return nil
	case answered:
		if err := g.answer(s, m); err != nil {
			return err
		}
		return g.drain(s)
	case event:
		return g.emit(s, m.Msg)
	case ended:
		g.over = true
		return kista.Stop{Reason: m.Reason}
	case kista.Exited:
		if m.PID == g.back {
			return kista.Stop{Reason: m.Reason}
		}
		return s.Send(g.back, leave{m.Reason})
	}
	if _, pending := g.session.Pending(); pending {
		g.waiting = append(g.waiting, msg)
		s.Postponed(len(g.waiting))
		return nil
	}
	return g.take(s, msg)
}

// take checks what the client says, and hands it on.
func (g *gate) take(s *kista.Self, msg any) error {
	req, call := msg.(kista.Request)
	if !call {
		said := msg
		if c, cast := msg.(kista.Casted); cast {
			said = c.Msg
		}
		t, err := g.spec.Terms.From(said)
		if err == nil {
			err = g.session.Event(contract.Client, t)
		}
		if err != nil {
			s.Logger().Warn("an event of a client was not handed on", "err", err)
			return nil
		}
		return s.Send(g.back, tell{msg})
	}
	t, err := g.spec.Terms.From(req.Msg)
	if err == nil {
		err = g.session.Request(t)
	}
	if err != nil {
		req.From.Fail(err)
		return nil
	}
	g.asking = req.From
	return s.Send(g.back, ask{req.Msg})
}

// drain takes what has waited for the answer, until there is a request again.
func (g *gate) drain(s *kista.Self) error {
	defer func() { s.Postponed(len(g.waiting)) }()
	for len(g.waiting) > 0 {
		if _, pending := g.session.Pending(); pending {
			return nil
		}
		msg := g.waiting[0]
		g.waiting[0] = nil
		g.waiting = g.waiting[1:]
		if err := g.take(s, msg); err != nil {
			return err
		}
	}
	g.waiting = nil
	return nil
}

// answer checks what the box answers. An error is its violation, with which everything ends.
func (g *gate) answer(s *kista.Self, m answered) error {
	from := g.asking
	g.asking = kista.From{}
	if m.Err != nil {
		from.Fail(m.Err)
		return g.session.Enter(g.session.State())
	}
	reply, next, named := m.Val, term.Atom(""), false
	if r, is := m.Val.(Reply); is {
		reply, next, named = r.Reply, r.State, true
	}
	t, err := g.spec.Terms.From(reply)
	switch {
	case err != nil:
	case named:
		err = g.session.Reply(t, next)
	default:
		err = g.session.Answer(t)
	}
	if err != nil {
		s.Logger().Error("a box broke its contract", "box", g.box, "err", err)
		from.Fail(err)
		return err
	}
	return from.Reply(reply)
}

// emit checks an event of the box, and hands it on.
func (g *gate) emit(s *kista.Self, msg any) error {
	t, err := g.spec.Terms.From(msg)
	if err == nil {
		err = g.session.Event(contract.Server, t)
	}
	if err != nil {
		s.Logger().Error("a box broke its contract", "box", g.box, "err", err)
		return err
	}
	if g.spec.Client.IsZero() {
		return nil
	}
	if err := s.Send(g.spec.Client, msg); err != nil {
		s.Logger().Warn("an event of a box was refused by its client", "err", err)
	}
	return nil
}

// Terminate ends the box, unless that is why it runs, and waits for it.
func (g *gate) Terminate(s *kista.Self, reason error) error {
	if g.over || g.box.IsZero() {
		return nil
	}
	if reason == nil {
		reason = kista.ErrShutdown
	}
	_ = s.Exit(g.back, reason) // which passes it on
	ctx := context.Context(s)
	if _, has := s.Deadline(); !has {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(s), kista.DefaultGrace)
		defer cancel()
	}
	if _, err := kista.Wait(ctx, g.box); err != nil {
		_ = s.Exit(g.box, kista.Kill)
	}
	return nil
}
