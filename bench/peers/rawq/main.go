// Rawq is the floor for an unbounded mailbox: one goroutine for each process, and
// a slice under a mutex as its mailbox, which the receiver swaps out in one go. No
// identity, no links, no monitors, nothing is copied. It is also the shortest
// example of a column: start from a copy of it to add another one.
package main

import (
	"errors"
	"sync"
	"time"

	"github.com/kista-go/kista/bench/internal/harness"
	"github.com/kista-go/kista/bench/internal/workload"
)

// call is a message that wants an answer.
type call struct {
	req any
	rep chan any
}

// proc is a process's mailbox.
type proc struct {
	mu      sync.Mutex
	in, out []any
	wake    chan struct{}
	waiting bool
}

func newProc() *proc { return &proc{wake: make(chan struct{}, 1)} }

func (p *proc) push(m any) {
	p.mu.Lock()
	p.in = append(p.in, m)
	w := p.waiting
	p.waiting = false
	p.mu.Unlock()
	if w {
		p.wake <- struct{}{}
	}
}

// take returns all queued messages, waiting for at least one.
func (p *proc) take() []any {
	for {
		p.mu.Lock()
		if len(p.in) > 0 {
			clear(p.out)
			p.in, p.out = p.out[:0], p.in
			p.mu.Unlock()
			return p.out
		}
		p.waiting = true
		p.mu.Unlock()
		<-p.wake
	}
}

type ctx struct {
	p    *proc
	rep  chan any
	exit bool
}

func (c *ctx) Self() workload.Ref          { return c.p }
func (c *ctx) Send(to workload.Ref, m any) { to.(*proc).push(m) }
func (c *ctx) Reply(m any)                 { c.rep <- m }
func (c *ctx) Exit()                       { c.exit = true }
func (c *ctx) SendAfter(to workload.Ref, m any, d time.Duration) {
	q := to.(*proc)
	time.AfterFunc(d, func() { q.push(m) })
}

func (c *ctx) Call(to workload.Ref, m any, d time.Duration) (any, error) {
	return system{}.Call(to, m, d)
}

type system struct{}

func (system) Spawn(b workload.Proc) workload.Ref {
	p := newProc()
	go loop(p, b)
	return p
}

func loop(p *proc, b workload.Proc) {
	c := &ctx{p: p}
	defer func() {
		_ = recover() // a process that panics ends alone
		b.Exited()
	}()
	b.Init(c)
	for !c.exit {
		for _, m := range p.take() {
			if v, ok := m.(call); ok {
				c.rep = v.rep
				m = v.req
			}
			b.Handle(c, m)
			if c.exit {
				break
			}
		}
	}
}

func (system) Send(to workload.Ref, m any) { to.(*proc).push(m) }

var errTimeout = errors.New("rawq: no answer in time")

func (system) Call(to workload.Ref, m any, d time.Duration) (any, error) {
	rep := make(chan any, 1)
	to.(*proc).push(call{m, rep})
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case v := <-rep:
		return v, nil
	case <-t.C:
		return nil, errTimeout
	}
}

func (s system) Go(fn func(workload.Caller)) { go fn(s) }

// Supervise has a goroutine that is told when the child's has ended, and starts
// the next one.
func (system) Supervise(mk func() workload.Proc) func(any) {
	down := make(chan struct{}, 1)
	var mu sync.Mutex
	var current *proc
	start := func() {
		p := newProc()
		mu.Lock()
		current = p
		mu.Unlock()
		go func() {
			defer func() { down <- struct{}{} }()
			loop(p, mk())
		}()
	}
	start()
	go func() {
		for range down {
			start()
		}
	}()
	return func(m any) {
		mu.Lock()
		p := current
		mu.Unlock()
		p.push(m)
	}
}

// hops is W14: the ring and the pair again, with mailboxes and nothing in
// between: the floor for a process with a flow of its own.
func hops(r *harness.R) {
	type msg = workload.Msg
	done := make(chan int, 1)
	all := 0
	first := newProc()
	next := first
	member := func(in, out *proc) {
		for {
			for _, m := range in.take() {
				v := m.(msg)
				if all++; v.A == 0 {
					done <- all
					continue
				}
				out.push(msg{A: v.A - 1, B: v.B + 1})
			}
		}
	}
	for range r.P.RingSize - 1 {
		p := newProc()
		go member(p, next)
		next = p
	}
	go member(first, next)
	workload.Ring(r, "blocking_hop", done, func(hops int) { next.push(msg{A: hops}) })

	pi, po := newProc(), newProc()
	trips := r.P.PingPong
	go func() {
		for {
			for _, m := range po.take() {
				v := m.(msg)
				pi.push(msg{A: v.A, B: v.B + 1})
			}
		}
	}()
	go func() {
		for {
			for _, m := range pi.take() {
				v := m.(msg)
				if v.A == trips {
					done <- v.B
					return
				}
				po.push(msg{A: v.A + 1, B: v.B})
			}
		}
	}()
	workload.PingPong(r, "_blocking", 1, trips, done, func(int) { pi.push(msg{}) })
}

func workloads() harness.Workloads {
	ws := workload.Generic(func() workload.System { return system{} })
	ws["W14"] = hops
	return ws
}

func main() { harness.Main("rawq", workloads()) }
