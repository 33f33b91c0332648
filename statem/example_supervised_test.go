package statem_test

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/statem"
	"github.com/kista-go/kista/supervisor"
)

// A machine that goes to a state that does not exist ends with a reason that says
// so. Its supervisor starts it again, in its first state.
func ExampleActionError() {
	type ctx = statem.Ctx[string]
	m := new(statem.Mux[string, int])
	m.In("green", "red")
	statem.OnCall(m.Any(), func(c *ctx, _ *int, q Try) (string, error) {
		if q.What != "" {
			c.NextState(q.What)
		}
		return "it was " + c.State(), nil
	})

	background := context.Background()
	node, _ := kista.Start(kista.Config{Logger: slog.New(slog.DiscardHandler)})
	defer node.Stop(background)
	green := func(*ctx, struct{}) (string, *int, error) { return "green", nil, nil }
	_, _ = supervisor.Start(background, node, supervisor.Spec{Children: []supervisor.Child{
		{ID: "light", Start: statem.Child(statem.Of(m, green), struct{}{}, statem.Opts{Name: "light"})},
	}}, supervisor.Opts{})

	light := node.Name("light")
	fmt.Println(server.Call(background, light, Try{What: "red"}))
	_, err := server.Call(background, light, Try{What: "blue"})
	if call, ok := err.(*kista.CallError); ok {
		if bad, ok := call.Reason.(*statem.ActionError); ok {
			fmt.Println(bad.Action, "in", bad.State+":", bad.Why)
		}
	}
	_, _ = node.AwaitName(background, "light")
	fmt.Println(server.Call(background, light, Try{}))
	// Output:
	// it was green <nil>
	// NextState in red: the state blue is unknown
	// it was green <nil>
}
