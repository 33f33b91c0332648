package server_test

import (
	"context"
	"fmt"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
)

type (
	// Seat asks for a seat, and is answered when there is one.
	Seat struct{ server.Replies[int] }
	// Vacated says that a seat is free.
	Vacated struct{ Seat int }
	// Queue is the state: who waits.
	Queue struct{ Waiting []server.ReplyTo[int] }
)

// An answer may come later, while the server goes on.
func ExampleReplyTo() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{})
	defer node.Stop(ctx)

	m := new(server.Mux[Queue])
	server.OnCall(m, func(c *server.Ctx, q *Queue, _ Seat) (int, error) {
		q.Waiting = append(q.Waiting, server.ReplyTo[int]{From: c.From()})
		return 0, server.Later
	})
	server.OnCast(m, func(_ *server.Ctx, q *Queue, v Vacated) error {
		if len(q.Waiting) == 0 {
			return nil
		}
		first := q.Waiting[0]
		q.Waiting = q.Waiting[1:]
		return first.Reply(v.Seat)
	})
	empty := func(*server.Ctx, struct{}) (*Queue, error) { return new(Queue), nil }
	theatre, _ := server.Start(ctx, node, server.Of(m, empty), struct{}{}, server.Opts{})

	joe, ann := server.Begin(ctx, theatre, Seat{}), server.Begin(ctx, theatre, Seat{})
	_ = server.Cast(theatre, Vacated{7})
	_ = server.Cast(theatre, Vacated{3})
	fmt.Println(joe.Wait(ctx))
	fmt.Println(ann.Wait(ctx))
	// Output:
	// 7 <nil>
	// 3 <nil>
}
