package app_test

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/app"
	"github.com/kista-go/kista/supervisor"
)

// LimitsConfig is the configuration of the application gate.
type LimitsConfig struct {
	Rate   int            `doc:"requests a second"`
	Limits map[string]int `doc:"by customer"`
}

// Configuration may change while the program runs. The application is told what has
// become of which keys; an element of a map counts as one.
func ExampleReconfigure() {
	gate := app.New(app.Spec[LimitsConfig]{
		Name:   "gate",
		Config: LimitsConfig{Rate: 100},
		Start: func(*app.Ctx[LimitsConfig]) (kista.Program, error) {
			return supervisor.Program(supervisor.Spec{}, supervisor.Opts{}), nil
		},
		ConfigChange: func(c *app.Ctx[LimitsConfig], ch app.Change[LimitsConfig]) error {
			fmt.Println("rate", ch.Old.Rate, "is now", c.Config.Rate)
			fmt.Println("changed", ch.Changed, "new", ch.New, "removed", ch.Removed)
			return nil
		},
	})
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{Logger: slog.New(slog.DiscardHandler)})
	defer node.Stop(ctx)
	ctl, _ := app.StartController(ctx, node, app.Opts{Config: app.Sources{Flags: []string{"--gate.limits.joe=5"}}})
	_ = app.Load(ctx, ctl, gate)
	_ = app.Start(ctx, ctl, "gate", app.Permanent)

	fmt.Println(app.Reconfigure(ctx, ctl, app.Sources{Flags: []string{"--gate.rate=20", "--gate.limits.ann=7"}}))
	fmt.Println(app.Reconfigure(ctx, ctl, app.Sources{Flags: []string{"--gate.rate=many"}}))
	// Output:
	// rate 100 is now 20
	// changed [rate] new [limits.ann] removed [limits.joe]
	// <nil>
	// gate.rate: "many" from --gate.rate: not an integer
}
