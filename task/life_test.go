package task_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/supervisor"
	"github.com/kista-go/kista/task"
)

// A linked task that crashes takes its owner along, and the owner takes it.
func TestLinkedTasksAndOwnersGoTogether(t *testing.T) {
	for _, name := range []string{"async", "under"} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *kista.Node, sup kista.PID) {
				async := linkers(sup)[name]
				for how, want := range map[string]error{"panic": errBoom, "goexit": kista.ErrGoexit, "crash": errBoom} {
					owner := n.Spawn(func(s *kista.Self) error {
						if _, err := async(s, func(*kista.Self) (int, error) { return ends[how]() }).Await(s); err != nil {
							return err
						}
						return errOther
					})
					assert.ErrorIs(t, wait(t, owner), want)
				}
				// An error that it returns does not.
				owner := n.Spawn(func(s *kista.Self) error {
					_, err := async(s, func(*kista.Self) (int, error) { return ends["error"]() }).Await(s)
					assert.ErrorIs(t, err, errBoom)
					return nil
				})
				assert.NoError(t, wait(t, owner))

				// The owner's end.
				var pid kista.PID
				owner = n.Spawn(func(s *kista.Self) error {
					a := async(s, forever)
					pid = a.PID()
					_, err := a.Await(s)
					return err
				})
				synctest.Wait()
				assert.NoError(t, kista.Exit(owner, errOther))
				assert.ErrorIs(t, wait(t, pid), errOther)

				// One that traps exits hears of a crash twice, as in Elixir, and of a
				// normal end only in the result.
				kistatest.Within(t, n, func(s *kista.Self) {
					s.TrapExits(true)
					a := async(s, func(*kista.Self) (int, error) { panic(errBoom) })
					_, err := a.Await(s)
					assert.ErrorIs(t, err, errBoom)
					e := kistatest.Receive[kista.Exited](t, s)
					assert.True(t, e.PID == a.PID(), "from %v", e.PID)
					assert.ErrorIs(t, e.Reason, errBoom)
					_, err = async(s, three).Await(s)
					assert.NoError(t, err)
					_, err = async(s, forever).Shutdown(s, time.Second)
					assert.ErrorIs(t, err, kista.ErrShutdown)
					_, err = async(s, forever).AwaitFor(s, time.Second)
					assert.ErrorIs(t, err, context.DeadlineExceeded)
					synctest.Wait()
					kistatest.Empty(t, s)
				})
			})
		})
	}
}

// A task that is not linked survives its owner, and its owner it.
func TestUnlinkedTasksAndOwnersGoAlone(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, sup kista.PID) {
		for name, start := range starters(n, sup) {
			j := new(journal)
			owner := n.Spawn(func(s *kista.Self) error {
				_, err := start(s, func(*kista.Self) (int, error) { panic(errBoom) }).Await(s)
				assert.ErrorIs(t, err, errBoom)
				start(s, func(s *kista.Self) (int, error) {
					v, err := after(time.Second)(s) // which would heed an end
					j.add(fmt.Sprintf("%s %v", name, err))
					return v, err
				})
				synctest.Wait()
				return errOther
			})
			assert.ErrorIs(t, wait(t, owner), errOther)
			assert.Equal(t, j.take(), nil)
			kistatest.Pass(time.Second)
			assert.Equal(t, j.take(), []string{name + " <nil>"})
		}
	})
}

// A task whose owner is a plain goroutine ends with its context.
func TestATaskEndsWithItsOwnersContext(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, sup kista.PID) {
		for _, start := range starters(n, sup) {
			ctx, cancel := context.WithCancelCause(t.Context())
			a := start(ctx, forever)
			synctest.Wait()
			cancel(errOther)
			_, err := a.Await(t.Context())
			assert.ErrorIs(t, err, errOther)
			assert.ErrorIs(t, err, kista.ErrShutdown)
			assert.True(t, !kista.Abnormal(wait(t, a.PID())), "an abnormal end")

			// Once it is over the context is forgotten.
			ctx, cancel = context.WithCancelCause(t.Context())
			b := start(ctx, three)
			v, err := b.Await(ctx)
			assert.NoError(t, err)
			assert.Equal(t, v, 3)
			cancel(errOther)
			v, err = b.Await(t.Context())
			assert.NoError(t, err)
			assert.Equal(t, v, 3)
		}
		// Not so a process, whose context is not the link.
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := task.AsyncOn(ctx, n, forever).Await(t.Context())
		assert.ErrorIs(t, err, context.Canceled)
	})
}

