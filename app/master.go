package app

import (
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/kista-go/kista"
)

// master is the process that stands for a running application (OTP's application
// master): the parent of its top process. It runs none of the user's code itself,
// so it always answers and always stops: each callback runs in a process of its
// own, linked to it.
type master struct {
	self *kista.Self
	ctl  kista.PID
	in   *instance

	tree     kista.PID
	treeRef  kista.Ref // the monitor; zero: there is no tree (any more)
	starting kista.Ref // the tree's start is under way
	treeErr  error     // why it did not come up
	missed   bool      // it had ended before it was monitored
	reason   error     // the tree's exit reason

	program kista.Program
	runners []runner
	call    *callback
	seq     uint64 // of the last callback
	doing   string // for people
	since   time.Time
	stopped bool // told to stop while it starts
	late    bool // the time for the start is over
	dead    bool // killed: the callbacks may still run, nothing here is ours any more
	phase   stage
	changes []changeConfig // that wait their turn
}

// stage is where a master is in its life.
type stage uint8

const (
	coming stage = iota
	there
	leaving
)

// Messages between master and controller.
type (
	changeConfig struct {
		kista.Immutable
		sections map[string]*section
		round    uint64 // zero: nobody waits
	}
	configChanged struct {
		App   string
		Round uint64
		Err   error
	}
	askDoing struct{}
	limit    struct{ Seq uint64 } // a callback's time is over
	startEnd struct{}             // the start's time is over
	treeEnd  struct{}             // the tree's time to stop is over
)

// doingNow answers askDoing.
type doingNow struct {
	What    string
	PID     kista.PID // whom it waits for
	Since   time.Duration
	Stopped bool // it stops
}

func (m *master) Init(s *kista.Self) error {
	m.self, m.since = s, s.Node().Now()
	if d := m.in.app.startTimeout; d > 0 {
		t := kista.SendAfter(d, s.PID(), startEnd{})
		defer t.Cancel()
	}
	if err := m.start(); err != nil {
		if m.dead {
			return err
		}
		m.phase = leaving
		if e := m.leave(); e != nil {
			return e
		}
		return kista.Stop{Reason: &kista.ShutdownError{Cause: err}} // the controller tells the world
	}
	m.phase = there
	m.note("")
	return nil
}

// start brings the application up, or says why it does not.
func (m *master) start() error {
	if m.in.app.library {
		return nil
	}
	var pr kista.Program
	m.in.entered = entering
	err := m.run("start", m.in, m.in.app.startTimeout, func(s *kista.Self) (err error) {
		turn := m.in.lease.begin()
		made, err := m.in.app.do.start(s, m.in)
		if err == nil {
			m.in.lease.keep(turn, func() { pr, m.in.entered = made, entered })
		}
		return err
	})
	if err == nil {
		err = m.startTree(pr)
	}
	for _, p := range m.in.app.phases {
		if err == nil {
			err = m.runPhase(m.in, p)
		}
	}
	return err
}

// runPhase carries out a phase: the application's own part, then that of those
// included, in their order.
func (m *master) runPhase(in *instance, p Phase) error {
	what := "phase " + p.Name
	err := m.run(what, in, kista.NoTimeout, func(s *kista.Self) error { return in.app.do.phase(s, in, p) })
	if err != nil {
		return err
	}
	return m.includedPhases(in, p)
}

func (m *master) includedPhases(in *instance, p Phase) error {
	for _, a := range in.app.included {
		sub := in.included[a.d.name]
		if sub.entered != entered {
			continue
		}
		run := m.includedPhases
		q := p
		for _, own := range sub.app.phases {
			if own.Name == p.Name {
				run, q = m.runPhase, own
			}
		}
		if err := run(sub, q); err != nil {
			return err
		}
	}
	return nil
}

