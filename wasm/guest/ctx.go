package guest

import (
	"time"

	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/term"
)

// PID names a process that the guest has been told of. It is good for this guest
// only, and in messages, which translate it.
type PID = term.PID

// Name is the address of whatever process is registered under a name on the guest's
// node.
type Name string

// Remote is the address of a name on another node.
type Remote struct{ Node, Name string }

// Ctx is the guest as its own functions see it. It is good during the callback that
// it was given to.
type Ctx struct {
	h    host
	from From
	reg  *term.Registry
}

// From is whom a call came from.
type From struct{ id uint64 }

// Timer is a message on its way through time.
type Timer struct{ id uint64 }

// Monitor is a monitor that the guest has made.
type Monitor struct{ id uint64 }

func decode(b []byte) (term.Term, error) { return etf.DecodeAll(b) }

// encode maps a value to a term and that to bytes.
func (c *Ctx) encode(v any) ([]byte, error) {
	t, err := c.reg.From(v)
	if err != nil {
		return nil, err
	}
	return etf.Encode(t)
}

// address encodes an address: a PID, a Name, a Remote, a [term.Ref].
func (c *Ctx) address(to any) ([]byte, error) {
	switch a := to.(type) {
	case Name:
		return etf.Encode(term.Binary(a))
	case Remote:
		return etf.Encode(term.Tuple{term.Binary(a.Name), term.Binary(a.Node)})
	case PID, term.Ref:
		return etf.Encode(a)
	}
	return nil, ErrBad
}

// pair encodes an address and a message.
func (c *Ctx) pair(to, msg any) (a, m []byte, err error) {
	if a, err = c.address(to); err == nil {
		m, err = c.encode(msg)
	}
	return a, m, err
}

// Self returns the guest's own PID.
func (c *Ctx) Self() PID {
	if c.h.self() != 0 {
		return PID{}
	}
	return c.readPID()
}

func (c *Ctx) readPID() PID {
	t, _ := decode(c.h.read())
	pid, _ := t.(PID)
	return pid
}

// From returns whom the call under way came from. With [Later] as the answer for
// now it may be kept, and answered in a later callback.
func (c *Ctx) From() From { return c.from }

// Caller returns the process that made a call, or the zero PID if it was none.
func (c *Ctx) Caller(from From) PID {
	if c.h.caller(from.id) != 0 {
		return PID{}
	}
	return c.readPID()
}

// Send sends a message. to is a [PID], a [Name], a [Remote] or a [term.Ref]. A
// message to a process that has ended vanishes. Errors: [ErrBad], [ErrFull],
// [ErrNobody] for an unknown name, or one that says which part of msg is no term.
func (c *Ctx) Send(to, msg any) error {
	a, m, err := c.pair(to, msg)
	if err != nil {
		return err
	}
	return failure(c.h, int64(c.h.send(a, m)))
}

// Cast is Send as a cast, for servers.
func (c *Ctx) Cast(to, msg any) error {
	a, m, err := c.pair(to, msg)
	if err != nil {
		return err
	}
	return failure(c.h, int64(c.h.cast(a, m)))
}

// Call sends a request to a server and waits for the answer, which it stores where
// answer points, unless that is nil. A d of zero means five seconds, a negative one
// no limit. Errors: those of Send; [ErrTimeout]; [*Error] with the server's answer
// or the reason of its end.
func (c *Ctx) Call(d time.Duration, to, req, answer any) error {
	a, m, err := c.pair(to, req)
	if err != nil {
		return err
	}
	ms := d.Milliseconds()
	switch {
	case d < 0:
		ms = -1
	case d > 0:
		ms = max(ms, 1)
	}
	if err := failure(c.h, int64(c.h.call(a, m, ms))); err != nil {
		return err
	}
	if answer == nil {
		return nil
	}
	t, err := decode(c.h.read())
	if err != nil {
		return err
	}
	return c.reg.To(t, answer)
}

