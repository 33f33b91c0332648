package server_test

import (
	"context"
	"fmt"
	"slices"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
)

// Many servers are asked at once, and the answers taken as they come.
func ExampleCalls() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{})
	defer node.Stop(ctx)

	for i, name := range []string{"joe", "ann"} {
		_, _ = server.Start(ctx, node, server.Of(accounts, openAccount), 100*i, server.Opts{Name: name})
	}
	var calls server.Calls[string, int]
	for _, name := range []string{"joe", "ann", "bob"} {
		calls.Add(name, server.Begin(ctx, node.Name(name), Deposit{Amount: 1}))
	}
	var lines []string
	for calls.Len() > 0 {
		a, err := calls.Next(ctx)
		if err != nil {
			fmt.Println(err)
			return
		}
		lines = append(lines, fmt.Sprintln(a.Label, a.Reply, a.Err))
	}
	slices.Sort(lines)
	fmt.Print(lines[0], lines[1], lines[2])
	// Output:
	// ann 101 <nil>
	// bob 0 kista: call of bob with server_test.Deposit: kista: nobody is registered as "bob"
	// joe 1 <nil>
}
