package main

import (
	"errors"
	"math"
	"sync/atomic"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/bench/internal/workload"
	"github.com/kista-go/kista/supervisor"
)

// system is a node as a workload.System: processes are behaviours.
type system struct {
	node    *kista.Node
	refused atomic.Int64
}

var (
	_ workload.System  = (*system)(nil)
	_ workload.Refuser = (*system)(nil)
	_ workload.Roomy   = (*system)(nil)
)

// proc is a workload.Proc as a behaviour, and its own workload.Ctx.
type proc struct {
	sys  *system
	b    workload.Proc
	self *kista.Self
	from kista.From
	exit bool
}

func (p *proc) Init(s *kista.Self) error {
	p.self = s
	p.b.Init(p)
	return nil
}

func (p *proc) Handle(_ *kista.Self, msg any) error {
	if q, ok := msg.(kista.Request); ok {
		p.from, msg = q.From, q.Msg
	}
	p.b.Handle(p, msg)
	return nil
}

// More lets a process end once its callback has returned.
func (p *proc) More() bool                             { return p.exit }
func (p *proc) Continue(*kista.Self) error             { return kista.Stop{} }
func (p *proc) Terminate(_ *kista.Self, _ error) error { p.b.Exited(); return nil }

func (p *proc) Self() workload.Ref          { return p.self.PID() }
func (p *proc) Send(to workload.Ref, m any) { hardSend(p.self, to.(kista.PID), m, &p.sys.refused) }
func (p *proc) Exit()                       { p.exit = true }
func (p *proc) Reply(m any)                 { must(p.from.Reply(m)) }
func (p *proc) SendAfter(to workload.Ref, m any, d time.Duration) {
	must(kista.SendAfter(d, to.(kista.PID), m).Err())
}

func (p *proc) Call(to workload.Ref, m any, d time.Duration) (any, error) {
	return kista.CallFor(p.self, d, to.(kista.PID), m)
}

// must ends the process for what a workload cannot cause; its supervisor or the
// workload's own check then shows it.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// hardSend sends, and tries again later as often as the mailbox refuses.
func hardSend(s *kista.Self, to kista.PID, m any, refused *atomic.Int64) {
	for {
		err := s.Send(to, m)
		if err == nil {
			return
		}
		wait(err, refused)
	}
}

func wait(err error, refused *atomic.Int64) {
	var full *kista.MailboxFullError
	if !errors.As(err, &full) {
		must(err)
	}
	refused.Add(1)
	time.Sleep(50 * time.Microsecond)
}

func (s *system) Refusals() int64 { return s.refused.Swap(0) }

func (s *system) program(o kista.SpawnOpts, mk func() workload.Proc) kista.Program {
	return kista.BehaviourProgram(o, "bench", func() (kista.Behaviour, error) { return &proc{sys: s, b: mk()}, nil })
}

func (s *system) spawn(o kista.SpawnOpts, p workload.Proc) workload.Ref {
	pid, err := s.node.Start(ctx, s.program(o, func() workload.Proc { return p }))
	must(err)
	return pid
}

func (s *system) Spawn(p workload.Proc) workload.Ref { return s.spawn(kista.SpawnOpts{}, p) }

// SpawnRoomy keeps the default limit as long as that is enough.
func (s *system) SpawnRoomy(p workload.Proc, messages int) workload.Ref {
	var o kista.SpawnOpts
	if messages > kista.DefaultMailboxMessages {
		o.Mailbox = kista.MailboxLimit{Messages: messages, Bytes: 1024 * messages}
	}
	return s.spawn(o, p)
}

func (s *system) Send(to workload.Ref, m any) {
	for {
		err := kista.Send(to.(kista.PID), m)
		if err == nil {
			return
		}
		wait(err, &s.refused)
	}
}

func (s *system) Call(to workload.Ref, m any, d time.Duration) (any, error) {
	return kista.CallFor(ctx, d, to.(kista.PID), m)
}

func (s *system) Go(fn func(workload.Caller)) {
	s.node.Spawn(func(self *kista.Self) error {
		fn(&proc{sys: s, self: self})
		return nil
	})
}

func (s *system) Supervise(mk func() workload.Proc) func(any) {
	var now atomic.Value // the PID of the present incarnation
	child := s.program(kista.SpawnOpts{}, func() workload.Proc { return &announced{mk(), &now} })
	_, err := supervisor.Start(ctx, s.node, supervisor.Spec{
		Intensity: math.MaxInt32, Period: time.Second,
		Children: []supervisor.Child{{ID: "child", Start: child}},
	}, supervisor.Opts{})
	must(err)
	return func(m any) { must(kista.Send(now.Load().(kista.PID), m)) }
}

// announced tells its PID when it starts.
type announced struct {
	workload.Proc
	now *atomic.Value
}

func (p *announced) Init(c workload.Ctx) {
	p.now.Store(c.Self().(kista.PID))
	p.Proc.Init(c)
}
