package app_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/app"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/supervisor"
)

var (
	ctx     = context.Background()
	errBoom = errors.New("boom")
	quiet   = slog.New(slog.DiscardHandler)
)

// A scenario is text: commands, and what they bring about. testdata holds some
// (see TestTranscripts), and testdata/scenario.erl runs the same on Erlang's
// application controller.
//
//	app NAME [needs=A,B] [optional=A] [phases=P,Q] [includes=X,Y] [tree=supervisor|none]
//	         [fails=CALLBACK:HOW,...] [start_timeout=D] [stop_timeout=D]
//	load                     load what has been declared since the last time
//	start NAME [TYPE]        permanent, transient, or temporary, which is the default
//	ensure NAME [TYPE]       start it and what it needs
//	stop NAME
//	unload NAME
//	die NAME REASON          its tree ends: normal, shutdown, boom
//	mend NAME                nothing of it fails any more
//	which                    what runs
//	& COMMAND                do not wait for it
//	wait D                   that much time passes
//	halt                     the node is told to stop
//
// CALLBACK is start, tree, phase P, prep_stop or stop (a blank is written as a
// dot); HOW is error, panic, goexit, zero (no program), block (until its context ends), or stuck (for
// ever).
type scenario struct {
	t     testing.TB
	node  *kista.Node
	ctl   kista.PID
	specs map[string]*declared
	fresh []string

	mu    sync.Mutex
	lines []string
	later []string // how the commands ended that nobody waited for
	clock time.Time
	timed bool
	begun sync.WaitGroup
	free  chan struct{} // closed at the end: what is stuck goes on
}

// declared is an application of a scenario.
type declared struct {
	name, tree              string
	needs, optional, inside []string
	phases                  []string
	start, stop             time.Duration

	mu    sync.Mutex
	fails map[string]string
	free  chan struct{}
}

func (d *declared) how(callback string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.fails[callback]
}

func newScenario(t testing.TB) *scenario {
	t.Helper()
	s := &scenario{t: t, specs: map[string]*declared{}, clock: time.Now(), free: make(chan struct{})}
	var err error
	s.node, err = kista.Start(kista.Config{Logger: quiet})
	assert.NoError(t, err)
	s.ctl, err = app.StartController(ctx, s.node, app.Opts{})
	assert.NoError(t, err)
	return s
}

// end stops the node. Nothing may be left.
func (s *scenario) end() {
	_ = s.node.Stop(ctx)
	close(s.free)
	s.begun.Wait()
	synctest.Wait()
	if st := s.node.Stats(); st.Processes != 0 || st.Names != 0 || st.Timers != 0 {
		s.t.Errorf("after stop: %+v", st)
	}
}

// say notes what happens.
func (s *scenario) say(format string, args ...any) { s.sayTo(&s.lines, format, args...) }

func (s *scenario) sayTo(to *[]string, format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	line := fmt.Sprintf(format, args...)
	if s.timed {
		line = fmt.Sprintf("%-6s %s", time.Since(s.clock), line)
	}
	*to = append(*to, line)
}

func (s *scenario) take() (lines []string) {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.Sort(s.later)
	lines = append(s.lines, s.later...)
	s.lines, s.later = nil, nil
	return lines
}

// command carries out one line. It reports whether the node is still there.
func (s *scenario) command(line string) bool {
	f := strings.Fields(line)
	if f[0] == "&" {
		s.begun.Go(func() { s.do(f[1:], &s.later) })
		synctest.Wait()
		return s.alive()
	}
	s.do(f, &s.lines)
	synctest.Wait()
	return s.alive()
}

func (s *scenario) alive() bool { return s.node.Alive(s.ctl) }