// When the supervisor stops, so do its tasks; a crash of one is nothing to it.
func TestTasksUnderASupervisor(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, sup kista.PID) {
		for range 50 { // more than any intensity
			_, err := task.AsyncNolink(t.Context(), sup, func(*kista.Self) (int, error) { panic(errBoom) }).Await(t.Context())
			assert.ErrorIs(t, err, errBoom)
		}
		a := task.AsyncNolink(t.Context(), sup, forever)
		b := task.AsyncNolink(t.Context(), sup, forever)
		counts, err := supervisor.CountChildren(t.Context(), sup)
		assert.NoError(t, err)
		assert.Equal(t, counts.Active, 2)
		assert.NoError(t, supervisor.TerminateProcess(t.Context(), sup, b.PID()))
		_, err = b.Await(t.Context())
		assert.ErrorIs(t, err, kista.ErrShutdown)

		info, _ := n.Info(a.PID())
		assert.Equal(t, info.Label, "task github.com/kista-go/kista/task_test.forever")
		assert.True(t, info.Parent == sup, "its parent is %v", info.Parent)

		_, err = kista.System(t.Context(), sup, kista.Terminate{Reason: kista.ErrShutdown})
		assert.NoError(t, err)
		_, err = a.Await(t.Context())
		assert.ErrorIs(t, err, kista.ErrShutdown)
		_, err = task.AsyncNolink(t.Context(), sup, three).Await(t.Context())
		assert.ErrorIs(t, err, kista.ErrNoProcess)
		kistatest.Within(t, n, func(s *kista.Self) {
			_, err = task.AsyncUnder(s, sup, three).Await(s)
			assert.ErrorIs(t, err, kista.ErrNoProcess)
		})
	})
}

// The linked and the unlinked kind, under a supervisor that is restarted.
func TestASupervisorInATree(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, _ kista.PID) {
		top, err := supervisor.Start(t.Context(), n, supervisor.Spec{Children: []supervisor.Child{
			{ID: "tasks", Start: task.Supervisor(supervisor.Opts{Name: "tasks"})},
		}}, supervisor.Opts{})
		assert.NoError(t, err)
		a := task.AsyncNolink(t.Context(), n.Name("tasks"), forever)
		tasks, _ := n.WhereIs("tasks")
		assert.NoError(t, kista.Exit(tasks, kista.Kill))
		_, err = a.Await(t.Context())
		assert.ErrorIs(t, err, kista.ErrKilled) // by the link with the supervisor
		synctest.Wait()
		v, err := task.AsyncNolink(t.Context(), n.Name("tasks"), three).Await(t.Context())
		assert.NoError(t, err)
		assert.Equal(t, v, 3)
		_, err = kista.System(t.Context(), top, kista.Terminate{Reason: kista.ErrShutdown})
		assert.NoError(t, err)
	})
}

func TestStartChild(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, sup kista.PID) {
		j := new(journal)
		pid, err := task.StartChild(t.Context(), sup, func(s *kista.Self) error {
			j.add("runs")
			return errBoom
		})
		assert.NoError(t, err)
		assert.ErrorIs(t, wait(t, pid), errBoom)
		assert.Equal(t, j.take(), []string{"runs"}) // once
		_, err = task.StartChild(t.Context(), n.Name("nobody"), func(*kista.Self) error { return nil })
		assert.ErrorIs(t, err, kista.ErrNoProcess)
	})
}

// A task whose owner has gone before it could begin goes too, and does nothing.
func TestATaskThatIsNeverSummoned(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, sup kista.PID) {
		_, err := kista.System(t.Context(), sup, kista.Suspend{})
		assert.NoError(t, err)
		j := new(journal)
		work := func(*kista.Self) (int, error) { j.add("works"); return 0, nil }
		owner := n.Spawn(func(s *kista.Self) error {
			_, err := task.AsyncNolink(s, sup, work).Await(s)
			return err
		})
		ctx, cancel := context.WithCancel(t.Context())
		gaveUp := make(chan error)
		go func() {
			_, err := task.AsyncNolink(ctx, sup, work).Await(t.Context())
			gaveUp <- err
		}()
		synctest.Wait()
		assert.NoError(t, kista.Exit(owner, kista.Kill))
		cancel()
		assert.ErrorIs(t, <-gaveUp, context.Canceled)
		_, err = kista.System(t.Context(), sup, kista.Resume{})
		assert.NoError(t, err)
		synctest.Wait()
		counts, err := supervisor.CountChildren(t.Context(), sup)
		assert.NoError(t, err)
		assert.Equal(t, counts.Active, 1) // the process's task has gone at once
		kistatest.Pass(5 * time.Second)
		assert.Equal(t, j.take(), nil)
		counts, err = supervisor.CountChildren(t.Context(), sup)
		assert.NoError(t, err)
		assert.Equal(t, counts.Active, 0)
	})
}

