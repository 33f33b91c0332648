package app_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/app"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/supervisor"
)

// A tree that ends as soon as it is there: the reason is its own.
func TestATreeThatEndsAtOnce(t *testing.T) {
	for _, want := range []error{nil, kista.ErrShutdown, errBoom} {
		for i := range 50 {
			synctest.Test(t, func(t *testing.T) {
				a := app.New(app.Spec[app.None]{Name: "a", Start: func(*app.Ctx[app.None]) (kista.Program, error) {
					return supervisor.Body(func(s *kista.Self) error {
						if i%2 == 1 {
							_ = s.Unlink(s.Parent())
						}
						if want == nil {
							return nil
						}
						return kista.Stop{Reason: want}
					}), nil
				}})
				n, err := kista.Start(kista.Config{Logger: quiet})
				assert.NoError(t, err)
				ctl, err := app.StartController(ctx, n, app.Opts{KeepNode: true})
				assert.NoError(t, err)
				assert.NoError(t, app.Load(ctx, ctl, a))
				_ = app.Start(ctx, ctl, "a", app.Permanent) // it may be over before the answer
				reason, err := kista.Wait(ctx, ctl)
				assert.NoError(t, err)
				got := assert.ErrorAs[*app.TerminatedError](t, reason).Reason
				unseen := i%2 == 1 && errors.Is(got, kista.ErrNoProcess) // unlinked, and gone before it was monitored
				assert.True(t, unseen || errors.Is(got, want) && (got == nil) == (want == nil), "reason %v, want %v", got, want)
				assert.NoError(t, n.Stop(ctx))
			})
		}
	}
}

// What a start may be given besides a supervisor: any program. One that ignores its
// start is none.
func TestTreesOfOtherKinds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		node(t, app.Opts{}, func(n *kista.Node, ctl kista.PID) {
			programs := map[string]kista.Program{
				"body": supervisor.Body(func(s *kista.Self) error {
					_, err := s.Receive()
					return err
				}),
				"acks": kista.BodyProgram(kista.SpawnOpts{}, true, func(s *kista.Self) error {
					if err := s.Started(); err != nil {
						return err
					}
					_, err := s.Receive()
					return err
				}),
				"ignores": kista.BehaviourProgram(kista.SpawnOpts{}, "b", func() (kista.Behaviour, error) { return nil, kista.ErrIgnore }),
				"named":   kista.BodyProgram(kista.SpawnOpts{Name: app.ControllerName}, false, func(*kista.Self) error { return nil }),
			}
			for _, name := range []string{"body", "acks", "ignores", "named"} {
				a := app.New(app.Spec[app.None]{Name: name, Start: func(*app.Ctx[app.None]) (kista.Program, error) { return programs[name], nil }})
				assert.NoError(t, app.Load(ctx, ctl, a))
				err := app.Start(ctx, ctl, name, app.Permanent)
				switch name {
				case "ignores":
					assert.ErrorIs(t, err, kista.ErrIgnore)
				case "named":
					assert.ErrorAs[*kista.NameTakenError](t, err)
				default:
					assert.NoError(t, err)
					assert.NoError(t, app.Stop(ctx, ctl, name))
				}
			}
		})
	})
}

