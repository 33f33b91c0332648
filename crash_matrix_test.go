package kista_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
)

// The crash matrix: A misbehaves, must B keep answering? One test for each
// letter that the kernel alone decides. They run in real time and on all cores:
// what they show cannot be shown in a bubble.

// probe calls B until stop is closed and returns the longest answer.
func probe(t *testing.T, b kista.PID, stop <-chan struct{}) <-chan time.Duration {
	worst := make(chan time.Duration, 1)
	go func() {
		var most time.Duration
		for {
			began := time.Now()
			if _, err := kista.CallFor(context.Background(), 5*time.Second, b, "probe"); err != nil {
				t.Errorf("B: %v", err)
			}
			most = max(most, time.Since(began))
			select {
			case <-stop:
				worst <- most
				return
			default:
			}
		}
	}()
	return worst
}

func TestMatrix_a_NilDereference(t *testing.T) {
	n := node(t)
	b := serve(t, n, counter{})
	var none *counter
	a := serve(t, n, counter{handle: func(*kista.Self, any) error { none.calls++; return nil }})
	_, err := kista.Call(context.Background(), a, 1)
	e := assert.ErrorAs[*kista.PanicError](t, err)
	assert.True(t, strings.Contains(e.StackText(), "crash_matrix_test.go"), "%s", e.StackText())
	answers(t, b)
}

// A process that panics in a goroutine of its own making ends the program. No
// Go library can contain that; this shows that we know it.
func TestMatrix_b_PanicInAForeignGoroutine_NotContained(t *testing.T) {
	const inChild = "KISTA_MATRIX_B"
	if os.Getenv(inChild) != "" {
		n := node(t)
		n.Spawn(func(*kista.Self) error {
			go func() { panic("foreign") }()
			select {}
		})
		select {}
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), inChild+"=1")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	assert.True(t, errors.As(err, &exit) && strings.Contains(string(out), "panic: foreign"), "the child lives: %v\n%s", err, out)
}

// spin starts processes that never enter the kernel, and returns what ends them.
func spin(n *kista.Node, many int) (pids []kista.PID, end func()) {
	var over atomic.Bool
	in := make(chan struct{})
	for range many {
		pids = append(pids, n.Spawn(func(*kista.Self) error {
			in <- struct{}{}
			for !over.Load() {
			}
			return nil
		}))
	}
	for range many {
		<-in
	}
	return pids, func() { over.Store(true) }
}

func TestMatrix_c_EndlessLoop(t *testing.T) { testSpinning(t, 1) }

func TestMatrix_c4_EndlessLoopsOnAllCores(t *testing.T) { testSpinning(t, 2*runtime.GOMAXPROCS(0)) }

func testSpinning(t *testing.T, many int) {
	h := &handler{}
	n := start(t, kista.Config{Name: "a", ZombieAfter: 10 * time.Millisecond, Logger: newLogger(h)})
	b := serve(t, n, counter{})
	pids, end := spin(n, many)
	defer end()
	for range 20 {
		answers(t, b)
	}
	for _, pid := range pids {
		name := n.Register("it", pid)
		assert.NoError(t, name)
		gone := make(chan error, 1)
		ready := make(chan struct{})
		n.Spawn(func(s *kista.Self) error {
			s.Monitor(pid)
			close(ready)
			gone <- receive[kista.Down](t, s).Reason
			return nil
		})
		<-ready
		_ = kista.Exit(pid, kista.Kill)
		_, there := n.WhereIs("it")
		assert.True(t, !n.Alive(pid) && !there, "it is still there")
		assert.Equal(t, assert.Within(t, 10*time.Second, gone), kista.ErrKilled)
	}
	assert.Equal(t, n.Stats().Zombies, int64(many))
	t.Logf("%d killed while spinning: zombies until they return", many)
	answers(t, b)
	eventually(t, "the zombies are reported", func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return len(h.recs) == many && strings.Contains(h.recs[0].Message, "zombie")
	})
	end()
	eventually(t, "no zombies", func() bool { return n.Stats().Zombies == 0 })
}

