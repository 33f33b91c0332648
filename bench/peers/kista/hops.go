package main

import (
	"sync/atomic"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/bench/internal/harness"
	"github.com/kista-go/kista/bench/internal/workload"
)

type (
	msg   = workload.Msg
	begin struct{}
	to    struct{ PID kista.PID }
)

// handler is a behaviour that is only its Handle.
type handler func(s *kista.Self, m any) error

func (h handler) Init(*kista.Self) error                   { return nil }
func (h handler) Handle(s *kista.Self, m any) error        { return h(s, m) }
func (h handler) Terminate(_ *kista.Self, err error) error { return nil }

// spawn starts a behaviour from outside.
func spawn(n *kista.Node, h handler) kista.PID {
	pid, err := n.Start(ctx, kista.BehaviourProgram(kista.SpawnOpts{}, "bench", func() (kista.Behaviour, error) { return h, nil }))
	must(err)
	return pid
}

func nativeSend(r *run, metric string, senders, total int) {
	n := start()
	defer stop(r, n)
	each := total / senders
	want := each * senders
	done := make(chan int, 1)
	count, sum := 0, 0
	counter := spawn(n, func(_ *kista.Self, m any) error {
		v := m.(msg)
		count++
		sum += v.A ^ v.B
		if count == want {
			done <- sum
		}
		return nil
	})
	var refused atomic.Int64
	pids := make([]kista.PID, senders)
	for i := range pids {
		pids[i] = spawn(n, func(s *kista.Self, _ any) error {
			for i := range each {
				if err := s.Send(counter, msg{A: i, B: 1}); err != nil {
					wait(err, &refused)
					hardSend(s, counter, msg{A: i, B: 1}, &refused)
				}
			}
			return nil
		})
	}
	a := harness.CountAllocs()
	w := harness.Start()
	for _, pid := range pids {
		must(kista.Send(pid, begin{}))
	}
	got, ok := harness.Wait(r, metric, done)
	lap := w.Stop()
	if ok && harness.Check(r, metric+": sum", got, senders*workload.XorSum(each)) {
		r.NsPer(metric, lap, want)
		a.Emit(r, metric, want)
		r.Emit(metric+"_refused", float64(refused.Load())/float64(want), "n")
	}
}

func nativePingPong(r *run, pairs, trips int) {
	n := start()
	defer stop(r, n)
	done := make(chan int, pairs)
	pids := make([]kista.PID, pairs)
	for i := range pids {
		var peer kista.PID
		po := spawn(n, func(s *kista.Self, m any) error {
			switch v := m.(type) {
			case msg:
				return s.Send(peer, msg{A: v.A, B: v.B + 1})
			case to:
				peer = v.PID
			}
			return nil
		})
		pids[i] = spawn(n, func(s *kista.Self, m any) error {
			switch v := m.(type) {
			case msg:
				if v.A == trips {
					done <- v.B
					return nil
				}
				return s.Send(po, msg{A: v.A + 1, B: v.B})
			case begin:
				return s.Send(po, msg{A: 1})
			}
			return nil
		})
		must(kista.Send(po, to{pids[i]}))
	}
	workload.PingPong(r, "_native", pairs, trips, done, func(i int) { must(kista.Send(pids[i], begin{})) })
}

// nativeRing is W7 with behaviours and messages that are copied.
func nativeRing(r *run) {
	n := start()
	defer stop(r, n)
	done := make(chan int, 1)
	all := 0
	next := ring(r, n, func(next *kista.PID) handler {
		return func(s *kista.Self, m any) error {
			switch v := m.(type) {
			case msg:
				all++
				if v.A == 0 {
					done <- all
					return nil
				}
				return s.Send(*next, msg{A: v.A - 1, B: v.B + 1})
			case to:
				*next = v.PID
			}
			return nil
		}
	})
	workload.Ring(r, "hop_native", done, func(hops int) { must(kista.Send(next, msg{A: hops})) })
}

