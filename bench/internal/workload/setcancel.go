package workload

import (
	"time"

	"github.com/kista-go/kista/bench/internal/harness"
)

// Owners is how many processes the timers of W16 belong to.
const Owners = 1000

// SetCancel is W16: with many timers under way, all due in one to two hours, one
// more is set and cancelled, many times. set sets one for the owner with that
// number, and returns a function that cancels it and tells whether it was in time.
func SetCancel(r *harness.R, set func(d time.Duration, owner int) (cancel func() bool)) {
	n, m := r.P.Outstanding, r.P.SetCancel
	due := func(i int) time.Duration { // spread without order
		return time.Hour + time.Duration(uint64(i)*0x9E3779B97F4A7C15%uint64(time.Hour))
	}
	cancels := make([]func() bool, n)
	before := harness.Snap()
	w := harness.Start()
	for i := range cancels {
		cancels[i] = set(due(i), i%Owners)
	}
	r.NsPer("set", w.Stop(), n)
	after := harness.Snap()
	r.MemPer("timer", before, after, n)

	good := 0
	w = harness.Start()
	for i := range m {
		if set(due(n+i), i%Owners)() {
			good++
		}
	}
	lap := w.Stop()
	if !harness.Check(r, "timers cancelled at once", good, m) {
		return
	}
	r.NsPer("set_cancel", lap, m)

	good = 0
	w = harness.Start()
	for _, cancel := range cancels {
		if cancel() {
			good++
		}
	}
	lap = w.Stop()
	if harness.Check(r, "timers cancelled in the end", good, n) {
		r.NsPer("cancel", lap, n)
	}
}
