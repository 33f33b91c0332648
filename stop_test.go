package kista_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
)

func TestStopIsOrdered(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		ended := make(chan string, 9)
		for _, name := range []string{"first", "second", "third"} {
			_, err := n.SpawnWith(kista.SpawnOpts{Name: name, TrapExits: true}, func(s *kista.Self) error {
				ex := receive[kista.Exited](t, s)
				assert.ErrorIs(t, ex.Reason, kista.ErrShutdown)
				time.Sleep(time.Second)
				ended <- name
				return nil
			})
			assert.NoError(t, err)
		}
		kista.SendAfter(time.Hour, n.Name("first"), 1)
		settle()
		assert.NoError(t, n.Stop(context.Background()))
		assert.Equal(t, []string{<-ended, <-ended, <-ended}, []string{"third", "second", "first"})
		assert.NoError(t, n.Stop(context.Background()))
		_, err := n.SpawnWith(kista.SpawnOpts{}, idle)
		assert.ErrorIs(t, err, kista.ErrNodeStopped)
		assert.True(t, kista.SendAfter(time.Hour, n.Name("x"), 1) != nil && n.Stats().Timers == 0, "a timer after the stop")
	})
}

func TestStopByMany(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		for range 100 {
			n.Spawn(idle)
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() { assert.NoError(t, n.Stop(context.Background())) })
		}
		wg.Wait()
	})
}

func TestStopFromInside(t *testing.T) {
	for _, link := range []bool{false, true} {
		bubble(t, func(t *testing.T, n *kista.Node) {
			n.Spawn(idle)
			stopped := make(chan error, 1)
			stopper := func(s *kista.Self) error {
				stopped <- n.Stop(context.Background())
				return nil
			}
			n.Spawn(func(s *kista.Self) error {
				if link {
					s.SpawnLink(stopper)
					return idle(s)
				}
				return stopper(s)
			})
			assert.NoError(t, <-stopped)
			settle() // the one that stopped it returns
		})
	}
}

func TestStopWithZombies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t, kista.Config{})
		gate := make(chan struct{})
		n.Spawn(func(*kista.Self) error { <-gate; return nil })
		settle()
		began := time.Now()
		e := assert.ErrorAs[*kista.StopError](t, n.Stop(context.Background()))
		assert.Equal(t, e.Running, 1)
		assert.Equal(t, time.Since(began), 2*kista.DefaultGrace)
		close(gate)
		settle()
		assert.NoError(t, n.Stop(context.Background()))
	})
}

// Nothing outlives its node.
func TestStopLeavesNoGoroutine(t *testing.T) {
	ours := func() (out []string) {
		b := make([]byte, 1<<20)
		for _, g := range strings.Split(string(b[:runtime.Stack(b, true)]), "\n\n") {
			if strings.Contains(g, "kista/kista.") && !strings.Contains(g, "TestStopLeavesNoGoroutine") {
				out = append(out, g)
			}
		}
		return out
	}
	before := len(ours())
	a, err := kista.Start(kista.Config{Name: "a"})
	assert.NoError(t, err)
	b, err := kista.Start(kista.Config{Name: "b"})
	assert.NoError(t, err)
	kista.Pipe(a, b)
	for _, n := range []*kista.Node{a, b} {
		for range 100 {
			pid := n.Spawn(idle)
			n.Spawn(func(s *kista.Self) error { s.Monitor(pid); _ = s.Link(pid); return idle(s) })
			kista.SendAfter(time.Hour, pid, 1)
			kista.SendAfter(time.Hour, n.Name("x"), 1)
			_, _ = n.Start(context.Background(), program(kista.SpawnOpts{Dedicated: true}, counter{}))
			answers(t, serve(t, n, counter{}))
		}
		assert.NoError(t, n.Stop(context.Background()))
		s := n.Stats()
		assert.True(t, s.Processes == 0 && s.Executions == 0 && s.Timers == 0 && s.Zombies == 0, "%+v", s)
	}
	eventually(t, "no goroutine is left", func() bool { return len(ours()) <= before })
}

// Nothing that a process sends through its Self follows its Down, however the
// kill meets it.
func TestNothingFollowsTheDown(t *testing.T) {
	n := node(t)
	done := make(chan error, 1)
	n.Spawn(func(s *kista.Self) error {
		defer close(done)
		for round := range 300 {
			loud, ref := s.SpawnMonitor(func(o *kista.Self) error {
				for i := 0; ; i++ {
					_ = o.Send(s.PID(), i) // errors are ignored: only the kernel ends it
					if i%64 == 0 {
						_ = o.Exit(s.PID(), nil)
						runtime.Gosched()
					}
				}
			})
			for range round % 7 {
				receive[int](t, s)
			}
			go func() { _ = kista.Exit(loud, kista.Kill) }()
			last := -1
			for {
				m, err := s.Receive()
				if err != nil {
					done <- err
					return err
				}
				if i, ok := m.(int); ok {
					last = i
					continue
				}
				if d := m.(kista.Down); d.Ref == ref {
					break
				}
			}
			for range 3 {
				runtime.Gosched()
				if err := s.Select(kista.On(func(m any) error { return errors.New("after the Down") }), kista.After(0, nil)); err != nil {
					t.Errorf("round %d, after message %d: %v", round, last, err)
				}
			}
		}
		return nil
	})
	assert.NoError(t, <-done)
	eventually(t, "every loop has been ended", func() bool { return n.Stats().Zombies == 0 })
}

// A Self in the hands of another process never ends that one's goroutine.
func TestLeakedSelfOfAnotherProcess(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		leak := make(chan *kista.Self, 1)
		gate := make(chan struct{})
		zombie := n.Spawn(func(s *kista.Self) error { leak <- s; <-gate; return nil })
		other := <-leak
		_ = kista.Exit(zombie, kista.Kill)
		within(t, n, func(s *kista.Self) {
			for range 3 {
				assert.ErrorIs(t, other.Send(s.PID(), 1), kista.ErrKilled)
				_, err := other.Receive()
				assert.ErrorIs(t, err, kista.ErrKilled)
			}
			empty(t, s)
		})
		close(gate)
	})
}

// The end reaches through any depth of the process's own stack.
func TestEndOfADeepStack(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		deferred := 0
		var deep func(s *kista.Self, left int)
		deep = func(s *kista.Self, left int) {
			defer func() { deferred++ }()
			if left > 0 {
				deep(s, left-1)
				return
			}
			_ = kista.Exit(s.PID(), kista.Kill)
			for {
				_ = s.Send(s.PID(), 1)
			}
		}
		n.Spawn(func(s *kista.Self) error { deep(s, 2000); return nil })
		settle()
		assert.Equal(t, deferred, 2001)
	})
}
