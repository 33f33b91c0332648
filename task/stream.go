package task

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/ready"
)

// StreamOpts say how a stream works. The zero value runs as many tasks at once as
// there are processors, in order, with five seconds for each.
type StreamOpts struct {
	// MaxConcurrency is how many tasks run at once. Zero or less: GOMAXPROCS.
	MaxConcurrency int
	// Unordered yields results as they come, instead of in the order of the input.
	Unordered bool
	// Buffer is, in order, how many results may wait for the one before them while
	// further tasks start; then none starts until it has come. Zero or less: four
	// times MaxConcurrency. Differs from Elixir, which keeps any number.
	Buffer int
	// Timeout is how long each task may take before it is killed. Zero: five
	// seconds. [NoTimeout]: as long as it likes.
	Timeout time.Duration
	// SkipLate goes on after a task whose time was over; without it that ends the
	// stream. Either way the item's error is yielded first.
	SkipLate bool
}

func (o StreamOpts) withDefaults() StreamOpts {
	if o.MaxConcurrency <= 0 {
		o.MaxConcurrency = runtime.GOMAXPROCS(0)
	}
	if o.Buffer <= 0 {
		o.Buffer = 4 * o.MaxConcurrency
	}
	if o.Timeout == 0 {
		o.Timeout = kista.DefaultCallTimeout
	}
	return o
}

// ItemFunc is what a stream's tasks do: each in its own process, with a private
// copy of one item. What it returns is as for [Func].
type ItemFunc[T, R any] = func(self *kista.Self, item T) (R, error)

// Stream yields, for each item of in, what fn returns for it, or an [*ItemError]
// why there is nothing. Each item has a task of its own, linked with the process
// self: one that crashes takes the owner along, unless that traps exits, as
// [Async] says; an error that fn returns does not.
//
// The stream is lazy: in is asked for the next item, in the process self, when
// there is room for a task, and finished results are yielded before that. When the
// consumer stops, when in panics, or when the process is to end, the tasks that run
// are killed; none is left behind. It may be ranged over again, and starts anew
// then.
func Stream[T, R any](self *kista.Self, in iter.Seq[T], o StreamOpts, fn ItemFunc[T, R]) iter.Seq2[R, error] {
	return over(self, linked(self), self, in, o, fn)
}

// StreamOn is [Stream] on node n, without links, for an owner that need not be a
// process: see [AsyncOn]. When ctx ends, that is the last error that is yielded.
func StreamOn[T, R any](ctx context.Context, n *kista.Node, in iter.Seq[T], o StreamOpts, fn ItemFunc[T, R]) iter.Seq2[R, error] {
	return over(ctx, on(ctx, n), nil, in, o, fn)
}

// StreamNolink is [Stream] under the supervisor sup, without links to the owner:
// see [AsyncNolink]. A task that crashes is an error of its item and nothing else.
func StreamNolink[T, R any](ctx context.Context, sup kista.Addr, in iter.Seq[T], o StreamOpts, fn ItemFunc[T, R]) iter.Seq2[R, error] {
	return over(ctx, under(ctx, sup), nil, in, o, fn)
}

// StreamUnder is [Stream] under the supervisor sup; see [AsyncUnder].
func StreamUnder[T, R any](self *kista.Self, sup kista.Addr, in iter.Seq[T], o StreamOpts, fn ItemFunc[T, R]) iter.Seq2[R, error] {
	return over(self, linkedUnder(self, sup), self, in, o, fn)
}

func over[T, R any](ctx context.Context, spawn spawner, link *kista.Self, in iter.Seq[T], o StreamOpts, fn ItemFunc[T, R]) iter.Seq2[R, error] {
	o = o.withDefaults()
	return func(yield func(R, error) bool) {
		s := &stream[R]{ctx: ctx, link: link, o: o, yield: yield}
		defer s.close()
		name := label(fn)
		for item := range in {
			s.add(func() (*Task[R], error) {
				own, err := kista.Copy(item)
				if err != nil {
					return nil, err
				}
				return launch(ctx, spawn, link, name, func(self *kista.Self) (R, error) { return fn(self, own) }), nil
			})
			if !s.advance(s.full) {
				return
			}
		}
		s.advance(func() bool { return len(s.items) > 0 })
	}
}

// stream is one walk over a stream. It belongs to the consumer.
type stream[R any] struct {
	ctx   context.Context
	link  *kista.Self
	o     StreamOpts
	yield func(R, error) bool

	items []*item[R] // not yielded yet, in the order of the input
	runs  int        // how many of them are not over
	next  int        // number of the next item
	over  ready.Queue
}

