package task

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/kista-go/kista"
)

// NoTimeout, as the duration of [Task.AwaitFor] and the like, waits for ever. The
// task's death still ends the wait.
const NoTimeout = kista.NoTimeout

// Task is a task as its owner sees it. Its methods may be used by any goroutine of
// the owner's; a *Task is not data. Its result may be asked for any number of
// times.
type Task[R any] struct{ core }

// core is a task without the type of its result.
type core struct {
	pid   kista.PID
	owner kista.PID      // zero: a plain goroutine
	self  *kista.Self    // not nil: the owner, linked with the task
	call  *kista.Pending // nil: it was not started
	err   error          // why not

	stop atomic.Pointer[func() bool] // ends the watch over the owner's context, if there is one
	gone atomic.Bool                 // it is not needed any more, or never was
}

// release forgets the owner's context.
func (c *core) release() {
	c.gone.Store(true)
	if stop := c.stop.Load(); stop != nil {
		(*stop)()
	}
}

// spawner makes a task's process. watch is an owner that it must watch until it
// is told to begin.
type spawner func(o kista.SpawnOpts, body func(watch kista.PID) kista.Body) (kista.PID, error)

// launch starts a task for the owner that ctx is.
func launch[R any](ctx context.Context, spawn spawner, link *kista.Self, name string, fn Func[R]) *Task[R] {
	t := &Task[R]{core{owner: ownerOf(ctx), self: link}}
	if t.spawn(spawn, name, erase(fn), nil) {
		t.call = kista.Begin(ctx, t.pid, begin{})
		t.bound(ctx)
	}
	return t
}

// erase hides the type of a function's result.
func erase[R any](fn Func[R]) func(s *kista.Self) (any, error) {
	return func(s *kista.Self) (any, error) { return fn(s) }
}

// spawn makes the process, which waits for its owner's word.
func (c *core) spawn(spawn spawner, label string, fn func(s *kista.Self) (any, error), wrap func(kista.Ref) answerTo) bool {
	o := kista.SpawnOpts{Label: label, Grace: kista.DefaultGrace} // also under a supervisor, which would give more
	c.pid, c.err = spawn(o, func(watch kista.PID) kista.Body {
		return func(s *kista.Self) error {
			return c.run(s, watch, func() (any, error) { return fn(s) }, wrap)
		}
	})
	if c.err != nil {
		c.pid = kista.PID{}
		c.err = &Error{Reason: c.err}
	}
	return c.err == nil
}

// bound lets a task whose owner is a plain goroutine end with that one's context.
func (c *core) bound(ctx context.Context) {
	if c.owner.IsZero() && ctx.Done() != nil {
		pid := c.pid
		stop := context.AfterFunc(ctx, func() {
			_ = kista.Exit(pid, &kista.ShutdownError{Cause: context.Cause(ctx)})
		})
		c.stop.Store(&stop)
		if c.gone.Load() { // it had ended before it could see that
			stop()
		}
	}
}

// Async starts fn as a task of the process self, linked with it: if either crashes,
// the other ends too, unless it traps exits. Only self may ask for the result. It
// does not wait. If the task cannot be started, because the node has stopped or
// has too many processes, the error is the result.
func Async[R any](self *kista.Self, fn Func[R]) *Task[R] {
	return launch(self, linked(self), self, label(fn), fn)
}

// linked spawns from self, with a link from birth.
func linked(self *kista.Self) spawner {
	return func(o kista.SpawnOpts, body func(kista.PID) kista.Body) (kista.PID, error) {
		o.Link = true
		pid, _, err := self.SpawnWith(o, body(kista.PID{}))
		return pid, err
	}
}

// AsyncOn starts fn as a task on node n, for an owner that need not be a process:
// the task ends with ctx, whose cause is then in its exit reason, and its failure
// is the owner's only in the result. If ctx is a process's Self that process is
// the owner; it may end before the task does.
func AsyncOn[R any](ctx context.Context, n *kista.Node, fn Func[R]) *Task[R] {
	return launch(ctx, on(ctx, n), nil, label(fn), fn)
}

// on spawns on a node, linked with nobody.
func on(ctx context.Context, n *kista.Node) spawner {
	return func(o kista.SpawnOpts, body func(kista.PID) kista.Body) (kista.PID, error) {
		return n.SpawnWith(o, body(ownerOf(ctx)))
	}
}

// PID returns the task's process, the zero PID if it was not started.
func (t *Task[R]) PID() kista.PID { return t.pid }

// Done is closed when the task is over, one way or the other.
func (t *Task[R]) Done() <-chan struct{} {
	if t.call == nil {
		return closed
	}
	return t.call.Done()
}

var closed = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// over tells whether the task is over.
func (c *core) over() bool {
	if c.call == nil {
		return true
	}
	select {
	case <-c.call.Done():
		return true
	default:
		return false
	}
}

