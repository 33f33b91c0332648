package server_test

import (
	"context"
	"fmt"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
)

// Double asks for twice a number.
type Double int

// Reply says that the answer is an int.
func (Double) Reply() (n int) { return }

// The first server of the talk: it knows one function and has no state.
func Example_double() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{})
	defer node.Stop(ctx)

	double := new(server.Mux[struct{}])
	server.OnCall(double, func(_ *server.Ctx, _ *struct{}, x Double) (int, error) {
		return 2 * int(x), nil
	})
	noState := func(*server.Ctx, struct{}) (*struct{}, error) { return nil, nil }

	pid, err := server.Start(ctx, node, server.Of(double, noState), struct{}{}, server.Opts{})
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := server.Call(ctx, pid, Double(21))
	fmt.Println(answer, err)
	// Output: 42 <nil>
}
