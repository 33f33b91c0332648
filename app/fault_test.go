package app_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/app"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/supervisor"
)

// patient is the configuration of an application whose callbacks go wrong as the
// variable faulty says. Validate is one of them.
type patient struct{ N int }

// faulty is what the one callback under test does; it is set before each test.
var faulty fault

type fault struct {
	where string
	do    func(s *kista.Self) error // nil: Validate has no process
	plain func() error
}

func (f fault) at(where string, s *kista.Self) error {
	if f.where != where {
		return nil
	}
	return f.do(s)
}

func (p *patient) Validate() error {
	if faulty.where != "configure" || p.N == 0 {
		return nil
	}
	return faulty.plain()
}

// TestFaultsInCallbacks injects each fault into each callback. The controller and
// the other application answer all the time, the outcome is told with its callback
// and its reason, and the application's type decides what becomes of the node.
func TestFaultsInCallbacks(t *testing.T) {
	kinds := map[string]struct {
		do    func(free chan struct{}) func(s *kista.Self) error
		check func(err error) bool
	}{
		"error": {
			func(chan struct{}) func(*kista.Self) error { return func(*kista.Self) error { return errBoom } },
			func(err error) bool { return errors.Is(err, errBoom) || strings.Contains(err.Error(), "boom") },
		},
		"panic": {
			func(chan struct{}) func(*kista.Self) error { return func(*kista.Self) error { panic("boom") } },
			func(err error) bool {
				p, ok := errors.AsType[*kista.PanicError](err)
				return ok && p.Value == "boom"
			},
		},
		"nil dereference": {
			func(chan struct{}) func(*kista.Self) error {
				return func(*kista.Self) error {
					var p *patient
					p.N++
					return nil
				}
			},
			func(err error) bool {
				_, ok := errors.AsType[*kista.PanicError](err)
				return ok
			},
		},
		"goexit": {
			func(chan struct{}) func(*kista.Self) error {
				return func(*kista.Self) error {
					runtime.Goexit()
					return nil
				}
			},
			func(err error) bool { return errors.Is(err, kista.ErrGoexit) },
		},
		"an error that panics": {
			func(chan struct{}) func(*kista.Self) error { return func(*kista.Self) error { return hostile{} } },
			func(err error) bool { return err != nil },
		},
		"block": {
			func(free chan struct{}) func(*kista.Self) error {
				return func(*kista.Self) error {
					<-free // deaf to its context
					return nil
				}
			},
			func(err error) bool { return errors.Is(err, app.ErrTimeout) },
		},
		"kill itself": {
			func(chan struct{}) func(*kista.Self) error {
				return func(s *kista.Self) error {
					if s == nil {
						panic("boom")
					}
					return s.Exit(s.PID(), kista.Kill)
				}
			},
			func(err error) bool {
				_, ok := errors.AsType[*kista.PanicError](err)
				return ok || errors.Is(err, kista.ErrKilled)
			},
		},
		"kill its master": {
			func(chan struct{}) func(*kista.Self) error {
				return func(s *kista.Self) error {
					if s == nil {
						panic("boom")
					}
					return s.Exit(s.Parent(), kista.Kill)
				}
			},
			nil, // the application is gone
		},
	}
	for _, where := range []string{"start", "phase", "prep_stop", "stop", "config_change", "configure"} {
		for name, kind := range kinds {
			for _, typ := range []app.Type{app.Permanent, app.Temporary} {
				t.Run(fmt.Sprintf("%s/%s/%v", where, name, typ), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						free := make(chan struct{})
						defer close(free)
						do := kind.do(free)
						faulty = fault{where: where, do: do, plain: func() error { return do(nil) }}
						inject(t, where, typ, kind.check)
					})
				})
			}
		}
	}
}

// hostile is an error whose own method panics.
type hostile struct{}

func (hostile) Error() string { panic("even this") }

