package main

import (
	"errors"
	"fmt"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/app"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/supervisor"
)

// stockConfig is the configuration of the application stock.
type stockConfig struct {
	Items map[string]int `doc:"how many of each thing there are at first"`
}

// Validate says what is wrong with it.
func (c *stockConfig) Validate() error {
	for item, n := range c.Items {
		if n < 0 {
			return app.Invalid("items", fmt.Sprintf("%s: there cannot be %d", item, n))
		}
	}
	return nil
}

// stockApp knows how many of each thing there are.
var stockApp = app.New(app.Spec[stockConfig]{
	Name: "stock", Version: "1.0.0", Description: "how many of each thing there are",
	Config: stockConfig{Items: map[string]int{"apple": 5}},
	Start: func(c *app.Ctx[stockConfig]) (kista.Program, error) {
		return supervisor.Program(supervisor.Spec{Children: []supervisor.Child{
			{ID: "stock", Start: server.Child(server.Of(&stockCode, newStock), c.Config.Items, server.Opts{Name: "stock"})},
		}}, supervisor.Opts{}), nil
	},
})

// errSoldOut is the answer when there is none left.
var errSoldOut = errors.New("sold out")

func init() { kista.RegisterError(errSoldOut) }

type (
	// take takes one of the items, and is answered with how many are left.
	take struct {
		server.Replies[int]
		Item string
	}
	// stock is the state of the server.
	stock struct{ left map[string]int }
)

var stockCode server.Mux[stock]

func init() {
	server.OnCall(&stockCode, func(_ *server.Ctx, s *stock, q take) (int, error) {
		if s.left[q.Item] == 0 {
			return 0, errSoldOut
		}
		s.left[q.Item]--
		return s.left[q.Item], nil
	})
}

func newStock(_ *server.Ctx, items map[string]int) (*stock, error) { return &stock{left: items}, nil }
