// Hollywood is the column of github.com/anthdm/hollywood. It has no supervisors: a
// process restarts itself in place. It has no one-shot timers: its users write
// time.AfterFunc.
package main

import (
	"log/slog"
	"math"
	"time"

	"github.com/anthdm/hollywood/actor"

	"github.com/kista-go/kista/bench/internal/harness"
	"github.com/kista-go/kista/bench/internal/workload"
)

// proc adapts a workload.Proc to actor.Receiver and is its own workload.Ctx.
type proc struct {
	b workload.Proc
	c *actor.Context
}

func (p *proc) Receive(c *actor.Context) {
	p.c = c
	switch m := c.Message().(type) {
	case actor.Initialized:
	case actor.Started:
		p.b.Init(p)
	case actor.Stopped:
		p.b.Exited()
	default:
		p.b.Handle(p, m)
	}
}

func (p *proc) Self() workload.Ref          { return p.c.PID() }
func (p *proc) Send(to workload.Ref, m any) { p.c.Send(to.(*actor.PID), m) }
func (p *proc) Reply(m any)                 { p.c.Respond(m) }
func (p *proc) Exit()                       { p.c.Engine().Poison(p.c.PID()) }

// SendAfter: hollywood has only SendRepeat; this is what its users write.
func (p *proc) SendAfter(to workload.Ref, m any, d time.Duration) {
	e := p.c.Engine()
	time.AfterFunc(d, func() { e.Send(to.(*actor.PID), m) })
}

func (p *proc) Call(to workload.Ref, m any, d time.Duration) (any, error) {
	return p.c.Request(to.(*actor.PID), m, d).Result()
}

type system struct{ e *actor.Engine }

func newSystem() system {
	e, err := actor.NewEngine(actor.NewEngineConfig())
	if err != nil {
		panic(err)
	}
	return system{e}
}

func (s system) Spawn(b workload.Proc) workload.Ref {
	return s.e.Spawn(func() actor.Receiver { return &proc{b: b} }, "p")
}
func (s system) Send(to workload.Ref, m any) { s.e.Send(to.(*actor.PID), m) }
func (s system) Call(to workload.Ref, m any, d time.Duration) (any, error) {
	return s.e.Request(to.(*actor.PID), m, d).Result()
}

type runner struct {
	workload.Base
	fn func(workload.Caller)
}
type startCalls struct{}

func (r *runner) Handle(c workload.Ctx, m any) {
	if _, ok := m.(startCalls); ok {
		r.fn(c)
	}
}
func (s system) Go(fn func(workload.Caller)) { s.Send(s.Spawn(&runner{fn: fn}), startCalls{}) }

// Supervise: there are no supervisors; every process restarts itself in place
// (same PID, same goroutine), up to MaxRestarts in its whole life.
func (s system) Supervise(mk func() workload.Proc) func(any) {
	pid := s.e.Spawn(func() actor.Receiver { return &proc{b: mk()} }, "child",
		actor.WithMaxRestarts(math.MaxInt32), actor.WithRestartDelay(0))
	return func(m any) { s.e.Send(pid, m) }
}

// ---- W6 written directly

type nPonger struct{}

func (nPonger) Receive(c *actor.Context) {
	if m, ok := c.Message().(workload.Msg); ok {
		c.Send(c.Sender(), workload.Msg{A: m.A, B: m.B + 1})
	}
}

type nPinger struct {
	to   *actor.PID
	n    int
	done chan<- int
}

func (p *nPinger) Receive(c *actor.Context) {
	switch m := c.Message().(type) {
	case startCalls:
		c.Send(p.to, workload.Msg{A: 1})
	case workload.Msg:
		if m.A == p.n {
			p.done <- m.B
			return
		}
		c.Send(p.to, workload.Msg{A: m.A + 1, B: m.B})
	}
}

func w6(r *harness.R) {
	e := newSystem().e
	po := e.Spawn(func() actor.Receiver { return nPonger{} }, "po")
	done := make(chan int, 1)
	pi := e.Spawn(func() actor.Receiver { return &nPinger{po, r.P.PingPong, done} }, "pi")
	workload.PingPong(r, "_native", 1, r.P.PingPong, done, func(int) { e.Send(pi, startCalls{}) })
}

func workloads() harness.Workloads {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	ws := workload.Generic(func() workload.System { return newSystem() })
	ws["W6"] = workload.Both(ws["W6"], w6)
	return ws
}

func main() { harness.Main("hollywood", workloads()) }
