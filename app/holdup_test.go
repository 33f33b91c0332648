package app_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/app"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/supervisor"
)

// Who is waited for is found at the end of the chain: a callback, a child deep in the
// tree that starts or stops, or the top process itself.
func TestHoldups(t *testing.T) {
	free := func() (chan struct{}, kista.Program) {
		ch := make(chan struct{})
		return ch, kista.BodyProgram(kista.SpawnOpts{Label: "slow one"}, true, func(s *kista.Self) error {
			<-ch
			_ = s.Started()
			<-s.Done()
			<-ch
			return nil
		})
	}
	for _, tc := range []struct {
		name string
		wrap func(pr kista.Program) kista.Program
		want string
	}{
		{"top", func(pr kista.Program) kista.Program { return pr }, `a (body "slow one", PID) runs its own code, since 3s`},
		{"child", func(pr kista.Program) kista.Program {
			in := supervisor.Program(supervisor.Spec{Children: []supervisor.Child{
				{ID: "first", Start: supervisor.Body(func(s *kista.Self) error {
					_, err := s.Receive()
					return err
				})},
				{ID: "slow", Start: pr, Shutdown: kista.NoTimeout},
			}}, supervisor.Opts{})
			return supervisor.Program(supervisor.Spec{Children: []supervisor.Child{{ID: "in", Start: in}}}, supervisor.Opts{})
		}, `a/in/slow (body "slow one", PID) runs its own code, since 3s`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ch, slow := free()
				slow.Opts.Shutdown, slow.Opts.Grace = kista.NoTimeout, kista.NoTimeout
				a := app.New(app.Spec[app.None]{Name: "a", Start: func(*app.Ctx[app.None]) (kista.Program, error) { return tc.wrap(slow), nil }})
				node(t, app.Opts{}, func(n *kista.Node, ctl kista.PID) {
					holdups := func(since string) string {
						time.Sleep(3 * time.Second) // sleep: time is virtual
						all, err := app.Holdups(ctx, n, ctl)
						assert.NoError(t, err)
						if len(all) == 0 {
							return ""
						}
						assert.Equal(t, len(all), 1)
						text := strings.ReplaceAll(all[0].String(), all[0].PID.String(), "PID")
						return strings.Replace(text, "since "+since, "since 3s", 1)
					}
					assert.NoError(t, app.Load(ctx, ctl, a))
					done := make(chan error, 1)
					go func() { done <- app.Start(ctx, ctl, "a", app.Temporary) }()
					assert.Equal(t, holdups("3s"), tc.want)
					ch <- struct{}{}
					assert.NoError(t, <-done)
					assert.Equal(t, holdups(""), "")
					go func() { done <- app.Stop(ctx, ctl, "a") }()
					assert.Equal(t, holdups("9s"), tc.want)
					ch <- struct{}{}
					assert.NoError(t, <-done)
					assert.Equal(t, holdups(""), "")
				})
			})
		})
	}
}

// A controller that somebody has suspended stops its applications all the same when its node is stopped.
func TestSuspendedControllerStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stopped := make(chan string, 1)
		a := app.New(app.Spec[app.None]{
			Name: "a",
			Start: func(*app.Ctx[app.None]) (kista.Program, error) {
				return supervisor.Body(func(s *kista.Self) error { _, err := s.Receive(); return err }), nil
			},
			Stop: func(*app.Ctx[app.None]) error { stopped <- "a"; return nil },
		})
		n, err := kista.Start(kista.Config{})
		assert.NoError(t, err)
		ctl, err := app.StartController(ctx, n, app.Opts{})
		assert.NoError(t, err)
		assert.NoError(t, app.Load(ctx, ctl, a))
		assert.NoError(t, app.Start(ctx, ctl, "a", app.Temporary))
		_, err = kista.System(ctx, ctl, kista.Suspend{})
		assert.NoError(t, err)
		began := time.Now()
		assert.NoError(t, n.Stop(ctx))
		assert.Equal(t, <-stopped, "a")
		assert.True(t, time.Since(began) < time.Second, "it took %v", time.Since(began))
	})
}
