//go:build !linux

package port_test

import (
	"context"
	"testing"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/port"
)

func TestPortsAreRefused(t *testing.T) {
	n, err := kista.Start(kista.Config{})
	assert.NoError(t, err)
	_, err = port.Start(context.Background(), n, port.Spec{Path: "go"}, port.Opts{})
	assert.ErrorAs[*port.UnsupportedError](t, err)
	assert.NoError(t, n.Stop(context.Background()))
}
