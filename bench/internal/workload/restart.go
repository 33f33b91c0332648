package workload

import (
	"sync/atomic"
	"time"

	"github.com/kista-go/kista/bench/internal/harness"
)

type fragile struct {
	Base
	up   chan struct{}
	pong chan int
	gen  int
}

func (p *fragile) Init(Ctx) { p.up <- struct{}{} }
func (p *fragile) Handle(_ Ctx, m any) {
	switch m.(type) {
	case crash:
		panic("crash")
	case ping:
		p.pong <- p.gen
	}
}

// Restarts is W10: a child is crashed, its supervisor restarts it, the new
// incarnation answers; one after the other.
func Restarts(r *harness.R, s System, metric string) {
	up := make(chan struct{}, 16)
	pong := make(chan int, 16)
	var gen atomic.Int64
	send := s.Supervise(func() Proc { return &fragile{up: up, pong: pong, gen: int(gen.Add(1))} })
	if _, ok := harness.Wait(r, "the first start", up); !ok {
		return
	}
	n := r.P.Restarts
	took := make([]time.Duration, 0, n)
	w := harness.Start()
	last := 0
	for range n {
		t := time.Now()
		send(crash{})
		if _, ok := harness.Wait(r, "a restart", up); !ok {
			return
		}
		send(ping{})
		answer, ok := harness.Wait(r, "an answer after a restart", pong)
		if !ok {
			return
		}
		if answer <= last {
			r.Fail("%s: incarnation %d answers after %d", metric, answer, last)
			return
		}
		last = answer
		took = append(took, time.Since(t))
	}
	r.NsPer(metric, w.Stop(), n)
	r.Emit(metric+"_p99", float64(harness.Percentile(took, 0.99).Nanoseconds()), "ns")
}