// mine tells whether whoever is asking may. A context derived from a process's
// Self does not say whose it is; it passes.
func (c *core) mine(ctx context.Context) error {
	if p := ownerOf(ctx); !p.IsZero() && p != c.owner {
		return ErrNotOwner
	}
	return nil
}

// Await waits for the task's result, at most until ctx ends, or five seconds if it
// has no deadline. A process gives its Self as ctx. When the time is over before
// the task, the task is killed, since nobody waits for it any more; to wait a
// little and go on, see [Task.Yield].
//
// The error is what the task's function returned, frozen, or an [*Error] with why
// there is no result; or [ErrNotOwner].
func (t *Task[R]) Await(ctx context.Context) (R, error) {
	d := NoTimeout
	if _, has := ctx.Deadline(); !has {
		d = kista.DefaultCallTimeout
	}
	return t.AwaitFor(ctx, d)
}

// AwaitFor is [Task.Await] with a duration, or [NoTimeout]. ctx still ends it.
func (t *Task[R]) AwaitFor(ctx context.Context, d time.Duration) (R, error) {
	v, over, err := t.Yield(ctx, d)
	switch {
	case over || errors.Is(err, ErrNotOwner):
		return v, err
	case err == nil:
		err = context.DeadlineExceeded
	}
	t.drop()
	return v, &Error{Task: t.pid, Reason: err}
}

// drop ends the task because nobody waits for it any more. One that is linked with
// an owner that is to end itself goes with that, for its reason.
func (c *core) drop() {
	if c.call != nil && !c.follows() {
		c.kill()
	}
}

// kill ends the task at once, which then does not take its owner along.
func (c *core) kill() {
	c.unlink()
	_ = kista.Exit(c.pid, kista.Kill)
	c.release()
}

// unlink keeps the task's end from its owner, unless that is to end too.
func (c *core) unlink() {
	if c.self != nil && !c.follows() {
		_ = c.self.Unlink(c.pid)
	}
}

// follows tells whether the task is about to go with its owner.
func (c *core) follows() bool { return c.self != nil && c.self.Err() != nil }

// Yield waits for the task's result at most for d, or [NoTimeout], or until ctx
// ends. over tells whether it is there, and then it is as for [Task.Await]. If not
// the task goes on; err is why ctx ended, nil if d was over. Zero only looks.
func (t *Task[R]) Yield(ctx context.Context, d time.Duration) (v R, over bool, err error) {
	if err := t.mine(ctx); err != nil {
		return v, false, err
	}
	if t.call == nil {
		return v, true, t.unstarted()
	}
	_, err = t.call.WaitFor(ctx, d)
	if !t.missing(ctx, err) {
		v, err = t.result()
		return v, true, err
	}
	var late *kista.CallError
	if errors.As(err, &late) {
		if err = late.Reason; errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			err = nil
		}
	}
	return v, false, err
}

// missing tells whether err, which a wait has returned, says that the task is not
// over.
func (c *core) missing(ctx context.Context, err error) bool {
	var answer *failure
	if err == nil || errors.As(err, &answer) || c.over() {
		return false
	}
	var call *kista.CallError
	return !errors.As(err, &call) || ctx.Err() != nil || errors.Is(call.Reason, context.DeadlineExceeded)
}

// Shutdown ends the task, in order if it can: it is told to, has d to come back,
// and is killed then; with zero it is killed at once. It returns what came of it:
// the result if there is one, from before or because the function still returned
// one; else an [*Error] with [kista.ErrShutdown] or [kista.ErrKilled], or with why
// it had ended before. The owner is not taken along. It waits no longer than d,
// than ctx lasts, and than the five seconds that any process has to end.
func (t *Task[R]) Shutdown(ctx context.Context, d time.Duration) (v R, err error) {
	if err := t.mine(ctx); err != nil {
		return v, err
	}
	if t.call == nil {
		return v, t.unstarted()
	}
	if !t.over() {
		t.unlink()
		if d != 0 {
			_ = kista.Exit(t.pid, kista.ErrShutdown)
			_, _ = t.call.WaitFor(ctx, d)
		}
		t.kill()
		<-t.call.Done() // a kernel operation of its own may be under way: short
	}
	return t.result()
}

// unstarted is why there is no task.
func (c *core) unstarted() error {
	if c.err == nil {
		return &Error{Reason: errZero}
	}
	return c.err
}

// result is what came of a task that is over.
func (t *Task[R]) result() (v R, _ error) {
	t.release()
	got, err := t.call.WaitFor(context.Background(), NoTimeout)
	var answer *failure
	var died *kista.CallError
	switch {
	case err == nil:
		v, _ = got.(R) // a nil interface stays the zero R
		return v, nil
	case errors.As(err, &answer):
		return v, answer.err
	case errors.As(err, &died):
		err = died.Reason
	}
	return v, &Error{Task: t.pid, Reason: err}
}
