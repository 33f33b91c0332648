package main

import (
	"github.com/kista-go/kista"
	"github.com/kista-go/kista/bench/internal/workload"
	"github.com/kista-go/kista/server"
)

// relay is the state of the servers that play W6 and W7: each hands messages on to
// the next.
type relay struct {
	next kista.PID
	take func(c *server.Ctx, r *relay, m msg) error
}

var relays server.Mux[relay]

func init() {
	server.OnInfo(&relays, func(c *server.Ctx, r *relay, m msg) error { return r.take(c, r, m) })
	server.OnInfo(&relays, func(_ *server.Ctx, r *relay, m to) error {
		r.next = m.PID
		return nil
	})
}

func newRelay(n *kista.Node, next kista.PID, take func(c *server.Ctx, r *relay, m msg) error) kista.PID {
	pid, err := server.Start(ctx, n, server.Of(&relays, func(_ *server.Ctx, next kista.PID) (*relay, error) {
		return &relay{next, take}, nil
	}), next, server.Opts{})
	must(err)
	return pid
}

// serverPingPong is W6 with servers: what package server adds to a hop.
func serverPingPong(r *run) {
	n := start()
	defer stop(r, n)
	done := make(chan int, 1)
	trips := r.P.PingPong
	po := newRelay(n, kista.PID{}, func(c *server.Ctx, r *relay, m msg) error {
		return c.Send(r.next, msg{A: m.A, B: m.B + 1})
	})
	pi := newRelay(n, po, func(c *server.Ctx, r *relay, m msg) error {
		if m.A == trips {
			done <- m.B
			return nil
		}
		return c.Send(r.next, msg{A: m.A + 1, B: m.B})
	})
	must(kista.Send(po, to{pi}))
	workload.PingPong(r, "_server", 1, trips, done, func(int) { must(kista.Send(pi, msg{})) })
}

// serverRing is W7 with servers.
func serverRing(r *run) {
	n := start()
	defer stop(r, n)
	done := make(chan int, 1)
	all := 0
	take := func(c *server.Ctx, r *relay, m msg) error {
		if all++; m.A == 0 {
			done <- all
			return nil
		}
		return c.Send(r.next, msg{A: m.A - 1, B: m.B + 1})
	}
	first := newRelay(n, kista.PID{}, take)
	next := first
	for range r.P.RingSize - 1 {
		next = newRelay(n, next, take)
	}
	must(kista.Send(first, to{next}))
	workload.Ring(r, "hop_server", done, func(hops int) { must(kista.Send(next, msg{A: hops})) })
}
