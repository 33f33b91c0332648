package app_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/app"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/supervisor"
)

// says runs a scenario and expects what happens.
func says(t *testing.T, commands, want string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newScenario(t)
		defer s.end()
		var got []string
		for _, line := range strings.Split(strings.TrimSpace(commands), "\n") {
			up := s.command(strings.TrimSpace(line))
			got = append(got, s.take()...)
			if !up {
				got = append(got, "the node is down")
			}
		}
		var lines []string
		for _, line := range strings.Split(strings.TrimSpace(want), "\n") {
			lines = append(lines, strings.TrimSpace(line))
		}
		assert.Equal(t, got, lines)
	})
}

func TestS203_StartNeedsTheOthersRunning(t *testing.T) {
	says(t, `
		app a
		app b needs=a
		load
		start b
		ensure b
		ensure b`, `
		=> ok
		=> error: b needs a
		a start normal
		a tree up
		b start normal
		b tree up
		=> ok a, b
		=> ok`)
}

func TestS204_StartedTwiceStoppedTwiceUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScenario(t)
		defer s.end()
		s.command("app a")
		s.command("load")
		assert.NoError(t, app.Start(ctx, s.ctl, "a", app.Temporary))
		assert.ErrorIs(t, app.Start(ctx, s.ctl, "a", app.Temporary), app.ErrAlreadyStarted)
		assert.NoError(t, app.Stop(ctx, s.ctl, "a"))
		assert.ErrorIs(t, app.Stop(ctx, s.ctl, "a"), app.ErrNotStarted)
		assert.ErrorIs(t, app.Start(ctx, s.ctl, "nope", app.Temporary), app.ErrNotLoaded)
	})
}

// The process that Start's program describes is the application's top process; what
// is no program fails the start.
func TestS205_StartGivesTheTopProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScenario(t)
		defer s.end()
		s.command("app a")
		s.command("app zero fails=start:zero")
		s.command("load")
		assert.NoError(t, app.Start(ctx, s.ctl, "a", app.Permanent))
		info, err := app.Get(ctx, s.ctl, "a")
		assert.NoError(t, err)
		top, _ := s.node.WhereIs("a")
		p, _ := s.node.Info(top)
		assert.Equal(t, p.Parent, info.Master)
		assert.Equal(t, info.Status, app.Running)

		assert.ErrorIs(t, app.Start(ctx, s.ctl, "zero", app.Permanent), app.ErrNoProgram)
	})
}

func TestS206_OrderOfAStop(t *testing.T) {
	says(t, `
		app a
		load
		start a
		stop a
		start a
		die a boom`, `
		=> ok
		a start normal
		a tree up
		=> ok
		a prep_stop
		a tree down
		a stop
		=> ok
		a start normal
		a tree up
		=> ok
		a tree down
		a prep_stop
		a stop`)
}

func TestS207_WhatAnEndMeansForTheNode(t *testing.T) {
	for _, tc := range []struct {
		typ  app.Type
		down string // the reasons that take the node down
	}{
		{app.Permanent, "normal shutdown boom"},
		{app.Transient, "shutdown boom"},
		{app.Temporary, ""},
	} {
		for _, reason := range []string{"normal", "shutdown", "boom"} {
			synctest.Test(t, func(t *testing.T) {
				s := newScenario(t)
				defer s.end()
				for _, line := range []string{"app a", "app b", "load", "start a", "start b " + tc.typ.String()} {
					s.command(line)
				}
				ended := make(chan error, 1)
				go func() {
					why, _ := kista.Wait(ctx, s.ctl)
					ended <- why
				}()
				s.command("die b " + reason)
				down := strings.Contains(tc.down, reason)
				assert.Equal(t, !s.alive(), down)
				if down {
					e := assert.ErrorAs[*app.TerminatedError](t, <-ended)
					assert.Equal(t, e.App+" "+e.Type.String(), "b "+tc.typ.String())
					assert.Equal(t, reasonOf(e.Reason), reason)
					assert.Equal(t, s.node.Stats().Processes, 0)
				} else {
					assert.NoError(t, s.node.Stop(ctx))
					<-ended
				}
			})
		}
	}
}

func reasonOf(err error) string {
	switch {
	case err == nil:
		return "normal"
	case err == kista.ErrShutdown: //nolint:errorlint // a sentinel keeps its identity
		return "shutdown"
	}
	return err.Error()
}

