package supervisor

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/kista-go/kista"
)

// kind marks the programs that are supervisors.
const kind = "supervisor"

// behaviour is the process around a core: it turns messages into what has
// happened, and effects into signals, timers, answers and reports. It decides
// nothing.
type behaviour struct {
	spec   Spec
	pool   *Child
	owner  any // the *Pool that it was made of
	self   *kista.Self
	core   *core
	byPID  map[kista.PID]*child
	byRef  map[kista.Ref]*child // starts under way, and children that are awaited
	timer  *kista.Timer         // the pool's own
	up     bool
	ended  bool
	reason error
}

// childShell is what the behaviour keeps of a child.
type childShell struct {
	start, monitor kista.Ref
	timer          *kista.Timer
}

var (
	_ kista.Behaviour   = (*behaviour)(nil)
	_ kista.Continuer   = (*behaviour)(nil)
	_ kista.StateReader = (*behaviour)(nil)
)

// Init starts the children in order, and returns when the last one is up
// (statements 174, 175). Meanwhile it answers requests.
func (b *behaviour) Init(s *kista.Self) error {
	b.self = s
	b.core = newCore(b.spec, b.pool)
	b.byPID, b.byRef = map[kista.PID]*child{}, map[kista.Ref]*child{}
	b.do(boot{})
	if err := b.receive(func() bool { return b.up || b.ended }); err != nil {
		return err
	}
	if !b.up {
		return kista.Stop{Reason: b.reason}
	}
	return nil
}

// Handle implements kista.Behaviour.
func (b *behaviour) Handle(_ *kista.Self, msg any) error {
	b.take(msg)
	return nil
}

// More reports whether all children are stopped, for good.
func (b *behaviour) More() bool { return b.ended }

// Continue ends the process then.
func (b *behaviour) Continue(*kista.Self) error { return kista.Stop{Reason: b.reason} }

// Terminate stops the children in order and awaits them (statements 184, 198).
func (b *behaviour) Terminate(_ *kista.Self, reason error) error {
	b.do(halt{reason})
	return b.receive(func() bool { return b.ended })
}

// State is what kista.GetState shows: the children, as [WhichChildren].
func (b *behaviour) State() any { return b.core.which() }

// receive takes one message after another until it is enough. The error says why
// the process must end at once.
func (b *behaviour) receive(enough func() bool) error {
	for !enough() {
		msg, err := b.self.Receive()
		if err != nil {
			return err
		}
		b.take(msg)
	}
	return nil
}

// take turns a message into what has happened.
func (b *behaviour) take(msg any) {
	switch m := msg.(type) {
	case kista.Started:
		if c := b.byRef[m.Ref]; c != nil {
			delete(b.byRef, m.Ref)
			if m.Err == nil {
				b.do(started{c})
			} else {
				b.gone(c)
				b.do(failed{c, m.Err})
			}
		}
	case kista.Exited:
		if c := b.byPID[m.PID]; c != nil {
			b.gone(c)
			b.do(exited{c, m.Reason})
		} else if b.self.FromParent(m) { // while it starts
			b.do(halt{m.Reason})
		} // others are no children: ignored (statement 202)
	case kista.Down: // of a child that is awaited, and may have unlinked itself
		c := b.byRef[m.Ref]
		delete(b.byRef, m.Ref)
		switch {
		case c == nil:
		case !errors.Is(m.Reason, kista.ErrNoProcess):
			b.gone(c)
			b.do(exited{c, m.Reason})
		case b.byRef[c.shell.start] != c: // else the outcome of its start is on its way
			_ = b.self.Link(c.pid) // its Exited with the true reason is on its way, or comes now
		}
	case tick, again:
		b.do(m)
	case kista.Request:
		b.request(m)
	default:
		b.self.Node().Report(slog.LevelWarn, "supervisor: unknown message", kista.ReportSupervisor.Attr(),
			slog.String("supervisor", b.self.PID().String()), slog.String("message", fmt.Sprintf("%T", msg)))
	}
}

// request passes a call on, if it is one of a supervisor's.
func (b *behaviour) request(q kista.Request) {
	a := ask{from: q.From, req: q.Msg}
	switch m := q.Msg.(type) {
	case startChild:
		if m.pool != b.owner {
			why := ErrPool
			if m.pool != nil {
				why = ErrNotPool
			}
			q.From.Fail(&ChildError{Op: "start", ID: m.child.ID, Reason: why})
			return
		}
	case terminatePID:
		a.c = b.byPID[m.PID]
	case terminateChild, restartChild, deleteChild, getChild, getSpec, whichChildren, countChildren, update:
	default:
		q.From.Fail(ErrUnknownRequest)
		return
	}
	b.do(a)
}

