package statem

import (
	"errors"
	"reflect"
	"slices"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
)

// Ctx is a state machine as its own functions see it, and where they ask for
// what is to happen next. It is a process's [kista.Self], and so the context
// that says who calls: give it to server.Call as ctx. It belongs to the
// functions of its machine. As a context it may go to other goroutines, which
// should take what they need of the rest, such as [Ctx.From], beforehand.
//
// What is asked for is carried out when the function has returned, in this order
// (statement 151): the answer to the call; a change of handlers; the change of
// state, with its entry call; then postponed and inserted events take their
// places; then timeouts start. Replies go out at once. Asking for something
// that cannot be ends the machine with an [*ActionError] when the function has
// returned. Terminate can ask for nothing more: all of this then does nothing
// but reply.
type Ctx[S comparable] struct {
	*kista.Self
	m *machine[S]
}

// turn is what one function, and the entry call after it, asked for.
type turn[S comparable] struct {
	move     move
	next     S // of a moveTo
	inserted []Event
	timeouts settings
	handlers []Handler[S] // the whole stack of them, if it is to change
	replied  []kista.From // calls that were answered
	bad      error        // the first thing that cannot be
}

type move uint8

const (
	stay move = iota
	moveTo
	repeat
)

// State returns the state in which the machine is: within [Enterer.Enter] the
// one just entered, within a [Factory] the zero one.
func (c *Ctx[S]) State() S { return c.m.state }

// From returns who waits for the answer to the call being handled; outside a
// call, one whose answers vanish. It is data: with server.Later as the answer
// for now it may be kept, or handed to another process or goroutine, which
// answers ([Ctx.Reply], [kista.From.Reply], or server.ReplyTo with types).
func (c *Ctx[S]) From() kista.From {
	if c.m.phase != handling {
		return kista.From{}
	}
	return c.m.event.From
}

// NextState lets the machine go to the state s ('next_state', statements 140,
// 142, 145). If that is a different state, its entry call is made, the
// postponed events come back, and the state timeout is cancelled. If it is the
// one where it is, nothing happens. The last NextState or RepeatState counts.
func (c *Ctx[S]) NextState(s S) {
	t := &c.m.turn
	switch {
	case c.m.phase == starting:
		c.bad("NextState", "the factory returns the first state")
	case !reflect.ValueOf(&s).Elem().Comparable():
		c.bad("NextState", "== does not compare the state, which is a "+typeName(s))
	case c.m.phase == entering && s != c.m.state:
		c.bad("NextState", "an entry call cannot change the state: set a state timeout of zero, or insert an event where the state is changed")
	default:
		t.move, t.next = moveTo, s
	}
}

// RepeatState lets the machine enter its state anew ('repeat_state'): the entry
// call is made, with this state as the old one. Postponed events stay postponed
// and the state timeout runs on. In an entry call it makes another one, with the
// same old state.
func (c *Ctx[S]) RepeatState() {
	if c.m.phase == starting {
		c.bad("RepeatState", "the factory returns the first state")
		return
	}
	c.m.turn.move = repeat
}

// NextInternal inserts an internal event: it is handled before anything that
// waits, after what has been inserted before it in the same function ('next_event',
// statements 143, 144). msg stays in the process and is not copied.
func (c *Ctx[S]) NextInternal(msg any) { c.NextEvent(Event{Type: InternalEvent, Msg: msg}) }

// NextEvent is NextInternal for an event of any type, as if it had come in.
func (c *Ctx[S]) NextEvent(ev Event) {
	if why := ev.check(); why != "" {
		c.bad("NextEvent", why)
		return
	}
	if c.m.phase == entering {
		c.bad("NextEvent", "an entry call cannot insert events; a timeout of zero is the next best")
		return
	}
	c.m.turn.inserted = append(c.m.turn.inserted, ev)
}

// SetTimeout lets a [TimeoutEvent] with msg come once d has passed, counted from
// the end of the transition. It replaces what was set for the same timeout
// (statements 145 to 147). If d is zero or negative no timer is needed: the
// event comes before anything in the mailbox, behind events that were inserted
// or came back, and behind other such timeouts (148); an EventTimeout only if
// there are none of these, since any event cancels it (150). [kista.NoTimeout]
// ('infinity') cancels, as [Ctx.CancelTimeout] does (145). msg stays in the
// process and is not copied.
func (c *Ctx[S]) SetTimeout(which Timeout, d time.Duration, msg any) {
	s := setting{which: which, do: setAfter, after: d, msg: msg}
	if d == kista.NoTimeout {
		s = setting{which: which, do: cancel}
	}
	c.set("SetTimeout", s)
}

