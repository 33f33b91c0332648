package supervisor

import (
	"fmt"
	"slices"
	"time"

	"github.com/kista-go/kista"
)

// Strategy says who is restarted when a child ends that is to be restarted
// (statements 179, 180).
type Strategy uint8

const (
	// OneForOne restarts that child only. The default.
	OneForOne Strategy = iota
	// OneForAll stops all others, the youngest first, and then starts all in
	// their order.
	OneForAll
	// RestForOne stops those that were started after it, the youngest first, and
	// then starts it and them in their order.
	RestForOne
)

// String names the strategy.
func (s Strategy) String() string { return name(s, "one_for_one", "one_for_all", "rest_for_one") }

// Restart says when a child that has ended is started again (statement 178).
type Restart uint8

const (
	// Permanent: always. The default.
	Permanent Restart = iota
	// Transient: if it ended abnormally ([kista.Abnormal]).
	Transient
	// Temporary: never, and its specification is removed when it ends.
	Temporary
)

// String names the restart type.
func (r Restart) String() string { return name(r, "permanent", "transient", "temporary") }

// AutoShutdown says whether a supervisor ends by itself once significant
// children have ended (statements 195 to 197).
type AutoShutdown uint8

const (
	// Never: it does not. The default.
	Never AutoShutdown = iota
	// AnySignificant: when one significant child ends by itself: a transient one
	// normally, a temporary one anyhow.
	AnySignificant
	// AllSignificant: when the last living significant child ends so.
	AllSignificant
)

// String names the way.
func (a AutoShutdown) String() string { return name(a, "never", "any_significant", "all_significant") }

// Type tells supervisors from other children. It is known from the program.
type Type uint8

const (
	// Worker is any program but a supervisor.
	Worker Type = iota
	// Supervisor is a program made by [Program] or [Pool.Program].
	Supervisor
)

// String names the type.
func (t Type) String() string { return name(t, "worker", "supervisor") }

func name[T ~uint8](v T, names ...string) string {
	if int(v) < len(names) {
		return names[v]
	}
	return fmt.Sprintf("unknown (%d)", v)
}

const (
	// NoRestarts, as [Spec.Intensity], makes the first restart one too many
	// (OTP's intensity 0).
	NoRestarts = -1
	// BrutalKill, as [Child.Shutdown], stops a child by an exit signal that it
	// cannot handle (brutal_kill).
	BrutalKill time.Duration = -2
)

// Defaults of the zero values (statement 176).
const (
	DefaultIntensity = 1
	DefaultPeriod    = 5 * time.Second
	DefaultShutdown  = 5 * time.Second
	// DefaultStartTimeout differs from OTP, where a start may take for ever.
	DefaultStartTimeout = 60 * time.Second
)

// Child describes one child of a supervisor. ID and Start are required; the
// zero values of the rest are OTP's defaults (statement 176).
type Child struct {
	// ID names the child within its supervisor.
	ID string
	// Start is what the child runs: a server ([server.Child]), another supervisor
	// ([Program]), a plain function ([Func]), ... It is a description: the
	// supervisor spawns the linked child, which runs its own code and says when it
	// is up. Nothing of it ever runs in the supervisor.
	Start kista.Program
	// Restart says when it is started again. Zero: Permanent.
	Restart Restart
	// Shutdown is how long the child may take to stop once it has been told to
	// (by an exit signal with [kista.ErrShutdown]) before it is killed. Zero: five
	// seconds for a worker, without limit for a supervisor, which must have the
	// time that its children need. [kista.NoTimeout]: without limit. [BrutalKill]:
	// it is not told but killed.
	Shutdown time.Duration
	// Significant: its end may end the supervisor; see [Spec.AutoShutdown].
	Significant bool
	// OrElse are simpler ways to do the child's work, in the order in which they
	// are tried: when restarting it one way has not helped, it is started the
	// next way before the supervisor gives up.
	OrElse []kista.Program
	// StartTimeout is how long the child may take until it is up before it is
	// killed, which is a failed start. Zero: 60 s for a worker, without limit for
	// a supervisor. [kista.NoTimeout]: without limit.
	StartTimeout time.Duration
}

// Type tells whether the child is a supervisor.
func (c Child) Type() Type {
	if c.Start.Kind() == kind {
		return Supervisor
	}
	return Worker
}

// shutdown is the time to stop with the default filled in.
func (c Child) shutdown() time.Duration {
	return c.timeout(c.Shutdown, DefaultShutdown)
}