// ring starts a ring of behaviours and returns one of them.
func ring(r *run, n *kista.Node, member func(next *kista.PID) handler) kista.PID {
	first := spawn(n, member(new(kista.PID)))
	next := first
	for range r.P.RingSize - 1 {
		after := next
		next = spawn(n, member(&after))
	}
	must(kista.Send(first, to{next}))
	return next
}

// token is a message that needs no copy and no memory of its own: its author
// declares that it never changes. The holder counts down, which is fair only in a
// benchmark with one holder at a time.
type token struct {
	kista.Immutable
	left, all int
}

// hops is W14.
func hops(r *run) {
	bareRing(r)
	barePair(r)
	bodyRing(r)
	bodyPair(r)
}

func bareRing(r *run) {
	n := start()
	defer stop(r, n)
	done := make(chan int, 1)
	next := ring(r, n, func(next *kista.PID) handler {
		return func(s *kista.Self, m any) error {
			switch v := m.(type) {
			case *token:
				v.all++
				if v.left == 0 {
					done <- v.all
					return nil
				}
				v.left--
				return s.Send(*next, v)
			case to:
				*next = v.PID
			}
			return nil
		}
	})
	workload.Ring(r, "bare_hop", done, func(hops int) { must(kista.Send(next, &token{left: hops})) })
}

func barePair(r *run) {
	n := start()
	defer stop(r, n)
	done := make(chan int, 1)
	var pi kista.PID
	po := spawn(n, func(s *kista.Self, m any) error {
		switch v := m.(type) {
		case *token:
			v.all++
			return s.Send(pi, v)
		case to:
			pi = v.PID
		}
		return nil
	})
	ping := spawn(n, func(s *kista.Self, m any) error {
		v := m.(*token)
		if v.left == 0 {
			done <- v.all
			return nil
		}
		v.left--
		return s.Send(po, v)
	})
	must(kista.Send(po, to{ping}))
	trips := r.P.PingPong
	workload.PingPong(r, "_bare", 1, trips, done, func(int) { must(kista.Send(ping, &token{left: trips})) })
}

// bodyRing is the ring of processes with a flow of their own.
func bodyRing(r *run) {
	n := start()
	defer stop(r, n)
	done := make(chan int, 1)
	all := 0
	member := func(next kista.PID) kista.Body {
		return func(s *kista.Self) error {
			for {
				m, err := s.Receive()
				if err != nil {
					return err
				}
				switch v := m.(type) {
				case msg:
					if all++; v.A == 0 {
						done <- all
						continue
					}
					if err := s.Send(next, msg{A: v.A - 1, B: v.B + 1}); err != nil {
						return err
					}
				case to:
					next = v.PID
				}
			}
		}
	}
	first := n.Spawn(member(kista.PID{}))
	next := first
	for range r.P.RingSize - 1 {
		next = n.Spawn(member(next))
	}
	must(kista.Send(first, to{next}))
	workload.Ring(r, "blocking_hop", done, func(hops int) { must(kista.Send(next, msg{A: hops})) })
}

func bodyPair(r *run) {
	n := start()
	defer stop(r, n)
	done := make(chan int, 1)
	trips := r.P.PingPong
	po := n.Spawn(func(s *kista.Self) error {
		pi, err := kista.Receive[to](s)
		for err == nil {
			var m msg
			if m, err = kista.Receive[msg](s); err == nil {
				err = s.Send(pi.PID, msg{A: m.A, B: m.B + 1})
			}
		}
		return err
	})
	pi := n.Spawn(func(s *kista.Self) error {
		_, err := kista.Receive[begin](s)
		for m := (msg{}); err == nil && m.A < trips; {
			if err = s.Send(po, msg{A: m.A + 1, B: m.B}); err == nil {
				m, err = kista.Receive[msg](s)
			}
			if m.A == trips {
				done <- m.B
			}
		}
		return err
	})
	must(kista.Send(po, to{pi}))
	workload.PingPong(r, "_blocking", 1, trips, done, func(int) { must(kista.Send(pi, begin{})) })
}
