package server_test

import (
	"context"
	"fmt"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
)

// Step makes an answer and the next data of a request and the present data.
type Step = kista.CodeHandle[func(x, data int) (reply, next int)]

var (
	sum2     = kista.Code("sum/2", func(x, data int) (int, int) { return data + x, data + x })
	product2 = kista.Code("product/2", func(x, data int) (int, int) { return data * x, data * x })
)

// Cell is the state of a server with data.
type Cell struct {
	Step Step
	Data int
}

// Become gives the server another function for the data that it has.
type Become struct{ Step Step }

// The third server of the talk: it has data, which outlive the function.
func Example_data() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{})
	defer node.Stop(ctx)

	cells := new(server.Mux[Cell])
	server.OnCall(cells, func(_ *server.Ctx, c *Cell, q Apply) (reply int, err error) {
		reply, c.Data = c.Step.Func()(q.X, c.Data)
		return reply, nil
	})
	server.OnCast(cells, func(_ *server.Ctx, c *Cell, b Become) error {
		c.Step = b.Step
		return nil
	})
	start := func(_ *server.Ctx, c Cell) (*Cell, error) { return &c, nil }

	pid, _ := server.Start(ctx, node, server.Of(cells, start), Cell{Step: sum2}, server.Opts{})
	fmt.Println(server.Call(ctx, pid, Apply{X: 4}))
	fmt.Println(server.Call(ctx, pid, Apply{X: 3}))
	_ = server.Cast(pid, Become{product2})
	fmt.Println(server.Call(ctx, pid, Apply{X: 6}))
	// Output:
	// 4 <nil>
	// 7 <nil>
	// 42 <nil>
}
