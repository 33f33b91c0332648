package wasm_test

import (
	"context"
	"flag"
	"fmt"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/supervisor"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/wasm"
)

var soak = flag.Duration("soak", 10*time.Second, "how long TestSoak goes on")

// badGuest does its own wrong whenever it gets a message.
type badGuest struct {
	text string // "": the guest in Go
	opts wasm.Opts
}

func misbehaving() map[string]badGuest {
	return map[string]badGuest{
		"spins until it is killed": {text: handle(`loop br 0 end (i32.const 0)`)},
		"spins until its fuel is gone": {
			text: handle(`loop (memory.fill (i32.const 0) (i32.const 7) (i32.const 65536)) br 0 end (i32.const 0)`),
			opts: wasm.Opts{Fuel: 100_000},
		},
		"recurses":              {text: handle(`(call $handle (local.get $kind) (local.get $from))`)},
		"eats memory":           {text: handle(`loop (br_if 0 (i32.ne (memory.grow (i32.const 1)) (i32.const -1))) end (memory.fill (i32.const 0) (i32.const 1) (i32.const 16777216)) unreachable`)},
		"writes anywhere":       {text: handle(`(i32.store (i32.const -4) (i32.const 1)) (i32.const 0)`)},
		"panics, in Go":         {},
		"exits":                 {text: with(`(import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))`, handle(`(call $proc_exit (i32.const 3)) (i32.const 0)`))},
		"talks nonsense":        {text: handle(`(drop (call $read (i32.const 65535) (i32.const 100))) (drop (call $write (i32.const -1) (i32.const 5))) (i32.const 0)`)},
		"floods another":        {text: with(`(import "kista_v1" "send" (func $send (param i32 i32 i32 i32) (result i32)))`, handle(`loop (drop (call $send (i32.const 16) (i32.const 7) (i32.const 16) (i32.const 7))) br 0 end (i32.const 0)) (data (i32.const 16) "\83w\04sink"`)), opts: wasm.Opts{Fuel: 1_000_000}},
		"floods the log, fails": {text: with(`(import "kista_v1" "log" (func $log (param i32 i32 i32) (result i32)))`, handle(`loop (drop (call $log (i32.const 8) (i32.const 0) (i32.const 4000))) (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))) end unreachable`))},
	}
}

// A thousand supervised guests, ten of which always misbehave, each in its way: the
// others miss no answer, and memory stays as it is. For ten minutes:
//
//	go test ./wasm -run TestSoak -v -soak 10m -timeout 20m
func TestSoak(t *testing.T) {
	n := startNode(t)
	ctx := context.Background()
	guests, heavy, last := 900, 90, *soak
	if testing.Short() || raceOn {
		guests, heavy, last = 200, 20, min(last, 2*time.Second)
	}
	var children []supervisor.Child
	add := func(name string, m *wasm.Module, o wasm.Opts) {
		o.Process.Name = name
		children = append(children, supervisor.Child{ID: name, Start: wasm.Program(m, o)})
	}
	light := load(t, guest(counter), wasm.Limits{Memory: 1 << 16})
	for i := range guests {
		add(fmt.Sprint("light ", i), light, wasm.Opts{})
	}
	for i := range heavy {
		add(fmt.Sprint("heavy ", i), puppet(t), wasm.Opts{})
	}
	_, err := supervisor.Start(ctx, n, supervisor.Spec{Children: children}, supervisor.Opts{Name: "good"})
	assert.NoError(t, err)
	for i := range heavy { // their own heaps become as large as they will
		for range 10 {
			_, err := kista.Call(ctx, n.Name(fmt.Sprint("heavy ", i)), Do{Op: "text", Arg: 100_000})
			assert.NoError(t, err)
		}
	}

	stuck := make(chan struct{})
	defer close(stuck)
	_, err = n.SpawnWith(kista.SpawnOpts{Name: "sink", Mailbox: kista.MailboxLimit{Messages: 100}}, func(*kista.Self) error { <-stuck; return nil })
	assert.NoError(t, err)
	children = nil
	var bad []string
	for name, b := range misbehaving() {
		m := puppet(t)
		if b.text != "" {
			m = load(t, b.text, wasm.Limits{Memory: 16 << 20})
		}
		add(name, m, b.opts)
		bad = append(bad, name)
	}
	assert.Equal(t, len(bad), 10)
	_, err = supervisor.Start(ctx, n, supervisor.Spec{Intensity: 1 << 30, Period: time.Hour, Children: children}, supervisor.Opts{Name: "bad"})
	assert.NoError(t, err)

	over := make(chan struct{})
	var wg sync.WaitGroup
	deaths := make([]int, len(bad))
	for i, name := range bad { // have each of them misbehave, over and over
		wg.Go(func() {
			for {
				pid, err := n.AwaitName(ctx, name)
				if err != nil {
					t.Errorf("%s does not come back: %v", name, err)
					return
				}
				patience := bound
				if name == "spins until it is killed" {
					patience = 5 * time.Millisecond
				}
				if _, err = kista.CallFor(ctx, patience, pid, Do{Op: "panic"}); err == nil {
					t.Errorf("%s answers", name)
				}
				if patience < bound {
					_ = kista.Exit(pid, kista.Kill)
				}
				if _, err = kista.Wait(ctx, pid); err != nil {
					t.Errorf("%s does not end: %v", name, err)
					return
				}
				deaths[i]++
				select {
				case <-over:
					return
				default:
				}
			}
		})
	}
	const clients = 4
	waits, rounds := make([][]time.Duration, clients), make(chan struct{}, 2*clients)
	for c := range clients {
		wg.Go(func() {
			defer func() { rounds <- struct{}{} }() // also if it fails early
			for round := 1; ; round++ {
				for i := c; i < guests+heavy; i += clients {
					to, msg, want := n.Name(fmt.Sprint("light ", i)), any(term.Atom("count")), any(int64(round))
					if i >= guests {
						to, msg, want = n.Name(fmt.Sprint("heavy ", i-guests)), Do{Op: "text", Arg: 3}, any(term.Binary("xxx"))
					}
					began := time.Now()
					got, err := kista.Call(ctx, to, msg)
					if err != nil || !reflect.DeepEqual(got, want) {
						t.Errorf("round %d, guest %d: %v, %v; want %v", round, i, got, err, want)
						return
					}
					waits[c] = append(waits[c], time.Since(began))
				}
				if round == 3 {
					rounds <- struct{}{}
				}
				select {
				case <-over:
					return
				default:
				}
			}
		})
	}
	memory := func() int64 {
		debug.FreeOSMemory()
		bytes, _ := resident()
		return bytes
	}
	for range clients { // all have been called: their memory is what it will be
		<-rounds
	}
	var used []int64 // at ten times
	tick := time.NewTicker(last / 10)
	for range 10 {
		<-tick.C
		used = append(used, memory()>>20)
	}
	tick.Stop()
	goroutines := runtime.NumGoroutine()
	close(over)
	wg.Wait()
	all := slices.Sorted(slices.Values(slices.Concat(waits...)))
	t.Logf("%v: %d answers, p50 %v, p99 %v, the slowest %v; memory %d MiB; %d goroutines", last, len(all),
		all[len(all)/2], all[len(all)*99/100], all[len(all)-1], used, goroutines)
	for i, name := range bad {
		t.Logf("%6d deaths of the one that %s", deaths[i], name)
		assert.True(t, deaths[i] > 0, "%s has not died", name)
	}
	before, after := slices.Max(used[:5]), slices.Max(used[5:])
	assert.True(t, after < before+before/5+32, "memory grows: %d MiB", used)
}
