package app

import (
	"sync"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/config"
)

// Ctx is an application as its own callback sees it. It is a process's
// [kista.Self], and so a context, which ends when the callback has taken too long
// or the application is told to stop while it starts. The process is the
// callback's own and ends when it returns: what is to stay belongs into the tree
// that Start describes.
type Ctx[C any] struct {
	*kista.Self

	// Config is the configuration: the defaults, with what the sources say put
	// over them. It is a copy, for this callback alone.
	Config C
	// Type and From say why the application is started here: From is the node that
	// it comes from, with [Takeover] and [Failover].
	Type StartType
	From string
	// State is for what callbacks hand to the later ones of the same incarnation,
	// such as a connection that Start opens and Stop closes. It is not copied. What
	// a callback that failed has put there is kept, unless it had to be killed.
	State any

	in *instance
}

// App returns the application's name.
func (c *Ctx[C]) App() string { return c.in.app.name }

// Include runs the Start of an included application ([Spec.Included]), with its
// own configuration, and returns its tree, for a place in this one's. Its phases
// will run with this one's. It may be called in Start only, once for each. The
// error is that Start's, or an [*Error].
func (c *Ctx[C]) Include(name string) (kista.Program, error) {
	sub := c.in.included[name]
	if sub == nil {
		return kista.Program{}, &Error{Op: "include", App: name, Reason: ErrNotLoaded}
	}
	turn, why := c.in.lease.begin(), error(nil)
	switch sub.entered {
	case entering, entered:
		why = ErrAlreadyStarted
	default:
		if c.in.entered != entering {
			why = ErrNotStarting
		}
	}
	if why != nil {
		return kista.Program{}, &Error{Op: "include", App: name, Reason: why}
	}
	sub.entered = entering
	pr, err := sub.app.do.start(c.Self, sub)
	if err != nil {
		return kista.Program{}, &CallbackError{App: name, Callback: "start", Reason: err}
	}
	c.in.lease.keep(turn, func() { sub.entered = entered })
	return pr, nil
}

// instance is one incarnation of an application, or of one included in it. Only
// its master and the callback that runs touch it.
type instance struct {
	app      *description
	config   *section
	kind     StartType
	from     string
	state    any
	entered  entry // how far its Start has come
	included map[string]*instance
	lease    *lease // the one of the whole incarnation
}

// entry says how far a Start has come.
type entry uint8

const (
	outside entry = iota
	entering
	entered // it has returned a program
)

// lease tells the callback whose turn it is from one that was given up and whose
// code has not returned: what that one leaves behind is not kept.
type lease struct {
	mu   sync.Mutex
	turn int
}

func (l *lease) begin() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.turn
}

// keep calls do if the turn is still the one that began.
func (l *lease) keep(turn int, do func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.turn == turn {
		do()
	}
}

// end ends the turn.
func (l *lease) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.turn++
}

// section is an application's configuration. It never changes.
type section struct {
	value    any // a C
	resolved config.Resolved
}

func newInstance(a App, sections map[string]*section, l *lease) *instance {
	in := &instance{app: a.d, config: sections[a.d.name], included: map[string]*instance{}, lease: l}
	for _, sub := range a.d.included {
		in.included[sub.d.name] = newInstance(sub, sections, l)
	}
	return in
}

// callbacks are a Spec's, without the type of its configuration.
type callbacks interface {
	resolve(in *config.Input, schema *config.Schema, name string, known []string) (*section, error)
	start(s *kista.Self, in *instance) (kista.Program, error)
	phase(s *kista.Self, in *instance, p Phase) error
	prepStop(s *kista.Self, in *instance) error
	stop(s *kista.Self, in *instance) error
	change(s *kista.Self, in *instance, old, now *section) error
	has(what string) bool
	defaults() any
}

type typed[C any] struct{ spec Spec[C] }

func (t typed[C]) resolve(in *config.Input, schema *config.Schema, name string, known []string) (*section, error) {
	value, err := kista.Copy(t.spec.Config)
	if err != nil {
		return nil, err
	}
	resolved, err := in.Resolve(name, schema, &value, known)
	if err != nil {
		return nil, err
	}
	return &section{value: value, resolved: resolved}, nil
}

// with calls do with a context, and keeps the state that it leaves behind.
func (t typed[C]) with(s *kista.Self, in *instance, sec *section, do func(c *Ctx[C]) error) error {
	value, err := kista.Copy(sec.value.(C))
	if err != nil {
		return err
	}
	c := &Ctx[C]{Self: s, Config: value, Type: in.kind, From: in.from, in: in}
	turn := in.lease.begin()
	c.State = in.state
	defer func() { in.lease.keep(turn, func() { in.state = c.State }) }()
	return do(c)
}

func (t typed[C]) start(s *kista.Self, in *instance) (pr kista.Program, err error) {
	if t.spec.Start == nil {
		return kista.Program{}, nil
	}
	err = t.with(s, in, in.config, func(c *Ctx[C]) error {
		pr, err = t.spec.Start(c)
		return err
	})
	if err == nil && pr.IsZero() {
		err = ErrNoProgram
	}
	return pr, err
}

func (t typed[C]) phase(s *kista.Self, in *instance, p Phase) error {
	arg, err := kista.Copy(p.Arg)
	if err != nil {
		return err
	}
	return t.with(s, in, in.config, func(c *Ctx[C]) error { return t.spec.StartPhase(c, p.Name, arg) })
}

func (t typed[C]) prepStop(s *kista.Self, in *instance) error {
	return t.with(s, in, in.config, t.spec.PrepStop)
}

func (t typed[C]) stop(s *kista.Self, in *instance) error {
	return t.with(s, in, in.config, t.spec.Stop)
}

func (t typed[C]) change(s *kista.Self, in *instance, old, now *section) error {
	was, err := kista.Copy(old.value.(C))
	if err != nil {
		return err
	}
	ch := Change[C]{Old: was}
	ch.Changed, ch.New, ch.Removed = config.Compare(old.resolved, now.resolved)
	return t.with(s, in, now, func(c *Ctx[C]) error { return t.spec.ConfigChange(c, ch) })
}

func (t typed[C]) has(what string) bool {
	switch what {
	case "prep_stop":
		return t.spec.PrepStop != nil
	case "stop":
		return t.spec.Stop != nil
	case "config_change":
		return t.spec.ConfigChange != nil
	}
	return false
}

func (t typed[C]) defaults() any { return t.spec.Config }
