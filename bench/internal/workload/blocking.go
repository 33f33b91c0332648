package workload

import (
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/kista-go/kista/bench/internal/harness"
)

// Blocks are the times that handlers of W21 block for.
var Blocks = []time.Duration{
	200 * time.Microsecond, time.Millisecond, 2 * time.Millisecond, 4900 * time.Microsecond, 20 * time.Millisecond,
}

// Mixes say in which of their calls handlers of W21 block: in each, or in one of
// a hundred.
var Mixes = []struct {
	Name  string
	Every int
}{{"all", 1}, {"1pc", 100}}

// Cell names a cell of W21's table: the prefix of its metrics.
func Cell(method string, d time.Duration, mix string) string {
	return method + "_" + strings.ReplaceAll(d.String(), "µ", "u") + "_" + mix
}

// blocker blocks in every so many of its calls, and calls itself again.
type blocker struct {
	Base
	block func()
	every int
	n     int
	stop  *atomic.Bool
	left  *atomic.Int64
}

func (p *blocker) Handle(c Ctx, _ any) {
	if p.stop.Load() {
		c.Exit()
		return
	}
	if p.n++; p.n%p.every == 0 {
		p.block()
	}
	c.Send(c.Self(), start{})
}
func (p *blocker) Exited() { p.left.Add(-1) }

// probe is the others: a pinger that takes the time of every round trip.
type probe struct {
	Base
	to    Ref
	until time.Time
	at    time.Time
	trips []time.Duration
	sum   int
	done  chan struct{}
}

func (p *probe) Handle(c Ctx, m any) {
	now := time.Now()
	switch v := m.(type) {
	case start:
	case Msg:
		p.sum += v.B
		if len(p.trips) < cap(p.trips) {
			p.trips = append(p.trips, now.Sub(p.at))
		}
		if now.After(p.until) {
			close(p.done)
			return
		}
	default:
		return
	}
	p.at = now
	c.Send(p.to, Msg{})
}

// maxTrips bounds what a probe keeps.
const maxTrips = 1 << 19

// others measures the round trips of a pair of processes while something else is
// going on, for d at least.
func others(r *harness.R, s System, metric string, d time.Duration) bool {
	po := s.Spawn(&ponger{})
	p := &probe{to: po, done: make(chan struct{}), trips: make([]time.Duration, 0, maxTrips)}
	pi := s.Spawn(p)
	s.Send(po, setPeer{pi})
	begin := time.Now()
	p.until = begin.Add(d)
	s.Send(pi, start{})
	if _, ok := harness.Wait(r, metric+": the others", p.done); !ok {
		return false
	}
	took := time.Since(begin)
	n := p.sum // as the one who answers counted
	if len(p.trips) < cap(p.trips) && !harness.Check(r, metric+": round trips", len(p.trips), n) {
		return false
	}
	r.Emit(metric+"_p50", float64(harness.Percentile(p.trips, 0.5).Nanoseconds())/1e3, "us")
	r.Emit(metric+"_p99", float64(harness.Percentile(p.trips, 0.99).Nanoseconds())/1e3, "us")
	r.Emit(metric+"_max", float64(harness.Percentile(p.trips, 1).Nanoseconds())/1e3, "us")
	r.Emit(metric+"_rate", float64(n)/took.Seconds(), "1/s")
	return true
}

// blocking is W21.
func blocking(r *harness.R, s System) {
	d := time.Duration(r.P.CellMS) * time.Millisecond
	if !others(r, s, "nobody_blocks", d) {
		return
	}
	for _, m := range methods {
		for _, b := range Blocks {
			for _, mix := range Mixes {
				if !blockingCell(r, s, Cell(m.name, b, mix.Name), m.prepare, b, mix.Every, d) {
					return
				}
			}
		}
	}
}

func blockingCell(r *harness.R, s System, metric string, prepare func(time.Duration) (func(), func(), error), b time.Duration, every int, d time.Duration) bool {
	var stop atomic.Bool
	var left atomic.Int64
	for range r.P.Blockers {
		block, free, err := prepare(b)
		if err != nil {
			r.Fail("%s: %v", metric, err)
			return false
		}
		defer free()
		left.Add(1)
		s.Send(s.Spawn(&blocker{block: block, every: every, stop: &stop, left: &left}), start{})
	}
	ok := others(r, s, metric, d)
	stop.Store(true)
	return r.Until(metric+": the end of those who block", func() bool { return left.Load() == 0 }) && ok
}

// spinner runs without a pause until it is told to stop.
type spinner struct {
	Base
	stop *atomic.Bool
	left *atomic.Int64
}

func (p *spinner) Handle(c Ctx, _ any) {
	for !p.stop.Load() {
	}
	c.Exit()
}
func (p *spinner) Exited() { p.left.Add(-1) }

// spinning is W22: handlers spin on all cores, and on twice as many.
func spinning(r *harness.R, s System) {
	cores := runtime.GOMAXPROCS(0)
	for _, times := range []int{1, 2} {
		var stop atomic.Bool
		var left atomic.Int64
		for range cores * times {
			left.Add(1)
			s.Send(s.Spawn(&spinner{stop: &stop, left: &left}), start{})
		}
		// Who cannot run while the others spin must have an end to be measured.
		end := time.AfterFunc(time.Duration(40*r.P.CellMS)*time.Millisecond, func() { stop.Store(true) })
		metric := "spin_x" + strconv.Itoa(times)
		ok := others(r, s, metric, time.Duration(10*r.P.CellMS)*time.Millisecond)
		end.Stop()
		stop.Store(true)
		if !r.Until(metric+": the end of those who spin", func() bool { return left.Load() == 0 }) || !ok {
			return
		}
	}
}
