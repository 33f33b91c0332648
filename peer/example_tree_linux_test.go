package peer_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/peer"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/supervisor"
)

type (
	// Deposit adds to an account.
	Deposit struct {
		server.Replies[int]
		Amount int
	}
	// Ruin ends the OS process that it reaches.
	Ruin struct{}
)

var accounts = func() *server.Mux[int] {
	m := new(server.Mux[int])
	server.OnCall(m, func(_ *server.Ctx, balance *int, q Deposit) (int, error) {
		*balance += q.Amount
		return *balance, nil
	})
	server.OnCast(m, func(*server.Ctx, *int, Ruin) error {
		os.Exit(3) // some library does
		return nil
	})
	return m
}()

func open(_ *server.Ctx, balance int) (*int, error) { return &balance, nil }

// bank is what a peer can be asked to run: a supervisor with an account.
var bank = peer.Register("example/bank", func(balance int) kista.Program {
	return supervisor.Program(supervisor.Spec{Children: []supervisor.Child{
		{ID: "joe", Start: server.Child(server.Of(accounts, open), balance, server.Opts{Name: "joe"})},
	}}, supervisor.Opts{})
})

func init() { peer.RegisterType(Deposit{}, Ruin{}) }

// A supervised subtree in an OS process of its own: what ends that process is an exit reason here, and a supervisor starts it
// again. (Main is called first in main, or here in TestMain.)
func Example_tree() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{Logger: slog.New(slog.DiscardHandler)})
	defer node.Stop(ctx)

	_, err := supervisor.Start(ctx, node, supervisor.Spec{Children: []supervisor.Child{
		{ID: "bank", Start: bank.Program(100, peer.Spec{Name: "bank"}, peer.Opts{Name: "bank"})},
	}}, supervisor.Opts{})
	if err != nil {
		fmt.Println(err)
		return
	}
	joe := node.Remote("bank", "joe")
	balance, err := server.Call(ctx, joe, Deposit{Amount: 10})
	fmt.Println(balance, err)

	before, _ := node.WhereIs("bank")
	_ = server.Cast(joe, Ruin{})
	reason, _ := kista.Wait(ctx, before)
	if death, is := reason.(*peer.DeathError); is {
		fmt.Println(death.Cause, death.Code)
	}

	_, _ = node.AwaitName(ctx, "bank")
	for balance, err = 0, kista.ErrNoConnection; err != nil; { // it is being started
		balance, err = server.Call(ctx, joe, Deposit{Amount: 10})
	}
	fmt.Println(balance, err)
	// Output:
	// 110 <nil>
	// exit 3
	// 110 <nil>
}
