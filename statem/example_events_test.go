package statem_test

import (
	"context"
	"fmt"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/statem"
)

// One function per state, for all its events, as in Erlang's state functions.
func ExampleOnEvent() {
	type ctx = statem.Ctx[string]
	lamp := new(statem.Mux[string, int]) // the data: how often it went on
	statem.OnEvent(lamp.In("off"), func(c *ctx, times *int, ev statem.Event) error {
		if ev.Msg == "press" {
			*times++
			c.NextState("on")
		}
		return nil
	})
	statem.OnEvent(lamp.In("on"), func(c *ctx, times *int, ev statem.Event) error {
		if ev.Msg == "press" {
			c.NextState("off")
		}
		return nil
	})

	background := context.Background()
	node, _ := kista.Start(kista.Config{})
	defer node.Stop(background)
	off := func(*ctx, struct{}) (string, *int, error) { return "off", new(int), nil }
	pid, _ := statem.Start(background, node, statem.Of(lamp, off), struct{}{}, statem.Opts{})
	for range 3 {
		_ = server.Cast(pid, "press")
	}
	fmt.Println(kista.System(background, pid, kista.GetState{}))
	// Output: {on 2} <nil>
}
