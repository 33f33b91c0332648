package kista_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/supervisor"
)

type Deposit struct { // a request; the type of its answer travels with it
	server.Replies[int]
	Amount int
}

type Account struct{ balance int } // the state, which never leaves its process

var accounts server.Mux[Account] // the code that all accounts share

func init() {
	server.OnCall(&accounts, func(c *server.Ctx, a *Account, d Deposit) (int, error) {
		if d.Amount < 0 {
			panic("negative deposit") // a bug, let us say
		}
		a.balance += d.Amount
		return a.balance, nil
	})
}

func open(c *server.Ctx, balance int) (*Account, error) { return &Account{balance}, nil }

func Example_supervised() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{Logger: slog.New(slog.DiscardHandler)})
	defer node.Stop(ctx)

	joe := server.Child(server.Of(&accounts, open), 100, server.Opts{Name: "joe"})
	_, _ = supervisor.Start(ctx, node, supervisor.Spec{
		Children: []supervisor.Child{{ID: "joe", Start: joe}},
	}, supervisor.Opts{})

	fmt.Println(server.Call(ctx, node.Name("joe"), Deposit{Amount: 5}))

	_, err := server.Call(ctx, node.Name("joe"), Deposit{Amount: -1}) // ends joe, not the program
	var crash *kista.PanicError
	fmt.Println(errors.As(err, &crash), crash) // and the caller hears why, at once

	again, _ := node.AwaitName(ctx, "joe") // the supervisor has started joe again
	fmt.Println(server.Call(ctx, again, Deposit{Amount: 7}))
	// Output:
	// 105 <nil>
	// true kista: panic: negative deposit
	// 107 <nil>
}
