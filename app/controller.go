package app

import (
	"log/slog"
	"slices"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/config"
)

// application is what a controller keeps of a loaded application.
type application struct {
	app    App
	in     string // the one that includes it
	config *section

	status  Status
	typ     Type
	master  kista.PID
	ref     kista.Ref // of its start
	monitor kista.Ref
	missed  bool // it had ended before it was monitored: the link tells why
	since   time.Time
	given   *section // the configuration that its master has
	startBy []*job   // that wait for its start
	stopBy  []*job   // that wait for its end
	failed  error    // why its start has failed
	aborted bool     // it was told to stop while it started
	asked   bool     // it was told to stop while it ran
}

// job is a request that takes time.
type job struct {
	from    kista.From
	req     any
	targets []string // of a start
	typ     Type
	all     bool
	started []string // by this job, in order
	at      string   // the application that it has just launched
	err     error    // why it undoes what it has started
	done    bool     // a stop: answer when woken
}

// controller is a node's application controller. It runs no code of the user's:
// applications start and stop in their masters, configuration is read in a process
// of its own.
type controller struct {
	self   *kista.Self
	from   Sources
	input  *config.Input // what they say; nil: not read yet
	apps   map[string]*application
	order  []string // loaded, in order
	up     []string // running or stopping, in the order in which they came up
	reads  []*job   // that read configuration: one at a time
	read   *reading
	change *changing
	round  uint64

	keep    bool // the node, when an application's end says that it goes down
	halting bool
	reason  error // with which it ends
	ended   bool
}

func (c *controller) Init(s *kista.Self) error {
	c.self, c.apps = s, map[string]*application{}
	return nil
}

func (c *controller) Handle(_ *kista.Self, msg any) error {
	c.take(msg)
	return nil
}

// More reports whether everything is stopped, for good.
func (c *controller) More() bool { return c.ended }

// Continue ends the process then, and the node, if that is what the end of an
// application means (statement 207).
func (c *controller) Continue(s *kista.Self) error {
	end := kista.Stop{Reason: c.reason}
	if c.keep {
		return end
	}
	me, n := s.PID(), s.Node()
	_, _, err := s.SpawnWith(kista.SpawnOpts{Label: "takes the node down"}, func(s *kista.Self) error {
		if _, err := kista.Wait(s, me); err != nil {
			return err
		}
		return n.Stop(s) // not awaited, for it is the node's own
	})
	if err != nil {
		n.Report(slog.LevelError, "application: cannot take the node down", slog.String("reason", err.Error()))
	}
	return end
}

// Terminate stops all applications, in the reverse order of their start.
func (c *controller) Terminate(_ *kista.Self, reason error) error {
	if !c.ended {
		c.halt(reason)
	}
	for !c.ended {
		msg, err := c.self.Receive()
		if err != nil {
			return err
		}
		c.take(msg)
	}
	if e, ok := c.reason.(*TerminatedError); ok { //nolint:errorlint // its own
		return kista.Stop{Reason: e}
	}
	return nil
}

func (c *controller) take(msg any) {
	switch m := msg.(type) {
	case kista.Request:
		c.request(m)
	case kista.Started:
		c.cameUp(m)
	case kista.Down:
		if c.read != nil && m.Ref == c.read.ref {
			c.readEnded(m.Reason)
			return
		}
		c.down(m)
	case kista.Exited:
		for _, a := range c.apps {
			if a.master == m.PID && a.ref.IsZero() && !a.monitor.IsZero() {
				c.wentDown(a, m.Reason)
				return
			}
		}
	case configChanged:
		c.changed(m.App, m.Round, m.Err)
	case limit:
		if c.read != nil && c.read.seq == m.Seq {
			c.read.late = true
			_ = c.self.Exit(c.read.pid, ErrTimeout)
		}
	}
}

func (c *controller) request(q kista.Request) {
	fail := func(op, name string, why error) { q.From.Fail(&Error{Op: op, App: name, Reason: why}) }
	switch r := q.Msg.(type) {
	case loadReq, reconfigureReq:
		c.reads = append(c.reads, &job{from: q.From, req: r})
		c.nextRead()
	case unloadReq:
		if err := c.unload(r.Name); err != nil {
			fail("unload", r.Name, err)
			return
		}
		_ = q.From.Reply(done{})
	case startReq:
		c.start(&job{from: q.From, targets: r.Names, typ: r.Type, all: r.All})
	case stopReq:
		if err := c.stop(&job{from: q.From, done: true}, r.Name); err != nil {
			fail("stop", r.Name, err)
		}
	case whichReq:
		var out []Info
		names := c.order
		if r.Running {
			names = c.up
		}
		for _, name := range names {
			out = append(out, c.apps[name].info(c.self.Node().Now()))
		}
		_ = q.From.Reply(out)
	case infoReq:
		if a := c.apps[r.Name]; a != nil {
			_ = q.From.Reply(a.info(c.self.Node().Now()))
			return
		}
		fail("get", r.Name, ErrNotLoaded)
	case settingsReq:
		if a := c.apps[r.Name]; a != nil {
			var out []Setting
			for _, s := range a.config.resolved.Settings {
				out = append(out, Setting(s))
			}
			_ = q.From.Reply(out)
			return
		}
		fail("get", r.Name, ErrNotLoaded)
	case belongsReq:
		_ = q.From.Reply(c.owner(r.PID))
	default:
		q.From.Fail(ErrUnknownRequest)
	}
}

// owner names the application that a process belongs to; empty: none.
func (c *controller) owner(pid kista.PID) string {
	info, ok := c.self.Node().Info(pid)
	if !ok {
		return ""
	}
	for name, a := range c.apps {
		if a.status != Loaded && (pid == a.master || belongs(info, a.master)) {
			return name
		}
	}
	return ""
}

func (c *controller) unload(name string) error {
	a := c.apps[name]
	switch {
	case a == nil:
		return ErrNotLoaded
	case a.status != Loaded:
		return ErrRunning
	case a.in != "":
		return ErrIncluded
	}
	for _, sub := range a.app.all() {
		delete(c.apps, sub.d.name)
	}
	c.order = slices.DeleteFunc(c.order, func(n string) bool { return c.apps[n] == nil })
	return nil
}

// sections returns the configuration of an application and of those in it.
func (c *controller) sections(a *application) map[string]*section {
	out := map[string]*section{}
	for _, sub := range a.app.all() {
		out[sub.d.name] = c.apps[sub.d.name].config
	}
	return out
}
