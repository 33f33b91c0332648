package checked

import (
	"errors"

	"github.com/kista-go/kista"
)

// back is what the box sees of its client. It hands on, in order, and knows no contract.
type back struct {
	gate, box kista.PID
	behind    kista.Program
	call      *kista.Pending
}

// wake says that a call is over.
type wake struct{}

func (b *back) run(s *kista.Self) error {
	if b.box.IsZero() {
		pid, err := s.StartLink(s, b.behind)
		if err != nil {
			return err
		}
		b.box = pid
	}
	ref := s.Monitor(b.box)
	if err := s.Send(b.gate, started{b.box}); err != nil {
		return err
	}
	if err := s.Started(); err != nil {
		return err
	}
	for {
		msg, err := s.Receive()
		if err != nil {
			return err
		}
		if err := b.settle(s); err != nil { // what the box has answered, it has answered before this
			return err
		}
		if d, is := msg.(kista.Down); is && d.Ref == ref {
			return s.Send(b.gate, ended{d.Reason})
		}
		if err := b.handle(s, msg); err != nil {
			return err
		}
	}
}

func (b *back) handle(s *kista.Self, msg any) error {
	switch m := msg.(type) {
	case wake:
	case ask:
		call := kista.Begin(s, b.box, m.Msg)
		b.call = call
		me := s.PID()
		s.Spawn(func(w *kista.Self) error {
			_, _ = call.WaitFor(w, kista.NoTimeout)
			return w.Send(me, wake{})
		})
	case tell:
		if err := s.Send(b.box, m.Msg); err != nil {
			s.Logger().Warn("an event of a client was refused by its box", "err", err)
		}
	case leave:
		return s.Exit(b.box, m.Reason)
	case kista.Exited:
		switch {
		case m.PID == b.box: // its Down tells
		case m.PID == b.gate:
			return b.pass(s, m.Reason)
		default:
			return s.Exit(b.box, m.Reason)
		}
	case kista.Request: // the box asks its client: no contract has that
		m.From.Fail(kista.ErrUnknownRequest)
	default:
		return s.Send(b.gate, event{msg})
	}
	return nil
}

// pass hands on the end of the address.
func (b *back) pass(s *kista.Self, reason error) error {
	if errors.Is(reason, kista.ErrKilled) {
		reason = kista.Kill
	}
	if reason == nil {
		reason = kista.ErrShutdown
	}
	return s.Exit(b.box, reason)
}

// settle hands on the answer to a call, if there is one.
func (b *back) settle(s *kista.Self) error {
	if b.call == nil {
		return nil
	}
	select {
	case <-b.call.Done():
	default:
		return nil
	}
	val, err := b.call.Wait(s)
	b.call = nil
	var gone *kista.CallError
	if errors.As(err, &gone) && gone.Server == kista.Addr(b.box) && !errors.As(gone.Reason, new(*kista.MailboxFullError)) {
		return nil // the box has ended without an answer: its Down says why
	}
	return s.Send(b.gate, answered{Val: val, Err: err})
}
