package server

import (
	"time"

	"github.com/kista-go/kista"
)

// Ctx is a server as its own functions see it. It is a process's [kista.Self],
// and so the context that says who calls: give it to [Call] as ctx. It belongs
// to the functions of its server. As a context it may go to other goroutines,
// which should take what they need of the rest, such as [Ctx.From], beforehand.
type Ctx struct {
	*kista.Self

	from    kista.From
	next    []any // what to handle before the mailbox
	timeout time.Duration
	armed   bool
	round   uint64 // which message is being handled; tells old timeouts
	timer   *kista.Timer
	reply   *lastReply
}

// lastReply is what a caller gets after Terminate (statement 122).
type lastReply struct {
	to  kista.From
	val any
}

// idle is the message of a timer that [Ctx.Timeout] armed.
type idle struct{ round uint64 }

// From returns whom the call being handled came from; outside a call, one whose
// answers vanish. It is data: with [Later] as the answer for now it may be
// kept, or handed to another process or goroutine, which answers
// ([kista.From.Reply], or [ReplyTo] with types).
func (c *Ctx) From() kista.From { return c.from }

// Cast is the package's [Cast] from this server: it sends nothing once the
// server has ended.
func (c *Ctx) Cast(to kista.Addr, msg any) error {
	return lossy(c.Send(to, Casted{Msg: msg}))
}

// Continue lets the server handle x ([OnContinue]) before anything in its
// mailbox, once the present function has returned and its reply is sent; in a
// factory, once the start is complete (statement 113). It is the way to come up
// quickly and do the slow part of the start afterwards. Several are handled in
// order. x stays in the process and is not copied.
func (c *Ctx) Continue(x any) { c.next = append(c.next, Continued{x}) }

// Timeout lets the server handle a timeout ([OnTimeout]) if nothing reaches it
// within d, counted from the return of the present function. Anything that does
// cancels it: set it again in each function that wants it. Zero comes before
// anything in the mailbox, as in the newest OTP (statement 114); a negative d
// cancels. Differs from OTP: a request of package sys does not start it anew, so
// that to look at a server does not change what it does.
func (c *Ctx) Timeout(d time.Duration) { c.timeout, c.armed = d, d >= 0 }

// enter begins to handle a message: it cancels the timeout. The message itself
// may be a timeout; ok is false if it was cancelled while it was on its way.
func (c *Ctx) enter(msg any) (_ any, ok bool) {
	if t, is := msg.(idle); is {
		if t.round != c.round {
			return nil, false
		}
		msg = TimedOut{}
	}
	if c.timer != nil {
		c.timer.Cancel()
		c.timer = nil
	}
	c.round++
	c.from = kista.From{}
	if q, is := msg.(kista.Request); is {
		c.from = q.From
	}
	return msg, true
}

// arm starts the timeout that a function has asked for.
func (c *Ctx) arm() error {
	if !c.armed {
		return nil
	}
	c.armed = false
	if c.timeout == 0 {
		c.next = append(c.next, TimedOut{})
		return nil
	}
	c.timer = kista.SendAfter(c.timeout, c.PID(), idle{c.round})
	return c.timer.Err()
}

// answer carries out what a call's function returned.
func (c *Ctx) answer(reply any, err error) error {
	switch e := err.(type) { //nolint:errorlint // as returned, not wrapped
	case nil:
		c.send(c.from, reply)
		return nil
	case kista.Stop:
		val, cerr := kista.Copy(reply)
		if cerr != nil {
			c.from.Fail(&Refused{Err: cerr})
			return err
		}
		c.reply = &lastReply{to: c.from, val: val}
		return err
	case crash:
		return kista.Stop{Reason: e.reason}
	case *Refused: // another server's answer, handed on
		c.from.Fail(e)
		return nil
	}
	switch {
	case err == Later: //nolint:errorlint // as returned, not wrapped
		return nil
	case c.Err() != nil:
		return err // on the way out: the caller hears of the end
	}
	c.from.Fail(&Refused{Err: err})
	return nil
}

// send answers with a value, or says why it cannot.
func (c *Ctx) send(to kista.From, v any) {
	if err := to.Reply(v); err != nil {
		to.Fail(&Refused{Err: err})
		c.warn("server: a reply is not data", v, err)
	}
}
