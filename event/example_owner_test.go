package event_test

import (
	"context"
	"fmt"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/event"
)

// A process adds a handler that belongs to it. It hears when the handler has
// failed, and adds it again. When the process ends, the handler goes.
func ExampleAddSup() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{Logger: quiet})
	defer node.Stop(ctx)
	bus, _ := event.Start(ctx, node, event.Opts{})

	brittle := event.HandlerID{Module: "brittle"}
	listen := event.New(brittle, func(*event.Ctx, string) (event.Handler, error) {
		return event.HandlerFunc(func(_ *event.Ctx, ev any) error {
			fmt.Println("twice", ev, "is", 2*ev.(int))
			return nil
		}), nil
	}, "")

	owner := node.Spawn(func(s *kista.Self) error {
		if err := event.AddSup(s, bus, listen); err != nil {
			return err
		}
		_ = event.SyncNotify(s, bus, 1)
		_ = event.SyncNotify(s, bus, "a word")

		gone, err := kista.Receive[event.HandlerExited](s)
		if err != nil {
			return err
		}
		fmt.Println(gone.Handler, gone.Cause)
		if err := event.AddSup(s, bus, listen); err != nil {
			return err
		}
		return event.SyncNotify(s, bus, 2)
	})
	_, _ = kista.Wait(ctx, owner)
	_ = event.SyncNotify(ctx, bus, 3)
	fmt.Println(event.WhichHandlers(ctx, bus))
	// Output:
	// twice 1 is 2
	// brittle failed
	// twice 2 is 4
	// [] <nil>
}
