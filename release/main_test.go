package release_test

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/app"
	"github.com/kista-go/kista/release"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/supervisor"
)

// TestMain lets the test binary be a release, as a process of its own.
func TestMain(m *testing.M) {
	if os.Getenv("BE_A_RELEASE") != "" {
		os.Exit(release.Main(trial))
	}
	goleak.VerifyTestMain(m)
}

// trial is a release that says on its standard output what it does, and does
// wrong what its configuration says.
var trial = release.Release{
	Name: "trial", Version: "1.2.3", Description: "is tried out",
	Apps: []release.Entry{
		{App: web},
		{App: db},
		{App: extra, Type: app.Temporary},
		{App: idle, LoadOnly: true},
	},
}

// hangs is the level whose check never ends.
const hangs = 13

// trialConfig says what goes wrong.
type trialConfig struct {
	Level    int           `doc:"any number"`
	Hold     time.Duration `doc:"how long its worker takes to stop"`
	Deaf     bool          `doc:"its Stop never returns"`
	Fail     string        `doc:"start: it does not start; block: its start never ends; normal, boom: its tree ends so"`
	Password app.Secret    `doc:"nobody sees it"`
}

func (c *trialConfig) Validate() error {
	if c.Level == hangs {
		fmt.Println("validate")
		select {}
	}
	if c.Level < 0 {
		return app.Invalid("level", "it must not be negative")
	}
	return nil
}

var (
	errBoom = errors.New("boom")
	db      = trialApp("db")
	web     = trialApp("web", "db")
	extra   = trialApp("extra", "web")
	idle    = trialApp("idle")
)

func trialApp(name string, needs ...string) app.App {
	say := func(what string) error {
		_, err := fmt.Println(name, what)
		return err
	}
	return app.New(app.Spec[trialConfig]{
		Name: name, Version: "0.1", Applications: needs, Description: "says what it does",
		Start: func(c *app.Ctx[trialConfig]) (kista.Program, error) {
			_ = say("start")
			switch c.Config.Fail {
			case "start":
				return kista.Program{}, errBoom
			case "block":
				<-c.Done()
				return kista.Program{}, c.Err()
			case "normal", "boom":
				reason := map[string]error{"boom": errBoom}[c.Config.Fail]
				return supervisor.Body(func(*kista.Self) error { return reason }), nil
			}
			return supervisor.Program(supervisor.Spec{Children: []supervisor.Child{
				{ID: "inner", Start: supervisor.Program(supervisor.Spec{Children: []supervisor.Child{
					{
						ID: "worker", Shutdown: time.Hour,
						Start: server.Child(worker, c.Config.Hold, server.Opts{Name: name + "_worker", TrapExits: true}),
					},
				}}, supervisor.Opts{})},
			}}, supervisor.Opts{}), nil
		},
		PrepStop: func(*app.Ctx[trialConfig]) error { return say("prep_stop") },
		Stop: func(c *app.Ctx[trialConfig]) error {
			_ = say("stop")
			if c.Config.Deaf {
				select {}
			}
			return nil
		},
		ConfigChange: func(c *app.Ctx[trialConfig], ch app.Change[trialConfig]) error {
			return say(fmt.Sprint("config_change ", ch.Changed, ch.New, ch.Removed, " level ", c.Config.Level))
		},
	})
}

// slowWorker takes its time to stop.
type slowWorker struct{ hold time.Duration }

func worker(_ *server.Ctx, hold time.Duration) (server.Handler, error) { return &slowWorker{hold}, nil }

func (w *slowWorker) Handle(*server.Ctx, any) error { return nil }

func (w *slowWorker) Terminate(c *server.Ctx, _ error) error {
	if w.hold > 0 {
		fmt.Println(c.Name(), "holds")
		t := time.NewTimer(w.hold)
		defer t.Stop()
		select {
		case <-t.C:
		case <-c.Done():
		}
	}
	return nil
}
