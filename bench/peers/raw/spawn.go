package main

import (
	"runtime"
	"sync/atomic"
	"time"

	"github.com/kista-go/kista/bench/internal/harness"
	"github.com/kista-go/kista/bench/internal/workload"
)

func spawns(r *run) {
	n := r.P.Spawn
	measure := func(metric string, spawn func(exited func())) {
		var left atomic.Int64
		left.Store(int64(n))
		done := make(chan struct{})
		w := harness.Start()
		for range n {
			spawn(func() {
				if left.Add(-1) == 0 {
					close(done)
				}
			})
		}
		if _, ok := harness.Wait(r, metric, done); ok {
			r.NsPer(metric, w.Stop(), n)
		}
	}
	measure("spawn_exit", func(exited func()) { go exited() })
	measure("spawn_msg_exit", func(exited func()) {
		c := make(chan msg, 1)
		go func() { <-c; exited() }()
		c <- msg{}
	})
}

// rest starts n goroutines that wait on a channel each.
func rest(r *run, n int) (chans []chan msg, empty harness.Mem, ok bool) {
	empty = harness.Snap()
	chans = workload.Resident[chan msg](n)
	out := make(chan int, 1024)
	base := harness.Snap()
	w := harness.Start()
	for i := range chans {
		c := make(chan msg)
		chans[i] = c
		go func() {
			for m := range c {
				out <- m.A
			}
		}()
	}
	lap := w.Stop()
	time.Sleep(50 * time.Millisecond) // until all have come to rest
	after := harness.Snap()
	ask := func(i int) { chans[i] <- msg{A: i} }
	if !workload.Answers(r, n, ask, out) {
		return nil, empty, false
	}
	r.MemPer("proc", base, after, n)
	r.Emit("rss_total", float64(after.RSS-base.RSS), "B")
	r.Emit("procs", float64(n), "n")
	r.NsPer("spawn_idle", lap, n)
	return chans, empty, true
}

func idle(r *run) { _, _, _ = rest(r, r.P.Idle) }

func crowd(r *run) {
	chans, empty, ok := rest(r, r.P.Crowd)
	if !ok {
		return
	}
	r.Collections(5)
	left := runtime.NumGoroutine() - len(chans)
	for i, c := range chans {
		close(c)
		chans[i] = nil
	}
	if r.Until("the end of all", func() bool { return runtime.NumGoroutine() <= left }) {
		workload.Burst(r, empty) // chans are garbage now
	}
}

func restarts(r *run) {
	up, pong, down := make(chan struct{}, 1), make(chan int, 1), make(chan any, 1)
	in := make(chan int, 16)
	child := func() {
		defer func() { down <- recover() }()
		up <- struct{}{}
		for m := range in {
			if m == 0 {
				panic("crash")
			}
			pong <- m
		}
	}
	go func() { // the supervisor
		go child()
		for range down {
			go child()
		}
	}()
	<-up
	n := r.P.Restarts
	took := make([]time.Duration, 0, n)
	w := harness.Start()
	for i := range n {
		t := time.Now()
		in <- 0
		<-up
		in <- i + 1
		if !harness.Check(r, "the answer", <-pong, i+1) {
			return
		}
		took = append(took, time.Since(t))
	}
	r.NsPer("restart", w.Stop(), n)
	r.Emit("restart_p99", float64(harness.Percentile(took, 0.99).Nanoseconds()), "ns")
}
