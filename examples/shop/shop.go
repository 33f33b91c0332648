package main

import (
	"errors"
	"net/netip"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/app"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/statem"
	"github.com/kista-go/kista/supervisor"
)

// shopConfig is the configuration of the application shop.
type shopConfig struct {
	Listen  netip.AddrPort `doc:"where to listen"`
	Price   int            `doc:"what a thing costs"`
	Token   app.Secret     `doc:"who knows it may read the takings; empty: nobody"`
	Patient time.Duration  `doc:"how long a request may take"`
}

// Validate says what is wrong with it.
func (c *shopConfig) Validate() error {
	if c.Price <= 0 {
		return app.Invalid("price", "nothing is free here")
	}
	return nil
}

// shopApp sells what the application stock has.
var shopApp = app.New(app.Spec[shopConfig]{
	Name: "shop", Version: "1.0.0", Description: "sells things over HTTP",
	Applications: []string{"stock"},
	Config: shopConfig{
		Listen: netip.MustParseAddrPort("127.0.0.1:8080"), Price: 2, Patient: 5 * time.Second,
	},
	Phases: []app.Phase{{Name: "check"}},
	Start: func(c *app.Ctx[shopConfig]) (kista.Program, error) {
		// If one of them fails, they all start afresh.
		return supervisor.Program(supervisor.Spec{
			Strategy: supervisor.OneForAll,
			Children: []supervisor.Child{
				{ID: "till", Start: server.Child(server.Of(&tillCode, newTill), c.Config.Price, server.Opts{Name: "till"})},
				{ID: "door", Start: statem.Child(statem.Of(&doorCode, newDoor), struct{}{}, statem.Opts{Name: "door"})},
				{ID: "front", Start: kista.BodyProgram(kista.SpawnOpts{Name: "front"}, true, front(c.Config))},
			},
		}, supervisor.Opts{Name: "shop"}), nil
	},
	StartPhase: func(c *app.Ctx[shopConfig], _ string, _ any) error {
		// The start counts only if the till answers.
		_, err := server.Call(c, c.Node().Name("till"), takings{})
		return err
	},
	PrepStop: func(c *app.Ctx[shopConfig]) error {
		// The last customers are served before the till closes.
		_, err := server.CallFor(c, c.Config.Patient, c.Node().Name("door"), shut{})
		if errors.Is(err, kista.ErrNoProcess) {
			return nil // the tree has ended by itself
		}
		return err
	},
	ConfigChange: func(c *app.Ctx[shopConfig], ch app.Change[shopConfig]) error {
		if ch.Old.Price != c.Config.Price {
			return server.Cast(c.Node().Name("till"), price{c.Config.Price})
		}
		return nil
	},
})
