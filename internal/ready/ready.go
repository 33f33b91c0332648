// Package ready hands things that have become ready from many goroutines to one
// that waits for any of them.
//
// A [Queue] is what a channel would be if it never blocked the sender and had no
// size: whoever puts something in does not wait, so it may stand in the middle
// of somebody else's work, such as a process that answers a call. It is bounded
// by its use: each thing is put in once, and there are as many as were begun.
//
// Functions of the kernel that take a Queue can only be used by packages of this
// module, since nobody else can make one; so no user's code runs at the place
// where a thing becomes ready, as it would with a callback.
package ready

import "sync"

// Queue holds what is ready, oldest first. Its zero value is empty and may be
// used; it must not be copied. Its methods may be used by any goroutine; one of
// them waits.
type Queue struct {
	mu    sync.Mutex
	items []any
	wake  chan struct{}
}

// Put adds v. It does not block.
func (q *Queue) Put(v any) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.items = append(q.items, v)
	select {
	case q.wakeLocked() <- struct{}{}:
	default:
	}
}

// Take returns what has been ready longest; ok is false if nothing is.
func (q *Queue) Take() (v any, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) == 0 {
		return nil, false
	}
	v = q.items[0]
	q.items[0] = nil
	if q.items = q.items[1:]; len(q.items) == 0 {
		q.items = nil
	}
	return v, true
}

// Wake returns a channel that yields a value once something has been put in since
// the last value; then Take until there is nothing.
func (q *Queue) Wake() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.wakeLocked()
}

func (q *Queue) wakeLocked() chan struct{} {
	if q.wake == nil {
		q.wake = make(chan struct{}, 1)
	}
	return q.wake
}
