package statem

import (
	"context"
	"log/slog"
	"reflect"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
)

// machine is what the kernel runs: it stands between a process and its Handler.
type machine[S comparable] struct {
	make  func(c *Ctx[S]) (S, Handler[S], error)
	c     Ctx[S]
	stack []Handler[S] // the last one handles
	state S

	phase phase
	fresh bool    // the first entry call is still to come
	event Event   // what is being handled, or was when the machine failed
	turn  turn[S] // what is asked for meanwhile

	queue    queue
	timeouts timeouts
}

// phase is what the machine's code is being called for.
type phase uint8

const (
	starting phase = iota
	handling
	entering
	ending
)

var (
	_ kista.Behaviour = (*machine[int])(nil)
	_ kista.Continuer = (*machine[int])(nil)
)

// Init makes the first state and the Handler. The first entry call comes when
// the start has been acknowledged, as in OTP.
func (m *machine[S]) Init(s *kista.Self) error {
	m.c = Ctx[S]{Self: s, m: m}
	m.timeouts.self = s
	state, h, err := m.make(&m.c)
	switch {
	case err != nil:
		return plain(err)
	case h == nil:
		return errNoHandler
	}
	m.state, m.stack, m.fresh = state, []Handler[S]{h}, true
	if !m.knows(state) {
		m.c.bad("its first state", "it is unknown")
	}
	if v, ok := h.(interface{ version() string }); ok {
		s.SetVersion(v.version())
	}
	return m.turn.bad
}

// Handle takes one message out of the mailbox.
func (m *machine[S]) Handle(_ *kista.Self, msg any) error {
	switch v := msg.(type) {
	case kista.Request:
		return m.handle(Event{Type: CallEvent, From: v.From, Msg: v.Msg})
	case server.Casted:
		return m.handle(Event{Type: CastEvent, Msg: v.Msg})
	case tick:
		if ev, ok := m.timeouts.due(v); ok {
			return m.handle(ev)
		}
		return nil
	}
	return m.handle(Event{Type: InfoEvent, Msg: msg})
}

// More reports whether there is something to do before the mailbox.
func (m *machine[S]) More() bool {
	return m.fresh || len(m.queue.stack) > 0 || len(m.timeouts.zero) > 0
}

// Continue does it: events first, then timeouts that are over.
func (m *machine[S]) Continue(*kista.Self) error {
	if m.fresh {
		m.fresh = false
		if err := m.enter(m.state); err != nil {
			return err
		}
		return m.settle(false, false)
	}
	ev, ok := m.queue.take()
	if !ok {
		ev, _ = m.timeouts.dueNow()
	}
	return m.handle(ev)
}

// handle lets the Handler handle an event and carries out what it asks for.
func (m *machine[S]) handle(ev Event) error {
	m.phase, m.event = handling, ev
	err := m.handler().Handle(&m.c, ev)
	if reflect.TypeOf(err) == serversCrash {
		m.c.bad("server.Crash", "that is for servers, return statem.Crash")
	}
	switch {
	case m.failed() != nil:
		return m.turn.bad
	case err != nil && err != Postpone: //nolint:errorlint // as returned
		return plain(err)
	}
	old := m.state
	if m.turn.handlers != nil {
		m.stack = m.turn.handlers
	}
	moved := m.turn.move == moveTo && m.turn.next != old
	if moved {
		m.state = m.turn.next
	}
	if moved || m.turn.move == repeat {
		if err := m.enter(old); err != nil {
			return err
		}
	}
	return m.settle(moved, err == Postpone) //nolint:errorlint // as returned
}

// failed says what was asked for that cannot be.
func (m *machine[S]) failed() error {
	t := &m.turn
	if t.bad == nil && t.move == moveTo && !m.knows(t.next) {
		m.c.bad("NextState", "the state "+show(t.next)+" is unknown")
	}
	return t.bad
}

// enter makes the entry call of the state in which the machine is now, and
// again as long as it asks for that.
func (m *machine[S]) enter(old S) error {
	m.phase = entering
	h, ok := m.handler().(Enterer[S])
	for ok {
		m.turn.move, m.turn.replied = stay, nil
		err := h.Enter(&m.c, old)
		if err == Postpone { //nolint:errorlint // as returned
			m.c.bad("Postpone", "an entry call is no event")
		}
		switch {
		case m.turn.bad != nil:
			return m.turn.bad
		case err != nil:
			return plain(err)
		case m.turn.move != repeat:
			return nil
		case m.c.Err() != nil:
			return context.Cause(&m.c)
		}
	}
	return nil
}

// settle ends a transition: queues and timeouts become what they are to be.
func (m *machine[S]) settle(moved, postponed bool) error {
	if postponed {
		m.queue.postpone(m.event)
	}
	m.timeouts.cancel(EventTimeout)
	if moved {
		m.timeouts.cancel(StateTimeout)
		m.queue.retry()
	}
	m.queue.insert(m.turn.inserted)
	if n := len(m.queue.postponed); n != m.queue.told {
		m.queue.told = n
		m.c.Postponed(n)
	}
	err := m.timeouts.apply(m.turn.timeouts)
	m.turn, m.event = turn[S]{}, Event{}
	return err
}

// Terminate lets the Handler end.
func (m *machine[S]) Terminate(_ *kista.Self, reason error) error {
	m.phase = ending
	if t, ok := m.handler().(Terminator[S]); ok {
		if err := plain(t.Terminate(&m.c, reason)); err != nil {
			m.report(err)
			return err
		}
	}
	m.report(reason)
	return nil
}

func (m *machine[S]) handler() Handler[S] { return m.stack[len(m.stack)-1] }

func (m *machine[S]) knows(s S) bool {
	hs := m.stack
	if m.turn.handlers != nil {
		hs = m.turn.handlers
	}
	k, ok := hs[len(hs)-1].(Knower[S])
	return !ok || k.Knows(s)
}

func (m *machine[S]) actionError(action, why string) error {
	return &ActionError{Machine: m.c.PID(), State: show(m.state), Action: action, Why: why}
}

// answer carries out what the function for the call being handled returned.
func (m *machine[S]) answer(reply any, err error) error {
	c, from := &m.c, m.event.From
	if m.failed() != nil {
		return nil // its caller hears of the end
	}
	switch e := err.(type) { //nolint:errorlint // as returned, not wrapped
	case nil:
		c.Reply(from, reply)
		return nil
	case kista.Stop:
		c.Reply(from, reply)
		return err
	case crash:
		return err
	case *server.Refused: // another server's answer, handed on
		c.Refuse(from, e.Err)
		return nil
	}
	switch {
	case err == server.Later: //nolint:errorlint // as returned
		return nil
	case err == Postpone, reflect.TypeOf(err) == serversCrash, c.Err() != nil: //nolint:errorlint // as returned
		return err
	}
	c.Refuse(from, err)
	return nil
}

// send answers with a value, or says why it cannot.
func (m *machine[S]) send(to kista.From, v any) {
	if err := to.Reply(v); err != nil {
		to.Fail(&server.Refused{Err: err})
		m.warn("statem: a reply is not data", slog.String("message", typeName(v)), slog.Any("error", err))
	}
}
