package server_test

import (
	"context"
	"fmt"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
)

// Close asks an account for its last balance, and for its end.
type Close struct{ server.Replies[int] }

// A server that is asked to stop terminates first and answers then.
func ExampleStop() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{})
	defer node.Stop(ctx)

	m := new(server.Mux[Account])
	server.OnCall(m, func(_ *server.Ctx, a *Account, _ Close) (int, error) {
		return a.Balance, server.Stop(nil)
	})
	server.OnTerminate(m, func(*server.Ctx, *Account, error) error {
		fmt.Println("books closed")
		return nil
	})
	joe, _ := server.Start(ctx, node, server.Of(m, openAccount), 100, server.Opts{})
	fmt.Println(server.Call(ctx, joe, Close{}))
	// Output:
	// books closed
	// 100 <nil>
}
