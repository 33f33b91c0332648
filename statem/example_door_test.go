package statem_test

import (
	"context"
	"fmt"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/statem"
)

// doorState is a state with parts: any value that == compares can be one.
type doorState struct{ Open, Locked bool }

// door is a Handler: one function for all states, and its data.
type door struct{ Opened int }

// Try does something with a door. The answer says how it is then.
type Try struct {
	server.Replies[string]
	What string
}

// Handle gets every event in every state.
func (d *door) Handle(c *statem.Ctx[doorState], ev statem.Event) error {
	q, ok := ev.Msg.(Try)
	if !ok {
		return nil
	}
	s := c.State()
	switch q.What {
	case "open":
		if s.Locked {
			c.Reply(ev.From, "it is locked")
			return nil
		}
		d.Opened++
		s.Open = true
	case "close":
		s.Open = false
	case "lock":
		if s.Open {
			return statem.Postpone // until it is closed
		}
		s.Locked = true
	}
	c.NextState(s)
	c.Reply(ev.From, q.What+": done")
	return nil
}

// The primitive beneath the Mux is one method, for all events in all states.
func ExampleHandler() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{})
	defer node.Stop(ctx)

	newDoor := func(*statem.Ctx[doorState], struct{}) (doorState, statem.Handler[doorState], error) {
		return doorState{}, &door{}, nil
	}
	pid, _ := statem.Start(ctx, node, newDoor, struct{}{}, statem.Opts{})
	fmt.Println(server.Call(ctx, pid, Try{What: "open"}))
	locking := server.Begin(ctx, pid, Try{What: "lock"}) // while it is open
	fmt.Println(server.Call(ctx, pid, Try{What: "close"}))
	fmt.Println(locking.Wait(ctx))
	fmt.Println(server.Call(ctx, pid, Try{What: "open"}))

	snapshot, _ := kista.System(ctx, pid, kista.GetState{})
	fmt.Println("opened", snapshot.(statem.Snapshot[doorState]).Data.(*door).Opened, "time")
	// Output:
	// open: done <nil>
	// close: done <nil>
	// lock: done <nil>
	// it is locked <nil>
	// opened 1 time
}
