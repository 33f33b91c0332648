package server_test

import (
	"context"
	"fmt"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
)

// Function is what a server of functions applies. A function is not data and
// cannot be sent; its registered handle can.
type Function = kista.CodeHandle[func(int) int]

var (
	double1 = kista.Code("double/1", func(x int) int { return 2 * x })
	triple1 = kista.Code("triple/1", func(x int) int { return 3 * x })
)

type (
	// Apply asks for the function's value at X.
	Apply struct {
		server.Replies[int]
		X int
	}
	// Swap gives the server another function.
	Swap struct{ To Function }
)

// The second server of the talk: its function is swapped while it runs.
func Example_swap() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{})
	defer node.Stop(ctx)

	functions := new(server.Mux[Function])
	server.OnCall(functions, func(_ *server.Ctx, f *Function, q Apply) (int, error) {
		return f.Func()(q.X), nil
	})
	server.OnCast(functions, func(_ *server.Ctx, f *Function, swap Swap) error {
		*f = swap.To
		return nil
	})
	first := func(_ *server.Ctx, f Function) (*Function, error) { return &f, nil }

	pid, _ := server.Start(ctx, node, server.Of(functions, first), double1, server.Opts{})
	fmt.Println(server.Call(ctx, pid, Apply{X: 21}))
	_ = server.Cast(pid, Swap{To: triple1})
	fmt.Println(server.Call(ctx, pid, Apply{X: 21}))
	// Output:
	// 42 <nil>
	// 63 <nil>
}
