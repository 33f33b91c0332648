package workload

import (
	"sync/atomic"
	"time"

	"github.com/kista-go/kista/bench/internal/harness"
)

// exiting ends in Init, or at the first message.
type exiting struct {
	Base
	atOnce bool
	left   *atomic.Int64
	done   chan struct{}
}

func (p *exiting) Init(c Ctx) {
	if p.atOnce {
		c.Exit()
	}
}
func (p *exiting) Handle(c Ctx, _ any) { c.Exit() }
func (p *exiting) Exited() {
	if p.left.Add(-1) == 0 {
		close(p.done)
	}
}

// spawns is W1.
func spawns(r *harness.R, s System) {
	n := r.P.Spawn
	for _, atOnce := range []bool{true, false} {
		metric := "spawn_msg_exit"
		if atOnce {
			metric = "spawn_exit"
		}
		var left atomic.Int64
		left.Store(int64(n))
		done := make(chan struct{})
		a := harness.CountAllocs()
		w := harness.Start()
		for range n {
			ref := s.Spawn(&exiting{atOnce: atOnce, left: &left, done: done})
			if !atOnce {
				s.Send(ref, start{})
			}
		}
		if _, ok := harness.Wait(r, metric, done); !ok {
			r.Fail("%s: %d of %d never ended", metric, left.Load(), n)
			return
		}
		r.NsPer(metric, w.Stop(), n)
		a.Emit(r, metric, n)
	}
}

// resting answers with its number, and ends when told to.
type resting struct {
	Base
	id   int
	out  chan<- int
	left *atomic.Int64
}

func (p *resting) Handle(c Ctx, m any) {
	switch m.(type) {
	case ping:
		p.out <- p.id
	case crash:
		c.Exit()
	}
}
func (p *resting) Exited() { p.left.Add(-1) }

// rest starts n idle processes and measures their memory. empty is what there was
// before anything else.
func rest(r *harness.R, s System, n int, left *atomic.Int64) (refs []Ref, empty harness.Mem, ok bool) {
	empty = harness.Snap()
	refs = Resident[Ref](n)
	left.Store(int64(n))
	out := make(chan int, 1024)
	base := harness.Snap()
	w := harness.Start()
	for i := range refs {
		refs[i] = s.Spawn(&resting{id: i, out: out, left: left})
	}
	lap := w.Stop()
	time.Sleep(50 * time.Millisecond) // until all have come to rest
	after := harness.Snap()
	ask := func(i int) { s.Send(refs[i], ping{}) }
	if !Answers(r, n, ask, out) {
		return nil, empty, false
	}
	r.MemPer("proc", base, after, n)
	r.Emit("rss_total", float64(after.RSS-base.RSS), "B")
	r.Emit("procs", float64(n), "n")
	r.NsPer("spawn_idle", lap, n)
	return refs, empty, true
}

// Resident makes a slice whose memory counts from the beginning, and not only once
// it is written to.
func Resident[T any](n int) []T {
	s := make([]T, n)
	clear(s)
	return s
}

// Answers asks up to 500 of n processes for their numbers and checks what comes.
func Answers(r *harness.R, n int, ask func(i int), out <-chan int) bool {
	want, got := 0, 0
	for i := 0; i < n; i += n/500 + 1 {
		ask(i)
		want += i
	}
	for i := 0; i < n; i += n/500 + 1 {
		id, ok := harness.Wait(r, "an idle process's answer", out)
		if !ok {
			return false
		}
		got += id
	}
	return harness.Check(r, "sum of the idle processes' numbers", got, want)
}

// idle is W2.
func idle(r *harness.R, s System) {
	var left atomic.Int64
	_, _, _ = rest(r, s, r.P.Idle, &left)
}

// crowd is W17.
func crowd(r *harness.R, s System) {
	var left atomic.Int64
	refs, empty, ok := rest(r, s, r.P.Crowd, &left)
	if !ok {
		return
	}
	r.Collections(5)
	for _, ref := range refs {
		s.Send(ref, crash{})
	}
	if r.Until("the end of all", func() bool { return left.Load() == 0 }) {
		Burst(r, empty) // refs are garbage now
	}
}

// Burst prints how much memory is left once a crowd has gone, as a ratio to what
// there was before anything else: the caller holds nothing of it any more.
func Burst(r *harness.R, before harness.Mem) {
	time.Sleep(50 * time.Millisecond) // the last ones are on their way out
	after := harness.Snap()
	r.Emit("burst_rss_ratio", float64(after.RSS)/float64(before.RSS), "ratio")
	r.Emit("burst_heap_ratio", float64(after.HeapStack)/float64(before.HeapStack), "ratio")
}