func TestDeliver(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, sup kista.PID) {
		for name, start := range map[string]func(s *kista.Self, fn task.Func[int]) (kista.Ref, error){
			"linked": task.Deliver[int],
			"nolink": func(s *kista.Self, fn task.Func[int]) (kista.Ref, error) { return task.DeliverNolink(s, sup, fn) },
		} {
			kistatest.Within(t, n, func(s *kista.Self) {
				s.TrapExits(true)
				slow, err := start(s, after(time.Second))
				assert.NoError(t, err)
				quick, err := start(s, three)
				assert.NoError(t, err)
				assert.Equal(t, kistatest.Receive[task.Result[int]](t, s), task.Result[int]{Ref: quick, Value: 3})
				assert.Equal(t, kistatest.Receive[task.Result[int]](t, s), task.Result[int]{Ref: slow, Value: 1})

				failed, err := start(s, func(*kista.Self) (int, error) { return 0, errBoom })
				assert.NoError(t, err)
				r := kistatest.Receive[task.Result[int]](t, s)
				assert.True(t, r.Ref == failed, "another one")
				assert.ErrorIs(t, r.Err, errBoom)
				synctest.Wait()
				kistatest.Empty(t, s)

				for _, how := range []string{"panic", "goexit", "crash"} {
					ref, err := start(s, func(*kista.Self) (int, error) { return ends[how]() })
					assert.NoError(t, err)
					d := kistatest.Receive[kista.Down](t, s)
					assert.True(t, d.Ref == ref && d.Reason != nil, "%v", d)
					if name == "linked" {
						kistatest.Receive[kista.Exited](t, s)
					}
				}
				synctest.Wait()
				kistatest.Empty(t, s)
			})
		}
		// A result that is no data.
		kistatest.Within(t, n, func(s *kista.Self) {
			ref, err := task.DeliverNolink(s, sup, func(*kista.Self) (chan int, error) { return make(chan int), nil })
			assert.NoError(t, err)
			d := kistatest.Receive[kista.Down](t, s)
			assert.True(t, d.Ref == ref, "another one")
			assert.ErrorAs[*kista.DataError](t, d.Reason)
			_, err = task.DeliverNolink(s, n.Name("nobody"), three)
			assert.ErrorIs(t, err, kista.ErrNoProcess)
			_, err = task.DeliverNolink(s, sup, func(*kista.Self) (any, error) { return nil, nil })
			assert.NoError(t, err)
			assert.Equal(t, kistatest.Receive[task.Result[any]](t, s).Value, nil)
		})
		// Linked.
		owner := n.Spawn(func(s *kista.Self) error {
			if _, err := task.Deliver(s, func(*kista.Self) (int, error) { panic(errBoom) }); err != nil {
				return err
			}
			_, err := kista.Receive[task.Result[int]](s)
			return err
		})
		assert.ErrorIs(t, wait(t, owner), errBoom)
	})
}

// watched is a context that counts who watches it.
type watched struct {
	context.Context
	watchers *atomic.Int64
}

// Value hides the context within, which package context would watch itself.
func (w watched) Value(any) any { return nil }

// AfterFunc is what package context calls to watch.
func (w watched) AfterFunc(f func()) func() bool {
	w.watchers.Add(1)
	stop := context.AfterFunc(w.Context, f)
	return func() bool {
		stopped := stop()
		if stopped {
			w.watchers.Add(-1)
		}
		return stopped
	}
}

// A long-lived context does not collect the tasks that were started with it, also
// if nobody asks for their results.
func TestTheContextForgetsTasksThatAreOver(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, sup kista.PID) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		w := watched{ctx, new(atomic.Int64)}
		for _, start := range starters(n, sup) {
			a := start(w, after(time.Second))
			assert.Equal(t, w.watchers.Load(), 1)
			kistatest.Pass(time.Second)
			assert.Equal(t, w.watchers.Load(), 0)
			_ = a
			b := start(w, forever)
			_, _ = b.Shutdown(w, 0)
			assert.Equal(t, w.watchers.Load(), 0)
		}
	})
}
