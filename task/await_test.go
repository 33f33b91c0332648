package task_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/task"
)

// each runs a test for each way to start a task, by a plain goroutine and by a
// process.
func each(t *testing.T, do func(t *testing.T, n *kista.Node, ctx context.Context, start func(task.Func[int]) *task.Task[int])) {
	t.Helper()
	for _, name := range []string{"on", "nolink"} {
		t.Run("goroutine/"+name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *kista.Node, sup kista.PID) {
				do(t, n, t.Context(), func(fn task.Func[int]) *task.Task[int] { return starters(n, sup)[name](t.Context(), fn) })
			})
		})
		t.Run("process/"+name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *kista.Node, sup kista.PID) {
				kistatest.Within(t, n, func(s *kista.Self) {
					do(t, n, s, func(fn task.Func[int]) *task.Task[int] { return starters(n, sup)[name](s, fn) })
					kistatest.Empty(t, s)
				})
			})
		})
	}
	for _, name := range []string{"async", "under"} {
		t.Run("linked/"+name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *kista.Node, sup kista.PID) {
				kistatest.Within(t, n, func(s *kista.Self) {
					s.TrapExits(true)
					do(t, n, s, func(fn task.Func[int]) *task.Task[int] { return linkers(sup)[name](s, fn) })
				})
			})
		})
	}
}

func TestAwait(t *testing.T) {
	each(t, func(t *testing.T, n *kista.Node, ctx context.Context, start func(task.Func[int]) *task.Task[int]) {
		a := start(three)
		v, err := a.Await(ctx)
		assert.NoError(t, err)
		assert.Equal(t, v, 3)
		v, err = a.Await(ctx) // again
		assert.NoError(t, err)
		assert.Equal(t, v, 3)
		<-a.Done()
		assert.NoError(t, wait(t, a.PID()))

		// An error is an answer, as it is.
		b := start(func(*kista.Self) (int, error) { return 7, errBoom })
		v, err = b.Await(ctx)
		assert.ErrorIs(t, err, errBoom)
		assert.Equal(t, err.Error(), "boom")
		assert.Equal(t, v, 0)
		assert.NoError(t, wait(t, b.PID()))
	})
}

func TestAwaitOfOneThatDies(t *testing.T) {
	for how, want := range map[string]error{"panic": errBoom, "goexit": kista.ErrGoexit, "crash": errBoom} {
		t.Run(how, func(t *testing.T) {
			each(t, func(t *testing.T, n *kista.Node, ctx context.Context, start func(task.Func[int]) *task.Task[int]) {
				a := start(func(*kista.Self) (int, error) { return ends[how]() })
				_, err := a.Await(ctx)
				assert.ErrorIs(t, err, want)
				assert.Equal(t, assert.ErrorAs[*task.Error](t, err).Task, a.PID())
				assert.ErrorIs(t, wait(t, a.PID()), want)
			})
		})
	}
	each(t, func(t *testing.T, n *kista.Node, ctx context.Context, start func(task.Func[int]) *task.Task[int]) {
		a := start(forever)
		assert.NoError(t, kista.Exit(a.PID(), errOther))
		_, err := a.Await(ctx)
		assert.ErrorIs(t, err, errOther)
		a = start(forever)
		assert.NoError(t, kista.Exit(a.PID(), kista.Kill))
		_, err = a.Await(ctx)
		assert.ErrorIs(t, err, kista.ErrKilled)
	})
}

func TestAwaitTimeout(t *testing.T) {
	each(t, func(t *testing.T, n *kista.Node, ctx context.Context, start func(task.Func[int]) *task.Task[int]) {
		begin := time.Now()
		a := start(forever)
		_, err := a.Await(ctx)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, assert.ErrorAs[*task.Error](t, err).Task, a.PID())
		assert.Equal(t, time.Since(begin), 5*time.Second)
		assert.ErrorIs(t, wait(t, a.PID()), kista.ErrKilled) // nobody waits for it any more

		a = start(after(time.Minute))
		v, err := a.AwaitFor(ctx, task.NoTimeout)
		assert.NoError(t, err)
		assert.Equal(t, v, 60)

		_, err = start(forever).AwaitFor(ctx, time.Second)
		assert.ErrorIs(t, err, context.DeadlineExceeded)

		// A context with a deadline, which need not be the owner's own.
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		begin = time.Now()
		_, err = start(forever).Await(short)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Since(begin), time.Second)

		gone, stop := context.WithCancelCause(ctx)
		stop(errOther)
		_, err = start(forever).Await(gone)
		assert.ErrorIs(t, err, errOther)
		synctest.Wait()
	})
}

