package harness

import (
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Watch is a running stopwatch for wall-clock and CPU time.
type Watch struct {
	wall time.Time
	cpu  time.Duration
}

// Lap is what a Watch has measured.
type Lap struct{ Wall, CPU time.Duration }

// Start starts a stopwatch.
func Start() Watch { return Watch{cpu: CPU(), wall: time.Now()} }

// Stop reads it.
func (w Watch) Stop() Lap { return Lap{Wall: time.Since(w.wall), CPU: CPU() - w.cpu} }

// NsPer prints the wall-clock time of one of n operations, and the CPU time of
// the whole OS process for it (metric_cpu), which says more than the clock when
// the machine is busy with other things.
func (r *R) NsPer(metric string, l Lap, n int) {
	r.WallPer(metric, l.Wall, n)
	r.Emit(metric+"_cpu", float64(l.CPU.Nanoseconds())/float64(n), "ns")
}

// WallPer prints d/n in nanoseconds.
func (r *R) WallPer(metric string, d time.Duration, n int) {
	r.Emit(metric, float64(d.Nanoseconds())/float64(n), "ns")
}

// CPU returns the user and system time of this OS process.
func CPU() time.Duration {
	var ru syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &ru) != nil {
		return 0
	}
	return time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
}

// RSS returns the resident set size in bytes, 0 where there is no /proc.
func RSS() int64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	return parseRSS(string(b))
}

func parseRSS(status string) int64 {
	_, rest, _ := strings.Cut(status, "VmRSS:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kb, _ := strconv.ParseInt(fields[0], 10, 64)
	return kb * 1024
}

// Mem is a snapshot of memory after a forced collection, in bytes: resident, in
// the heap's and the stacks' pages in use, and in objects that live.
type Mem struct{ RSS, HeapStack, Live int64 }

// Snap collects garbage, gives memory back to the system and measures.
func Snap() Mem {
	Release()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return Mem{RSS: RSS(), HeapStack: int64(m.HeapInuse + m.StackInuse), Live: int64(m.HeapAlloc)}
}

// Release collects garbage and gives memory back to the system.
func Release() {
	runtime.GC()
	runtime.GC()
	debug.FreeOSMemory()
}

// MemPer prints the growth of memory for each of n things.
func (r *R) MemPer(metric string, before, after Mem, n int) {
	r.Emit("rss_per_"+metric, float64(after.RSS-before.RSS)/float64(n), "B")
	r.Emit("heap_per_"+metric, float64(after.HeapStack-before.HeapStack)/float64(n), "B")
	r.Emit("live_per_"+metric, float64(after.Live-before.Live)/float64(n), "B")
}

// Collections forces n collections and prints the median of their duration and
// the longest of the pauses in which the world stood still.
func (r *R) Collections(n int) {
	var stats debug.GCStats
	full := make([]time.Duration, n)
	for i := range full {
		t := time.Now()
		runtime.GC()
		full[i] = time.Since(t)
	}
	debug.ReadGCStats(&stats)
	pauses := stats.Pause[:min(n, len(stats.Pause))]
	r.Emit("gc_full", float64(Percentile(full, 0.5).Microseconds())/1000, "ms")
	r.Emit("gc_pause_max", float64(slices.Max(pauses).Nanoseconds())/1e6, "ms")
}

// Percentile returns the p-th part (0 to 1) of d in order, which it sorts; 0 if d
// is empty.
func Percentile(d []time.Duration, p float64) time.Duration {
	if len(d) == 0 {
		return 0
	}
	slices.Sort(d)
	return d[int(p*float64(len(d)-1))]
}

// Allocs remembers how much had been allocated at some point.
type Allocs struct{ n, b uint64 }

// CountAllocs starts counting.
func CountAllocs() Allocs {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return Allocs{m.Mallocs, m.TotalAlloc}
}

// Emit prints the allocations since, for each of n operations.
func (a Allocs) Emit(r *R, metric string, n int) {
	b := CountAllocs()
	r.Emit(metric+"_allocs", float64(b.n-a.n)/float64(n), "n")
	r.Emit(metric+"_alloc_bytes", float64(b.b-a.b)/float64(n), "B")
}
