package main

import (
	"bytes"
	"time"

	"github.com/kista-go/kista/bench/internal/harness"
	"github.com/kista-go/kista/bench/internal/workload"
)

func send(r *run, senders, total int) {
	each := total / senders
	c := make(chan msg, box)
	done := make(chan int, 1)
	begin := make(chan struct{})
	go func() {
		sum := 0
		for range each * senders {
			m := <-c
			sum += m.A ^ m.B
		}
		done <- sum
	}()
	for range senders {
		go func() {
			<-begin
			for i := range each {
				c <- msg{A: i, B: 1}
			}
		}()
	}
	time.Sleep(10 * time.Millisecond) // until all stand at begin
	a := harness.CountAllocs()
	w := harness.Start()
	close(begin)
	sum, ok := harness.Wait(r, "all messages", done)
	lap := w.Stop()
	if ok && harness.Check(r, "sum", sum, senders*workload.XorSum(each)) {
		r.NsPer("msg", lap, each*senders)
		a.Emit(r, "msg", each*senders)
	}
}

func pingPong(r *run, suffix string, pairs, trips int) {
	done := make(chan int, pairs)
	begins := make([]chan struct{}, pairs)
	for i := range begins {
		begin := make(chan struct{}, 1)
		begins[i] = begin
		a, b := make(chan msg, 1), make(chan msg, 1)
		go func() {
			for range trips {
				m := <-a
				b <- msg{A: m.A, B: m.B + 1}
			}
		}()
		go func() {
			<-begin
			m := msg{A: 1}
			for range trips {
				a <- m
				m = <-b
				m.A++
			}
			done <- m.B
		}()
	}
	workload.PingPong(r, suffix, pairs, trips, done, func(i int) { begins[i] <- struct{}{} })
}

func ring(r *run, metric string) {
	done := make(chan int, 1)
	all := 0
	member := func(in, out chan msg) {
		for m := range in {
			all++
			if m.A == 0 {
				done <- all
				return
			}
			out <- msg{A: m.A - 1, B: m.B + 1}
		}
	}
	first := make(chan msg, 1)
	next := first
	for range r.P.RingSize - 1 {
		in := make(chan msg, 1)
		go member(in, next)
		next = in
	}
	go member(first, next)
	workload.Ring(r, metric, done, func(hops int) { next <- msg{A: hops} })
}

func calls(r *run) {
	type req struct {
		m   workload.CallReq
		rep chan workload.CallRep
	}
	srv := make(chan req, box)
	go func() {
		for q := range srv {
			q.rep <- workload.CallRep{A: q.m.A + 1, B: q.m.B}
		}
	}()
	one := func(k, i int) (v workload.CallRep, err error) {
		rep := make(chan workload.CallRep, 1)
		srv <- req{workload.CallReq{A: k, B: i}, rep}
		t := time.NewTimer(5 * time.Second)
		defer t.Stop()
		select {
		case v = <-rep:
		case <-t.C: // v is no answer to anything
		}
		return v, nil
	}
	in := func(do func(func(k, i int) (workload.CallRep, error))) { go do(one) }
	workload.Calls(r, "call_1", 1, r.P.Call, in)
	workload.Calls(r, "call_1000", r.P.Callers, r.P.CallsEach, in)
}

func payloads(r *run) {
	value := func(b []byte) int { return len(b) + int(b[0]) + int(b[len(b)-1]) }
	pay(r, "bytes_1k", r.P.Pay1k, workload.NewBytes(1024), bytes.Clone, value, 1024+3)
	pay(r, "bytes_64k", r.P.Pay64k, workload.NewBytes(65536), bytes.Clone, value, 65536+3)
	tree := workload.NewTree(r.P.TreeNodes)
	pay(r, "tree_100", r.P.PayTree, tree, (*workload.Tree).Clone,
		func(t *workload.Tree) int { return t.ID + len(t.Kids) }, 1+len(tree.Kids))
}

func pay[T any](r *run, metric string, n int, v T, clone func(T) T, value func(T) int, per int) {
	for _, cloning := range []bool{false, true} {
		c := make(chan T, workload.Window)
		done := make(chan int, 1)
		go func() {
			sum := 0
			for range n {
				sum += value(<-c)
			}
			done <- sum
		}()
		w := harness.Start()
		go func() {
			for range n {
				x := v
				if cloning {
					x = clone(v)
				}
				c <- x
			}
		}()
		sum, ok := harness.Wait(r, metric, done)
		lap := w.Stop()
		if !ok || !harness.Check(r, metric+": sum", sum, n*per) {
			return
		}
		if cloning {
			r.NsPer(metric+"_usercopy", lap, n)
		} else {
			r.NsPer(metric, lap, n)
			r.Emit(metric+"_copied", 0, "bool")
		}
	}
}

func bigBox(r *run) {
	n := r.P.BigBox
	before := harness.Snap()
	w := harness.Start()
	c := make(chan msg, n) // a channel must be made for its largest size
	gate := make(chan struct{})
	done := make(chan int, 1)
	go func() {
		<-gate
		sum := 0
		for range n {
			m := <-c
			sum += m.A ^ m.B
		}
		done <- sum
	}()
	for i := range n {
		c <- msg{A: i, B: 1}
	}
	fill := w.Stop()
	after := harness.Snap()
	w = harness.Start()
	close(gate)
	sum, ok := harness.Wait(r, "the last message", done)
	drain := w.Stop()
	if ok && harness.Check(r, "sum", sum, workload.XorSum(n)) {
		r.MemPer("msg", before, after, n)
		r.NsPer("fill", fill, n)
		r.NsPer("drain", drain, n)
	}
}