func TestYield(t *testing.T) {
	each(t, func(t *testing.T, n *kista.Node, ctx context.Context, start func(task.Func[int]) *task.Task[int]) {
		a := start(after(3 * time.Second))
		begin := time.Now()
		for range 2 {
			_, over, err := a.Yield(ctx, time.Second)
			assert.NoError(t, err)
			assert.True(t, !over, "over too early")
		}
		_, over, err := a.Yield(ctx, 0)
		assert.NoError(t, err)
		assert.True(t, !over, "over too early")
		assert.Equal(t, time.Since(begin), 2*time.Second)
		v, over, err := a.Yield(ctx, task.NoTimeout)
		assert.NoError(t, err)
		assert.True(t, over, "not over")
		assert.Equal(t, v, 3)
		v, over, err = a.Yield(ctx, 0)
		assert.NoError(t, err)
		assert.True(t, over && v == 3, "%v %v", over, v)

		gone, stop := context.WithCancelCause(ctx)
		stop(errOther)
		b := start(after(time.Second))
		_, over, err = b.Yield(gone, time.Minute)
		assert.ErrorIs(t, err, errOther)
		assert.True(t, !over, "over too early")
		v, err = b.Await(ctx) // it has gone on
		assert.NoError(t, err)
		assert.Equal(t, v, 1)
	})
}

func TestShutdown(t *testing.T) {
	each(t, func(t *testing.T, n *kista.Node, ctx context.Context, start func(task.Func[int]) *task.Task[int]) {
		begin := time.Now()
		// In order.
		a := start(forever)
		synctest.Wait()
		_, err := a.Shutdown(ctx, time.Second)
		assert.ErrorIs(t, err, kista.ErrShutdown)
		assert.ErrorIs(t, wait(t, a.PID()), kista.ErrShutdown)
		assert.Equal(t, time.Since(begin), 0)

		// With a result that it still had to give.
		b := start(func(s *kista.Self) (int, error) { <-s.Done(); return 8, nil })
		synctest.Wait()
		v, err := b.Shutdown(ctx, time.Second)
		assert.NoError(t, err)
		assert.Equal(t, v, 8)

		// By force, when it does not come back.
		c := start(func(*kista.Self) (int, error) { time.Sleep(3 * time.Second); return 8, nil }) // sleep: virtual
		synctest.Wait()
		_, err = c.Shutdown(ctx, time.Second)
		assert.ErrorIs(t, err, kista.ErrKilled)
		assert.Equal(t, time.Since(begin), time.Second)
		assert.ErrorIs(t, wait(t, c.PID()), kista.ErrKilled)

		// At once.
		d := start(forever)
		_, err = d.Shutdown(ctx, 0)
		assert.ErrorIs(t, err, kista.ErrKilled)
		assert.Equal(t, time.Since(begin), time.Second)

		// One that has ended before.
		e := start(three)
		v, err = e.Await(ctx)
		assert.NoError(t, err)
		w, err := e.Shutdown(ctx, time.Second)
		assert.NoError(t, err)
		assert.Equal(t, w, v)
		f := start(func(*kista.Self) (int, error) { panic(errBoom) })
		_, _, _ = f.Yield(ctx, time.Second)
		_, err = f.Shutdown(ctx, time.Second)
		assert.ErrorIs(t, err, errBoom)

		// One that traps exits and does not care.
		g := start(func(s *kista.Self) (int, error) {
			s.TrapExits(true)
			for {
				if _, err := s.Receive(); err != nil {
					return 0, err
				}
			}
		})
		synctest.Wait()
		_, err = g.Shutdown(ctx, time.Second)
		assert.ErrorIs(t, err, kista.ErrKilled)
		kistatest.Pass(2 * time.Second) // c's code comes back
	})
}

// What is captured is shared, what is returned is not.
func TestResultsAreCopies(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, _ kista.PID) {
		kept := []int{1, 2, 3}
		a := task.AsyncOn(t.Context(), n, func(*kista.Self) ([]int, error) { return kept, nil })
		got, err := a.Await(t.Context())
		assert.NoError(t, err)
		got[0] = 100
		assert.Equal(t, kept, []int{1, 2, 3})

		// A result that is no data is a crash.
		b := task.AsyncOn(t.Context(), n, func(*kista.Self) (chan int, error) { return make(chan int), nil })
		_, err = b.Await(t.Context())
		assert.ErrorAs[*task.Error](t, err)
		assert.ErrorAs[*kista.DataError](t, err)
		assert.ErrorAs[*kista.DataError](t, wait(t, b.PID()))

		// A nil is one.
		c := task.AsyncOn(t.Context(), n, func(*kista.Self) (any, error) { return nil, nil })
		v, err := c.Await(t.Context())
		assert.NoError(t, err)
		assert.Equal(t, v, nil)
	})
}

// An error that the function got from a call is an answer, and no death.
func TestErrorsOfOthersAreAnswers(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, _ kista.PID) {
		a := task.AsyncOn(t.Context(), n, func(s *kista.Self) (any, error) { return kista.Call(s, n.Name("nobody"), "hello") })
		_, err := a.Await(t.Context())
		assert.ErrorAs[*kista.CallError](t, err)
		assert.ErrorIs(t, err, kista.ErrNoProcess)
		assert.NoError(t, wait(t, a.PID()))
	})
}

