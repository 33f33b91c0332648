package task_test

import (
	"context"
	"fmt"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/task"
)

type (
	// Square asks for the square of N.
	Square struct {
		server.Replies[int]
		N int
	}
	// Clerk is a server that has others do the work. Asked knows who waits for what.
	Clerk struct{ Asked map[kista.Ref]kista.From }
)

// clerks answer later: while a task works, they take the next request.
var clerks = func() *server.Mux[Clerk] {
	m := new(server.Mux[Clerk])
	server.OnCall(m, func(c *server.Ctx, s *Clerk, q Square) (int, error) {
		ref, err := task.Deliver(c.Self, func(*kista.Self) (int, error) { return q.N * q.N, nil })
		if err != nil {
			return 0, err
		}
		s.Asked[ref] = c.From()
		return 0, server.Later
	})
	server.OnInfo(m, func(_ *server.Ctx, s *Clerk, r task.Result[int]) error {
		to := s.Asked[r.Ref]
		delete(s.Asked, r.Ref)
		return to.Reply(r.Value)
	})
	return m
}()

// A server must not wait. It gets the results of its tasks as messages.
func ExampleDeliver() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{Logger: quiet})
	defer node.Stop(ctx)

	hire := func(*server.Ctx, int) (*Clerk, error) { return &Clerk{map[kista.Ref]kista.From{}}, nil }
	clerk, _ := server.Start(ctx, node, server.Of(clerks, hire), 0, server.Opts{})
	fmt.Println(server.Call(ctx, clerk, Square{N: 7}))
	// Output:
	// 49 <nil>
}
