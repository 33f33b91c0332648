package app

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/config"
)

// Type says what the end of an application means for its node (statement 207).
// To stop it by [Stop] never ends the node.
type Type uint8

const (
	// Permanent: when it ends, for whatever reason, the node goes down: the other
	// applications are stopped in order, and then the node. The default.
	Permanent Type = iota
	// Transient: the node goes down unless it ended with the reason nil. A
	// supervisor that has given up, or has shut itself down, ends with another one
	// ([kista.ErrShutdown]), so this is seldom what one wants, as in OTP.
	Transient
	// Temporary: its end is reported, and that is all.
	Temporary
)

// String names the type.
func (t Type) String() string { return name(t, "permanent", "transient", "temporary") }

// StartType says why an application is started here (statement 205).
type StartType uint8

const (
	// Normal: it was asked for.
	Normal StartType = iota
	// Takeover: it runs on another node, which this one relieves of it. Not yet
	// used: it comes with distributed applications.
	Takeover
	// Failover: the node on which it ran is gone. Not yet used either.
	Failover
)

// String names the start type.
func (t StartType) String() string { return name(t, "normal", "takeover", "failover") }

func (t Type) check(name string) error {
	if t > Temporary {
		return &Error{Op: "start", App: name, Reason: ErrBadType}
	}
	return nil
}

func name[T ~uint8](v T, names ...string) string {
	if int(v) < len(names) {
		return names[v]
	}
	return fmt.Sprintf("unknown (%d)", v)
}

const (
	// DefaultStartTimeout is the zero value of [Spec.StartTimeout]. Differs from
	// OTP, where a start may take for ever.
	DefaultStartTimeout = 60 * time.Second
	// DefaultStopTimeout is the zero value of [Spec.StopTimeout]. Differs from OTP,
	// where prep_stop and stop may take for ever.
	DefaultStopTimeout = 30 * time.Second
)

// Phase is a step of an application's start that comes once its tree is up.
type Phase struct {
	// Name names it, for [Spec.StartPhase] and in errors.
	Name string
	// Arg is handed to StartPhase. It must be data ([kista.IsData]).
	Arg any
}

// None is the configuration of an application that has none.
type None = struct{}

// Spec describes an application: OTP's .app file and its callback module in one.
// C is the type of its configuration, a struct; the package comment says how it is
// filled. Only Name is required.
//
// The callbacks run one at a time, each in a process of its own, under recover.
// What they return or do wrong never harms another application: see the package
// comment. They are code: values that they share between incarnations of the
// application (captured variables) are theirs to protect.
type Spec[C any] struct {
	// Name names the application, and is the first part of its keys: lower-case
	// letters, digits and underscores, beginning with a letter.
	Name string
	// Version is for people. Empty: "0".
	Version string
	// Description says what it is, in a few words.
	Description string
	// Applications are those that must run before it starts (statement 203).
	Applications []string
	// Optional are those that [EnsureAllStarted] starts before it if they are
	// loaded, and does without if not.
	Optional []string
	// Included are applications that are part of this one: its Start asks for
	// their trees ([Ctx.Include]) and puts them where it wants them. They are
	// loaded with it and not started by themselves.
	Included []App
	// Config holds the defaults of its configuration.
	Config C
	// Phases are gone through in order once the tree is up (statement 209): for
	// each the application's own StartPhase, then those of the included
	// applications that have a phase of that name.
	Phases []Phase

	// Start says what to run: a program, mostly a supervisor's, which is then
	// started, as the application's top process (statement 205). nil: a library,
	// an application without processes, phases and stop callbacks.
	Start func(c *Ctx[C]) (kista.Program, error)
	// StartPhase carries out one phase. An error fails the start. It is required
	// if there are Phases.
	StartPhase func(c *Ctx[C], phase string, arg any) error
	// PrepStop runs before the tree is stopped, or after it has ended by itself
	// (statement 206). Its error is reported, and the stop goes on.
	PrepStop func(c *Ctx[C]) error
	// Stop runs after the tree has ended, to release what Start took: whenever
	// Start has returned a program, so also when the tree did not come up or a
	// phase failed. Its error is reported. Differs from OTP, where it does not run
	// after a failed phase.
	Stop func(c *Ctx[C]) error
	// ConfigChange is told what [Reconfigure] has changed (statement 215); c.Config
	// is the new configuration. Its error is Reconfigure's, and the application
	// goes on.
	ConfigChange func(c *Ctx[C], ch Change[C]) error

	// StartTimeout bounds its whole start: callback, tree, and phases. Zero: 60 s.
	// [kista.NoTimeout]: without limit.
	StartTimeout time.Duration
	// StopTimeout bounds PrepStop, Stop, and ConfigChange, each. The tree between
	// them takes what its children's Shutdown allows. Zero: 30 s.
	// [kista.NoTimeout]: without limit.
	StopTimeout time.Duration
}

// Change is what has become of an application's configuration (statement 215).
// Keys are those of its section, without its name; an element of a map counts as
// a key of its own. A key is there if a source sets it or its default is not
// zero.
type Change[C any] struct {
	// Old is the configuration before.
	Old C
	// Changed, New and Removed are keys, each list in order.
	Changed, New, Removed []string
}

// App is an application that can be loaded ([Load]): a [Spec] without the type of
// its configuration, made by [New]. It is a value; the zero App is none. It never
// changes, and may be loaded on any number of nodes.
type App struct{ d *description }

