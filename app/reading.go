package app

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/config"
)

// reading is the reading of configuration under way: files, and code of the
// user's that parses and checks values, in a process of its own.
type reading struct {
	job  *job
	apps []App // whose sections are read
	pid  kista.PID
	ref  kista.Ref
	seq  uint64
	late bool

	timer *kista.Timer

	mu       sync.Mutex
	at       string // the application whose code runs
	input    *config.Input
	sections map[string]*section
	err      error
	returned bool
}

// nextRead begins the next reading, unless one is under way.
func (c *controller) nextRead() {
	for c.read == nil && c.change == nil && len(c.reads) > 0 {
		j := c.reads[0]
		c.reads = c.reads[1:]
		if err := c.beginRead(j); err != nil {
			j.from.Fail(err)
		}
	}
}

func (c *controller) beginRead(j *job) error {
	r := &reading{job: j, sections: map[string]*section{}}
	input, from := c.input, c.from
	switch q := j.req.(type) {
	case loadReq:
		if err := c.loadable(q.apps); err != nil {
			return err
		}
		r.apps = q.apps
	case reconfigureReq:
		input, from = nil, q.from
		r.apps = c.roots()
	}
	if c.halting {
		return ErrStopping
	}
	known := slices.Clone(c.order)
	for _, a := range r.apps {
		for _, in := range a.all() {
			known = append(known, in.d.name)
		}
	}
	var err error
	r.pid, r.ref, err = c.self.SpawnWith(kista.SpawnOpts{Label: "reads configuration", Link: true, Monitor: true, Grace: grace},
		func(*kista.Self) error {
			r.set(r.read(input, from, known))
			return nil
		})
	if err != nil {
		return err
	}
	c.round++
	r.seq = c.round
	c.read = r
	r.timer = kista.SendAfter(DefaultStopTimeout, c.self.PID(), limit{r.seq})
	return nil
}

// read runs in the process of its own.
func (r *reading) read(input *config.Input, from Sources, known []string) (*config.Input, map[string]*section, error) {
	if input == nil {
		var err error
		if input, err = from.read(); err != nil {
			return nil, nil, err
		}
	}
	out := map[string]*section{}
	var wrong ConfigErrors
	for _, a := range r.apps {
		for _, in := range a.all() {
			r.mu.Lock()
			r.at = in.d.name
			r.mu.Unlock()
			s, err := in.d.do.resolve(input, in.d.schema, in.d.name, known)
			err = configErrors(err)
			if es, ok := errors.AsType[ConfigErrors](err); ok {
				wrong = append(wrong, es...)
			} else if err != nil {
				return nil, nil, &Error{Op: "configure", App: in.d.name, Reason: err}
			}
			out[in.d.name] = s
		}
	}
	if len(wrong) > 0 {
		return nil, nil, wrong
	}
	return input, out, nil
}

func (r *reading) set(input *config.Input, sections map[string]*section, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.input, r.sections, r.err, r.returned = input, sections, err, true
}

// readEnded hears of the end of that process.
func (c *controller) readEnded(reason error) {
	r := c.read
	c.read = nil
	r.timer.Cancel()
	r.mu.Lock()
	defer r.mu.Unlock()
	err := r.err
	if !r.returned || r.late && reason != nil {
		if r.late {
			reason = ErrTimeout
		} else if reason == nil {
			reason = kista.ErrGoexit
		}
		err = &Error{Op: "configure", App: r.at, Reason: &CallbackError{App: r.at, Callback: "configure", Reason: reason}}
	}
	switch {
	case c.halting:
		r.job.from.Fail(ErrStopping)
		c.haltOn()
		return
	case err != nil:
		r.job.from.Fail(err)
	default:
		c.input = r.input
		switch q := r.job.req.(type) {
		case loadReq:
			c.load(r)
			_ = r.job.from.Reply(done{})
		case reconfigureReq:
			c.from = q.from
			c.reconfigure(r)
		}
	}
	c.nextRead()
}

// roots returns the loaded applications that are not part of others, in order.
func (c *controller) roots() (out []App) {
	for _, name := range c.order {
		if a := c.apps[name]; a.in == "" {
			out = append(out, a.app)
		}
	}
	return out
}

// loadable says why applications cannot be loaded.
func (c *controller) loadable(apps []App) error {
	batch := map[string]bool{}
	for _, a := range apps {
		if err := a.Check(); err != nil {
			return err
		}
		for _, in := range a.all() {
			name := in.d.name
			if c.apps[name] != nil || batch[name] {
				return &Error{Op: "load", App: name, Reason: ErrAlreadyLoaded}
			}
			batch[name] = true
		}
	}
	if found := circle(slices.Concat(c.roots(), apps)); found != nil {
		return &CycleError{Applications: found}
	}
	return nil
}

// load takes applications in.
func (c *controller) load(r *reading) {
	var take func(a App, in string)
	take = func(a App, in string) {
		s := r.sections[a.d.name]
		c.apps[a.d.name] = &application{app: a, in: in, config: s, given: s}
		c.order = append(c.order, a.d.name)
		if s != nil && len(s.resolved.Ignored) > 0 {
			c.self.Node().Report(slog.LevelWarn, "application: variables that are none of its keys are ignored",
				slog.String("application", a.d.name), slog.String("variables", strings.Join(s.resolved.Ignored, " ")))
		}
		for _, sub := range a.d.included {
			take(sub, a.d.name)
		}
	}
	for _, a := range r.apps {
		take(a, "")
	}
}

// changing is a change of configuration of which applications are being told.
type changing struct {
	job   *job
	waits map[string]bool
	errs  []error
}

// reconfigure gives applications their new configuration, and tells those that
// run (statement 215).
func (c *controller) reconfigure(r *reading) {
	ch := &changing{job: r.job, waits: map[string]bool{}}
	c.change = ch
	c.round++
	for _, root := range c.roots() {
		a := c.apps[root.d.name]
		differs := false
		for _, in := range root.all() {
			if now := r.sections[in.d.name]; now != nil { // nil: loaded meanwhile
				sub := c.apps[in.d.name]
				differs = differs || differ(sub.config, now)
				sub.config = now
			}
		}
		if a.status == Running {
			for _, in := range root.all() {
				c.apps[in.d.name].given = c.apps[in.d.name].config
			}
			if differs {
				ch.waits[root.d.name] = true
				_ = c.self.Send(a.master, changeConfig{sections: c.sections(a), round: c.round})
			}
		}
	}
	c.changedAll()
}

// changed hears that an application has been told, or has ended.
func (c *controller) changed(name string, round uint64, err error) {
	if ch := c.change; ch != nil && round == c.round && ch.waits[name] {
		delete(ch.waits, name)
		if err != nil {
			ch.errs = append(ch.errs, &Error{Op: "configure", App: name, Reason: err})
		}
		c.changedAll()
	}
}

func (c *controller) changedAll() {
	ch := c.change
	if len(ch.waits) > 0 {
		return
	}
	c.change = nil
	switch len(ch.errs) {
	case 0:
		_ = ch.job.from.Reply(done{})
	case 1:
		ch.job.from.Fail(ch.errs[0])
	default:
		ch.job.from.Fail(errors.Join(ch.errs...))
	}
	c.nextRead()
}

// differ reports whether two configurations say different things.
func differ(a, b *section) bool {
	changed, added, removed := config.Compare(a.resolved, b.resolved)
	return len(changed)+len(added)+len(removed) > 0
}
