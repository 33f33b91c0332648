package main

import (
	"time"

	"github.com/kista-go/kista/bench/internal/harness"
	"github.com/kista-go/kista/bench/internal/workload"
)

func dueTimers(r *run) {
	n := r.P.Timers
	c := make(chan time.Time, box)
	done := make(chan []time.Duration, 1)
	go func() {
		late := make([]time.Duration, 0, n)
		for range n {
			late = append(late, time.Since(<-c))
		}
		done <- late
	}()
	cpu := harness.CPU()
	begin := time.Now()
	step := time.Second / time.Duration(n)
	for i := range n {
		due := begin.Add(workload.Slack + time.Duration(i)*step)
		time.AfterFunc(time.Until(due), func() { c <- due })
	}
	created := time.Since(begin)
	if late, ok := harness.Wait(r, "all timers", done); ok {
		workload.Late(r, created, harness.CPU()-cpu, late)
	}
}

// setCancel is W16 with the runtime's timers.
func setCancel(r *run) {
	workload.SetCancel(r, func(d time.Duration, _ int) (cancel func() bool) {
		return time.AfterFunc(d, func() {}).Stop
	})
}