// description is what the controller knows of an application.
type description struct {
	kista.Immutable
	name, version, about string
	needs, optional      []string
	included             []App
	phases               []Phase
	startTimeout         time.Duration
	stopTimeout          time.Duration
	schema               *config.Schema
	err                  error // what is wrong with the Spec
	library              bool
	do                   callbacks
}

// New makes an application of its description. A mistake in it is reported when
// it is loaded, as a [*SpecError].
func New[C any](s Spec[C]) App {
	d := &description{
		name: s.Name, version: s.Version, about: s.Description,
		needs: slices.Clone(s.Applications), optional: slices.Clone(s.Optional),
		included: slices.Clone(s.Included), phases: slices.Clone(s.Phases),
		startTimeout: or(s.StartTimeout, DefaultStartTimeout), stopTimeout: or(s.StopTimeout, DefaultStopTimeout),
		library: s.Start == nil,
	}
	if d.version == "" {
		d.version = "0"
	}
	s.Phases, s.Included = nil, nil // the description's own from here on
	if err := kista.IsData[C](); err != nil {
		d.err = &SpecError{App: s.Name, Field: "Config", Why: err.Error()}
	} else if s.Config, err = kista.Copy(s.Config); err != nil {
		d.err = &SpecError{App: s.Name, Field: "Config", Why: err.Error()}
	} else if d.schema, err = config.Of(reflect.TypeFor[C]()); err != nil {
		d.err = &SpecError{App: s.Name, Field: "Config", Why: err.Error()}
	} else {
		d.err = d.validate(s.StartPhase != nil, s.PrepStop != nil || s.Stop != nil)
	}
	d.do = typed[C]{s}
	return App{d}
}

func or(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

// Name returns the application's name.
func (a App) Name() string { return a.get().name }

// Version returns its version.
func (a App) Version() string { return a.get().version }

// Description returns its description.
func (a App) Description() string { return a.get().about }

// Applications returns the names of those that must run before it.
func (a App) Applications() []string { return slices.Clone(a.get().needs) }

// Included returns the applications that are part of it.
func (a App) Included() []App { return slices.Clone(a.get().included) }

// Keys lists the keys of its configuration, with the defaults as their values.
// prefix is [Sources.Prefix]. It is empty for an App that cannot be loaded.
func (a App) Keys(prefix string) (out []Setting) {
	d := a.get()
	if d.err != nil {
		return nil
	}
	for _, s := range d.schema.Describe(d.name, prefix, d.do.defaults()) {
		out = append(out, Setting(s))
	}
	return out
}

// Check returns what is wrong with its Spec, a [*SpecError], or nil. [Load] does
// the same.
func (a App) Check() error { return a.get().err }

var noApp = &description{err: &SpecError{Field: "Name", Why: "the App is zero: make it with New"}}

func (a App) get() *description {
	if a.d == nil {
		return noApp
	}
	return a.d
}

// validate finds the first mistake in the description itself.
func (d *description) validate(hasPhase, hasStop bool) error {
	bad := func(field, format string, args ...any) error {
		return &SpecError{App: d.name, Field: field, Why: fmt.Sprintf(format, args...)}
	}
	switch {
	case !config.Word(d.name):
		return bad("Name", "%q is no name: lower-case letters, digits and _, beginning with a letter", d.name)
	case d.startTimeout < kista.NoTimeout:
		return bad("StartTimeout", "%v is negative", d.startTimeout)
	case d.stopTimeout < kista.NoTimeout:
		return bad("StopTimeout", "%v is negative", d.stopTimeout)
	case d.library && (len(d.phases) > 0 || hasStop):
		return bad("Start", "there is none, so there is nothing to go through phases or to be stopped")
	case len(d.phases) > 0 && !hasPhase:
		return bad("StartPhase", "there are phases, and nothing to do in them")
	}
	for field, list := range map[string][]string{"Applications": d.needs, "Optional": d.optional} {
		for i, other := range list {
			switch {
			case !config.Word(other):
				return bad(field, "%q is no name", other)
			case other == d.name:
				return bad(field, "the application itself is in it")
			case slices.Contains(list[:i], other):
				return bad(field, "%s is in it twice", other)
			}
		}
	}
	return d.validateParts(bad)
}

func (d *description) validateParts(bad func(field, format string, args ...any) error) error {
	for i, p := range d.phases {
		data, err := kista.Copy(p.Arg)
		switch {
		case p.Name == "":
			return bad("Phases", "number %d has no name", i+1)
		case slices.ContainsFunc(d.phases[:i], func(q Phase) bool { return q.Name == p.Name }):
			return bad("Phases", "%s is in it twice", p.Name)
		case err != nil:
			return bad("Phases", "the argument of %s: %v", p.Name, err)
		}
		d.phases[i].Arg = data
	}
	seen := map[string]bool{d.name: true}
	var walk func(apps []App) error
	walk = func(apps []App) error {
		for _, a := range apps {
			switch err := a.Check(); {
			case err != nil:
				return bad("Included", "%v", err)
			case seen[a.Name()]:
				return bad("Included", "%s is in it twice", a.Name())
			}
			seen[a.Name()] = true
			if err := walk(a.d.included); err != nil {
				return err
			}
		}
		return nil
	}
	return walk(d.included)
}

// all returns the application and those included in it, however deep.
func (a App) all() []App {
	out := []App{a}
	for _, in := range a.d.included {
		out = append(out, in.all()...)
	}
	return out
}
