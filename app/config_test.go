package app_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/app"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/supervisor"
)

type shopConfig struct {
	Port     int `doc:"where it listens"`
	Password app.Secret
	Limits   map[string]int
}

func (c *shopConfig) Validate() error {
	if c.Port == 13 {
		return errors.Join(app.Invalid("port", "an unlucky one"), app.Invalid("password", "guess"))
	}
	return nil
}

var shop = app.New(app.Spec[shopConfig]{Name: "shop", Version: "1", Description: "sells", Config: shopConfig{Port: 80}})

func TestKeys(t *testing.T) {
	keys := shop.Keys("P_")
	assert.Equal(t, keys[0], app.Setting{
		Key: "shop.port", Value: "80", Source: "default", Type: "integer", Doc: "where it listens", Env: "P_SHOP_PORT",
	})
	assert.Equal(t, keys[1].Value+keys[1].Type, "(secret)secret")
	assert.Equal(t, len(keys), 3)
	assert.Equal(t, app.App{}.Keys(""), nil)
	assert.Equal(t, shop.Name()+shop.Version()+shop.Description(), "shop1sells")
}

func TestReadWithoutANode(t *testing.T) {
	c, err := app.Read[shopConfig](app.Sources{Env: []string{"SHOP_PORT=81", "SHOP_PASSWORD=rosebud"}}, shop, []string{"shop"})
	assert.NoError(t, err)
	assert.Equal(t, fmt.Sprint(c.Port, " ", c.Password.Reveal()), "81 rosebud")

	_, err = app.Read[shopConfig](app.Sources{Flags: []string{"--shop.port=x", "--stock.x=1"}}, shop, []string{"shop"})
	assert.Equal(t, err.Error(), "shop.port: \"x\" from --shop.port: not an integer\nstock.x: from --stock.x: there is no application stock")
	assert.Equal(t, assert.ErrorAs[*app.ConfigError](t, err).Source, "--shop.port")

	_, err = app.Read[shopConfig](app.Sources{File: "not/there.json"}, shop, nil)
	assert.ErrorAs[app.ConfigErrors](t, err)
	_, err = app.Read[struct{ X int }](app.Sources{}, shop, nil)
	assert.ErrorAs[*app.SpecError](t, err)
	_, err = app.Read[shopConfig](app.Sources{}, app.App{}, nil)
	assert.ErrorAs[*app.SpecError](t, err)
}

// The mistakes reach the one who loads with all that is in them.
func TestLoadTellsAllMistakes(t *testing.T) {
	node(t, app.Opts{Config: app.Sources{Flags: []string{"--shop.port=13", "--shop.password=rosebud"}}}, func(_ *kista.Node, ctl kista.PID) {
		err := app.Load(ctx, ctl, shop)
		assert.Equal(t, err.Error(), "shop.port: \"13\" from --shop.port: an unlucky one\nshop.password: (secret) from --shop.password: guess")
		all, err := app.LoadedApplications(ctx, ctl)
		assert.NoError(t, err)
		assert.Equal(t, len(all), 0)
	})
	node(t, app.Opts{Config: app.Sources{File: "not/there.json"}}, func(_ *kista.Node, ctl kista.PID) {
		assert.ErrorAs[app.ConfigErrors](t, app.Load(ctx, ctl, shop))
	})
}

