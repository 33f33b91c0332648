package task_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/task"
)

// job is an item: what a task does with it, after some seconds.
type job struct {
	Seconds int
	How     string
}

// work is what streams do with jobs.
func work(s *kista.Self, j job) (int, error) {
	select {
	case <-time.After(time.Duration(j.Seconds) * time.Second):
	case <-s.Done():
		return 0, s.Err()
	}
	if end := ends[j.How]; end != nil {
		return end()
	}
	return j.Seconds, nil
}

type streamer = func(ctx context.Context, in iter.Seq[job], o task.StreamOpts, fn task.ItemFunc[job, int]) iter.Seq2[int, error]

// eachStream runs a test for each kind of stream and owner.
func eachStream(t *testing.T, do func(t *testing.T, n *kista.Node, ctx context.Context, stream streamer)) {
	t.Helper()
	kinds := func(n *kista.Node, sup kista.PID) map[string]streamer {
		return map[string]streamer{
			"on": func(ctx context.Context, in iter.Seq[job], o task.StreamOpts, fn task.ItemFunc[job, int]) iter.Seq2[int, error] {
				return task.StreamOn(ctx, n, in, o, fn)
			},
			"nolink": func(ctx context.Context, in iter.Seq[job], o task.StreamOpts, fn task.ItemFunc[job, int]) iter.Seq2[int, error] {
				return task.StreamNolink(ctx, sup, in, o, fn)
			},
			"linked": func(ctx context.Context, in iter.Seq[job], o task.StreamOpts, fn task.ItemFunc[job, int]) iter.Seq2[int, error] {
				return task.Stream(ctx.(*kista.Self), in, o, fn)
			},
			"under": func(ctx context.Context, in iter.Seq[job], o task.StreamOpts, fn task.ItemFunc[job, int]) iter.Seq2[int, error] {
				return task.StreamUnder(ctx.(*kista.Self), sup, in, o, fn)
			},
		}
	}
	for _, name := range []string{"on", "nolink"} {
		t.Run("goroutine/"+name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *kista.Node, sup kista.PID) { do(t, n, t.Context(), kinds(n, sup)[name]) })
		})
	}
	for _, name := range []string{"on", "nolink", "linked", "under"} {
		t.Run("process/"+name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *kista.Node, sup kista.PID) {
				kistatest.Within(t, n, func(s *kista.Self) {
					s.TrapExits(true)
					do(t, n, s, kinds(n, sup)[name])
					synctest.Wait()
					kistatest.Empty(t, s) // no message is left
				})
			})
		})
	}
}

// collect writes down what a stream yields and when, in seconds.
func collect(seq iter.Seq2[int, error]) (out []string) {
	begin := time.Now()
	for v, err := range seq {
		at := time.Since(begin).Seconds()
		var item *task.ItemError
		switch {
		case err == nil:
			out = append(out, fmt.Sprintf("%v: %d", at, v))
		case errors.As(err, &item):
			out = append(out, fmt.Sprintf("%v: item %d %s", at, item.Index, kind(item.Err)))
		default:
			out = append(out, fmt.Sprintf("%v: %s", at, kind(err)))
		}
	}
	return out
}

// kind is a word for an error.
func kind(err error) string {
	for word, is := range map[string]error{"boom": errBoom, "goexit": kista.ErrGoexit, "late": context.DeadlineExceeded, "other": errOther} {
		if errors.Is(err, is) {
			return word
		}
	}
	return err.Error()
}

func seconds(list ...int) iter.Seq[job] {
	return func(yield func(job) bool) {
		for _, s := range list {
			if !yield(job{Seconds: s}) {
				return
			}
		}
	}
}

func TestStreamInOrder(t *testing.T) {
	eachStream(t, func(t *testing.T, n *kista.Node, ctx context.Context, stream streamer) {
		s := stream(ctx, seconds(3, 1, 2, 1), task.StreamOpts{MaxConcurrency: 2}, work)
		want := []string{"3: 3", "3: 1", "3: 2", "4: 1"}
		assert.Equal(t, collect(s), want)
		assert.Equal(t, collect(s), want) // again, anew
		assert.Equal(t, collect(stream(ctx, seconds(), task.StreamOpts{}, work)), nil)
	})
}

func TestStreamUnordered(t *testing.T) {
	eachStream(t, func(t *testing.T, n *kista.Node, ctx context.Context, stream streamer) {
		s := stream(ctx, seconds(4, 1, 2, 4), task.StreamOpts{MaxConcurrency: 2, Unordered: true, Timeout: time.Minute}, work)
		assert.Equal(t, collect(s), []string{"1: 1", "3: 2", "4: 4", "7: 4"})
	})
}

