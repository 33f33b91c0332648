package statem_test

import (
	"context"
	"fmt"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/statem"
)

// Named timeouts survive changes of state: here a whole order has a deadline,
// whatever state it is in, and the state of payment one of its own.
func ExampleNamed() {
	type ctx = statem.Ctx[string]
	deadline := statem.Named("deadline")
	m := new(statem.Mux[string, int])
	statem.OnEnter(m.In("placed"), func(c *ctx, _ *int, _ string) error {
		c.SetTimeout(deadline, 200*time.Millisecond, nil)
		return nil
	})
	statem.OnCast(m.In("placed"), func(c *ctx, _ *int, _ string) error {
		c.NextState("paying")
		c.SetTimeout(statem.StateTimeout, 5*time.Millisecond, nil)
		return nil
	})
	statem.OnTimeout(m.In("paying"), statem.StateTimeout, func(c *ctx, _ *int, _ any) error {
		fmt.Println("not paid: waiting for the customer")
		c.NextState("waiting")
		return nil
	})
	statem.OnTimeout(m.In("waiting"), deadline, func(c *ctx, _ *int, _ any) error {
		fmt.Println("too late: cancelled")
		return statem.Stop(nil)
	})

	background := context.Background()
	node, _ := kista.Start(kista.Config{})
	defer node.Stop(background)
	placed := func(*ctx, struct{}) (string, *int, error) { return "placed", nil, nil }
	pid, _ := statem.Start(background, node, statem.Of(m, placed), struct{}{}, statem.Opts{})
	_ = server.Cast(pid, "pay")
	_, _ = kista.Wait(background, pid)
	// Output:
	// not paid: waiting for the customer
	// too late: cancelled
}