// do lets the core take a step, and carries out what it says. What fails at once
// is the core's next step.
func (b *behaviour) do(event any) {
	todo := b.core.step(b.self.Node().Now(), event)
	for i := 0; i < len(todo); i++ {
		if next := b.perform(todo[i]); next != nil {
			todo = append(todo, b.core.step(b.self.Node().Now(), next)...)
		}
	}
}

// perform carries out one effect. next is what came of it, if that is known.
func (b *behaviour) perform(e effect) (next any) {
	c := e.child
	switch e.op {
	case opStart:
		return b.start(c)
	case opStop:
		b.watch(c)
		_ = b.self.Exit(c.pid, kista.ErrShutdown)
	case opKill:
		b.watch(c)
		_ = b.self.Exit(c.pid, kista.Kill)
	case opArm:
		return b.arm(e)
	case opDisarm:
		b.disarm(c)
	case opAgain:
		// A timer's message is never refused.
		if kista.SendAfter(0, b.self.PID(), again{c: c, token: e.token}).Err() != nil {
			return again{c: c, token: e.token}
		}
	case opReply:
		b.reply(e)
	case opNote:
		b.tell(c, e.note)
	case opUp:
		b.up = true
	case opEnd:
		b.ended, b.reason = true, e.err
		if b.timer != nil {
			b.timer.Cancel()
		}
	}
	return nil
}

// start spawns a child. It says itself when it is up.
func (b *behaviour) start(c *child) (next any) {
	pid, ref, err := b.self.StartChild(c.launch())
	if err != nil {
		return failed{c, err}
	}
	c.pid, c.shell.start = pid, ref
	b.byPID[pid], b.byRef[ref] = c, c
	return nil
}

// launch is the child's program as its specification wants it to start.
func (c *child) launch() kista.Program {
	pr, d := c.program(), c.spec.shutdown()
	pr.Opts.Shutdown = d
	if d == BrutalKill {
		pr.Opts.Shutdown = 0
	}
	if pr.Kind() == bodyKind && pr.Opts.Grace == 0 && d != BrutalKill {
		// It may take that long to return. The supervisor enforces it; what is
		// beyond is for when somebody else tells the child to end.
		pr.Opts.Grace = kista.NoTimeout
		if d >= 0 {
			pr.Opts.Grace = d + kista.DefaultGrace
		}
	}
	return pr
}

// bodyKind is the kind of programs with a flow of their own.
const bodyKind = "body"

// watch makes sure that the supervisor hears of a child's end even if that one
// has unlinked itself (statement 184).
func (b *behaviour) watch(c *child) {
	if c.shell.monitor.IsZero() {
		c.shell.monitor = b.self.Monitor(c.pid)
		b.byRef[c.shell.monitor] = c
	}
}

// gone forgets a child's process.
func (b *behaviour) gone(c *child) {
	delete(b.byPID, c.pid)
	delete(b.byRef, c.shell.start)
	delete(b.byRef, c.shell.monitor)
	c.shell.start, c.shell.monitor = kista.Ref{}, kista.Ref{}
}

func (b *behaviour) arm(e effect) (next any) {
	t := tick{c: e.child, token: e.token}
	timer := kista.SendAfter(e.d, b.self.PID(), t)
	c := e.child
	switch {
	case c == nil:
		b.timer = timer
	case c.token != e.token: // it is over already
		timer.Cancel()
		return nil
	default:
		b.disarm(c)
		c.shell.timer = timer
	}
	if timer.Err() != nil && (c == nil || c.status == Stopping) {
		return t // the node has no timer left: the time is over now
	}
	return nil
}

func (b *behaviour) disarm(c *child) {
	if c.shell.timer != nil {
		c.shell.timer.Cancel()
		c.shell.timer = nil
	}
}

func (b *behaviour) reply(e effect) {
	from := e.to.(kista.From)
	if e.err != nil {
		from.Fail(e.err)
		return
	}
	if err := from.Reply(e.val); err != nil {
		from.Fail(err)
	}
}
