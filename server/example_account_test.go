package server_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
)

// ErrTooLittle is an answer of accounts.
var ErrTooLittle = errors.New("not enough on the account")

type (
	// Account is the state of one server.
	Account struct{ Balance int }
	// Deposit adds to the balance.
	Deposit struct {
		server.Replies[int]
		Amount int
	}
	// Withdraw takes from the balance.
	Withdraw struct {
		server.Replies[int]
		Amount int
	}
)

// accounts is the code of all accounts.
var accounts = func() *server.Mux[Account] {
	m := new(server.Mux[Account])
	server.OnCall(m, func(_ *server.Ctx, a *Account, q Deposit) (int, error) {
		a.Balance += q.Amount
		return a.Balance, nil
	})
	server.OnCall(m, func(_ *server.Ctx, a *Account, q Withdraw) (int, error) {
		if q.Amount > a.Balance {
			return 0, ErrTooLittle
		}
		a.Balance -= q.Amount
		return a.Balance, nil
	})
	return m
}()

func openAccount(_ *server.Ctx, balance int) (*Account, error) { return &Account{balance}, nil }

// An error of a call's function is an answer. The server's death is one too.
func ExampleCall() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{})
	defer node.Stop(ctx)

	joe, _ := server.Start(ctx, node, server.Of(accounts, openAccount), 100, server.Opts{Name: "joe"})
	fmt.Println(server.Call(ctx, joe, Deposit{Amount: 10}))

	_, err := server.Call(ctx, node.Name("joe"), Withdraw{Amount: 1000})
	fmt.Println(err, errors.Is(err, ErrTooLittle))

	_ = server.Shutdown(ctx, joe, nil)
	_, err = server.Call(ctx, joe, Deposit{Amount: 10})
	fmt.Println(errors.Is(err, kista.ErrNoProcess))
	// Output:
	// 110 <nil>
	// server: refused: not enough on the account true
	// true
}