// eventually waits for what other goroutines bring about.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for until := time.Now().Add(20 * time.Second); !ok(); runtime.Gosched() {
		if time.Now().After(until) {
			t.Fatalf("not in 20 s: %s", what)
		}
	}
}

func TestMatrix_g2_Goexit(t *testing.T) { testGoexit(t, 1) }

func TestMatrix_g4_ManyGoexits(t *testing.T) { testGoexit(t, 100) }

func testGoexit(t *testing.T, many int) {
	n := node(t)
	b := serve(t, n, counter{})
	for range many {
		a := serve(t, n, counter{handle: func(*kista.Self, any) error { runtime.Goexit(); return nil }})
		_, err := kista.Call(context.Background(), a, 1)
		assert.ErrorIs(t, err, kista.ErrGoexit)
		answers(t, b)
	}
	n.Spawn(func(*kista.Self) error { (&testing.T{}).SkipNow(); return nil })
	answers(t, b)
}

// Under -race the very same code must have nothing to report.
func TestMatrix_h_MutationAfterSend(t *testing.T) {
	n := node(t)
	type doc struct{ M map[string]int }
	a := serve(t, n, counter{handle: func(_ *kista.Self, msg any) error {
		q := msg.(kista.Request)
		d := q.Msg.(doc)
		answer := doc{map[string]int{"n": d.M["n"]}}
		err := q.From.Reply(answer)
		for i := range 1000 { // while the sender writes its own
			d.M["n"], answer.M["n"] = i, i
		}
		return err
	}})
	mine := doc{map[string]int{}}
	for i := range 200 {
		mine.M["n"] = i
		c := kista.Begin(context.Background(), a, mine)
		mine.M["n"] = -1
		v, err := c.Wait(context.Background())
		assert.NoError(t, err)
		assert.Equal(t, v.(doc).M["n"], i)
		v.(doc).M["n"] = 0
	}
}

func TestMatrix_i_FloodOfAStuckProcess(t *testing.T) {
	n := node(t)
	c := serve(t, n, counter{})
	gate := make(chan struct{})
	defer close(gate)
	b := n.Spawn(func(*kista.Self) error { <-gate; return nil })
	many := 10_000_000
	if testing.Short() || raceEnabled {
		many = 500_000
	}
	stop := make(chan struct{})
	worst := probe(t, c, stop)
	before := heap()
	refused := 0
	for i := range many {
		if err := kista.Send(b, i); err != nil {
			assert.ErrorAs[*kista.MailboxFullError](t, err)
			refused++
		}
	}
	close(stop)
	grown := heap() - before
	info, _ := n.Info(b)
	t.Logf("%d sent, %d refused, %d kept, heap %+d KiB, C at most %v", many, refused, info.MailboxLen, grown>>10, <-worst)
	assert.True(t, info.MailboxLen == kista.DefaultMailboxMessages && refused == many-info.MailboxLen, "kept %d", info.MailboxLen)
	assert.True(t, grown < 64<<20, "heap grew by %d", grown)
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestMatrix_j_HandlerThatBlocksForEver(t *testing.T) { testBlocked(t, 1) }

func TestMatrix_j4_ManyBlockedHandlers(t *testing.T) {
	for _, many := range []int{4, 64, 10_000} {
		testBlocked(t, many)
	}
}

func testBlocked(t *testing.T, many int) {
	n := node(t)
	b := serve(t, n, counter{})
	gate := make(chan struct{})
	inside := make(chan struct{}, many)
	var blocked []kista.PID
	for range many {
		pid := serve(t, n, counter{handle: func(*kista.Self, any) error { inside <- struct{}{}; <-gate; return nil }})
		assert.NoError(t, kista.Send(pid, 1))
		blocked = append(blocked, pid)
	}
	answers(t, b)
	answers(t, serve(t, n, counter{})) // one that was spawned later
	for range many {
		<-inside
	}
	for _, pid := range blocked {
		_ = kista.Exit(pid, kista.ErrShutdown)
		assert.True(t, !n.Alive(pid), "alive")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	e := assert.ErrorAs[*kista.StopError](t, n.Stop(ctx)) // it does not wait for them, and says so
	assert.True(t, e.Running > 0, "%+v", e)
	close(gate)
	eventually(t, "no zombies", func() bool { return n.Stats().Executions == 0 })
	assert.NoError(t, n.Stop(context.Background()))
}

func TestMatrix_k_MutualCalls(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		c := serve(t, n, counter{})
		type meet struct{ Other kista.PID }
		errs := make(chan error, 2)
		var both sync.WaitGroup
		both.Add(2)
		calls := counter{handle: func(s *kista.Self, msg any) error {
			if m, ok := msg.(meet); ok {
				both.Done()
				both.Wait()
				_, err := kista.CallFor(s, 3*time.Second, m.Other, "x")
				errs <- err
				return nil
			}
			return msg.(kista.Request).From.Reply(1)
		}}
		a, b := serve(t, n, calls), serve(t, n, calls)
		began := time.Now()
		_, _ = kista.Send(a, meet{b}), kista.Send(b, meet{a})
		settle()
		answers(t, c)
		first, second := <-errs, <-errs // once one is free it may answer the other in time
		assert.True(t, errors.Is(first, context.DeadlineExceeded) || errors.Is(second, context.DeadlineExceeded), "%v, %v", first, second)
		assert.Equal(t, time.Since(began), 3*time.Second)
		answers(t, a)
		answers(t, b)
	})
}