func TestStreamErrorsAreItems(t *testing.T) {
	eachStream(t, func(t *testing.T, n *kista.Node, ctx context.Context, stream streamer) {
		in := slices.Values([]job{{1, "error"}, {2, "panic"}, {3, ""}, {4, "goexit"}, {1, "crash"}, {1, ""}})
		s := stream(ctx, in, task.StreamOpts{MaxConcurrency: 10}, work)
		assert.Equal(t, collect(s), []string{
			"1: item 0 boom", "2: item 1 boom", "3: 3", "4: item 3 goexit", "4: item 4 boom", "4: 1",
		})
	})
}

func TestStreamTimeouts(t *testing.T) {
	eachStream(t, func(t *testing.T, n *kista.Node, ctx context.Context, stream streamer) {
		in := seconds(1, 9, 2, 1)
		s := stream(ctx, in, task.StreamOpts{MaxConcurrency: 2, SkipLate: true}, work)
		assert.Equal(t, collect(s), []string{"1: 1", "5: item 1 late", "5: 2", "5: 1"})
		s = stream(ctx, in, task.StreamOpts{MaxConcurrency: 2}, work)
		assert.Equal(t, collect(s), []string{"1: 1", "5: item 1 late"}) // the end
		s = stream(ctx, in, task.StreamOpts{MaxConcurrency: 2, Timeout: task.NoTimeout}, work)
		assert.Equal(t, collect(s), []string{"1: 1", "9: 9", "9: 2", "9: 1"})

		// Also while the consumer is busy with something else.
		var got []error
		for _, err := range stream(ctx, seconds(1, 6), task.StreamOpts{MaxConcurrency: 2}, work) {
			got = append(got, err)
			time.Sleep(10 * time.Second) // sleep: virtual
		}
		assert.Equal(t, len(got), 2)
		assert.ErrorIs(t, got[1], context.DeadlineExceeded)

		// Code that does not come back by itself.
		stuck := stream(ctx, seconds(1), task.StreamOpts{Timeout: time.Second}, func(*kista.Self, job) (int, error) {
			time.Sleep(time.Minute) // sleep: virtual
			return 0, nil
		})
		assert.Equal(t, collect(stuck), []string{"1: item 0 late"})
		kistatest.Pass(time.Minute)
	})
}

func TestStreamBoundsConcurrencyAndBuffer(t *testing.T) {
	eachStream(t, func(t *testing.T, n *kista.Node, ctx context.Context, stream streamer) {
		var running, most atomic.Int64
		counting := func(s *kista.Self, j job) (int, error) {
			now := running.Add(1)
			defer running.Add(-1)
			for {
				if m := most.Load(); now <= m || most.CompareAndSwap(m, now) {
					break
				}
			}
			return work(s, j)
		}
		asked := 0
		in := func(yield func(job) bool) {
			for i := range 30 {
				asked++
				sec := 1
				if i == 0 {
					sec = 4
				}
				if !yield(job{Seconds: sec}) {
					return
				}
			}
		}
		for _, unordered := range []bool{false, true} {
			running.Store(0)
			most.Store(0)
			asked = 0
			n := 0
			for _, err := range stream(ctx, in, task.StreamOpts{MaxConcurrency: 3, Buffer: 2, Unordered: unordered}, counting) {
				assert.NoError(t, err)
				if n == 0 && !unordered {
					assert.Equal(t, asked, 5) // three at once, two of which may wait
				}
				n++
			}
			assert.Equal(t, n, 30)
			assert.Equal(t, most.Load(), 3)
		}
	})
}

// When the consumer stops, nothing goes on, and the input is asked no more.
func TestStreamIsCancelledWithItsConsumer(t *testing.T) {
	eachStream(t, func(t *testing.T, n *kista.Node, ctx context.Context, stream streamer) {
		before := n.Stats().Processes
		asked := 0
		in := func(yield func(job) bool) {
			for {
				asked++
				if !yield(job{Seconds: asked}) {
					return
				}
			}
		}
		for v := range stream(ctx, in, task.StreamOpts{MaxConcurrency: 4, Timeout: time.Hour}, work) {
			if v == 2 {
				break
			}
		}
		synctest.Wait() // one may be on its way out
		assert.Equal(t, n.Stats().Processes, before)
		assert.Equal(t, asked, 5)

		// Also if it panics.
		func() {
			defer func() { assert.ErrorIs(t, recover().(error), errOther) }()
			for range stream(ctx, in, task.StreamOpts{MaxConcurrency: 4, Timeout: time.Hour}, work) {
				panic(errOther)
			}
		}()
		synctest.Wait()
		assert.Equal(t, n.Stats().Processes, before)
	})
}