func TestSpecsThatMakeNoSense(t *testing.T) {
	start := func(*app.Ctx[app.None]) (kista.Program, error) { return kista.Program{}, nil }
	for _, tc := range []struct {
		spec  app.Spec[app.None]
		field string
	}{
		{app.Spec[app.None]{}, "Name"},
		{app.Spec[app.None]{Name: "Big"}, "Name"},
		{app.Spec[app.None]{Name: "a.b"}, "Name"},
		{app.Spec[app.None]{Name: "a", Applications: []string{"a"}}, "Applications"},
		{app.Spec[app.None]{Name: "a", Applications: []string{"b", "b"}}, "Applications"},
		{app.Spec[app.None]{Name: "a", Optional: []string{""}}, "Optional"},
		{app.Spec[app.None]{Name: "a", StartTimeout: -2}, "StartTimeout"},
		{app.Spec[app.None]{Name: "a", StopTimeout: -2}, "StopTimeout"},
		{app.Spec[app.None]{Name: "a", Start: start, Phases: []app.Phase{{Name: "p"}}}, "StartPhase"},
		{app.Spec[app.None]{Name: "a", Start: start, StartPhase: phase, Phases: []app.Phase{{}}}, "Phases"},
		{app.Spec[app.None]{Name: "a", Start: start, StartPhase: phase, Phases: []app.Phase{{Name: "p"}, {Name: "p"}}}, "Phases"},
		{app.Spec[app.None]{Name: "a", Start: start, StartPhase: phase, Phases: []app.Phase{{Name: "p", Arg: make(chan int)}}}, "Phases"},
		{app.Spec[app.None]{Name: "a", StartPhase: phase, Phases: []app.Phase{{Name: "p"}}}, "Start"},
		{app.Spec[app.None]{Name: "a", Stop: func(*app.Ctx[app.None]) error { return nil }}, "Start"},
		{app.Spec[app.None]{Name: "a", Included: []app.App{{}}}, "Included"},
		{app.Spec[app.None]{Name: "a", Included: []app.App{app.New(app.Spec[app.None]{Name: "a"})}}, "Included"},
	} {
		e := assert.ErrorAs[*app.SpecError](t, app.New(tc.spec).Check())
		assert.Equal(t, e.Field, tc.field)
	}
	assert.ErrorAs[*app.SpecError](t, app.App{}.Check())
	for name, a := range map[string]app.App{
		"a channel":  app.New(app.Spec[struct{ C chan int }]{Name: "a"}),
		"no struct":  app.New(app.Spec[int]{Name: "a"}),
		"a function": app.New(app.Spec[struct{ F func() }]{Name: "a"}),
	} {
		if e := assert.ErrorAs[*app.SpecError](t, a.Check()); e.Field != "Config" {
			t.Errorf("%s: %v", name, e)
		}
	}
}

func phase(*app.Ctx[app.None], string, any) error { return nil }

func TestOrder(t *testing.T) {
	a := func(name string, needs ...string) app.App {
		return app.New(app.Spec[app.None]{Name: name, Applications: needs})
	}
	order, err := app.Order(a("shop", "db", "cache"), a("db"), a("other"), a("cache", "db"))
	assert.NoError(t, err)
	assert.Equal(t, order, []string{"db", "cache", "shop", "other"})
	_, err = app.Order(a("shop", "db"))
	assert.Equal(t, err.Error(), "app: cannot start shop: shop needs db, which is not loaded")
	assert.ErrorIs(t, err, app.ErrNotLoaded)
	_, err = app.Order(a("x", "y"), a("y", "z"), a("z", "x"))
	assert.Equal(t, err.Error(), "app: the applications need each other: x needs y needs z needs x")
	_, err = app.Order(a("x"), a("x"))
	assert.ErrorIs(t, err, app.ErrAlreadyLoaded)
}

func TestSecret(t *testing.T) {
	s := app.NewSecret("rosebud")
	type holder struct {
		Open   app.Secret
		closed app.Secret
	}
	h := holder{s, s}
	for _, text := range []string{
		fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s %q %x", s, s, s, s, s, s), fmt.Sprintf("%v %+v %#v", h, h, h), s.LogValue().String(),
	} {
		assert.True(t, !strings.Contains(text, "rosebud"), "it is told: %s", text)
	}
	copied, err := kista.Copy(h)
	assert.NoError(t, err)
	assert.Equal(t, copied.closed.Reveal()+copied.Open.Reveal(), "rosebudrosebud")
	assert.Equal(t, app.Secret{}.Reveal(), "")
}
