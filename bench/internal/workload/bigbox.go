package workload

import (
	"time"

	"github.com/kista-go/kista/bench/internal/harness"
)

// slow is a Counter that can be kept busy.
type slow struct {
	Counter
	gate, in chan struct{}
}

func (p *slow) Handle(c Ctx, m any) {
	if _, ok := m.(block); ok {
		close(p.in)
		<-p.gate
		return
	}
	p.Counter.Handle(c, m)
}

// Roomy is a System whose mailboxes are bounded and can be made larger.
type Roomy interface {
	SpawnRoomy(p Proc, messages int) Ref
}

// bigBox is W11.
func bigBox(r *harness.R, s System) {
	n := r.P.BigBox
	p := &slow{Counter: Counter{Want: n, Done: make(chan int, 1)}, gate: make(chan struct{}), in: make(chan struct{})}
	var to Ref
	if roomy, ok := s.(Roomy); ok {
		to = roomy.SpawnRoomy(p, n+1)
	} else {
		to = s.Spawn(p)
	}
	s.Send(to, block{})
	if _, ok := harness.Wait(r, "the receiver", p.in); !ok {
		return
	}
	before := harness.Snap()
	w := harness.Start()
	for i := range n {
		s.Send(to, Msg{i, 1})
	}
	fill := w.Stop()
	after := harness.Snap()
	w = harness.Start()
	close(p.gate)
	sum, ok := harness.Wait(r, "the last message", p.Done)
	drain := w.Stop()
	if ok && harness.Check(r, "sum", sum, XorSum(n)) {
		r.MemPer("msg", before, after, n)
		r.NsPer("fill", fill, n)
		r.NsPer("drain", drain, n)
	}
}

type tick struct{ Due time.Time }

// Slack is how long after the start the first timer of W12 is due; the others
// are spread over the second that follows.
const Slack = 500 * time.Millisecond

type timing struct {
	Base
	n, early int
	late     []time.Duration
	created  time.Duration
	done     chan struct{}
}

func (p *timing) Handle(c Ctx, m any) {
	switch v := m.(type) {
	case start:
		self := c.Self()
		begin := time.Now()
		step := time.Second / time.Duration(p.n)
		for i := range p.n {
			due := begin.Add(Slack + time.Duration(i)*step)
			c.SendAfter(self, tick{due}, time.Until(due))
		}
		p.created = time.Since(begin)
	case tick:
		late := time.Since(v.Due)
		if late < 0 {
			p.early++
		}
		p.late = append(p.late, late)
		if len(p.late) == p.n {
			close(p.done)
		}
	}
}

// timers is W12.
func timers(r *harness.R, s System) {
	n := r.P.Timers
	p := &timing{n: n, late: make([]time.Duration, 0, n), done: make(chan struct{})}
	to := s.Spawn(p)
	time.Sleep(20 * time.Millisecond) // until it has come to rest
	cpu := harness.CPU()
	s.Send(to, start{})
	if _, ok := harness.Wait(r, "all timers", p.done); !ok {
		return
	}
	Late(r, p.created, harness.CPU()-cpu, p.late)
	harness.Check(r, "timers that came early", p.early, 0)
}

// Late prints the figures of W12.
func Late(r *harness.R, created, cpu time.Duration, late []time.Duration) {
	r.WallPer("create", created, len(late))
	r.WallPer("cpu", cpu, len(late))
	r.Emit("late_p50", float64(harness.Percentile(late, 0.5).Nanoseconds())/1e3, "us")
	r.Emit("late_p99", float64(harness.Percentile(late, 0.99).Nanoseconds())/1e3, "us")
}
