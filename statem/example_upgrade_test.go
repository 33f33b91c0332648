package statem_test

import (
	"context"
	"fmt"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/statem"
	"github.com/kista-go/kista/sys"
)

// Push goes through a turnstile; Coin pays for it.
type (
	Push struct{ server.Replies[string] }
	Coin struct{ server.Replies[string] }
)

// turnstile is the code of turnstiles: version 1 counts coins in an int.
var turnstile = func() *statem.Mux[string, int] {
	type ctx = statem.Ctx[string]
	m := &statem.Mux[string, int]{Version: "turnstile/1"}
	statem.OnCall(m.In("locked"), func(*ctx, *int, Push) (string, error) { return "pay first", nil })
	statem.OnCall(m.In("locked"), func(c *ctx, coins *int, _ Coin) (string, error) {
		*coins++
		c.NextState("unlocked")
		return "thank you", nil
	})
	statem.OnCall(m.In("unlocked"), func(c *ctx, _ *int, _ Push) (string, error) {
		c.NextState("locked")
		return "go through", nil
	})
	return m
}()

// takings is the data of version 2, which also counts who went through.
type takings struct{ Coins, People int }

// turnstile2 is what turnstiles are to become, and the way there.
var turnstile2 = func() statem.Code[string] {
	type ctx = statem.Ctx[string]
	m := &statem.Mux[string, takings]{Version: "turnstile/2"}
	m.In("locked")
	statem.OnCall(m.In("unlocked"), func(c *ctx, t *takings, _ Push) (string, error) {
		t.People++
		c.NextState("locked")
		return fmt.Sprintf("go through, number %d", t.People), nil
	})
	return statem.Upgrade(m, func(ch kista.CodeChange, state string, coins *int) (string, *takings, error) {
		fmt.Println("from", ch.From, "in state", state)
		return state, &takings{Coins: *coins, People: *coins - 1}, nil // one has paid and not gone yet
	})
}()

// New code for a machine that runs: its state stays, its data is migrated.
func ExampleUpgrade() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{})
	defer node.Stop(ctx)

	locked := func(*statem.Ctx[string], struct{}) (string, *int, error) { return "locked", new(int), nil }
	pid, _ := statem.Start(ctx, node, statem.Of(turnstile, locked), struct{}{}, statem.Opts{})
	fmt.Println(server.Call(ctx, pid, Push{}))
	fmt.Println(server.Call(ctx, pid, Coin{}))

	_, err := sys.Upgrade(ctx, sys.Plan{Steps: []sys.Step{{PIDs: []kista.PID{pid}, Code: turnstile2}}})
	fmt.Println(err)
	fmt.Println(server.Call(ctx, pid, Push{}))
	fmt.Println(sys.State[statem.Snapshot[string]](ctx, pid))
	// Output:
	// pay first <nil>
	// thank you <nil>
	// from turnstile/1 in state unlocked
	// <nil>
	// go through, number 1 <nil>
	// {locked {1 1}} <nil>
}
