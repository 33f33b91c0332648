package main

import (
	"context"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/port"
)

// Compress gives data to gzip and returns what it makes of it. gzip is a filter:
// it is run once for each piece, and ends by itself.
func Compress(ctx context.Context, node *kista.Node, data []byte) ([]byte, error) {
	return port.Run(ctx, node, port.Spec{
		Path: "gzip", Args: []string{"-c"},
		Limits: port.Limits{Memory: 64 << 20},
	}, data)
}
