// Protoactor is the column of github.com/asynkron/protoactor-go.
package main

import (
	"log/slog"
	"math"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/scheduler"

	"github.com/kista-go/kista/bench/internal/harness"
	"github.com/kista-go/kista/bench/internal/workload"
)

// proc adapts a workload.Proc to actor.Actor and is its own workload.Ctx.
type proc struct {
	b     workload.Proc
	c     actor.Context
	sched *scheduler.TimerScheduler
}

func (p *proc) Receive(c actor.Context) {
	p.c = c
	switch m := c.Message().(type) {
	case *actor.Started:
		p.b.Init(p)
	case *actor.Stopped:
		p.b.Exited()
	case *actor.Stopping, *actor.Restarting:
	default:
		p.b.Handle(p, m)
	}
}

func (p *proc) Self() workload.Ref          { return p.c.Self() }
func (p *proc) Send(to workload.Ref, m any) { p.c.Send(to.(*actor.PID), m) }
func (p *proc) Reply(m any)                 { p.c.Respond(m) }
func (p *proc) Exit()                       { p.c.Stop(p.c.Self()) }
func (p *proc) SendAfter(to workload.Ref, m any, d time.Duration) {
	if p.sched == nil {
		p.sched = scheduler.NewTimerScheduler(p.c.ActorSystem().Root)
	}
	p.sched.SendOnce(d, to.(*actor.PID), m)
}

func (p *proc) Call(to workload.Ref, m any, d time.Duration) (any, error) {
	return p.c.RequestFuture(to.(*actor.PID), m, d).Result()
}

type system struct{ s *actor.ActorSystem }

func newActorSystem() *actor.ActorSystem {
	return actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.DiscardHandler)
	}))
}

func (s system) Spawn(b workload.Proc) workload.Ref {
	return s.s.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return &proc{b: b} }))
}
func (s system) Send(to workload.Ref, m any) { s.s.Root.Send(to.(*actor.PID), m) }
func (s system) Call(to workload.Ref, m any, d time.Duration) (any, error) {
	return s.s.Root.RequestFuture(to.(*actor.PID), m, d).Result()
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

// Supervise: every parent supervises its children; the child keeps its PID and
// mailbox over a restart.
func (s system) Supervise(mk func() workload.Proc) func(any) {
	ready := make(chan *actor.PID, 1)
	strategy := actor.NewOneForOneStrategy(math.MaxInt32, time.Second, func(any) actor.Directive { return actor.RestartDirective })
	s.s.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if _, ok := c.Message().(*actor.Started); ok {
			ready <- c.Spawn(actor.PropsFromProducer(func() actor.Actor { return &proc{b: mk()} }))
		}
	}, actor.WithSupervisor(strategy)))
	pid := <-ready
	return func(m any) { s.s.Root.Send(pid, m) }
}

// ---- W6 without workload.System in between

type nPonger struct{}

func (nPonger) Receive(c actor.Context) {
	if m, ok := c.Message().(nMsg); ok {
		c.Send(m.from, nMsg{m.a, m.b + 1, c.Self()})
	}
}

type nMsg struct {
	a, b int
	from *actor.PID
}

type nPinger struct {
	to   *actor.PID
	n    int
	done chan<- int
}

func (p *nPinger) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case startCalls:
		c.Send(p.to, nMsg{1, 0, c.Self()})
	case nMsg:
		if m.a == p.n {
			p.done <- m.b
			return
		}
		c.Send(p.to, nMsg{m.a + 1, m.b, c.Self()})
	}
}

func w6(r *harness.R) {
	s := newActorSystem().Root
	po := s.Spawn(actor.PropsFromProducer(func() actor.Actor { return nPonger{} }))
	done := make(chan int, 1)
	pi := s.Spawn(actor.PropsFromProducer(func() actor.Actor { return &nPinger{po, r.P.PingPong, done} }))
	workload.PingPong(r, "_native", 1, r.P.PingPong, done, func(int) { s.Send(pi, startCalls{}) })
}

func workloads() harness.Workloads {
	ws := workload.Generic(func() workload.System { return system{newActorSystem()} })
	ws["W6"] = workload.Both(ws["W6"], w6)
	return ws
}

func main() { harness.Main("protoactor", workloads()) }