// A configuration that changes while an application starts reaches it afterwards, and
// so does that of an application that is part of it.
func TestConfigChangesWhileItStarts(t *testing.T) {
	type config struct{ N int }
	synctest.Test(t, func(t *testing.T) {
		goOn, told := make(chan struct{}), make(chan string, 10)
		tell := func(c *app.Ctx[config], ch app.Change[config]) error {
			told <- fmt.Sprint(c.App(), " ", ch.Old.N, "->", c.Config.N)
			return nil
		}
		in := app.New(app.Spec[config]{
			Name: "in", ConfigChange: tell,
			Start: func(*app.Ctx[config]) (kista.Program, error) {
				return supervisor.Program(supervisor.Spec{}, supervisor.Opts{}), nil
			},
		})
		out := app.New(app.Spec[config]{
			Name: "out", ConfigChange: tell, Included: []app.App{in},
			Start: func(c *app.Ctx[config]) (kista.Program, error) {
				pr, err := c.Include("in")
				<-goOn
				return pr, err
			},
		})
		assert.Equal(t, out.Included()[0].Name(), "in")
		node(t, app.Opts{}, func(_ *kista.Node, ctl kista.PID) {
			assert.NoError(t, app.Load(ctx, ctl, out))
			started := make(chan error, 1)
			go func() { started <- app.Start(ctx, ctl, "out", app.Permanent) }()
			synctest.Wait()
			assert.NoError(t, app.Reconfigure(ctx, ctl, app.Sources{Flags: []string{"--out.n=1", "--in.n=2"}}))
			assert.Silent(t, told)
			close(goOn)
			assert.NoError(t, <-started)
			assert.Equal(t, []string{<-told, <-told}, []string{"out 0->1", "in 0->2"})

			assert.NoError(t, app.Reconfigure(ctx, ctl, app.Sources{Flags: []string{"--out.n=1", "--in.n=3"}}))
			assert.Equal(t, <-told, "in 2->3")
			assert.Silent(t, told)
		})
	})
}

func TestInclude(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := app.New(app.Spec[app.None]{Name: "bad", Start: func(*app.Ctx[app.None]) (kista.Program, error) { return kista.Program{}, errBoom }})
		good := app.New(app.Spec[app.None]{Name: "good", Start: func(*app.Ctx[app.None]) (kista.Program, error) {
			return supervisor.Program(supervisor.Spec{}, supervisor.Opts{}), nil
		}})
		got := make(chan error, 10)
		a := app.New(app.Spec[app.None]{
			Name: "a", Included: []app.App{bad, good}, Phases: []app.Phase{{Name: "p"}},
			Start: func(c *app.Ctx[app.None]) (kista.Program, error) {
				for _, name := range []string{"nope", "bad", "good", "good"} {
					_, err := c.Include(name)
					got <- err
				}
				return supervisor.Program(supervisor.Spec{}, supervisor.Opts{}), nil
			},
			StartPhase: func(c *app.Ctx[app.None], _ string, _ any) error {
				_, err := c.Include("bad")
				got <- err
				return nil
			},
		})
		node(t, app.Opts{}, func(_ *kista.Node, ctl kista.PID) {
			assert.NoError(t, app.Load(ctx, ctl, a))
			assert.NoError(t, app.Start(ctx, ctl, "a", app.Permanent))
			assert.ErrorIs(t, <-got, app.ErrNotLoaded)
			assert.ErrorIs(t, <-got, errBoom)
			assert.NoError(t, <-got)
			assert.ErrorIs(t, <-got, app.ErrAlreadyStarted)
			assert.True(t, <-got != nil, "it was included after the start")
		})
	})
}

// What Start keeps in State reaches the later callbacks, and a new incarnation starts
// without it.
func TestState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := make(chan any, 10)
		a := app.New(app.Spec[app.None]{
			Name: "a", Phases: []app.Phase{{Name: "p"}},
			Start: func(c *app.Ctx[app.None]) (kista.Program, error) {
				seen <- c.State
				c.State = 1
				return supervisor.Program(supervisor.Spec{}, supervisor.Opts{}), nil
			},
			StartPhase: func(c *app.Ctx[app.None], _ string, _ any) error {
				seen <- c.State
				c.State = 2
				return nil
			},
			PrepStop: func(c *app.Ctx[app.None]) error {
				seen <- c.State
				c.State = 3
				panic("kept all the same")
			},
			Stop: func(c *app.Ctx[app.None]) error {
				seen <- c.State
				return nil
			},
		})
		node(t, app.Opts{}, func(_ *kista.Node, ctl kista.PID) {
			assert.NoError(t, app.Load(ctx, ctl, a))
			for range 2 {
				assert.NoError(t, app.Start(ctx, ctl, "a", app.Permanent))
				assert.NoError(t, app.Stop(ctx, ctl, "a"))
				assert.Equal(t, []any{<-seen, <-seen, <-seen, <-seen}, []any{nil, 1, 2, 3})
			}
		})
	})
}