func TestMatrix_l_TheDead(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		began := time.Now()
		dead := serve(t, n, counter{})
		_ = kista.Exit(dead, kista.Kill)
		assert.NoError(t, kista.Send(dead, 1))
		_, err := kista.Call(context.Background(), dead, 1)
		assert.ErrorIs(t, err, kista.ErrNoProcess)
		_, err = kista.Call(context.Background(), n.Name("nobody"), 1)
		assert.ErrorIs(t, err, kista.ErrNoProcess)
		assert.Equal(t, time.Since(began), time.Duration(0))
	})
}

func TestMatrix_m_AMillionProcesses(t *testing.T) {
	n := node(t)
	many := 1_000_000
	if testing.Short() || raceEnabled {
		many = 100_000
	}
	some := func(k int) {
		var wg sync.WaitGroup
		for range k {
			wg.Add(1)
			n.Spawn(func(*kista.Self) error { wg.Done(); return nil })
		}
		wg.Wait()
	}
	some(10_000)
	eventually(t, "they ended", func() bool { return n.Stats().Executions == 0 })
	before, goroutines := heap(), runtime.NumGoroutine()
	began := time.Now()
	some(many)
	eventually(t, "they ended", func() bool { return n.Stats().Executions == 0 })
	took := time.Since(began)
	grown := heap() - before
	t.Logf("%v each, heap %+d KiB", took/time.Duration(many), grown>>10)
	assert.True(t, grown < 8<<20, "heap grew by %d", grown)
	eventually(t, "no goroutine is left", func() bool { return runtime.NumGoroutine() <= goroutines })
}

func TestMatrix_o_TheObserverLearnsWhy(t *testing.T) {
	h := &handler{}
	n := start(t, kista.Config{Name: "a", Logger: newLogger(h)})
	type value struct{ Code int }
	a := serve(t, n, counter{handle: func(_ *kista.Self, msg any) error {
		if msg == "die" {
			panic(value{42})
		}
		return nil
	}})
	why := make(chan error, 4)
	n.Spawn(func(s *kista.Self) error {
		s.TrapExits(true)
		_ = s.Link(a)
		s.Monitor(a)
		call := kista.Begin(s, a, "x")
		_ = s.Send(a, "die")
		_, err := call.Wait(s)
		why <- err
		why <- receive[kista.Exited](t, s).Reason
		why <- receive[kista.Down](t, s).Reason
		return nil
	})
	for range 3 {
		e := assert.ErrorAs[*kista.PanicError](t, assert.Within(t, 10*time.Second, why))
		assert.Equal(t, e.Value, any(value{42}))
		assert.True(t, strings.Contains(e.StackText(), "TheObserverLearnsWhy"), "%s", e.StackText())
	}
	assert.NoError(t, n.Stop(context.Background()))
	f := h.fields(t)
	assert.True(t, strings.Contains(f["stack"], "TheObserverLearnsWhy") && strings.Contains(f["reason"], "42"), "%v", f)
}
