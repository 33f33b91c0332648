package workload

import (
	"time"

	"github.com/kista-go/kista/bench/internal/harness"
)

// Counter adds up the Msgs that it gets and tells the sum after want of them.
type Counter struct {
	Base
	Want   int
	Done   chan int
	n, sum int
}

// Handle takes a Msg.
func (p *Counter) Handle(_ Ctx, m any) {
	if v, ok := m.(Msg); ok {
		p.n++
		p.sum += v.A ^ v.B
		if p.n == p.Want {
			p.Done <- p.sum
		}
	}
}

type blaster struct {
	Base
	to Ref
	n  int
}

func (p *blaster) Handle(c Ctx, m any) {
	if _, ok := m.(start); ok {
		for i := range p.n {
			c.Send(p.to, Msg{i, 1})
		}
	}
}

// Refuser is a System whose mailboxes may refuse a message; its Send then waits
// a little and tries again.
type Refuser interface{ Refusals() int64 }

// oneToOne is W3: from a process, and from a plain goroutine.
func oneToOne(r *harness.R, s System) {
	send(r, s, "msg", 1, r.P.Send)
	n := r.P.Send
	done := make(chan int, 1)
	to := s.Spawn(&Counter{Want: n, Done: done})
	w := harness.Start()
	for i := range n {
		s.Send(to, Msg{i, 1})
	}
	sum, ok := harness.Wait(r, "messages from outside", done)
	lap := w.Stop()
	if ok && harness.Check(r, "sum from outside", sum, XorSum(n)) {
		r.NsPer("msg_outside", lap, n)
	}
}

func send(r *harness.R, s System, metric string, senders, total int) {
	each := total / senders
	done := make(chan int, 1)
	to := s.Spawn(&Counter{Want: each * senders, Done: done})
	refs := make([]Ref, senders)
	for i := range refs {
		refs[i] = s.Spawn(&blaster{to: to, n: each})
	}
	a := harness.CountAllocs()
	w := harness.Start()
	for _, ref := range refs {
		s.Send(ref, start{})
	}
	sum, ok := harness.Wait(r, "all messages", done)
	lap := w.Stop()
	if ok && harness.Check(r, "sum", sum, senders*XorSum(each)) {
		r.NsPer(metric, lap, each*senders)
		a.Emit(r, metric, each*senders)
		if f, is := s.(Refuser); is {
			r.Emit(metric+"_refused", float64(f.Refusals())/float64(each*senders), "n")
		}
	}
}

type ponger struct {
	Base
	to Ref
}

func (p *ponger) Handle(c Ctx, m any) {
	switch v := m.(type) {
	case setPeer:
		p.to = v.To
	case Msg:
		c.Send(p.to, Msg{v.A, v.B + 1})
	}
}

type pinger struct {
	Base
	to   Ref
	n    int
	done chan int
}

func (p *pinger) Handle(c Ctx, m any) {
	switch v := m.(type) {
	case start:
		c.Send(p.to, Msg{1, 0})
	case Msg:
		if v.A == p.n {
			p.done <- v.B
			return
		}
		c.Send(p.to, Msg{v.A + 1, v.B})
	}
}

// pingPong is W5 and W6. The trips are counted by those who answer.
func pingPong(r *harness.R, s System, pairs, trips int) {
	done := make(chan int, pairs)
	refs := make([]Ref, pairs)
	for i := range refs {
		po := s.Spawn(&ponger{})
		refs[i] = s.Spawn(&pinger{to: po, n: trips, done: done})
		s.Send(po, setPeer{refs[i]})
	}
	PingPong(r, "", pairs, trips, done, func(i int) { s.Send(refs[i], start{}) })
}

// PingPong measures pairs, started by begin, each of which tells its number of
// round trips on done. The metrics' names end in suffix.
func PingPong(r *harness.R, suffix string, pairs, trips int, done <-chan int, begin func(pair int)) {
	time.Sleep(20 * time.Millisecond) // until all have come to rest
	a := harness.CountAllocs()
	w := harness.Start()
	for i := range pairs {
		begin(i)
	}
	sum := 0
	for range pairs {
		n, ok := harness.Wait(r, "a pair's trips", done)
		if !ok {
			return
		}
		sum += n
	}
	lap := w.Stop()
	if !harness.Check(r, "round trips", sum, pairs*trips) {
		return
	}
	if pairs == 1 {
		r.NsPer("round_trip"+suffix, lap, trips)
		a.Emit(r, "round_trip"+suffix, trips)
		return
	}
	r.Emit("msgs_per_s"+suffix, float64(2*pairs*trips)/lap.Wall.Seconds(), "1/s")
	r.NsPer("msg"+suffix, lap, 2*pairs*trips)
}

type ringer struct {
	Base
	next Ref
	done chan int
	all  *int // only touched by the holder of the token
}

func (p *ringer) Handle(c Ctx, m any) {
	switch v := m.(type) {
	case setPeer:
		p.next = v.To
	case Msg:
		*p.all++
		if v.A == 0 {
			p.done <- *p.all
			return
		}
		c.Send(p.next, Msg{v.A - 1, v.B + 1})
	}
}

// ring is W7.
func ring(r *harness.R, s System) {
	n := r.P.RingSize
	done := make(chan int, 1)
	all := 0
	w := harness.Start()
	first := s.Spawn(&ringer{done: done, all: &all})
	next := first
	for range n - 1 {
		next = s.Spawn(&ringer{next: next, done: done, all: &all})
	}
	s.Send(first, setPeer{next})
	r.NsPer("build", w.Stop(), n)
	Ring(r, "hop", done, func(hops int) { s.Send(next, Msg{hops, 0}) })
}

// Ring measures a token that begin sends into a ring, and whose last holder tells
// on done how often it was handled.
func Ring(r *harness.R, metric string, done <-chan int, begin func(hops int)) {
	hops := r.P.RingSize * r.P.RingLaps
	time.Sleep(20 * time.Millisecond) // until all have come to rest
	w := harness.Start()
	begin(hops)
	got, ok := harness.Wait(r, "the token", done)
	lap := w.Stop()
	if ok && harness.Check(r, metric+": times that the token was handled", got, hops+1) {
		r.NsPer(metric, lap, hops)
	}
}
