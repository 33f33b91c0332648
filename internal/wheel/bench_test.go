package wheel_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/kista-go/kista/internal/wheel"
)

const million = 1_000_000

// far is when the outstanding million is due: between an hour and two.
func far(r *rand.Rand) time.Duration {
	return time.Hour + time.Duration(r.Int64N(int64(time.Hour)))
}

// BenchmarkSetStop sets a timeout and stops it, as a call does that is answered in
// time, among as many others; beside it, the same with the runtime's timers.
func BenchmarkSetStop(b *testing.B) {
	for _, n := range []int{0, 1, million} {
		b.Run(fmt.Sprintf("wheel/outstanding=%d", n), func(b *testing.B) {
			w, _ := fullWheel(b, n)
			bell := newBell(nil)
			for b.Loop() {
				w.Set(&bell.Entry, 5*time.Second)
				w.Stop(&bell.Entry)
			}
		})
		b.Run(fmt.Sprintf("runtime/outstanding=%d", n), func(b *testing.B) {
			fullRuntime(b, n)
			for b.Loop() {
				time.AfterFunc(5*time.Second, func() {}).Stop()
			}
		})
	}
}

// BenchmarkSetStopOld is the same with a queue: each timeout is stopped after a
// thousand others have been set, so that it has left the cache's nearest parts.
func BenchmarkSetStopOld(b *testing.B) {
	const queue = 1024
	b.Run("wheel", func(b *testing.B) {
		w, _ := fullWheel(b, million)
		var bells [queue]bell
		for i := 0; b.Loop(); i++ {
			e := &bells[i%queue].Entry
			w.Stop(e)
			w.Set(e, 5*time.Second)
		}
	})
	b.Run("runtime", func(b *testing.B) {
		fullRuntime(b, million)
		var timers [queue]*time.Timer
		for i := 0; b.Loop(); i++ {
			t := &timers[i%queue]
			if *t != nil {
				(*t).Stop()
			}
			*t = time.AfterFunc(5*time.Second, func() {})
		}
	})
}

// BenchmarkParallel has all processors use one wheel.
func BenchmarkParallel(b *testing.B) {
	b.Run("wheel", func(b *testing.B) {
		w, _ := fullWheel(b, million)
		b.ResetTimer()
		b.RunParallel(func(p *testing.PB) {
			bell := newBell(nil)
			for p.Next() {
				w.Set(&bell.Entry, 5*time.Second)
				w.Stop(&bell.Entry)
			}
		})
	})
	b.Run("runtime", func(b *testing.B) {
		fullRuntime(b, million)
		b.ResetTimer()
		b.RunParallel(func(p *testing.PB) {
			for p.Next() {
				time.AfterFunc(5*time.Second, func() {}).Stop()
			}
		})
	})
}

// BenchmarkMillion sets a million and stops them all. An operation is one entry.
func BenchmarkMillion(b *testing.B) {
	b.Run("wheel", func(b *testing.B) {
		bells := make([]bell, million)
		w := wheel.New(wheel.Machine{})
		defer w.Close()
		r := rand.New(rand.NewPCG(1, 2))
		for b.Loop() {
			for i := range bells {
				w.Set(&bells[i].Entry, far(r))
			}
			for i := range bells {
				w.Stop(&bells[i].Entry)
			}
		}
		perEntry(b, million)
	})
	b.Run("runtime", func(b *testing.B) {
		timers := make([]*time.Timer, million)
		r := rand.New(rand.NewPCG(1, 2))
		for b.Loop() {
			for i := range timers {
				timers[i] = time.AfterFunc(far(r), func() {})
			}
			for i := range timers {
				timers[i].Stop()
			}
		}
		perEntry(b, million)
	})
}

// BenchmarkFire lets a million come due within a second of virtual time.
func BenchmarkFire(b *testing.B) {
	bells := make([]bell, million)
	for i := range bells {
		bells[i].f = func() {}
		bells[i].Owner = &bells[i]
	}
	r := rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		c := newFakeClock()
		w := wheel.New(c)
		for i := range bells {
			w.Set(&bells[i].Entry, time.Hour+time.Duration(r.Int64N(int64(time.Second))))
		}
		c.advance(2*time.Hour, true)
		w.Close()
	}
	perEntry(b, million)
}

// BenchmarkMemory tells what a million take besides their owners.
func BenchmarkMemory(b *testing.B) {
	memory := func(b *testing.B, fill func() any) {
		for b.Loop() {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			kept := fill()
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/million, "B/timer")
			runtime.KeepAlive(kept)
		}
	}
	b.Run("wheel", func(b *testing.B) {
		memory(b, func() any {
			w, entries := fullWheel(b, million)
			return []any{w, entries}
		})
	})
	b.Run("runtime", func(b *testing.B) {
		memory(b, func() any {
			return fullRuntime(b, million)
		})
	})
}

func perEntry(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/timer")
}

func fullWheel(b *testing.B, n int) (*wheel.Wheel, []wheel.Entry) {
	w := wheel.New(wheel.Machine{})
	b.Cleanup(w.Close)
	entries := make([]wheel.Entry, n)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range entries {
		w.Set(&entries[i], far(r))
	}
	return w, entries
}

func fullRuntime(b *testing.B, n int) []*time.Timer {
	timers := make([]*time.Timer, n)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range timers {
		timers[i] = time.AfterFunc(far(r), func() {})
	}
	b.Cleanup(func() {
		for _, t := range timers {
			t.Stop()
		}
	})
	return timers
}
