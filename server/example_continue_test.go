package server_test

import (
	"context"
	"fmt"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
)

type (
	// Cache is a state that takes long to load.
	Cache struct{ Entries map[string]string }
	// Lookup asks for an entry.
	Lookup struct {
		server.Replies[string]
		Key string
	}
	load struct{}
)

// A server is up at once and does the slow part of its start before it looks
// into its mailbox.
func ExampleCtx_Continue() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{})
	defer node.Stop(ctx)

	m := new(server.Mux[Cache])
	server.OnContinue(m, func(_ *server.Ctx, s *Cache, _ load) error {
		s.Entries = map[string]string{"sv": "kista"} // from a slow disk, say
		return nil
	})
	server.OnCall(m, func(_ *server.Ctx, s *Cache, q Lookup) (string, error) {
		return s.Entries[q.Key], nil
	})
	start := func(c *server.Ctx, _ struct{}) (*Cache, error) {
		c.Continue(load{})
		return new(Cache), nil
	}
	cache, _ := server.Start(ctx, node, server.Of(m, start), struct{}{}, server.Opts{})
	fmt.Println(server.Call(ctx, cache, Lookup{Key: "sv"}))
	// Output: kista <nil>
}
