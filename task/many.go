package task

import (
	"context"
	"time"

	"github.com/kista-go/kista"
)

// AwaitMany waits for the results of several tasks, at most until ctx ends, or
// five seconds for all of them if it has no deadline, and returns them in their
// order. The first error ends it, in the order of the tasks: the tasks that are not
// over then are killed. Errors as for [Task.Await].
func AwaitMany[R any](ctx context.Context, tasks ...*Task[R]) ([]R, error) {
	left := budget(ctx)
	out := make([]R, 0, len(tasks))
	for i, t := range tasks {
		v, err := t.AwaitFor(ctx, left())
		if err != nil {
			for _, rest := range tasks[i+1:] {
				if rest.mine(ctx) == nil && !rest.over() {
					rest.drop()
				}
			}
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// budget returns what is left of five seconds, if ctx has no deadline of its own.
func budget(ctx context.Context) func() time.Duration {
	if _, has := ctx.Deadline(); has {
		return func() time.Duration { return NoTimeout }
	}
	end := time.Now().Add(kista.DefaultCallTimeout)
	return func() time.Duration { return max(time.Until(end), 0) }
}

// Outcome is how a task stands: with Over its Value or Err, as [Task.Await]
// returns them.
type Outcome[R any] struct {
	Over  bool
	Value R
	Err   error
}

// YieldMany waits until all of several tasks are over, at most for d, or
// [NoTimeout], or until ctx ends, and returns how each stands then. Those that are
// not over go on.
func YieldMany[R any](ctx context.Context, d time.Duration, tasks ...*Task[R]) []Outcome[R] {
	end := time.Now().Add(d)
	out := make([]Outcome[R], len(tasks))
	for i, t := range tasks {
		left := d
		if d != NoTimeout {
			left = max(time.Until(end), 0)
		}
		o := &out[i]
		o.Value, o.Over, o.Err = t.Yield(ctx, left)
	}
	return out
}
