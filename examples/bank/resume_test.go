package bank_test

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/examples/bank"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/store/sqlite"
	"github.com/kista-go/kista/term"
)

// once makes a process panic the first time it gets to a point.
func once(point bank.Point) func(bank.Point, string) {
	var done atomic.Bool
	return func(p bank.Point, _ string) {
		if p == point && done.CompareAndSwap(false, true) {
			panic("a fault for the test")
		}
	}
}

// becomes repeats a request until it has the reply.
func (c *client) becomes(request, reply string) {
	c.t.Helper()
	deadline := time.Now().Add(patience)
	for got := ""; got != reply; got = c.ask(request) {
		if time.Now().After(deadline) {
			c.t.Fatalf("%s: got %s, want %s", request, got, reply)
		}
		runtime.Gosched()
	}
}

// TestPlainPortDoesNotGuess: without a tag a request whose outcome is not known is
// not repeated; with one it is.
func TestPlainPortDoesNotGuess(t *testing.T) {
	_, b := start(t, bank.Config{Fault: once(bank.AfterAppend)})
	dial(t, b.Addr()).steps([][2]string{
		{`{deposit,joe,5}`, `{error,unavailable}`},
		{`{balance,joe}`, `{ok,5}`},
	}...)
	_, b = start(t, bank.Config{Fault: once(bank.AfterAppend)})
	dial(t, b.RobustAddr()).steps([][2]string{
		{`{call,t,{deposit,joe,5}}`, `{ack,t,{ok,5}}`},
		{`{call,u,{balance,joe}}`, `{ack,u,{ok,5}}`},
	}...)
}

// TestTransferGoesOnAfterCrash: nobody has to ask for an account that has crashed
// with a transfer under way.
func TestTransferGoesOnAfterCrash(t *testing.T) {
	_, b := start(t, bank.Config{Fault: once(bank.BeforeCredit)})
	c := dial(t, b.Addr())
	c.steps([][2]string{{`{deposit,joe,5}`, `{ok,5}`}, {`{transfer,joe,mike,2}`, `{error,unavailable}`}}...)
	c.becomes(`{balance,mike}`, `{ok,2}`)
	c.steps([2]string{`{balance,joe}`, `{ok,3}`})
}

// TestTransferGoesOnAfterRestart: nor after a restart of the bank. When nothing is
// under way any more, nothing is left of it in the store.
func TestTransferGoesOnAfterRestart(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	node := startNode(t)
	dir := t.TempDir()
	g := newGate(bank.BeforeCredit)
	defer close(g.opened)
	cfg := bank.Config{Data: dir}
	cfg.Fault = g.fault
	b, err := bank.Start(ctx, node, cfg)
	assert.NoError(t, err)
	c := dial(t, b.Addr())
	c.steps([2]string{`{deposit,joe,5}`, `{ok,5}`})
	c.send(`{transfer,joe,mike,2}`)
	assert.Equal(t, assert.Within(t, patience, g.reached), "joe")
	root, _ := node.WhereIs("bank")
	assert.NoError(t, kista.Exit(root, kista.Kill))
	for len(node.Names()) > 0 { // the rest of the tree dies with its root
		assert.NoError(t, ctx.Err())
		runtime.Gosched()
	}

	cfg.Fault, cfg.IdleTime = nil, 50*time.Millisecond
	b, err = bank.Start(ctx, node, cfg)
	assert.NoError(t, err)
	joe, err := node.AwaitName(ctx, "bank.account/joe") // without being asked for
	assert.NoError(t, err)
	if _, err := kista.Wait(ctx, joe); !errors.Is(err, kista.ErrNoProcess) {
		assert.NoError(t, err)
	}
	dial(t, b.Addr()).steps([][2]string{{`{balance,mike}`, `{ok,2}`}, {`{balance,joe}`, `{ok,3}`}}...)
	assert.NoError(t, b.Stop(ctx))
	j, err := sqlite.Open(filepath.Join(dir, "bank.db"), sqlite.Config{})
	assert.NoError(t, err)
	defer func() { assert.NoError(t, j.Close()) }()
	for id, err := range j.IDs(ctx, "transfers/") {
		t.Errorf("%s is left (%v)", id, err)
	}
}

// TestStuckAndKilled: a process that was killed while it is stuck holds nobody up,
// and can do nothing when it comes back.
func TestStuckAndKilled(t *testing.T) {
	for _, point := range []bank.Point{bank.InStore, bank.InAccept, bank.BeforeAppend, bank.AfterAppend, bank.AfterCredit} {
		t.Run(string(point), func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			g := newGate(point)
			open := sync.OnceFunc(func() { close(g.opened) })
			defer open()
			node, b := start(t, bank.Config{Data: t.TempDir(), Fault: func(p bank.Point, who string) {
				if p != bank.InAccept || who == "robust" {
					g.fault(p, who)
				}
			}})
			r := &robust{t: t, addr: func(ctx context.Context) (string, error) {
				_, err := node.AwaitName(ctx, "bank.robust.listener")
				return b.RobustAddr().String(), err
			}}
			defer r.close()
			want := func(tag int, request, reply string) {
				t.Helper()
				got, err := r.call(ctx, tag, parse(t, request))
				assert.NoError(t, err)
				assert.Equal(t, term.Format(got), reply)
			}
			killed := make(chan struct{})
			go func() {
				defer close(killed)
				select {
				case who := <-g.reached:
					killHere(t, node, point, who)
				case <-ctx.Done():
					t.Errorf("nobody got to %s", point)
				}
			}()
			if point == bank.InStore { // it comes there by itself
				assert.Closed(t, patience, killed)
			}
			want(1, `{deposit,joe,5}`, `{ok,5}`)
			want(2, `{transfer,joe,mike,2}`, `{ok,3}`) // while one is stuck
			assert.Closed(t, patience, killed)
			open()
			for node.Stats().Zombies > 0 {
				assert.NoError(t, ctx.Err())
				runtime.Gosched()
			}
			want(2, `{transfer,joe,mike,2}`, `{ok,3}`)
			want(3, `{balance,joe}`, `{ok,3}`)
			want(4, `{balance,mike}`, `{ok,2}`)
		})
	}
}