// The command line comes before the environment, that before the file, and that
// before the application's own defaults.
func TestS208_OrderOfTheSources(t *testing.T) {
	type config struct{ A, B, C, D int }
	file := write(t, "c.json", `{"x": {"a": 2, "b": 2, "c": 2}}`)
	for _, tc := range []struct {
		src  app.Sources
		want config
	}{
		{app.Sources{}, config{1, 1, 1, 1}},
		{app.Sources{File: file}, config{2, 2, 2, 1}},
		{app.Sources{File: file, Env: []string{"X_A=3", "X_B=3"}}, config{3, 3, 2, 1}},
		{app.Sources{File: file, Env: []string{"X_A=3", "X_B=3"}, Flags: []string{"--x.a=4"}}, config{4, 3, 2, 1}},
		{app.Sources{Flags: []string{"--x.d=4"}}, config{1, 1, 1, 4}},
	} {
		got := make(chan config, 1)
		a := app.New(app.Spec[config]{Name: "x", Config: config{1, 1, 1, 1}, Start: func(c *app.Ctx[config]) (kista.Program, error) {
			got <- c.Config
			return kista.Program{}, errBoom
		}})
		node(t, app.Opts{Config: tc.src}, func(_ *kista.Node, ctl kista.PID) {
			assert.NoError(t, app.Load(ctx, ctl, a))
			assert.ErrorIs(t, app.Start(ctx, ctl, "x", app.Permanent), errBoom)
			assert.Equal(t, <-got, tc.want)
		})
	}
}

func TestS209_PhasesInOrderAndThoseOfIncludedOnes(t *testing.T) {
	says(t, `
		app in phases=q,r
		app a phases=p,q,s includes=in
		load
		start a`, `
		=> ok
		a start normal
		in start normal
		a tree up
		in tree up
		a phase p normal 1
		a phase q normal 2
		in phase q normal 1
		a phase s normal 3
		=> ok`)
}

func TestS210_AStopEndsNoNode(t *testing.T) {
	for _, typ := range []app.Type{app.Permanent, app.Transient, app.Temporary} {
		synctest.Test(t, func(t *testing.T) {
			s := newScenario(t)
			defer s.end()
			s.command("app a")
			s.command("load")
			assert.NoError(t, app.Start(ctx, s.ctl, "a", typ))
			assert.ErrorIs(t, app.Unload(ctx, s.ctl, "a"), app.ErrRunning)
			assert.NoError(t, app.Stop(ctx, s.ctl, "a"))
			assert.True(t, s.alive(), "the node is down")
			assert.NoError(t, app.Unload(ctx, s.ctl, "a"))
			assert.ErrorIs(t, app.Unload(ctx, s.ctl, "a"), app.ErrNotLoaded)
		})
	}
}

// A process belongs to the application that it descends from, also when it has left
// the tree and its parent has ended; it ends with it.
func TestS211_ProcessesBelongToTheirApplication(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		left := make(chan kista.PID, 1)
		a := app.New(app.Spec[app.None]{Name: "a", Start: func(*app.Ctx[app.None]) (kista.Program, error) {
			return supervisor.Program(supervisor.Spec{Children: []supervisor.Child{{
				ID: "w", Restart: supervisor.Temporary,
				Start: supervisor.Body(func(s *kista.Self) error {
					s.Spawn(func(s *kista.Self) error {
						left <- s.Spawn(func(s *kista.Self) error {
							_, err := s.Receive()
							return err
						})
						return nil
					})
					_, err := s.Receive()
					return err
				}),
			}}}, supervisor.Opts{Name: "top"}), nil
		}})
		node(t, app.Opts{}, func(n *kista.Node, ctl kista.PID) {
			assert.NoError(t, app.Load(ctx, ctl, a))
			assert.NoError(t, app.Start(ctx, ctl, "a", app.Permanent))
			pid := <-left
			stranger := n.Spawn(func(s *kista.Self) error {
				_, err := s.Receive()
				return err
			})
			top, _ := n.WhereIs("top")
			synctest.Wait()
			for who, want := range map[kista.PID]string{pid: "a", top: "a", stranger: "", ctl: ""} {
				got, err := app.Of(ctx, ctl, who)
				assert.NoError(t, err)
				assert.Equal(t, got, want)
			}
			assert.NoError(t, app.Stop(ctx, ctl, "a"))
			assert.True(t, !n.Alive(pid), "a process that has left the tree is still there")
			assert.True(t, n.Alive(stranger), "a stranger was ended")
			got, err := app.Of(ctx, ctl, pid)
			assert.NoError(t, err)
			assert.Equal(t, got, "")
		})
	})
}