func (s *scenario) do(f []string, to *[]string) {
	arg := func(i int) string {
		if i < len(f) {
			return f[i]
		}
		return ""
	}
	typ := app.Temporary
	for _, t := range []app.Type{app.Permanent, app.Transient} {
		if arg(2) == t.String() {
			typ = t
		}
	}
	switch f[0] {
	case "timed":
		s.timed = true
	case "app":
		d := parseApp(s.t, f[1:])
		d.free = s.free
		s.specs[d.name] = d
		s.fresh = append(s.fresh, d.name)
	case "load":
		var apps []app.App
		for _, name := range s.fresh {
			if !s.included(name) {
				apps = append(apps, s.make(name))
			}
		}
		s.fresh = nil
		s.outcome(to, nil, app.Load(ctx, s.ctl, apps...))
	case "start":
		s.outcome(to, nil, app.Start(ctx, s.ctl, f[1], typ))
	case "ensure":
		started, err := app.EnsureAllStarted(ctx, s.ctl, typ, f[1])
		s.outcome(to, started, err)
	case "stop":
		s.outcome(to, nil, app.Stop(ctx, s.ctl, f[1]))
	case "unload":
		s.outcome(to, nil, app.Unload(ctx, s.ctl, f[1]))
	case "die":
		assert.NoError(s.t, kista.Send(s.node.Name(f[1]), dies{f[2]}))
	case "mend":
		d := s.specs[f[1]]
		d.mu.Lock()
		d.fails = nil
		d.mu.Unlock()
	case "which":
		all, err := app.WhichApplications(ctx, s.ctl)
		var names []string
		for _, a := range all {
			names = append(names, a.Name)
		}
		slices.Sort(names) // OTP's order is another one
		s.say("%s", strings.TrimSpace("=> "+strings.Join(names, ", ")))
		assert.NoError(s.t, err)
	case "wait":
		d, err := time.ParseDuration(f[1])
		assert.NoError(s.t, err)
		time.Sleep(d) // sleep: time is virtual
	case "halt":
		_ = s.node.Stop(ctx)
	default:
		s.t.Fatalf("no such command: %v", f)
	}
}

// included reports whether an application is part of another one.
func (s *scenario) included(name string) bool {
	for _, d := range s.specs {
		if slices.Contains(d.inside, name) {
			return true
		}
	}
	return false
}

// outcome notes how a command ended, in the words that both sides have.
func (s *scenario) outcome(to *[]string, started []string, err error) {
	if err != nil {
		s.sayTo(to, "=> error: %s", words(err))
		return
	}
	s.sayTo(to, "%s", strings.TrimSpace("=> ok "+strings.Join(started, ", ")))
}

func words(err error) string {
	var (
		needs *app.NeedsError
		cb    *app.CallbackError
		e     *app.Error
		cycle *app.CycleError
	)
	named := ""
	if errors.As(err, &e) {
		named = e.App + " "
	}
	switch {
	case errors.As(err, &cycle):
		return "cycle " + strings.Join(cycle.Applications, " ")
	case errors.As(err, &needs):
		return needs.By + " needs " + needs.Needs
	case errors.As(err, &cb):
		what := cb.App + " " + cb.Callback + " failed"
		var p *kista.PanicError
		switch {
		case errors.As(err, &p), errors.Is(err, kista.ErrGoexit), errors.Is(err, errBoom), errors.Is(err, app.ErrNoProgram):
		default:
			what += ": " + strings.TrimPrefix(cb.Reason.Error(), "app: ")
		}
		return what
	}
	for why, text := range map[error]string{
		app.ErrNotLoaded: "not loaded", app.ErrAlreadyLoaded: "already loaded", app.ErrAlreadyStarted: "already started",
		app.ErrNotStarted: "not started", app.ErrRunning: "running", app.ErrStopped: "told to stop",
		app.ErrStopping: "all are being stopped", app.ErrIncluded: "included",
	} {
		if errors.Is(err, why) {
			return named + text
		}
	}
	return err.Error()
}