func (m *master) startTree(pr kista.Program) error {
	m.note("waits for the tree to start")
	m.program = pr
	pid, ref, err := m.self.StartChild(pr)
	if err != nil {
		return m.failed("tree", m.in, err)
	}
	m.tree, m.starting, m.treeRef = pid, ref, m.self.Monitor(pid)
	asked := false
	for !m.starting.IsZero() {
		if err := m.receive(); err != nil {
			return err
		}
		if why := m.interrupted(); why != nil && !asked {
			asked = true
			m.endTree()
		}
	}
	if why := m.interrupted(); why != nil {
		if why == ErrTimeout { //nolint:errorlint // identity
			return m.failed("tree", m.in, why)
		}
		return why
	}
	if m.treeErr != nil {
		return m.failed("tree", m.in, m.treeErr)
	}
	return nil
}

// interrupted says why the start must not go on.
func (m *master) interrupted() error {
	switch {
	case m.phase != coming:
		return nil
	case m.stopped:
		return ErrStopped
	case m.late:
		return ErrTimeout
	}
	return nil
}

func (m *master) failed(callback string, in *instance, why error) error {
	return &CallbackError{App: in.app.name, Callback: callback, Reason: why}
}

func (m *master) note(what string) { m.doing, m.since = what, m.self.Node().Now() }

func (m *master) Handle(_ *kista.Self, msg any) error {
	m.take(msg)
	return nil
}

// More reports whether the tree has ended, or a new configuration waits.
func (m *master) More() bool {
	return m.call == nil && (m.ended() || len(m.changes) > 0)
}

// Continue ends with the tree, or tells the application of the configuration.
func (m *master) Continue(*kista.Self) error {
	if m.ended() {
		return kista.Stop{Reason: &kista.ShutdownError{Cause: &treeEnded{m.reason}}}
	}
	ch := m.changes[0]
	m.changes = m.changes[1:]
	m.change(ch)
	return nil
}

func (m *master) ended() bool { return m.treeRef.IsZero() && !m.in.app.library }

// Terminate stops the application in order (statement 206). reason says why: the
// controller's wish, or the end of the tree.
func (m *master) Terminate(*kista.Self, error) error {
	m.phase = leaving
	if c := m.call; c != nil { // a config change is under way
		c.then = nil
		_ = m.self.Exit(c.pid, kista.ErrShutdown)
		if err := m.await(c); m.dead {
			return err
		}
	}
	if m.in.app.do.has("prep_stop") {
		m.report(m.run("prep_stop", m.in, m.in.app.stopTimeout, func(s *kista.Self) error { return m.in.app.do.prepStop(s, m.in) }))
	}
	if m.dead {
		return kista.ErrKilled
	}
	return m.leave()
}

// leave stops the tree, runs the stop callback, and ends what has left the tree.
// The error says that this process must end at once.
func (m *master) leave() error {
	if !m.treeRef.IsZero() {
		m.endTree()
		m.note("waits for the tree to stop")
		for !m.treeRef.IsZero() {
			if err := m.receive(); err != nil {
				return err
			}
		}
	}
	if m.in.entered == entered && m.in.app.do.has("stop") {
		m.report(m.run("stop", m.in, m.in.app.stopTimeout, func(s *kista.Self) error { return m.in.app.do.stop(s, m.in) }))
	}
	if m.dead {
		return kista.ErrKilled
	}
	m.note("ends what is left of it")
	sweep(m.self)
	return nil
}

func (m *master) report(err error) {
	if err != nil && !m.dead {
		m.self.Node().Report(slog.LevelError, "application: callback failed",
			slog.String("application", m.in.app.name), slog.String("reason", err.Error()))
	}
}

// receive takes one message. The error says why the process must end at once.
func (m *master) receive() error {
	msg, err := m.self.Receive()
	if err != nil {
		m.dead = true
		return err
	}
	m.take(msg)
	return nil
}

