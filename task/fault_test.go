package task_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/task"
)

// Whatever a task's function does, its owner (if it is not linked), its siblings,
// its supervisor and the node live on; the owner hears what it was.
func TestFaults(t *testing.T) {
	stuck := func(gate chan struct{}) func(*kista.Self) (any, error) {
		return func(*kista.Self) (any, error) { <-gate; return nil, nil }
	}
	for _, tc := range []struct {
		name string
		fn   func(s *kista.Self) (any, error)
		want func(t *testing.T, err error)
	}{
		{"panic", func(*kista.Self) (any, error) { panic(errBoom) }, func(t *testing.T, err error) {
			assert.ErrorIs(t, assert.ErrorAs[*kista.PanicError](t, err), errBoom)
		}},
		{"goexit", func(*kista.Self) (any, error) { return ends["goexit"]() }, func(t *testing.T, err error) { assert.ErrorIs(t, err, kista.ErrGoexit) }},
		{"error", func(*kista.Self) (any, error) { return 7, errBoom }, func(t *testing.T, err error) { assert.ErrorIs(t, err, errBoom) }},
		{"crash without a reason", func(*kista.Self) (any, error) { return 7, task.Crash(nil) }, func(t *testing.T, err error) { assert.ErrorAs[*task.Error](t, err) }},
		{"channel", func(*kista.Self) (any, error) { return make(chan int), nil }, func(t *testing.T, err error) { assert.ErrorAs[*kista.DataError](t, err) }},
		{"self", func(s *kista.Self) (any, error) { return s, nil }, func(t *testing.T, err error) { assert.ErrorAs[*kista.DataError](t, err) }},
		{"hostile panic", func(*kista.Self) (any, error) { panic(hostile{}) }, func(t *testing.T, err error) { assert.ErrorAs[*kista.PanicError](t, err) }},
		{"hostile error", func(*kista.Self) (any, error) { return 0, hostile{} }, func(t *testing.T, err error) { assert.True(t, err.Error() != "", "no text") }},
		{"error that leaves", func(*kista.Self) (any, error) { return 0, leaver{} }, func(t *testing.T, err error) { assert.True(t, err != nil, "no error") }},
		{"kill of itself", func(s *kista.Self) (any, error) { return 0, s.Exit(s.PID(), kista.Kill) }, func(t *testing.T, err error) { assert.ErrorIs(t, err, kista.ErrKilled) }},
		{"kill of its supervisor's child", func(s *kista.Self) (any, error) { return 0, s.Exit(s.PID(), errOther) }, func(t *testing.T, err error) { assert.ErrorIs(t, err, errOther) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *kista.Node, sup kista.PID) {
				sibling := task.AsyncNolink(t.Context(), sup, after(time.Hour))
				check := func(ctx context.Context) {
					_, err := task.AsyncNolink(ctx, sup, tc.fn).Await(ctx)
					tc.want(t, err)
					_, err = task.AsyncOn(ctx, n, tc.fn).Await(ctx)
					tc.want(t, err)
					one := func(yield func(int) bool) { yield(1) }
					for _, err := range task.StreamNolink(ctx, sup, one, task.StreamOpts{}, func(s *kista.Self, _ int) (any, error) { return tc.fn(s) }) {
						assert.ErrorAs[*task.ItemError](t, err)
						tc.want(t, err)
					}
				}
				check(t.Context())
				kistatest.Within(t, n, func(s *kista.Self) { check(s) })
				assert.True(t, n.Alive(sup), "the supervisor has ended")
				_, err := sibling.Shutdown(t.Context(), time.Second)
				assert.ErrorIs(t, err, kista.ErrShutdown)
			})
		})
	}

	t.Run("block", func(t *testing.T) {
		bubble(t, func(t *testing.T, n *kista.Node, sup kista.PID) {
			gate := make(chan struct{})
			_, err := task.AsyncNolink(t.Context(), sup, stuck(gate)).Await(t.Context())
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, n.Stats().Zombies, 1) // Go cannot stop it

			// The supervisor's shutdown waits five seconds for those that run.
			other := task.AsyncNolink(t.Context(), sup, stuck(gate))
			synctest.Wait() // it has begun
			begin := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			_, err = kista.System(ctx, sup, kista.Terminate{Reason: kista.ErrShutdown})
			assert.NoError(t, err)
			assert.Equal(t, time.Since(begin), 5*time.Second)
			_, err = other.Await(t.Context())
			assert.True(t, errors.Is(err, kista.ErrKilled) || errors.Is(err, kista.ErrShutdown), "%v", err)
			close(gate)
			kistatest.Pass(time.Second)
			assert.Equal(t, n.Stats().Zombies, 0)
		})
	})
}

// hostile is a panic value and an error whose methods panic.
type hostile struct{}

func (hostile) Error() string  { panic(errOther) }
func (hostile) String() string { panic(errOther) }

// leaver is an error whose methods call Goexit.
type leaver struct{}

func (leaver) Error() string { _, err := ends["goexit"](); return fmt.Sprint(err) }
