package event_test

import (
	"context"
	"fmt"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/event"
	"github.com/kista-go/kista/supervisor"
)

// A manager in a supervision tree has its handlers anew when it is restarted. One
// of them waits for one event, and goes.
func ExampleChild() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{Logger: quiet})
	defer node.Stop(ctx)

	first := event.New(event.HandlerID{Module: "first"}, func(*event.Ctx, int) (event.Handler, error) {
		return event.HandlerFunc(func(_ *event.Ctx, ev any) error {
			fmt.Println("first:", ev)
			return event.Remove
		}), nil
	}, 0)
	_, err := supervisor.Start(ctx, node, supervisor.Spec{Children: []supervisor.Child{
		{ID: "news", Start: event.Child(event.Opts{Name: "news"}, first)},
	}}, supervisor.Opts{})
	fmt.Println(err)

	news := node.Name("news")
	_ = event.SyncNotify(ctx, news, "it is morning")
	_ = event.SyncNotify(ctx, news, "it is noon")
	fmt.Println(event.WhichHandlers(ctx, news))
	// Output:
	// <nil>
	// first: it is morning
	// [] <nil>
}