func TestS215_ConfigChange(t *testing.T) {
	type config struct {
		A, B   int
		Limits map[string]int
		On     bool
	}
	synctest.Test(t, func(t *testing.T) {
		got := make(chan app.Change[config], 10)
		now := make(chan config, 10)
		spec := app.Spec[config]{
			Config: config{A: 1},
			Start: func(*app.Ctx[config]) (kista.Program, error) {
				return supervisor.Program(supervisor.Spec{}, supervisor.Opts{}), nil
			},
			ConfigChange: func(c *app.Ctx[config], ch app.Change[config]) error {
				got <- ch
				now <- c.Config
				return nil
			},
		}
		x, y := spec, spec
		x.Name, y.Name = "x", "y"
		old := app.Sources{Flags: []string{"--x.limits.gold=1", "--x.limits.lead=2", "--x.on"}}
		node(t, app.Opts{Config: old}, func(_ *kista.Node, ctl kista.PID) {
			assert.NoError(t, app.Load(ctx, ctl, app.New(x), app.New(y)))
			_, err := app.EnsureAllStarted(ctx, ctl, app.Permanent, "x", "y")
			assert.NoError(t, err)

			assert.NoError(t, app.Reconfigure(ctx, ctl, app.Sources{Flags: []string{"--x.a=2", "--x.b=5", "--x.limits.gold=7"}}))
			ch := <-got
			assert.Equal(t, ch.Changed, []string{"a", "limits.gold"})
			assert.Equal(t, ch.New, []string{"b"})
			assert.Equal(t, ch.Removed, []string{"limits.lead", "on"})
			assert.Equal(t, ch.Old, config{A: 1, Limits: map[string]int{"gold": 1, "lead": 2}, On: true})
			assert.Equal(t, <-now, config{A: 2, B: 5, Limits: map[string]int{"gold": 7}})
			assert.Silent(t, got) // y has not changed, and hears nothing

			// A mistake changes nothing.
			err = app.Reconfigure(ctx, ctl, app.Sources{Flags: []string{"--x.a=3", "--y.b=z"}})
			e := assert.ErrorAs[*app.ConfigError](t, err)
			assert.Equal(t, e.Key, "y.b")
			assert.Silent(t, got)
			set, err := app.Settings(ctx, ctl, "x")
			assert.NoError(t, err)
			assert.Equal(t, set[0].Value, "2")
		})
	})
}

// records keeps what is logged.
type records struct {
	mu    sync.Mutex
	lines []string
}

func (r *records) Enabled(context.Context, slog.Level) bool { return true }
func (r *records) WithAttrs([]slog.Attr) slog.Handler       { return r }
func (r *records) WithGroup(string) slog.Handler            { return r }
func (r *records) Handle(_ context.Context, rec slog.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	line := rec.Level.String() + " " + rec.Message
	rec.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "application", "type", "reason", "takes_node_down":
			line += " " + a.Key + "=" + a.Value.String()
		}
		return true
	})
	if strings.Contains(rec.Message, "application") {
		r.lines = append(r.lines, line)
	}
	return nil
}

func TestS216_StartsAndEndsAreReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &records{}
		n, err := kista.Start(kista.Config{Logger: slog.New(r)})
		assert.NoError(t, err)
		ctl, err := app.StartController(ctx, n, app.Opts{})
		assert.NoError(t, err)
		s := &scenario{t: t, node: n, ctl: ctl, specs: map[string]*declared{}, free: make(chan struct{})}
		for _, line := range []string{
			"app a", "app b", "app c fails=start:error", "load",
			"start a", "stop a", "start a", "start b permanent", "start c", "die a boom", "die b shutdown",
		} {
			s.command(line)
		}
		s.end()
		assert.Equal(t, r.lines, []string{
			"INFO application: started application=a type=temporary",
			"INFO application: ended application=a type=temporary reason=kista: shutdown takes_node_down=false",
			"INFO application: started application=a type=temporary",
			"INFO application: started application=b type=permanent",
			"ERROR application: start failed application=c type=temporary reason=app: c: start: boom",
			"ERROR application: ended application=a type=temporary reason=boom takes_node_down=false",
			"ERROR application: ended application=b type=permanent reason=kista: shutdown takes_node_down=true",
		})
	})
}

// node runs do with a node and its controller, in whatever bubble the caller is.
func node(t *testing.T, o app.Opts, do func(n *kista.Node, ctl kista.PID)) {
	t.Helper()
	n, err := kista.Start(kista.Config{Logger: quiet})
	assert.NoError(t, err)
	defer func() { assert.NoError(t, n.Stop(ctx)) }()
	ctl, err := app.StartController(ctx, n, o)
	assert.NoError(t, err)
	do(n, ctl)
}