// Reply answers a call. The error says why v is not what the caller expects; the
// call is then still unanswered. Answers to callers that have given up vanish.
func (c *Ctx) Reply(to From, v any) error {
	b, err := c.encode(v)
	if err != nil {
		return err
	}
	return failure(c.h, int64(c.h.reply(to.id, b)))
}

// Refuse answers a call with an error: the term of an [*Error], the text of any
// other.
func (c *Ctx) Refuse(to From, why error) error {
	b, err := etf.Encode(reasonTerm(why))
	if err != nil {
		return err
	}
	return failure(c.h, int64(c.h.refuse(to.id, b)))
}

// SendAfter sends a message once d has passed. Errors: those of Send, and
// [ErrLimit].
func (c *Ctx) SendAfter(d time.Duration, to, msg any) (Timer, error) {
	a, m, err := c.pair(to, msg)
	if err != nil {
		return Timer{}, err
	}
	id := c.h.sendAfter(max(d.Milliseconds(), 0), a, m)
	return Timer{uint64(max(id, 0))}, failure(c.h, id)
}

// Cancel stops a timer. ok is false if it was over: then its message may be on its
// way.
func (c *Ctx) Cancel(t Timer) (left time.Duration, ok bool) {
	ms := c.h.cancel(t.id)
	return time.Duration(max(ms, 0)) * time.Millisecond, ms >= 0
}

// Monitor watches a process: a [Down] comes when it ends.
func (c *Ctx) Monitor(to any) (Monitor, error) {
	a, err := c.address(to)
	if err != nil {
		return Monitor{}, err
	}
	id := c.h.monitor(a)
	return Monitor{uint64(max(id, 0))}, failure(c.h, id)
}

// Demonitor takes a monitor away; no Down of it comes any more.
func (c *Ctx) Demonitor(m Monitor) { c.h.demonitor(m.id) }

// Link links the guest with a process: when one ends, so does the other, unless it
// traps exits.
func (c *Ctx) Link(to PID) error {
	a, err := c.address(to)
	if err != nil {
		return err
	}
	return failure(c.h, int64(c.h.link(a)))
}

// Unlink takes a link away.
func (c *Ctx) Unlink(to PID) error {
	a, err := c.address(to)
	if err != nil {
		return err
	}
	return failure(c.h, int64(c.h.unlink(a)))
}

// Exit sends an exit signal: the atom kill ends a process that nothing else can
// end.
func (c *Ctx) Exit(to PID, reason term.Term) error {
	a, r, err := c.pair(to, reason)
	if err != nil {
		return err
	}
	return failure(c.h, int64(c.h.exit(a, r)))
}

// TrapExits decides whether exit signals end the guest or come as [Exited], and
// returns how it was.
func (c *Ctx) TrapExits(on bool) (was bool) { return c.h.trapExits(on) }

// Spawn starts one of the programs that the guest may start, linked to it. Errors:
// [ErrForbidden] if there is none of that name, [ErrLimit], [*Error] with why the
// start failed.
func (c *Ctx) Spawn(name string, args any) (PID, error) {
	b, err := c.encode(args)
	if err != nil {
		return PID{}, err
	}
	if err := failure(c.h, int64(c.h.spawn(name, b))); err != nil {
		return PID{}, err
	}
	return c.readPID(), nil
}

// Levels of [Ctx.Log], as those of log/slog.
const (
	Debug = -4
	Info  = 0
	Warn  = 4
	Fail  = 8
)

// Log writes a record to the node's log. What is more than the host allows (a
// hundred records and 64 KiB a second, unless it says otherwise) is dropped.
func (c *Ctx) Log(level int, text string) { c.h.log(int32(level), text) }

// Now returns the time, if the guest has been granted a clock.
func (c *Ctx) Now() (time.Time, error) {
	ns := c.h.now()
	if err := failure(c.h, min(ns, 0)); err != nil {
		return time.Time{}, err
	}
	return time.Unix(0, ns), nil
}
