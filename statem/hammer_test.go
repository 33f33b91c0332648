package statem_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/statem"
)

type (
	// numbered is the n-th message of a sender.
	numbered struct{ From, N int }
	// askNumbered is one that is answered with itself.
	askNumbered struct {
		server.Replies[numbered]
		numbered
	}
)

// gate is the data of a machine that opens and shuts all the time.
type gate struct {
	last map[int]int // of each sender
	t    *testing.T
	full chan struct{} // closed when everything has come
	rest int
}

func (g *gate) take(m numbered) {
	if g.last[m.From]+1 != m.N {
		g.t.Errorf("sender %d: message %d came after %d", m.From, m.N, g.last[m.From])
	}
	g.last[m.From] = m.N
	if g.rest--; g.rest == 0 {
		close(g.full)
	}
}

// What comes while the gate is shut is postponed. It opens and shuts at random
// times, so that calls and casts of many senders are postponed and retried again
// and again; those of each are handled in order all the same, and none is lost.
func TestHammerPostponed(t *testing.T) {
	const senders, each = 8, 400
	n, _ := kistatest.Node(t, kista.Config{Name: "a"})
	m := new(statem.Mux[bool, gate])
	type ctx = statem.Ctx[bool]
	open, shut := m.In(true), m.In(false)
	statem.OnEnter(m.Any(), func(c *ctx, _ *gate, _ bool) error {
		c.SetTimeout(statem.StateTimeout, time.Duration(rand.IntN(200))*time.Microsecond, nil)
		c.SetTimeout(statem.EventTimeout, time.Duration(rand.IntN(50))*time.Microsecond, nil)
		c.SetTimeout(statem.Named(rand.IntN(5)), time.Duration(rand.IntN(100))*time.Microsecond, nil)
		return nil
	})
	statem.OnTimeout(m.In(true, false), statem.StateTimeout, func(c *ctx, _ *gate, _ any) error { c.NextState(!c.State()); return nil })
	statem.OnCast(open, func(_ *ctx, g *gate, msg numbered) error { g.take(msg); return nil })
	statem.OnCall(open, func(_ *ctx, g *gate, q askNumbered) (numbered, error) { g.take(q.numbered); return q.numbered, nil })
	statem.OnEvent(shut, func(_ *ctx, _ *gate, ev statem.Event) error {
		if ev.Type == statem.TimeoutEvent {
			return nil
		}
		return statem.Postpone
	})
	statem.OnEvent(m.Any(), func(*ctx, *gate, statem.Event) error { return nil })
	full := make(chan struct{})
	pid := start(t, n, func(c *ctx, _ none) (bool, statem.Handler[bool], error) {
		return false, m.Handler(&gate{last: map[int]int{}, t: t, full: full, rest: senders * each}), nil
	}, none{}, statem.Opts{})
	var all sync.WaitGroup
	for from := range senders {
		all.Go(func() {
			for i := range each {
				msg := numbered{from, i + 1}
				if i%20 != 0 {
					assert.NoError(t, server.Cast(pid, msg))
					continue
				}
				got, err := server.Call(t.Context(), pid, askNumbered{numbered: msg})
				assert.NoError(t, err)
				assert.Equal(t, got, msg)
			}
		})
	}
	all.Wait()
	<-full
	assert.NoError(t, statem.Shutdown(t.Context(), pid, nil))
}

// Machines are killed, crash and are asked while their timers go off: every call
// ends, and nothing is left.
func TestHammerDeaths(t *testing.T) {
	const callers, rounds = 6, 200
	n, _ := kistatest.Node(t, kista.Config{Name: "a"})
	m := answering(func(c *ctx, what string) (string, error) {
		for range 3 {
			c.SetTimeout(statem.Named(rand.IntN(9)), time.Duration(rand.IntN(100))*time.Microsecond, nil)
		}
		switch rand.IntN(30) {
		case 0:
			panic(errBoom)
		case 1:
			return "", statem.Crash(errBoom)
		case 2:
			return what, statem.Stop(errBoom)
		case 3, 4, 5:
			if c.State() == "one" {
				return "", statem.Postpone
			}
		case 6, 7, 8, 9:
			c.NextState(map[string]string{"one": "two", "two": "one"}[c.State()])
		}
		return what, nil
	})
	statem.OnEvent(m.Any(), func(c *ctx, _ *int, _ statem.Event) error {
		c.SetTimeout(statem.StateTimeout, 20*time.Microsecond, nil)
		if rand.IntN(4) == 0 {
			c.NextState("two")
		}
		return nil
	})
	f := statem.Of(m, counting)
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			pid := start(t, n, f, 0, statem.Opts{})
			for i := range rounds {
				if i%50 == 49 {
					assert.NoError(t, kista.Exit(pid, kista.Kill))
				}
				call := server.Begin(t.Context(), pid, ask{What: "x"})
				got, err := call.WaitFor(t.Context(), 50*time.Millisecond) // it may be postponed for ever
				call.Cancel()
				if err == nil {
					assert.Equal(t, got, "x")
				}
				if !n.Alive(pid) {
					pid = start(t, n, f, 0, statem.Opts{})
				}
			}
		})
	}
	all.Wait()
}