// item is one item of the input.
type item[R any] struct {
	index int
	task  *Task[R]
	err   error // why there is no task
	over  bool
	late  atomic.Bool // its time was over first
	alarm *time.Timer
}

// full tells whether there is no room for another task. Without an order nothing
// waits, so that the buffer does not matter.
func (s *stream[R]) full() bool {
	return s.runs >= s.o.MaxConcurrency || len(s.items)-s.o.Buffer >= s.o.MaxConcurrency
}

func (s *stream[R]) add(start func() (*Task[R], error)) {
	it := &item[R]{index: s.next}
	s.next++
	s.runs++
	s.items = append(s.items, it)
	it.task, it.err = start()
	if it.err != nil || it.task.call == nil {
		s.over.Put(it)
		return
	}
	it.task.call.Notify(&s.over, it)
	if s.o.Timeout > 0 {
		it.alarm = time.AfterFunc(s.o.Timeout, it.expire)
	}
}

// expire ends a task that takes too long. It runs on a timer's goroutine, so that
// it works also while the consumer is busy.
func (it *item[R]) expire() {
	it.late.Store(true)
	it.task.drop()
}

// advance yields what is there, and waits for more as long as there is to wait for
// something. It returns false when the stream is over.
func (s *stream[R]) advance(wait func() bool) (goesOn bool) {
	for {
		s.note()
		if it := s.first(); it != nil {
			if !s.deliver(it) {
				return false
			}
			continue
		}
		if !wait() {
			return true
		}
		select {
		case <-s.over.Wake():
		case <-s.ctx.Done():
			var zero R
			s.yield(zero, context.Cause(s.ctx))
			return false
		}
	}
}

// note takes note of the tasks that are over.
func (s *stream[R]) note() {
	for {
		v, ok := s.over.Take()
		if !ok {
			return
		}
		it := v.(*item[R])
		it.over = true
		s.runs--
		if s.o.Unordered { // in the order in which they came
			s.move(it)
		}
		if it.alarm != nil {
			it.alarm.Stop()
		}
	}
}

// move puts an item that is over behind the others that are, ahead of the rest.
func (s *stream[R]) move(it *item[R]) {
	rest := make([]*item[R], 0, len(s.items))
	placed := false
	for _, other := range s.items {
		if other == it {
			continue
		}
		if !placed && !other.over {
			rest, placed = append(rest, it), true
		}
		rest = append(rest, other)
	}
	if !placed {
		rest = append(rest, it)
	}
	s.items = rest
}

// first returns the item whose turn it is, if it is over, and takes it out.
func (s *stream[R]) first() *item[R] {
	if len(s.items) == 0 || !s.items[0].over {
		return nil
	}
	it := s.items[0]
	s.items[0] = nil
	s.items = s.items[1:]
	return it
}

// deliver yields an item's result.
func (s *stream[R]) deliver(it *item[R]) (goesOn bool) {
	var v R
	err := it.err
	goesOn = true
	if err == nil {
		if v, err = it.result(); errors.Is(err, context.DeadlineExceeded) && it.late.Load() {
			goesOn = s.o.SkipLate
		}
		if err != nil {
			s.forget(it.task)
		}
	}
	if err != nil {
		err = &ItemError{Index: it.index, Err: err}
	}
	return s.yield(v, err) && goesOn
}

// result is the task's, or that its time was over.
func (it *item[R]) result() (v R, err error) {
	if it.task.call == nil {
		return v, it.task.err
	}
	v, err = it.task.result()
	if it.late.Load() && errors.Is(err, kista.ErrKilled) {
		err = &Error{Task: it.task.pid, Reason: context.DeadlineExceeded}
	}
	return v, err
}

// forget takes the exit signal of a task that crashed out of the mailbox of an
// owner that traps exits: the item's error has told it.
func (s *stream[R]) forget(t *Task[R]) {
	if s.link == nil || t.call == nil {
		return
	}
	_ = s.link.Select(
		kista.OnIf(func(e kista.Exited) bool { return e.PID == t.pid }, nil),
		kista.After(0, nil),
	)
}

// close kills what still runs.
func (s *stream[R]) close() {
	for _, it := range s.items {
		if it.alarm != nil {
			it.alarm.Stop()
		}
		if it.task != nil && !it.over {
			it.task.drop()
		}
	}
}