// A tree that ends in the middle of the phases fails the start, and the callback under
// way is told.
func TestTreeEndsDuringAPhase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := app.New(app.Spec[app.None]{
			Name: "a", Phases: []app.Phase{{Name: "p"}, {Name: "q"}},
			Start: func(*app.Ctx[app.None]) (kista.Program, error) {
				return supervisor.Func(func(context.Context) error {
					time.Sleep(time.Second) // sleep: time is virtual
					return errBoom
				}), nil
			},
			StartPhase: func(c *app.Ctx[app.None], phase string, _ any) error {
				<-c.Done()
				return c.Err()
			},
		})
		node(t, app.Opts{}, func(_ *kista.Node, ctl kista.PID) {
			assert.NoError(t, app.Load(ctx, ctl, a))
			err := app.Start(ctx, ctl, "a", app.Permanent)
			assert.Equal(t, err.Error(), "app: cannot start a: tree: boom")
			assert.ErrorIs(t, err, errBoom)
		})
	})
}

// The processes that wait for a callback may be killed: there are new ones.
func TestRunnersAreReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ran := make(chan string, 10)
		a := app.New(app.Spec[app.None]{
			Name: "a",
			Start: func(*app.Ctx[app.None]) (kista.Program, error) {
				return supervisor.Program(supervisor.Spec{}, supervisor.Opts{}), nil
			},
			PrepStop: func(*app.Ctx[app.None]) error { ran <- "prep_stop"; return nil },
			Stop:     func(*app.Ctx[app.None]) error { ran <- "stop"; return nil },
		})
		node(t, app.Opts{}, func(n *kista.Node, ctl kista.PID) {
			assert.NoError(t, app.Load(ctx, ctl, a))
			assert.NoError(t, app.Start(ctx, ctl, "a", app.Permanent))
			killed := 0
			for pid := range n.Processes() {
				if info, _ := n.Info(pid); info.Label == "a callback" {
					assert.NoError(t, kista.Exit(pid, kista.Kill))
					killed++
				}
			}
			assert.Equal(t, killed, 2)
			synctest.Wait()
			assert.NoError(t, n.Stop(ctx)) // and now there is nothing new any more
			assert.Equal(t, []string{<-ran, <-ran}, []string{"prep_stop", "stop"})
		})
	})
}

func TestMisuse(t *testing.T) {
	node(t, app.Opts{}, func(n *kista.Node, ctl kista.PID) {
		started, err := app.EnsureAllStarted(ctx, ctl, app.Permanent)
		assert.NoError(t, err)
		assert.Equal(t, len(started), 0)
		assert.NoError(t, app.Load(ctx, ctl))
		assert.ErrorIs(t, app.Start(ctx, ctl, "a", app.Type(9)), app.ErrBadType)
		_, err = app.EnsureAllStarted(ctx, ctl, app.Type(9), "a")
		assert.ErrorIs(t, err, app.ErrBadType)
		_, err = app.Settings(ctx, ctl, "a")
		assert.ErrorIs(t, err, app.ErrNotLoaded)
		_, err = kista.Call(ctx, ctl, "hello")
		assert.ErrorIs(t, err, app.ErrUnknownRequest)
		_, err = app.StartController(ctx, n, app.Opts{})
		assert.ErrorAs[*kista.NameTakenError](t, err)

		stranger := n.Spawn(func(s *kista.Self) error {
			q, err := kista.Receive[kista.Request](s)
			if err == nil {
				err = q.From.Reply(42)
			}
			return err
		})
		_, err = app.WhichApplications(ctx, stranger)
		assert.ErrorIs(t, err, app.ErrNoController)
		assert.ErrorIs(t, app.Stop(ctx, stranger, "a"), kista.ErrNoProcess)
		assert.Equal(t, fmt.Sprint(app.Type(9), app.Takeover, app.Failover, app.Running), "unknown (9) takeover failover running")
	})
}