// SetTimeoutAt is SetTimeout for a point in time, by the node's clock ({abs,
// true}, statement 149). If it is past already, the event comes behind what is
// in the mailbox now.
func (c *Ctx[S]) SetTimeoutAt(which Timeout, at time.Time, msg any) {
	c.set("SetTimeoutAt", setting{which: which, do: setAt, at: at, msg: msg})
}

// UpdateTimeout changes the msg of a timeout that runs, and not its time. One
// that does not run is over at once, as if set to zero (statements 145, 147).
// Differs from OTP: set and updated in one function it has the time that was
// set; in OTP only the update counts.
func (c *Ctx[S]) UpdateTimeout(which Timeout, msg any) {
	c.set("UpdateTimeout", setting{which: which, do: update, msg: msg})
}

// CancelTimeout cancels a timeout: it does not come, even if its time was over
// before. One that does not run stays so.
func (c *Ctx[S]) CancelTimeout(which Timeout) {
	c.set("CancelTimeout", setting{which: which, do: cancel})
}

func (c *Ctx[S]) set(action string, s setting) {
	if why := s.which.check(); why != "" {
		c.bad(action, why)
		return
	}
	c.m.turn.timeouts = c.m.turn.timeouts.add(s)
}

// Reply answers a call with a copy of v, at once: the one that is being handled,
// or one whose [Ctx.From] was kept (statement 152). What is not data is refused
// to the caller, and logged. Answering a call twice in one function is an error
// that ends the machine; an answer to one that was answered earlier, or whose
// caller has given up, vanishes.
func (c *Ctx[S]) Reply(to kista.From, v any) {
	if c.answering("Reply", to) {
		c.m.send(to, v)
	}
}

// Refuse answers a call with an error, which the caller gets as
// [*server.Refused]. Otherwise it is as Reply.
func (c *Ctx[S]) Refuse(to kista.From, err error) {
	if c.answering("Refuse", to) {
		to.Fail(&server.Refused{Err: err})
	}
}

// answering notes that a call is answered now; false if it was before.
func (c *Ctx[S]) answering(action string, to kista.From) bool {
	t := &c.m.turn
	if to == (kista.From{}) {
		return true
	}
	if slices.Contains(t.replied, to) {
		c.bad(action, "the call was answered already")
		return false
	}
	t.replied = append(t.replied, to)
	return true
}

// ChangeHandler lets h handle what comes from now on, the entry call of this
// transition included ('change_callback_module', statement 157). The state, what
// is queued and the timeouts stay. [Mux.Handler] makes a Handler of a Mux and
// data.
func (c *Ctx[S]) ChangeHandler(h Handler[S]) {
	c.handlers("ChangeHandler", h, func(hs []Handler[S]) []Handler[S] { return append(hs[:len(hs)-1], h) })
}

// PushHandler is ChangeHandler that keeps the present one, for PopHandler
// ('push_callback_module').
func (c *Ctx[S]) PushHandler(h Handler[S]) {
	c.handlers("PushHandler", h, func(hs []Handler[S]) []Handler[S] { return append(hs, h) })
}

// PopHandler goes back to the handler before the last PushHandler
// ('pop_callback_module'). If there is none the machine ends with an
// [*ActionError].
func (c *Ctx[S]) PopHandler() {
	c.handlers("PopHandler", c.m.handler(), func(hs []Handler[S]) []Handler[S] {
		if len(hs) == 1 {
			c.bad("PopHandler", "no handler was pushed")
			return hs
		}
		return hs[:len(hs)-1]
	})
}

func (c *Ctx[S]) handlers(action string, h Handler[S], edit func(hs []Handler[S]) []Handler[S]) {
	t := &c.m.turn
	switch {
	case c.m.phase == starting:
		c.bad(action, "the factory returns the first handler")
	case c.m.phase == entering:
		c.bad(action, "an entry call cannot change handlers")
	case h == nil:
		c.bad(action, "the handler is nil")
	default:
		if t.handlers == nil {
			t.handlers = slices.Clone(c.m.stack)
		}
		t.handlers = edit(t.handlers)
	}
}

// Cast is server.Cast from this machine: it sends nothing once the machine has
// ended.
func (c *Ctx[S]) Cast(to kista.Addr, msg any) error {
	err := c.Send(to, server.Casted{Msg: msg})
	if errors.Is(err, kista.ErrNoProcess) || errors.Is(err, kista.ErrNoConnection) {
		return nil
	}
	return err
}

// bad notes that something was asked for that cannot be.
func (c *Ctx[S]) bad(action, why string) {
	if t := &c.m.turn; t.bad == nil {
		t.bad = c.m.actionError(action, why)
	}
}
