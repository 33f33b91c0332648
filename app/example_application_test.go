package app_test

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/app"
	"github.com/kista-go/kista/supervisor"
)

// TickerConfig is the configuration of the application ticker.
type TickerConfig struct {
	Every time.Duration `doc:"how often it ticks"`
}

// Validate says what is wrong with it.
func (c *TickerConfig) Validate() error {
	if c.Every <= 0 {
		return app.Invalid("every", "time does not go backwards")
	}
	return nil
}

// Ticker is an application: configuration, and a tree of processes.
var Ticker = app.New(app.Spec[TickerConfig]{
	Name:   "ticker",
	Config: TickerConfig{Every: time.Hour}, // the defaults
	Start: func(c *app.Ctx[TickerConfig]) (kista.Program, error) {
		fmt.Println("start, every", c.Config.Every)
		return supervisor.Program(supervisor.Spec{Children: []supervisor.Child{
			{ID: "tick", Start: supervisor.Func(func(ctx context.Context) error {
				<-ctx.Done()
				return ctx.Err()
			})},
		}}, supervisor.Opts{}), nil
	},
	Stop: func(*app.Ctx[TickerConfig]) error {
		fmt.Println("stop")
		return nil
	},
})

// An application is loaded, started with what it needs, and stopped in order with
// its node.
func Example() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{Logger: slog.New(slog.DiscardHandler)})
	defer node.Stop(ctx)

	ctl, _ := app.StartController(ctx, node, app.Opts{Config: app.Sources{Env: []string{"TICKER_EVERY=2s"}}})
	fmt.Println(app.Load(ctx, ctl, Ticker))
	fmt.Println(app.EnsureAllStarted(ctx, ctl, app.Permanent, "ticker"))
	// Output:
	// <nil>
	// start, every 2s
	// [ticker] <nil>
	// stop
}

// Every mistake in the configuration is found, with its source.
func ExampleLoad() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{Logger: slog.New(slog.DiscardHandler)})
	defer node.Stop(ctx)

	ctl, _ := app.StartController(ctx, node, app.Opts{Config: app.Sources{
		Env:   []string{"TICKER_EVERY=5x"},
		Flags: []string{"--ticker.evry=5s"},
	}})
	fmt.Println(app.Load(ctx, ctl, Ticker))
	// Output:
	// ticker.every: "5x" from TICKER_EVERY: not a duration, such as 1m30s or 250ms
	// ticker.evry: from --ticker.evry: unknown key; do you mean ticker.every?
}
