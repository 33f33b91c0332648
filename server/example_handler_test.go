package server_test

import (
	"context"
	"fmt"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
)

// counter is a Handler without a Mux: its state is itself.
type counter struct{ N int }

// Count asks for the next number.
type Count struct{ server.Replies[int] }

// Handle gets everything that reaches the server.
func (h *counter) Handle(c *server.Ctx, msg any) error {
	switch m := msg.(type) {
	case kista.Request:
		h.N++
		return m.From.Reply(h.N)
	case server.Casted:
		return server.Stop(nil)
	}
	return nil
}

// Terminate is called before the end.
func (h *counter) Terminate(_ *server.Ctx, reason error) error {
	fmt.Println("counted to", h.N)
	return nil
}

// The primitive beneath the Mux is one method.
func ExampleHandler() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{})
	defer node.Stop(ctx)

	from := func(_ *server.Ctx, n int) (server.Handler, error) { return &counter{n}, nil }
	pid, _ := server.Start(ctx, node, from, 40, server.Opts{})
	for range 2 {
		fmt.Println(server.Call(ctx, pid, Count{}))
	}
	_ = server.Cast(pid, "enough")
	_, _ = kista.Wait(ctx, pid)
	// Output:
	// 41 <nil>
	// 42 <nil>
	// counted to 42
}
