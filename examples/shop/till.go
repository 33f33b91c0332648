package main

import (
	"github.com/kista-go/kista/server"
)

type (
	// sell sells one thing, and is answered with a receipt.
	sell struct {
		server.Replies[receipt]
		Item string
	}
	receipt struct {
		Item string `json:"item"`
		Cost int    `json:"cost"`
		Left int    `json:"left"`
	}
	// takings asks how much there is in the till.
	takings struct{ server.Replies[int] }
	// price is a cast: things cost that much from now on.
	price struct{ Each int }
	// till is the state of the server.
	till struct{ price, takings int }
)

var tillCode server.Mux[till]

func init() {
	server.OnCall(&tillCode, func(c *server.Ctx, t *till, q sell) (receipt, error) {
		left, err := server.Call(c, c.Node().Name("stock"), take{Item: q.Item})
		if err != nil {
			return receipt{}, err // also the news that the stock is gone: an answer
		}
		t.takings += t.price
		return receipt{Item: q.Item, Cost: t.price, Left: left}, nil
	})
	server.OnCall(&tillCode, func(_ *server.Ctx, t *till, _ takings) (int, error) { return t.takings, nil })
	server.OnCast(&tillCode, func(_ *server.Ctx, t *till, p price) error {
		t.price = p.Each
		return nil
	})
}

func newTill(_ *server.Ctx, price int) (*till, error) { return &till{price: price}, nil }
