package kista_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
)

// Handlers that spin until all of them have begun: each needs a goroutine that
// others do not wait for, with more of them than processors, too.
func TestSpinningHandlersAllBegin(t *testing.T) {
	for _, procs := range []int{1, 2, 4} {
		t.Run(fmt.Sprint("GOMAXPROCS=", procs), func(t *testing.T) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
			n := node(t)
			const many = 8
			var begun atomic.Int32
			var pids []kista.PID
			for range many {
				pids = append(pids, serve(t, n, counter{handle: func(_ *kista.Self, msg any) error {
					for begun.Add(1); begun.Load() < many; {
						runtime.Gosched()
					}
					return msg.(kista.Request).From.Reply(1)
				}}))
			}
			var calls []*kista.Pending
			for _, pid := range pids {
				calls = append(calls, kista.Begin(context.Background(), pid, 1))
			}
			for _, c := range calls {
				_, err := c.Wait(context.Background())
				assert.NoError(t, err)
			}
		})
	}
}

// A node follows GOMAXPROCS as it changes.
func TestGOMAXPROCSMayChange(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	n := node(t)
	s := serve(t, n, counter{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 2000 {
				answers(t, s)
			}
		})
	}
	for i := range 50 {
		runtime.GOMAXPROCS(1 + i%4)
		answers(t, s)
	}
	wg.Wait()
}

// What a handler does to its goroutine is gone for whoever runs next.
func TestHandlersLeaveNoTrace(t *testing.T) {
	for what, mess := range map[string]func(){
		"locked thread": func() { runtime.LockOSThread() },
		"locked twice":  func() { runtime.LockOSThread(); runtime.LockOSThread() },
		"Goexit":        runtime.Goexit,
		"deep stack":    func() { deepest.Store(deep(100_000)) },
		"panic":         func() { panic("x") },
	} {
		t.Run(what, func(t *testing.T) {
			n := node(t)
			for range 20 {
				messy := serve(t, n, counter{handle: func(*kista.Self, any) error { mess(); return kista.Stop{} }})
				clean := serve(t, n, counter{handle: func(_ *kista.Self, msg any) error {
					buf := make([]byte, 1<<20)
					buf = buf[:runtime.Stack(buf, false)]
					return msg.(kista.Request).From.Reply(string(buf))
				}})
				assert.NoError(t, kista.Send(messy, 1))
				_, err := kista.Wait(context.Background(), messy)
				assert.NoError(t, err)
				settled := func() bool { return n.Stats().Executions == 0 } // the worker has come to rest
				if !raceEnabled {
					eventually(t, "rest", settled)
				}
				stack, err := kista.Call(context.Background(), clean, 1)
				assert.NoError(t, err)
				head, _, _ := strings.Cut(stack.(string), "\n")
				assert.True(t, !strings.Contains(head, "locked"), "%s", head)
				assert.True(t, strings.Count(stack.(string), "\n") < 40, "%s", stack)
			}
		})
	}
}

var deepest atomic.Int64

//go:noinline
func deep(n int) int64 {
	if n == 0 {
		return 0
	}
	return deep(n-1) + 1
}

// A mutex that one behaviour holds while it waits for others, and another one
// wants, stops nobody else; neither does a channel.
func TestLocksBetweenBehaviours(t *testing.T) {
	run := func(t *testing.T, n *kista.Node) {
		var mu sync.Mutex
		third := serve(t, n, counter{})
		holder := serve(t, n, counter{handle: func(s *kista.Self, msg any) error {
			mu.Lock()
			defer mu.Unlock()
			for range 3 {
				if _, err := kista.Call(s, third, 1); err != nil {
					return err
				}
			}
			return msg.(kista.Request).From.Reply(1)
		}})
		var wanting []kista.PID
		for range 8 {
			wanting = append(wanting, serve(t, n, counter{handle: func(_ *kista.Self, msg any) error {
				mu.Lock()
				defer mu.Unlock()
				return msg.(kista.Request).From.Reply(1)
			}}))
		}
		for range 100 {
			calls := []*kista.Pending{kista.Begin(context.Background(), holder, 1)}
			for _, pid := range wanting {
				calls = append(calls, kista.Begin(context.Background(), pid, 1))
			}
			for _, c := range calls {
				_, err := c.Wait(context.Background())
				assert.NoError(t, err)
			}
		}
	}
	t.Run("machine", func(t *testing.T) { run(t, node(t)) })
	t.Run("bubble", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { run(t, start(t, kista.Config{})) })
	})
	t.Run("one processor", func(t *testing.T) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
		run(t, node(t))
	})
}
