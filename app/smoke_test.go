package app_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/app"
	"github.com/kista-go/kista/supervisor"
)

func TestSmoke(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		n, _ := kista.Start(kista.Config{})
		ctl, err := app.StartController(ctx, n, app.Opts{})
		if err != nil {
			t.Fatal(err)
		}
		mk := func(name string, fail bool, needs ...string) app.App {
			return app.New(app.Spec[app.None]{
				Name: name, Applications: needs, Phases: []app.Phase{{Name: "init", Arg: 3}},
				Start: func(c *app.Ctx[app.None]) (kista.Program, error) {
					fmt.Println(name, "start", c.Type)
					c.State = name
					return supervisor.Program(supervisor.Spec{}, supervisor.Opts{}), nil
				},
				StartPhase: func(c *app.Ctx[app.None], phase string, arg any) error {
					fmt.Println(name, "phase", phase, arg, c.State)
					if fail {
						return errors.New("boom")
					}
					return nil
				},
				PrepStop: func(c *app.Ctx[app.None]) error { fmt.Println(name, "prep_stop"); return nil },
				Stop:     func(c *app.Ctx[app.None]) error { fmt.Println(name, "stop"); return nil },
			})
		}
		fmt.Println(app.Load(ctx, ctl, mk("a", false), mk("b", false, "a"), mk("c", true, "b")))
		fmt.Println(app.Start(ctx, ctl, "b", app.Permanent))
		fmt.Println(app.EnsureAllStarted(ctx, ctl, app.Permanent, "b"))
		fmt.Println(app.EnsureAllStarted(ctx, ctl, app.Permanent, "c"))
		fmt.Println(app.WhichApplications(ctx, ctl))
		fmt.Println(n.Stop(ctx))
	})
}
