package kista

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"
)

// What a system request lets a process run that is not its own work (a function
// that replaces the state, a migration, a debug function) must not be able to
// end it or hold it up. A Goexit ends the goroutine that it is called on, and
// nothing in Go ends a call that blocks; so such code runs on a goroutine of its
// own, while the process waits for it, but not for ever.

// DefaultHookTimeout is how long the process waits for a function that a system
// request made it run. Differs from OTP, where it may take for ever.
const DefaultHookTimeout = 3 * time.Second

// CallbackError says that a function that a system request made a process run has
// failed, and that the process is as it was before (statement 218). Reason is
// what the function returned, a [*PanicError], [ErrGoexit], or
// context.DeadlineExceeded if it did not return in time: then it is counted as a
// zombie until it does, and what it returns is dropped.
type CallbackError struct {
	PID      PID
	Callback string // "replace state", "code change", "debug function", ...
	Reason   error
}

func (e *CallbackError) Error() string {
	return fmt.Sprintf("kista: %s of %v failed and changed nothing: %s", e.Callback, e.PID, reasonText(e.Reason))
}

// Unwrap returns the reason.
func (e *CallbackError) Unwrap() error { return e.Reason }

const (
	hookBegins int32 = iota
	hookRuns
	hookReturned
	hookAbandoned
)

// hook lets f run beside process p, which waits for it, at most for limit (zero:
// DefaultHookTimeout), and returns what it returned or how it failed, as a
// [*CallbackError]. f must not touch what the process goes on to use if it comes
// late. Called by the process's execution.
func hook[T any](p *proc, what string, limit time.Duration, f func() (T, error)) (T, error) {
	type result struct {
		v   T
		err error
	}
	n := p.node
	n.alone.add(1)
	var state atomic.Int32
	done := make(chan result, 1)
	go func() {
		defer n.left()
		if !state.CompareAndSwap(hookBegins, hookRuns) {
			return // too late
		}
		r := result{err: ErrGoexit}
		defer func() {
			if !state.CompareAndSwap(hookRuns, hookReturned) {
				n.zombies.Add(-1)
			}
			done <- r
		}()
		defer func() {
			if v := recover(); v != nil {
				r.err = newPanic(v)
			}
		}()
		v, err := f()
		if err = Freeze(err); err != nil {
			r.err = err
			return
		}
		r.v, r.err = v, nil
	}()
	if limit <= 0 {
		limit = DefaultHookTimeout
	}
	late := make(chan struct{})
	defer n.clock.AfterFunc(limit, func() { close(late) }).Stop()
	defer p.blocked(waitHook)()
	var r result
	select {
	case r = <-done:
	case <-late:
		r.err = context.DeadlineExceeded
	case <-p.self.Done(): // it has ended, or must
		r.err = context.Cause(&p.self)
	}
	if r.err == nil {
		return r.v, nil
	}
	if !state.CompareAndSwap(hookBegins, hookAbandoned) && state.CompareAndSwap(hookRuns, hookAbandoned) {
		n.zombies.Add(1)
		n.Report(slog.LevelWarn, "zombie: a function that a system request made a process run does not return",
			slog.String("pid", p.pid().String()), slog.String("callback", what))
	}
	return r.v, &CallbackError{PID: p.pid(), Callback: what, Reason: r.err}
}

// snapshot returns a copy of a state that is data, and the state itself where it
// is not: with a database handle in it, say.
func snapshot[T any](v T) T {
	if c, err := Copy(v); err == nil {
		return c
	}
	return v
}