func (c Child) startTimeout() time.Duration {
	return c.timeout(c.StartTimeout, DefaultStartTimeout)
}

func (c Child) timeout(d, worker time.Duration) time.Duration {
	switch {
	case d != 0:
		return d
	case c.Type() == Supervisor:
		return kista.NoTimeout
	}
	return worker
}

func (c Child) validate(auto AutoShutdown) error {
	switch {
	case c.ID == "":
		return c.bad("ID", `""`, "a child needs one")
	case c.Start.IsZero():
		return c.bad("Start", "nothing", "a child needs a program to run")
	}
	for i, p := range c.OrElse {
		if p.IsZero() {
			return c.bad(fmt.Sprintf("OrElse[%d]", i), "nothing", "it is no program")
		}
	}
	return c.validateFlags(auto)
}

func (c Child) validateFlags(auto AutoShutdown) error {
	switch {
	case c.Restart > Temporary:
		return c.bad("Restart", c.Restart, "there is no such restart type")
	case c.Shutdown < BrutalKill:
		return c.bad("Shutdown", c.Shutdown, "it is negative")
	case c.StartTimeout < kista.NoTimeout:
		return c.bad("StartTimeout", c.StartTimeout, "it is negative")
	case c.Significant && auto == Never:
		return c.bad("Significant", true, "the supervisor's AutoShutdown is never")
	case c.Significant && c.Restart == Permanent:
		return c.bad("Significant", true, "a permanent child never ends by itself: make it transient or temporary")
	}
	return nil
}

func (c Child) bad(field string, value any, why string) error {
	return &SpecError{Child: c.ID, Field: field, Value: fmt.Sprint(value), Why: why}
}

// clone gives the child slices of its own.
func (c Child) clone() Child {
	c.OrElse = slices.Clone(c.OrElse)
	return c
}

// Spec describes a supervisor. The zero value is a supervisor without children
// and with OTP's defaults (statement 176).
type Spec struct {
	// Strategy says who is restarted with a child. Zero: OneForOne.
	Strategy Strategy
	// Intensity is how many restarts within Period are tolerated: with one more
	// the supervisor stops its children and ends (statement 181). Zero: 1;
	// [NoRestarts]: none.
	Intensity int
	// Period is the window that restarts are counted in. It slides; it is exact,
	// where OTP counts in whole seconds. Zero: five seconds.
	Period time.Duration
	// AutoShutdown: whether the end of significant children ends the supervisor.
	AutoShutdown AutoShutdown
	// Children are started in this order, and stopped in the reverse one.
	Children []Child
	// Notify, if not nil, is sent an [Event] whenever something happens to a
	// child. Events are messages: nobody waits for their receiver, and if it has
	// ended or its mailbox is full they are lost.
	Notify kista.Addr
}

// Check reports the first mistake in a Spec, as a [*SpecError], or nil
// (check_childspecs, statement 177). Starting does the same.
func Check(s Spec) error {
	if err := s.validateFlags(); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, c := range s.Children {
		if err := c.validate(s.AutoShutdown); err != nil {
			return err
		}
		if seen[c.ID] {
			return &SpecError{Child: c.ID, Field: "ID", Value: c.ID, Why: "two children have it"}
		}
		seen[c.ID] = true
	}
	return nil
}

func (s Spec) validateFlags() error {
	bad := Child{}.bad
	switch {
	case s.Strategy > RestForOne:
		return bad("Strategy", s.Strategy, "there is no such strategy")
	case s.Intensity < NoRestarts:
		return bad("Intensity", s.Intensity, "it is negative, and not NoRestarts")
	case s.Period < 0:
		return bad("Period", s.Period, "it is negative")
	case s.AutoShutdown > AllSignificant:
		return bad("AutoShutdown", s.AutoShutdown, "there is no such way")
	}
	return nil
}

// clone gives the spec slices of its own.
func (s Spec) clone() Spec {
	s.Children = slices.Clone(s.Children)
	for i := range s.Children {
		s.Children[i] = s.Children[i].clone()
	}
	return s
}

// limit returns Intensity and Period with the defaults filled in.
func (s Spec) limit() (intensity int, period time.Duration) {
	intensity, period = s.Intensity, s.Period
	switch intensity {
	case 0:
		intensity = DefaultIntensity
	case NoRestarts:
		intensity = 0
	}
	if period == 0 {
		period = DefaultPeriod
	}
	return intensity, period
}
