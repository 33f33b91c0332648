package kistatest_test

import (
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/server"
)

type touch struct{}

// session is a server that ends when nobody has touched it for an hour.
var session = func() *server.Mux[struct{}] {
	m := new(server.Mux[struct{}])
	server.OnCast(m, func(c *server.Ctx, _ *struct{}, _ touch) error { c.Timeout(time.Hour); return nil })
	server.OnTimeout(m, func(*server.Ctx, *struct{}) error { return kista.Stop{} })
	return m
}()

func newSession(c *server.Ctx, _ any) (*struct{}, error) {
	c.Timeout(time.Hour)
	return new(struct{}), nil
}

// A timeout of an hour is tested in no time: it is virtual.
func TestBubble(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		pid, err := server.Start(t.Context(), n, server.Of(session, newSession), nil, server.Opts{})
		assert.NoError(t, err)
		kistatest.Pass(59 * time.Minute)
		assert.NoError(t, server.Cast(pid, touch{}))
		kistatest.Pass(59 * time.Minute)
		assert.True(t, n.Alive(pid), "it has ended, though it was touched")
		kistatest.Pass(time.Minute)
		assert.True(t, !n.Alive(pid), "it lives on")
	})
}