// inject runs an application that fails at one place, beside one that does not.
func inject(t *testing.T, where string, typ app.Type, check func(error) bool) {
	n, err := kista.Start(kista.Config{Logger: quiet})
	assert.NoError(t, err)
	ctl, err := app.StartController(ctx, n, app.Opts{})
	assert.NoError(t, err)
	defer func() { _ = n.Stop(ctx) }()
	sick := app.New(app.Spec[patient]{
		Name: "sick", StartTimeout: 10 * time.Second, StopTimeout: 10 * time.Second,
		Phases: []app.Phase{{Name: "only"}},
		Start: func(c *app.Ctx[patient]) (kista.Program, error) {
			return supervisor.Program(supervisor.Spec{}, supervisor.Opts{Name: "tree"}), faulty.at("start", c.Self)
		},
		StartPhase:   func(c *app.Ctx[patient], _ string, _ any) error { return faulty.at("phase", c.Self) },
		PrepStop:     func(c *app.Ctx[patient]) error { return faulty.at("prep_stop", c.Self) },
		Stop:         func(c *app.Ctx[patient]) error { return faulty.at("stop", c.Self) },
		ConfigChange: func(c *app.Ctx[patient], _ app.Change[patient]) error { return faulty.at("config_change", c.Self) },
	})
	well := app.New(app.Spec[app.None]{Name: "well", Start: func(*app.Ctx[app.None]) (kista.Program, error) {
		return supervisor.Program(supervisor.Spec{Children: []supervisor.Child{
			{ID: "echo", Start: server.Child(echo, struct{}{}, server.Opts{Name: "echo"})},
		}}, supervisor.Opts{}), nil
	}})
	assert.NoError(t, app.Load(ctx, ctl, sick, well))
	assert.NoError(t, app.Start(ctx, ctl, "well", app.Permanent))

	// What is done meanwhile must not wait for what goes wrong.
	answers := func(when string) {
		t.Helper()
		begun := time.Now()
		v, err := server.Call(ctx, n.Name("echo"), ping{7})
		assert.NoError(t, err)
		_, err2 := app.Get(ctx, ctl, "sick")
		assert.NoError(t, err2)
		assert.True(t, v == 7 && time.Since(begun) == 0, "%s: the other application: %v after %v", when, v, time.Since(begun))
	}
	step := func(do func() error) error {
		t.Helper()
		done := make(chan error, 1)
		go func() { done <- do() }()
		synctest.Wait()
		if n.Alive(ctl) { // else the node goes down with the application
			answers("meanwhile")
		}
		return <-done
	}
	wrong := func(err error) {
		t.Helper()
		if check == nil {
			assert.True(t, err != nil, "no error")
			return
		}
		cb := assert.ErrorAs[*app.CallbackError](t, err)
		assert.Equal(t, strings.Fields(cb.Callback)[0], where)
		assert.True(t, check(cb.Reason), "the reason is %v", cb.Reason)
	}

	err = step(func() error { return app.Start(ctx, ctl, "sick", typ) })
	if where == "start" || where == "phase" {
		wrong(err)
		answers("afterwards")
		_, there := n.WhereIs("tree")
		assert.True(t, !there, "its tree is still there")
		return
	}
	assert.NoError(t, err)

	err = step(func() error { return app.Reconfigure(ctx, ctl, app.Sources{Flags: []string{"--sick.n=1"}}) })
	switch {
	case where == "config_change" && check == nil: // its master is dead: its end
		wrong(err)
		gone(t, n, ctl, typ)
		return
	case where == "config_change":
		wrong(err)
		info, err := app.Get(ctx, ctl, "sick")
		assert.NoError(t, err)
		assert.Equal(t, info.Status, app.Running)
	case where == "configure" && check != nil:
		if cb, ok := errors.AsType[*app.CallbackError](err); ok {
			assert.True(t, cb.Callback == where && check(cb.Reason), "got %v", err)
		} else {
			assert.ErrorAs[*app.ConfigError](t, err) // an error that Validate returned
		}
	case where == "configure":
		assert.True(t, err != nil, "no error")
	default:
		assert.NoError(t, err)
	}
	answers("afterwards")

	assert.NoError(t, step(func() error { return app.Stop(ctx, ctl, "sick") }))
	_, there := n.WhereIs("tree")
	assert.True(t, !there, "its tree is still there")
	answers("after the stop")
	faulty = fault{}
	assert.NoError(t, app.Start(ctx, ctl, "sick", typ))
}

// gone checks what becomes of the node of an application that has ended.
func gone(t *testing.T, n *kista.Node, ctl kista.PID, typ app.Type) {
	t.Helper()
	synctest.Wait()
	assert.Equal(t, n.Alive(ctl), typ == app.Temporary)
	_, there := n.WhereIs("echo")
	assert.Equal(t, there, typ == app.Temporary)
}

type ping struct{ N int }

func (ping) Reply() int { return 0 }

func echo(*server.Ctx, struct{}) (server.Handler, error) {
	return server.HandlerFunc(func(_ *server.Ctx, msg any) error {
		if q, ok := msg.(kista.Request); ok {
			return q.From.Reply(q.Msg.(ping).N)
		}
		return nil
	}), nil
}
