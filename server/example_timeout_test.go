package server_test

import (
	"context"
	"fmt"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
)

// Touch keeps a session alive.
type Touch struct{}

// A session ends when nobody has touched it for a while.
func ExampleCtx_Timeout() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{})
	defer node.Stop(ctx)

	m := new(server.Mux[int])
	server.OnCast(m, func(c *server.Ctx, touched *int, _ Touch) error {
		*touched++
		c.Timeout(10 * time.Millisecond)
		return nil
	})
	server.OnTimeout(m, func(_ *server.Ctx, touched *int) error {
		fmt.Println("idle after", *touched, "touches")
		return server.Stop(nil)
	})
	open := func(c *server.Ctx, _ struct{}) (*int, error) {
		c.Timeout(time.Hour) // for the first one we wait
		return new(int), nil
	}
	session, _ := server.Start(ctx, node, server.Of(m, open), struct{}{}, server.Opts{})
	_ = server.Cast(session, Touch{})
	_, _ = kista.Wait(ctx, session)
	// Output: idle after 1 touches
}