// make makes an application that notes what becomes of it.
func (s *scenario) make(name string) app.App {
	d := s.specs[name]
	spec := app.Spec[app.None]{
		Name: name, Applications: d.needs, Optional: d.optional, StartTimeout: d.start, StopTimeout: d.stop,
	}
	if d.tree == "none" {
		return app.New(spec)
	}
	s.phasesAndStop(d, &spec)
	for i, p := range d.phases {
		spec.Phases = append(spec.Phases, app.Phase{Name: p, Arg: i + 1})
	}
	for _, in := range d.inside {
		spec.Included = append(spec.Included, s.make(in))
	}
	spec.Start = func(c *app.Ctx[app.None]) (kista.Program, error) {
		s.say("%s start %v", name, c.Type)
		if err := d.fail(c.Self, "start"); err != nil {
			return kista.Program{}, err
		}
		if d.how("start") == "zero" {
			return kista.Program{}, nil
		}
		top := s.top(d)
		if d.tree != "supervisor" && len(d.inside) == 0 {
			return top, nil
		}
		kids := []supervisor.Child{{ID: name, Start: top}}
		for _, in := range d.inside {
			pr, err := c.Include(in)
			if err != nil {
				return pr, err
			}
			kids = append(kids, supervisor.Child{ID: in, Start: pr})
		}
		return supervisor.Program(supervisor.Spec{Intensity: supervisor.NoRestarts, Children: kids}, supervisor.Opts{}), nil
	}
	return app.New(spec)
}

func (s *scenario) phasesAndStop(d *declared, spec *app.Spec[app.None]) {
	name := d.name
	spec.StartPhase = func(c *app.Ctx[app.None], phase string, arg any) error {
		s.say("%s phase %s %v %v", name, phase, c.Type, arg)
		return d.fail(c.Self, "phase."+phase)
	}
	spec.PrepStop = func(c *app.Ctx[app.None]) error {
		s.say("%s prep_stop", name)
		return d.fail(c.Self, "prep_stop")
	}
	spec.Stop = func(c *app.Ctx[app.None]) error {
		s.say("%s stop", name)
		return d.fail(c.Self, "stop")
	}
}

// fail does what an application does wrong there.
func (d *declared) fail(s *kista.Self, callback string) error {
	switch d.how(callback) {
	case "error":
		return errBoom
	case "panic":
		panic("boom")
	case "goexit":
		runtime.Goexit()
	case "block": // it minds its context
		<-s.Done()
		return context.Cause(s)
	case "stuck": // and this one nothing
		<-d.free
	}
	return nil
}

// top is the top process of an application.
func (s *scenario) top(d *declared) kista.Program {
	return kista.BehaviourProgram(kista.SpawnOpts{Name: d.name, TrapExits: true}, "top", func() (kista.Behaviour, error) {
		return &top{s: s, d: d}, nil
	})
}

type (
	top struct {
		s *scenario
		d *declared
	}
	dies struct{ Reason string }
)

func (p *top) Init(s *kista.Self) error {
	if err := p.d.fail(s, "tree"); err != nil {
		return err
	}
	p.s.say("%s tree up", p.d.name)
	return nil
}

func (p *top) Handle(_ *kista.Self, msg any) error {
	m, ok := msg.(dies)
	if !ok {
		return nil
	}
	switch m.Reason {
	case "normal":
		return kista.Stop{}
	case "shutdown":
		return kista.Stop{Reason: kista.ErrShutdown}
	}
	return errBoom
}

func (p *top) Terminate(*kista.Self, error) error {
	p.s.say("%s tree down", p.d.name)
	return nil
}

func parseApp(t testing.TB, f []string) *declared {
	d := &declared{name: f[0], fails: map[string]string{}}
	for _, arg := range f[1:] {
		key, val, _ := strings.Cut(arg, "=")
		list := strings.Split(val, ",")
		var err error
		switch key {
		case "needs":
			d.needs = list
		case "optional":
			d.optional = list
		case "includes":
			d.inside = list
		case "phases":
			d.phases = list
		case "tree":
			d.tree = val
		case "fails":
			for _, one := range list {
				where, how, _ := strings.Cut(one, ":")
				d.fails[where] = how
			}
		case "start_timeout":
			d.start, err = time.ParseDuration(val)
		case "stop_timeout":
			d.stop, err = time.ParseDuration(val)
		default:
			t.Fatalf("no such field: %s", arg)
		}
		assert.NoError(t, err)
	}
	return d
}
