package supervisor

import (
	"context"
	"fmt"

	"github.com/kista-go/kista"
)

// Requests, as a supervisor receives them.
type (
	startChild struct {
		kista.Immutable
		child Child
		pool  any
	}
	terminateChild struct {
		ID  string
		PID kista.PID
	}
	restartChild  struct{ ID string }
	deleteChild   struct{ ID string }
	getChild      struct{ ID string }
	whichChildren struct{}
	countChildren struct{}
)

// Counts is what [CountChildren] returns (statement 192).
type Counts struct {
	Specs       int // children in the supervisor's list; of a pool: 1
	Active      int // those with a process
	Supervisors int
	Workers     int
}

func typeOf(v any) string { return fmt.Sprintf("%T", v) }

func (b *behaviour) request(q kista.Request) {
	k := b.core
	fail := func(op, id string, why error) { q.From.Fail(&ChildError{Op: op, ID: id, Reason: why}) }
	switch m := q.Msg.(type) {
	case startChild:
		b.startChild(q.From, m)
	case terminateChild:
		c := k.byID[m.ID]
		if b.pool != nil {
			if m.PID.IsZero() {
				fail("terminate", m.ID, ErrPool)
				return
			}
			c = b.byPID[m.PID]
		}
		switch {
		case c == nil:
			fail("terminate", m.ID, ErrNotFound)
		case c.status.hasProcess():
			c.enders = append(c.enders, q.From)
			k.tell(c)
		default:
			c.status = Stopped
			if c.spec.Restart == Temporary {
				k.drop(c)
			}
			_ = q.From.Reply(kista.PID{})
		}
	case restartChild:
		c := k.byID[m.ID]
		switch {
		case b.pool != nil:
			fail("restart", m.ID, ErrPool)
		case c == nil:
			fail("restart", m.ID, ErrNotFound)
		case c.status == Restarting:
			fail("restart", m.ID, ErrRestarting)
		case c.status != Stopped:
			fail("restart", m.ID, ErrRunning)
		default:
			c.waiters = append(c.waiters, q.From)
			c.level = 0
			k.start(c)
		}
	case deleteChild:
		c := k.byID[m.ID]
		switch {
		case b.pool != nil:
			fail("delete", m.ID, ErrPool)
		case c == nil:
			fail("delete", m.ID, ErrNotFound)
		case c.status == Restarting:
			fail("delete", m.ID, ErrRestarting)
		case c.status != Stopped:
			fail("delete", m.ID, ErrRunning)
		default:
			k.drop(c)
			_ = q.From.Reply(kista.PID{})
		}
	case getChild:
		c := k.byID[m.ID]
		if c == nil {
			fail("get", m.ID, ErrNotFound)
			return
		}
		_ = q.From.Reply(c.info())
	case whichChildren:
		out := make([]ChildInfo, 0, k.all.len)
		for c := k.all.last; c != nil; c = c.prev { // newest first (191)
			out = append(out, c.info())
		}
		_ = q.From.Reply(out)
	case countChildren:
		_ = q.From.Reply(b.count())
	default:
		q.From.Fail(ErrUnknownRequest)
	}
}

func (b *behaviour) count() (n Counts) {
	n.Specs = b.core.all.len
	for c := b.core.all.first; c != nil; c = c.next {
		if c.status.hasProcess() {
			n.Active++
		}
		if c.spec.Type() == Supervisor {
			n.Supervisors++
		} else {
			n.Workers++
		}
	}
	if b.pool != nil {
		n.Specs = 1
	}
	return n
}

func (b *behaviour) startChild(from kista.From, m startChild) {
	k, spec := b.core, m.child
	fail := func(why error) { from.Fail(&ChildError{Op: "start", ID: spec.ID, Reason: why}) }
	if m.pool != b.pool {
		if b.pool != nil {
			fail(ErrPool)
		} else {
			fail(ErrNotPool)
		}
		return
	}
	if b.pool == nil {
		if err := spec.validate(b.spec.AutoShutdown); err != nil {
			from.Fail(err)
			return
		}
		if c := k.byID[spec.ID]; c != nil {
			if c.status.hasProcess() {
				fail(&AlreadyStartedError{ID: spec.ID, PID: c.pid})
			} else {
				fail(ErrAlreadyPresent)
			}
			return
		}
	}
	c := k.add(spec)
	c.fresh = true
	c.waiters = append(c.waiters, from)
	k.start(c)
}

func call[R any](ctx context.Context, sup kista.Addr, req any) (R, error) {
	var zero R
	v, err := kista.CallFor(ctx, kista.NoTimeout, sup, req) // as OTP: infinity (201)
	if err != nil {
		return zero, err
	}
	r, ok := v.(R)
	if !ok {
		return zero, ErrNotSupervisor
	}
	return r, nil
}

// StartChild adds a child to a running supervisor and waits until it is up
// (statement 190). It returns its PID, the zero one if it ignored its start. The
// error is a [*ChildError] with [*AlreadyStartedError], [ErrAlreadyPresent], or
// the reason for which it did not start, and then it is not added; a
// [*SpecError]; or a [*kista.CallError]. Only ctx bounds the wait.
func StartChild(ctx context.Context, sup kista.Addr, c Child) (kista.PID, error) {
	return call[kista.PID](ctx, sup, startChild{child: c.clone()})
}

// TerminateChild stops a child and waits until it has ended; its specification
// stays, a temporary one's goes (statement 187). If it has no process nothing
// happens. The error is a [*ChildError] with [ErrNotFound] or [ErrPool].
func TerminateChild(ctx context.Context, sup kista.Addr, id string) error {
	_, err := call[kista.PID](ctx, sup, terminateChild{ID: id})
	return err
}

// TerminateProcess stops a child of a pool by its PID (statement 193).
func TerminateProcess(ctx context.Context, sup kista.Addr, pid kista.PID) error {
	_, err := call[kista.PID](ctx, sup, terminateChild{ID: pid.String(), PID: pid})
	return err
}

// RestartChild starts a child that has no process again (statement 188). The
// error is a [*ChildError] with [ErrRunning], [ErrRestarting], [ErrNotFound],
// [ErrPool] or the reason for which it did not start.
func RestartChild(ctx context.Context, sup kista.Addr, id string) (kista.PID, error) {
	return call[kista.PID](ctx, sup, restartChild{id})
}

// DeleteChild removes a child that has no process (statement 189). The error is a
// [*ChildError] with [ErrRunning], [ErrRestarting], [ErrNotFound] or [ErrPool].
func DeleteChild(ctx context.Context, sup kista.Addr, id string) error {
	_, err := call[kista.PID](ctx, sup, deleteChild{id})
	return err
}

// GetChild tells about one child (statement 200).
func GetChild(ctx context.Context, sup kista.Addr, id string) (ChildInfo, error) {
	return call[ChildInfo](ctx, sup, getChild{id})
}

// WhichChildren lists the children, the newest first (statement 191).
func WhichChildren(ctx context.Context, sup kista.Addr) ([]ChildInfo, error) {
	return call[[]ChildInfo](ctx, sup, whichChildren{})
}

// CountChildren counts them (statement 192).
func CountChildren(ctx context.Context, sup kista.Addr) (Counts, error) {
	return call[Counts](ctx, sup, countChildren{})
}
