package app

import (
	"errors"
	"log/slog"
	"slices"

	"github.com/kista-go/kista"
)

// launch starts an application's master.
func (c *controller) launch(a *application, typ Type) {
	a.status, a.typ, a.failed, a.aborted, a.asked, a.missed = Starting, typ, nil, false, false, false
	sections, given := c.sections(a), a.app
	a.given = a.config
	pr := kista.BehaviourProgram(kista.SpawnOpts{Label: a.app.d.name, TrapExits: true, Shutdown: kista.NoTimeout}, "application",
		func() (kista.Behaviour, error) {
			return &master{ctl: c.self.PID(), in: newInstance(given, sections, &lease{})}, nil
		})
	pid, ref, err := c.self.StartChild(pr)
	if err != nil {
		a.failed = err
		c.over(a)
		return
	}
	a.master, a.ref, a.monitor = pid, ref, c.self.Monitor(pid)
}

// cameUp hears of the outcome of a start.
func (c *controller) cameUp(m kista.Started) {
	for name, a := range c.apps {
		if a.ref != m.Ref || a.ref.IsZero() {
			continue
		}
		a.ref = kista.Ref{}
		if m.Err != nil { // it has ended, and nothing else comes
			a.failed = cause(m.Err)
			c.wentDown(a, m.Err)
			return
		}
		if a.missed {
			_ = c.self.Link(a.master)
		}
		a.status, a.since = Running, c.self.Node().Now()
		c.up = append(c.up, name)
		c.say(slog.LevelInfo, "application: started", a)
		if a.aborted { // told to stop at the last moment
			a.status, a.asked, a.failed = Stopping, true, ErrStopped
			return
		}
		c.catchUp(a)
		c.wake(&a.startBy, nil)
		return
	}
}

// catchUp tells an application of a configuration that has changed while it
// started.
func (c *controller) catchUp(a *application) {
	if a.given != a.config || c.differsInside(a) {
		a.given = a.config
		_ = c.self.Send(a.master, changeConfig{sections: c.sections(a)})
	}
}

func (c *controller) differsInside(a *application) bool {
	for _, sub := range a.app.all() {
		if s := c.apps[sub.d.name]; s.given != s.config {
			s.given = s.config
			return true
		}
	}
	return false
}

// down hears of the end of a master by its monitor, which may have come too late
// to tell why.
func (c *controller) down(m kista.Down) {
	for _, a := range c.apps {
		switch {
		case a.monitor != m.Ref || a.monitor.IsZero():
			continue
		case !errors.Is(m.Reason, kista.ErrNoProcess):
			c.wentDown(a, m.Reason)
		case !a.ref.IsZero():
			a.missed = true
		default:
			_ = c.self.Link(a.master) // its Exited with the reason is on its way, or comes now
		}
		return
	}
}

// wentDown hears of the end of a master.
func (c *controller) wentDown(a *application, reason error) {
	was := a.status
	reason = cause(reason)
	if was == Starting && a.failed == nil {
		a.failed = reason
		if reason == nil {
			a.failed = ErrStopped
		}
	}
	c.over(a)
	if was == Starting {
		return
	}
	c.hasEnded(a, reason)
}

// over forgets the process of an application, and lets those go on that waited.
func (c *controller) over(a *application) {
	name := a.app.d.name
	a.status, a.master, a.ref, a.monitor = Loaded, kista.PID{}, kista.Ref{}, kista.Ref{}
	c.up = slices.DeleteFunc(c.up, func(n string) bool { return n == name })
	if a.failed != nil {
		c.say(slog.LevelError, "application: start failed", a, slog.String("reason", a.failed.Error()))
	}
	c.changed(name, c.round, ErrNotStarted)
	c.wake(&a.startBy, a.failed)
	c.wake(&a.stopBy, nil)
	if c.halting {
		c.haltOn()
	}
}

// hasEnded reports the end of an application that ran, and takes the node down if
// its type says so (statements 207, 210).
func (c *controller) hasEnded(a *application, reason error) {
	fatal := !a.asked && !c.halting && (a.typ == Permanent || a.typ == Transient && reason != nil)
	level := slog.LevelInfo
	if fatal || !a.asked && kista.Abnormal(reason) {
		level = slog.LevelError
	}
	c.say(level, "application: ended", a, slog.String("reason", reasonText(reason)), slog.Bool("takes_node_down", fatal))
	if fatal {
		c.halt(&TerminatedError{App: a.app.d.name, Type: a.typ, Reason: reason})
	}
}

func (c *controller) say(level slog.Level, msg string, a *application, attrs ...slog.Attr) {
	c.self.Node().Report(level, msg, append([]slog.Attr{
		slog.String("application", a.app.d.name), slog.String("version", a.app.d.version), slog.String("type", a.typ.String()),
	}, attrs...)...)
}

// halt stops everything: what starts is broken off, what runs is stopped, one
// after the other, in the reverse order of the starts.
func (c *controller) halt(reason error) {
	if c.halting {
		return
	}
	c.halting, c.reason = true, reason
	for _, j := range c.reads {
		j.from.Fail(ErrStopping)
	}
	c.reads = nil
	if c.read != nil {
		_ = c.self.Exit(c.read.pid, kista.Kill)
	}
	for _, a := range c.apps {
		if a.status == Starting {
			c.tell(a)
		}
	}
	c.haltOn()
}

// haltOn goes on with it.
func (c *controller) haltOn() {
	for _, a := range c.apps {
		if a.status == Starting {
			return
		}
	}
	if len(c.up) == 0 {
		c.ended = c.read == nil
		return
	}
	a := c.apps[c.up[len(c.up)-1]]
	if a.status == Running {
		c.tell(a)
	}
}

// tell lets an application stop.
func (c *controller) tell(a *application) {
	if a.status == Starting {
		a.aborted = true
	} else {
		a.asked, a.status = true, Stopping
	}
	_ = c.self.Exit(a.master, kista.ErrShutdown)
}

// wake lets jobs go on.
func (c *controller) wake(list *[]*job, failed error) {
	jobs := *list
	*list = nil
	for _, j := range jobs {
		c.goOn(j, failed)
	}
}