func (m *master) take(msg any) {
	switch msg := msg.(type) {
	case kista.Started:
		if msg.Ref == m.starting {
			m.starting, m.treeErr = kista.Ref{}, msg.Err
			switch {
			case msg.Err != nil:
				m.treeRef = kista.Ref{} // it has ended, and nothing else comes
			case m.missed:
				_ = m.self.Link(m.tree)
			}
		}
	case kista.Down:
		switch {
		case m.idle(msg.Ref):
		case msg.Ref == m.treeRef && !errors.Is(msg.Reason, kista.ErrNoProcess):
			m.treeRef, m.reason = kista.Ref{}, msg.Reason
		case msg.Ref == m.treeRef && !m.starting.IsZero():
			m.missed = true // it had ended before it was monitored
		case msg.Ref == m.treeRef:
			_ = m.self.Link(m.tree) // its Exited with the reason is on its way, or comes now
		case m.call != nil && msg.Ref == m.call.ref:
			m.call.over, m.call.reason = true, msg.Reason
			if m.call.then != nil {
				c := m.call
				m.call = nil
				m.in.lease.end()
				c.then(c.result())
			}
		}
	case kista.Exited:
		if msg.PID == m.tree && !m.treeRef.IsZero() && m.starting.IsZero() {
			m.treeRef, m.reason = kista.Ref{}, msg.Reason
		}
		if m.self.FromParent(msg) && m.phase == coming {
			m.stopped = true
		}
	case startEnd:
		m.late = true
	case limit:
		if m.call != nil && m.call.seq == msg.Seq && !m.call.over {
			m.call.late = true
			_ = m.self.Exit(m.call.pid, ErrTimeout)
		}
	case treeEnd:
		if !m.treeRef.IsZero() {
			_ = m.self.Exit(m.tree, kista.Kill)
		}
	case changeConfig:
		m.changes = append(m.changes, msg)
	case kista.Request:
		if _, ok := msg.Msg.(askDoing); !ok {
			msg.From.Fail(ErrUnknownRequest)
			return
		}
		_ = msg.From.Reply(m.now())
	}
}

// idle forgets a runner that has ended before it had anything to do.
func (m *master) idle(ref kista.Ref) bool {
	before := len(m.runners)
	m.runners = slices.DeleteFunc(m.runners, func(r runner) bool { return r.ref == ref })
	if len(m.runners) == before {
		return false
	}
	_ = m.prepare()
	return true
}

func (m *master) now() doingNow {
	d := doingNow{What: m.doing, Since: m.self.Node().Now().Sub(m.since), Stopped: m.phase == leaving}
	switch {
	case m.call != nil && !m.call.over:
		d.PID = m.call.pid
	case !m.treeRef.IsZero():
		d.PID = m.tree
	}
	return d
}

// change tells the application, and those included in it, of a new configuration.
func (m *master) change(ch changeConfig) {
	var affected []*instance
	var olds []*section
	var walk func(in *instance)
	walk = func(in *instance) {
		now := ch.sections[in.app.name]
		if old := in.config; now != nil && now != old {
			in.config = now
			if differ(old, now) && in.app.do.has("config_change") && (in == m.in || in.entered == entered) {
				affected, olds = append(affected, in), append(olds, old)
			}
		}
		for _, a := range in.app.included {
			walk(in.included[a.d.name])
		}
	}
	walk(m.in)
	m.changeNext(ch, affected, olds, nil)
}

func (m *master) changeNext(ch changeConfig, affected []*instance, olds []*section, first error) {
	if len(affected) == 0 {
		m.note("")
		if ch.round != 0 {
			_ = m.self.Send(m.ctl, configChanged{App: m.in.app.name, Round: ch.round, Err: first})
		}
		return
	}
	in, old, now := affected[0], olds[0], affected[0].config
	m.begin("config_change", in, m.in.app.stopTimeout, func(s *kista.Self) error { return in.app.do.change(s, in, old, now) })
	m.call.then = func(err error) {
		m.report(err)
		if first == nil {
			first = err
		}
		m.changeNext(ch, affected[1:], olds[1:], first)
	}
}

// endTree tells the tree to stop, and sees to it that it does, in the time that
// its program says. A supervisor has all the time that its children need.
func (m *master) endTree() {
	_ = m.self.Exit(m.tree, kista.ErrShutdown)
	d := m.program.Opts.Shutdown
	if d == 0 {
		d = kista.DefaultGrace
	}
	if d != kista.NoTimeout && kista.SendAfter(d, m.self.PID(), treeEnd{}).Err() != nil {
		_ = m.self.Exit(m.tree, kista.Kill)
	}
}