func TestOnlyTheOwnerAwaits(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, sup kista.PID) {
		of := func(ask context.Context, a *task.Task[int]) {
			t.Helper()
			_, err := a.Await(ask)
			assert.ErrorIs(t, err, task.ErrNotOwner)
			_, _, err = a.Yield(ask, time.Second)
			assert.ErrorIs(t, err, task.ErrNotOwner)
			_, err = a.Shutdown(ask, time.Second)
			assert.ErrorIs(t, err, task.ErrNotOwner)
			_, err = task.AwaitMany(ask, a)
			assert.ErrorIs(t, err, task.ErrNotOwner)
			assert.ErrorIs(t, task.YieldMany(ask, 0, a)[0].Err, task.ErrNotOwner)
			assert.True(t, n.Alive(a.PID()), "it died of being asked for")
		}
		mine := task.AsyncOn(t.Context(), n, forever)
		kistatest.Within(t, n, func(s *kista.Self) {
			of(s, mine)
			his := task.Async(s, forever)
			kistatest.Within(t, n, func(other *kista.Self) { of(other, his) })
			// A context that is derived from the owner's does not say whose it is.
			ctx, cancel := context.WithCancel(s)
			defer cancel()
			_, over, err := his.Yield(ctx, 0)
			assert.NoError(t, err)
			assert.True(t, !over, "over")
			_, err = his.Shutdown(s, 0)
			assert.ErrorIs(t, err, kista.ErrKilled)
		})
		_, err := mine.Shutdown(t.Context(), 0)
		assert.ErrorIs(t, err, kista.ErrKilled)
	})
}

// A task is not data: it cannot be given away.
func TestATaskIsNotData(t *testing.T) {
	err := kista.IsData[*task.Task[int]]()
	assert.ErrorAs[*kista.DataError](t, err)
}

func TestAwaitManyAndYieldMany(t *testing.T) {
	each(t, func(t *testing.T, n *kista.Node, ctx context.Context, start func(task.Func[int]) *task.Task[int]) {
		a, b, c := start(after(3*time.Second)), start(after(1*time.Second)), start(after(2*time.Second))
		got := task.YieldMany(ctx, 2500*time.Millisecond, a, b, c)
		assert.Equal(t, got, []task.Outcome[int]{{}, {Over: true, Value: 1}, {Over: true, Value: 2}})
		all, err := task.AwaitMany(ctx, a, b, c)
		assert.NoError(t, err)
		assert.Equal(t, all, []int{3, 1, 2})
		none, err := task.AwaitMany[int](ctx)
		assert.NoError(t, err)
		assert.Equal(t, len(none), 0)
		assert.Equal(t, len(task.YieldMany[int](ctx, time.Second)), 0)

		// The first one that fails ends the wait, and the rest.
		a, b, c = start(three), start(func(*kista.Self) (int, error) { return 0, errBoom }), start(forever)
		_, err = task.AwaitMany(ctx, a, b, c)
		assert.ErrorIs(t, err, errBoom)
		assert.ErrorIs(t, wait(t, c.PID()), kista.ErrKilled)

		// Five seconds are for all of them.
		begin := time.Now()
		a, b, c = start(after(4*time.Second)), start(after(8*time.Second)), start(forever)
		_, err = task.AwaitMany(ctx, a, b, c)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Since(begin), 5*time.Second)
		long, cancel := context.WithTimeout(ctx, time.Hour)
		defer cancel()
		all, err = task.AwaitMany(long, start(after(10*time.Second)), start(after(20*time.Second)))
		assert.NoError(t, err)
		assert.Equal(t, all, []int{10, 20})
		synctest.Wait()
	})
}

// Where no task can be started, the result says why.
func TestATaskThatIsNotStarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, err := kista.Start(kista.Config{})
		assert.NoError(t, err)
		assert.NoError(t, n.Stop(t.Context()))
		for range 2 {
			a := task.AsyncOn(t.Context(), n, three)
			_, err = a.Await(t.Context())
			assert.ErrorIs(t, err, kista.ErrNodeStopped)
			assert.True(t, assert.ErrorAs[*task.Error](t, err).Task.IsZero() && a.PID().IsZero(), "there is a process")
			<-a.Done()
			_, err = a.Shutdown(t.Context(), time.Second)
			assert.ErrorIs(t, err, kista.ErrNodeStopped)
			_, over, err := a.Yield(t.Context(), 0)
			assert.ErrorIs(t, err, kista.ErrNodeStopped)
			assert.True(t, over, "not over")
		}
	})
	bubble(t, func(t *testing.T, n *kista.Node, _ kista.PID) {
		_, err := task.AsyncNolink(t.Context(), n.Name("nobody"), three).Await(t.Context())
		assert.ErrorIs(t, err, kista.ErrNoProcess)
		other := n.Spawn(func(s *kista.Self) error { <-s.Done(); return nil }) // answers nothing
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = task.AsyncNolink(ctx, other, three).Await(t.Context())
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.NoError(t, kista.Exit(other, kista.Kill))
	})
}