// An input that panics does so in the owner, and takes the tasks along; one that
// blocks lets them go on.
func TestStreamWithABadInput(t *testing.T) {
	eachStream(t, func(t *testing.T, n *kista.Node, ctx context.Context, stream streamer) {
		before := n.Stats().Processes
		func() {
			defer func() { assert.ErrorIs(t, recover().(error), errBoom) }()
			in := func(yield func(job) bool) {
				yield(job{Seconds: 3})
				panic(errBoom)
			}
			for range stream(ctx, in, task.StreamOpts{MaxConcurrency: 4}, work) {
				t.Error("a result")
			}
		}()
		synctest.Wait()
		assert.Equal(t, n.Stats().Processes, before)

		slow := func(yield func(job) bool) {
			for range 3 {
				time.Sleep(2 * time.Second) // sleep: virtual
				if !yield(job{Seconds: 1}) {
					return
				}
			}
		}
		assert.Equal(t, collect(stream(ctx, slow, task.StreamOpts{MaxConcurrency: 2}, work)), []string{"4: 1", "6: 1", "7: 1"})

		// What is no data is an error of the item.
		type bad struct{ C chan int }
		got := 0
		for _, err := range task.StreamOn(ctx, n, slices.Values([]any{1, bad{}, 2}), task.StreamOpts{}, func(_ *kista.Self, v any) (int, error) { return 1, nil }) {
			if err != nil {
				assert.ErrorAs[*kista.DataError](t, err)
				assert.Equal(t, assert.ErrorAs[*task.ItemError](t, err).Index, 1)
				continue
			}
			got++
		}
		assert.Equal(t, got, 2)
	})
}

// A Goexit in the input ends the owner; nothing is left of the stream.
func TestStreamWithAnInputThatExits(t *testing.T) {
	for _, how := range []string{"goexit", "panic"} {
		bubble(t, func(t *testing.T, n *kista.Node, sup kista.PID) {
			owner := n.Spawn(func(s *kista.Self) error {
				in := func(yield func(job) bool) {
					yield(job{Seconds: 3})
					_, _ = ends[how]()
				}
				for range task.StreamNolink(s, sup, in, task.StreamOpts{MaxConcurrency: 4}, work) {
					t.Error("a result")
				}
				return nil
			})
			assert.True(t, wait(t, owner) != nil, "a normal end")
		})
	}
}

// Each task has an item of its own, and nobody sees what it does with it.
func TestStreamItemsAreCopies(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, _ kista.PID) {
		list := []int{1, 2}
		in := slices.Values([][]int{list, list})
		for v, err := range task.StreamOn(t.Context(), n, in, task.StreamOpts{}, func(_ *kista.Self, l []int) (int, error) {
			l[0]++
			return l[0], nil
		}) {
			assert.NoError(t, err)
			assert.Equal(t, v, 2)
		}
		assert.Equal(t, list, []int{1, 2})
	})
}

// The owner's end is the stream's.
func TestStreamEndsWithItsOwner(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, sup kista.PID) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(2500*time.Millisecond, func() { cancel(errOther) })
		got := collect(task.StreamOn(ctx, n, seconds(1, 2, 3, 4), task.StreamOpts{MaxConcurrency: 4}, work))
		assert.Equal(t, got, []string{"1: 1", "2: 2", "2.5: other"})

		for _, linked := range []bool{true, false} {
			var seen []string
			owner := n.Spawn(func(s *kista.Self) error {
				stream := task.StreamNolink(s, sup, seconds(1, 2, 3, 4), task.StreamOpts{MaxConcurrency: 4}, work)
				if linked {
					stream = task.Stream(s, seconds(1, 2, 3, 4), task.StreamOpts{MaxConcurrency: 4}, work)
				}
				seen = collect(stream)
				return s.Err()
			})
			kistatest.Pass(2500 * time.Millisecond)
			assert.NoError(t, kista.Exit(owner, errOther))
			assert.ErrorIs(t, wait(t, owner), errOther)
			synctest.Wait()
			assert.Equal(t, seen, []string{"1: 1", "2: 2", "2.5: other"})
			assert.Equal(t, n.Stats().Processes, 1) // the task supervisor
		}
	})
}

// Without a link many of them die and the owner does not; with one the first does
// it.
func TestStreamLinks(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, sup kista.PID) {
		bad := func(yield func(job) bool) {
			for range 500 {
				if !yield(job{How: "panic"}) {
					return
				}
			}
		}
		kistatest.Within(t, n, func(s *kista.Self) {
			failed := 0
			for _, err := range task.StreamNolink(s, sup, bad, task.StreamOpts{MaxConcurrency: 20}, work) {
				assert.ErrorIs(t, err, errBoom)
				failed++
			}
			assert.Equal(t, failed, 500)
			kistatest.Empty(t, s)
		})
		owner := n.Spawn(func(s *kista.Self) error {
			for _, err := range task.Stream(s, bad, task.StreamOpts{}, work) {
				if err != nil && s.Err() == nil {
					t.Error(err)
				}
			}
			return nil
		})
		assert.ErrorIs(t, wait(t, owner), errBoom)
	})
}

// Where tasks cannot be started, each item says so.
func TestStreamWithoutASupervisor(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, _ kista.PID) {
		failed := 0
		for _, err := range task.StreamNolink(t.Context(), n.Name("nobody"), seconds(1, 2), task.StreamOpts{}, work) {
			assert.ErrorIs(t, err, kista.ErrNoProcess)
			failed++
		}
		assert.Equal(t, failed, 2)
	})
}
