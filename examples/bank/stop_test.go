package bank_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/examples/bank"
	"github.com/kista-go/kista/internal/assert"
)

// gate is a fault that holds a process at a point until it is opened.
type gate struct {
	point   bank.Point
	taken   atomic.Bool
	reached chan string
	opened  chan struct{}
}

func newGate(p bank.Point) *gate {
	return &gate{point: p, reached: make(chan string, 1), opened: make(chan struct{})}
}

func (g *gate) fault(p bank.Point, who string) {
	if p == g.point && g.taken.CompareAndSwap(false, true) {
		g.reached <- who
		<-g.opened
	}
}

// TestStopFinishesRequests: the listeners go first, a request under way is
// answered, an idle connection is closed.
func TestStopFinishesRequests(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	g := newGate(bank.BeforeAppend)
	cfg := bank.Config{Data: t.TempDir(), Fault: g.fault, Shutdown: patience}
	node, b := start(t, cfg)
	busy, idle := dial(t, b.Addr()), dial(t, b.Addr())
	idle.steps([2]string{`{balance,mike}`, `{ok,0}`})
	busy.send(`{deposit,joe,5}`)
	assert.Equal(t, assert.Within(t, patience, g.reached), "joe")
	listener, ok := node.WhereIs("bank.counter.listener")
	assert.True(t, ok, "no listener")

	stopped := make(chan error, 1)
	go func() { stopped <- b.Stop(ctx) }()
	_, err := kista.Wait(ctx, listener)
	if err != nil {
		assert.ErrorIs(t, err, kista.ErrNoProcess)
	}
	idle.closed()
	if c, err := net.DialTimeout("tcp", b.Addr().String(), time.Second); err == nil {
		_ = c.Close()
		t.Error("a bank that stops has taken a connection")
	}
	assert.Silent(t, stopped)
	close(g.opened)
	assert.Equal(t, busy.receive(), `{ok,5}`)
	busy.closed()
	assert.NoError(t, assert.Within(t, patience, stopped))
	if pid, ok := node.WhereIs("bank"); ok {
		t.Errorf("the root %v has outlived Stop", pid)
	}
}

// TestStopDoesNotWaitForEver: a request that does not end is given up after
// Config.Shutdown.
func TestStopDoesNotWaitForEver(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	g := newGate(bank.InRequest)
	node, b := start(t, bank.Config{Fault: g.fault, Shutdown: 100 * time.Millisecond})
	defer close(g.opened)
	stuck := dial(t, b.Addr())
	stuck.send(`{deposit,joe,5}`)
	assert.Within(t, patience, g.reached)
	assert.NoError(t, b.Stop(ctx))
	stuck.closed()
	assert.Equal(t, len(node.Names()), 0)
}
