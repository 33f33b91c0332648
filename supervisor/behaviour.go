package supervisor

import (
	"errors"
	"log/slog"
	"time"

	"github.com/kista-go/kista"
)

const kind = "supervisor"

// behaviour is the process around a core: it turns messages into what has
// happened, and decisions into processes.
type behaviour struct {
	spec   Spec
	pool   any // the *Pool it was made of, if it is one
	notify kista.Addr
	self   *kista.Self
	core   *core
	byPID  map[kista.PID]*child
	byRef  map[kista.Ref]*child
}

// childShell is what the behaviour keeps of a child.
type childShell struct {
	ref   kista.Ref
	timer *kista.Timer
}

// Messages to itself.
type (
	tooLate struct {
		PID   kista.PID
		Token uint64
	}
	tryAgain struct {
		Num uint64
		ID  string
	}
)

var _ kista.Behaviour = (*behaviour)(nil)

// Init starts the children in order and returns when the last is up (statements
// 174, 175).
func (b *behaviour) Init(s *kista.Self) error {
	s.TrapExits(true)
	b.self, b.notify = s, b.spec.Notify
	b.byPID, b.byRef = map[kista.PID]*child{}, map[kista.Ref]*child{}
	b.core = newCore(b.spec, b)
	b.core.begin()
	if err := b.settle(); err != nil {
		return err
	}
	if b.core.end != nil {
		return b.core.end.reason
	}
	return nil
}

// settle handles what concerns children until the core has no group under way.
// Requests wait meanwhile. The parent's wish to stop is followed at once.
func (b *behaviour) settle() error {
	for b.core.group != nil || b.core.end != nil && !b.core.done() {
		err := b.self.Select(
			kista.OnIf(b.self.FromParent, func(e kista.Exited) error {
				reason := e.Reason
				if reason == nil {
					reason = kista.Stop{}
				}
				b.core.shut(reason)
				return nil
			}),
			kista.On(func(m kista.Exited) error { return b.event(m) }),
			kista.On(func(m kista.Started) error { return b.event(m) }),
			kista.On(func(m tooLate) error { return b.event(m) }),
			kista.On(func(m tryAgain) error { return b.event(m) }),
		)
		if err != nil {
			return err
		}
	}
	return nil
}

// event tells the core what has happened to a child.
func (b *behaviour) event(msg any) error {
	switch m := msg.(type) {
	case kista.Started:
		c := b.byRef[m.Ref]
		delete(b.byRef, m.Ref)
		if c == nil || c.pid != m.PID {
			return nil
		}
		if m.Err == nil {
			if c.status == Starting {
				b.disarm(c)
			}
			b.core.started(c)
			return nil
		}
		b.gone(c)
		b.core.failed(c, m.Err)
		c.pid = b.pidIf(c)
	case kista.Exited:
		if c := b.byPID[m.PID]; c != nil {
			b.gone(c)
			b.core.ended(c, m.Reason)
			c.pid = b.pidIf(c)
		}
	case tooLate:
		if c := b.byPID[m.PID]; c != nil && c.token == m.Token {
			b.core.late(c)
		}
	case tryAgain:
		if c := b.core.byID[m.ID]; c != nil && c.num == m.Num {
			b.core.retried(c)
		}
	}
	return nil
}

func (b *behaviour) pidIf(c *child) kista.PID {
	if c.status.hasProcess() {
		return c.pid
	}
	return kista.PID{}
}

// gone forgets the process of a child.
func (b *behaviour) gone(c *child) {
	delete(b.byPID, c.pid)
	delete(b.byRef, c.shell.ref)
	b.disarm(c)
}

func (b *behaviour) disarm(c *child) {
	c.token++
	if c.shell.timer != nil {
		c.shell.timer.Cancel()
		c.shell.timer = nil
	}
}

func (b *behaviour) arm(c *child, d time.Duration) {
	b.disarm(c)
	if d >= 0 {
		c.shell.timer = kista.SendAfter(d, b.self.PID(), tooLate{c.pid, c.token})
	}
}

// Handle implements kista.Behaviour.
func (b *behaviour) Handle(_ *kista.Self, msg any) error {
	switch m := msg.(type) {
	case kista.Request:
		b.request(m)
	case kista.Exited, kista.Started, tooLate, tryAgain:
		_ = b.event(m)
	default:
		b.self.Node().Report(slog.LevelWarn, "supervisor: unknown message",
			slog.String("supervisor", b.self.PID().String()), slog.String("message", typeOf(msg)))
	}
	if b.core.end != nil {
		return b.core.end.reason // Terminate does the stopping
	}
	return nil
}

// Terminate stops the children in order, whatever it takes (statements 184, 198).
func (b *behaviour) Terminate(_ *kista.Self, reason error) error {
	b.core.shut(reason)
	if b.pool != nil {
		for c := b.core.all.last; c != nil; c = c.prev { // all at once (194)
			if c.status.hasProcess() {
				b.core.tell(c)
			}
		}
	}
	return b.settle()
}

func (b *behaviour) start(c *child) error {
	pr := c.program()
	pr.Opts.Shutdown, pr.Opts.Grace = c.spec.shutdown(), kista.NoTimeout
	if pr.Opts.Shutdown == BrutalKill {
		pr.Opts.Shutdown = 0
	}
	pid, ref, err := b.self.StartChild(pr)
	if err != nil {
		return err
	}
	c.pid, c.shell.ref = pid, ref
	b.byPID[pid], b.byRef[ref] = c, c
	b.arm(c, c.spec.startTimeout())
	return nil
}

func (b *behaviour) stop(c *child) {
	_ = b.self.Exit(c.pid, kista.ErrShutdown)
	b.arm(c, c.spec.shutdown())
}

func (b *behaviour) kill(c *child) { _ = b.self.Exit(c.pid, kista.Kill) }

func (b *behaviour) retry(c *child) {
	_ = kista.SendAfter(0, b.self.PID(), tryAgain{Num: c.num, ID: c.id()})
}

func (b *behaviour) now() time.Time { return b.self.Node().Now() }

func (b *behaviour) answer(to any, c *child, err error) {
	from := to.(kista.From)
	switch {
	case err == nil:
		_ = from.Reply(c.pid)
	case errors.As(err, new(*ChildError)):
		from.Fail(err)
	default:
		from.Fail(&ChildError{Op: "start", ID: c.id(), Reason: err})
	}
}
