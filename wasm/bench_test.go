package wasm_test

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/wasm"
)

// spread reports what a benchmark has measured one by one.
func spread(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	us := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }
	b.ReportMetric(us(took[len(took)/2]), "p50-us")
	b.ReportMetric(us(took[len(took)*99/100]), "p99-us")
	b.ReportMetric(us(took[len(took)-1]), "worst-us")
}

// native is what a guest is compared with: a server in Go that counts.
func native(b *testing.B, n *kista.Node) kista.PID {
	var m server.Mux[int]
	server.OnCall(&m, func(_ *server.Ctx, s *int, _ Count) (int, error) { *s++; return *s, nil })
	pid, err := server.Start(context.Background(), n, server.Of(&m, func(*server.Ctx, int) (*int, error) { return new(int), nil }), 0, server.Opts{})
	assert.NoError(b, err)
	return pid
}

// eachKind has a way to start the same counter as a native process, in C and in Go.
func eachKind(b *testing.B, f func(b *testing.B, n *kista.Node, start func() kista.PID, msg any)) {
	guest := func(m *wasm.Module, msg any) func(b *testing.B) {
		return func(b *testing.B) {
			n := startNode(b)
			f(b, n, func() kista.PID { return spawn(b, n, m, wasm.Opts{}) }, msg)
		}
	}
	b.Run("native", func(b *testing.B) {
		n := startNode(b)
		f(b, n, func() kista.PID { return native(b, n) }, Count{})
	})
	m, err := wasm.Load(context.Background(), buildC(b, "counter"), wasm.Limits{Memory: 1 << 17})
	assert.NoError(b, err)
	b.Cleanup(func() { m.Close() })
	b.Run("C", guest(m, Count{}))
	b.Run("Go", guest(puppet(b), Do{Op: "self"}))
}

// From the call to start it until it has answered its first call; they stay alive.
func BenchmarkSpawn(b *testing.B) {
	eachKind(b, func(b *testing.B, _ *kista.Node, start func() kista.PID, msg any) {
		var pids []kista.PID
		for b.Loop() {
			pids = append(pids, start())
			_, err := kista.Call(context.Background(), pids[len(pids)-1], msg)
			assert.NoError(b, err)
			if len(pids) == 2000 {
				b.StopTimer()
				for _, pid := range pids {
					_ = kista.Exit(pid, kista.Kill)
				}
				for _, pid := range pids {
					_, _ = kista.Wait(context.Background(), pid)
				}
				pids = pids[:0]
				b.StartTimer()
			}
		}
	})
}

// What an idle process that has answered once takes, 100,000 of them, 10,000 in Go.
func BenchmarkMemory(b *testing.B) {
	eachKind(b, func(b *testing.B, n *kista.Node, start func() kista.PID, msg any) {
		many := 100_000
		if _, heavy := msg.(Do); heavy {
			many = 10_000
		}
		debug.FreeOSMemory()
		before, known := resident()
		if !known {
			b.Skip("the operating system does not say what memory is in use")
		}
		for range many {
			_, err := kista.Call(context.Background(), start(), msg)
			assert.NoError(b, err)
		}
		debug.FreeOSMemory()
		after, _ := resident()
		b.ReportMetric(float64(after-before)/float64(many), "B/process")
	})
}

// A call and its answer.
func BenchmarkCall(b *testing.B) {
	eachKind(b, func(b *testing.B, n *kista.Node, start func() kista.PID, msg any) {
		pid, done := start(), make(chan error)
		b.ResetTimer()
		n.Spawn(func(s *kista.Self) error {
			var err error
			for b.Loop() {
				if _, err = kista.Call(s, pid, msg); err != nil {
					break
				}
			}
			done <- err
			return nil
		})
		assert.NoError(b, <-done)
	})
}

// One message, of many that are sent without waiting.
func BenchmarkMessage(b *testing.B) {
	eachKind(b, func(b *testing.B, n *kista.Node, start func() kista.PID, msg any) {
		pid, done := start(), make(chan error)
		b.ResetTimer()
		n.Spawn(func(s *kista.Self) error {
			var err error
			for i := 1; b.Loop() && err == nil; i++ {
				if err = kista.Send(pid, term.Atom("tick")); i%1000 == 0 && err == nil {
					_, err = kista.Call(s, pid, msg)
				}
			}
			done <- err
			return nil
		})
		assert.NoError(b, <-done)
	})
}

// From the signal until a guest in an endless loop is gone with its memory, among
// others that loop, too.
func BenchmarkKill(b *testing.B) {
	for _, runaways := range []int{1, 8} {
		b.Run(fmt.Sprint(runaways), func(b *testing.B) {
			n := startNode(b)
			m := load(b, handle(`loop br 0 end (i32.const 0)`), wasm.Limits{})
			var pids []kista.PID
			more := func() {
				pid, _, err := spinning(n, m)
				assert.NoError(b, err)
				_, _ = kista.CallFor(context.Background(), time.Millisecond, pid, 1) // until it spins
				pids = append(pids, pid)
			}
			for range runaways - 1 {
				more()
			}
			var took []time.Duration
			for b.Loop() {
				b.StopTimer()
				more()
				b.StartTimer()
				began := time.Now()
				_ = kista.Exit(pids[0], kista.Kill)
				for m.Processes() == runaways {
					runtime.Gosched()
				}
				took = append(took, time.Since(began))
				pids = pids[1:]
			}
			spread(b, took)
			for _, pid := range pids {
				_ = kista.Exit(pid, kista.Kill)
			}
		})
	}
}

// Calls to an innocent native process while guests loop for ever and the garbage
// collector runs all the time.
func BenchmarkStall(b *testing.B) {
	for _, runaways := range []int{0, 1, 8} {
		b.Run(fmt.Sprint(runaways), func(b *testing.B) {
			n := startNode(b)
			m := load(b, handle(`loop br 0 end (i32.const 0)`), wasm.Limits{})
			innocent := native(b, n)
			for range runaways {
				pid, _, err := spinning(n, m)
				assert.NoError(b, err)
				defer func() { _ = kista.Exit(pid, kista.Kill) }()
			}
			over := make(chan struct{})
			var wg sync.WaitGroup
			wg.Go(func() {
				for {
					select {
					case <-over:
						return
					default:
						runtime.GC()
					}
				}
			})
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				_, err := server.Call(context.Background(), innocent, Count{})
				assert.NoError(b, err)
				took = append(took, time.Since(began))
			}
			close(over)
			wg.Wait()
			spread(b, took)
		})
	}
}

// The replacement of the code of so many processes that have a state, for each.
func BenchmarkUpgrade(b *testing.B) {
	for _, many := range []int{1, 5000} {
		b.Run(fmt.Sprint(many), func(b *testing.B) {
			n := startNode(b)
			m := load(b, versioned(1, takes), wasm.Limits{Memory: 1 << 16})
			for range many {
				_, err := server.Call(context.Background(), spawn(b, n, m, wasm.Opts{}), Count{})
				assert.NoError(b, err)
			}
			var took []time.Duration
			for b.Loop() {
				b.StopTimer()
				next := load(b, versioned(2, takes), wasm.Limits{Memory: 1 << 16})
				b.StartTimer()
				began := time.Now()
				assert.NoError(b, m.Upgrade(context.Background(), next))
				took = append(took, time.Since(began)/time.Duration(many))
			}
			spread(b, took)
		})
	}
}
