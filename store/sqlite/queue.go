package sqlite

import (
	"context"
	"slices"
	"sync"

	"github.com/kista-go/kista/store"
)

// queue is the line in which writes wait for the writer. It bounds how many
// there are, and how large; who finds it full waits for room, first come first
// served. A place is held from admit until release.
type queue struct {
	max, maxBytes int
	wake          chan struct{} // one place; tells the writer that take has something to say

	mu      sync.Mutex
	n       int // places held
	bytes   int
	items   []*request // pushed, not yet taken
	waiting []*ticket  // for a place
	closed  bool
}

type ticket struct {
	size int
	in   chan struct{} // closed when there is a place, or the queue is closed
	err  error         // set before in is closed
}

func newQueue(l store.Limits) *queue {
	return &queue{max: l.MaxQueue, maxBytes: l.MaxQueueBytes, wake: make(chan struct{}, 1)}
}

func (q *queue) roomFor(size int) bool {
	return q.n == 0 || q.n < q.max && q.bytes+size <= q.maxBytes
}

// admit waits for a place for size bytes.
func (q *queue) admit(ctx context.Context, size int) error {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return store.ErrClosed
	}
	if len(q.waiting) == 0 && q.roomFor(size) {
		q.n++
		q.bytes += size
		q.mu.Unlock()
		return nil
	}
	t := &ticket{size: size, in: make(chan struct{})}
	q.waiting = append(q.waiting, t)
	q.mu.Unlock()

	select {
	case <-t.in:
		return t.err
	case <-ctx.Done():
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if i := slices.Index(q.waiting, t); i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
		q.letIn() // the one that left may have been the large one in front
	} else if t.err == nil {
		q.free(1, size) // let in just now
	}
	return ctx.Err()
}

// push puts r, which has a place, at the end of the line.
func (q *queue) push(r *request) {
	q.mu.Lock()
	q.items = append(q.items, r)
	q.mu.Unlock()
	q.ring()
}

// withdraw takes r out of the line and gives its place back. It returns false if
// the writer was faster: r is being carried out, or has been.
func (q *queue) withdraw(r *request) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.items, r)
	if i < 0 {
		return false
	}
	q.items = slices.Delete(q.items, i, i+1)
	q.free(1, r.size)
	return true
}

// take returns what is in front of the line, at most n requests, and whether
// there will never be more.
func (q *queue) take(n int) (group []*request, done bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	n = min(n, len(q.items))
	group = slices.Clone(q.items[:n])
	q.items = slices.Delete(q.items, 0, n)
	return group, q.closed && q.n == 0
}

// release gives back the places of requests that have been answered.
func (q *queue) release(n, bytes int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.free(n, bytes)
}

// close lets nobody in any more. Those who have a place keep it.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	for _, t := range q.waiting {
		t.err = store.ErrClosed
		close(t.in)
	}
	q.waiting = nil
	q.mu.Unlock()
	q.ring()
}

// counts returns the places held, their bytes, and how many wait for one.
func (q *queue) counts() (n, bytes, waiting int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.n, q.bytes, len(q.waiting)
}

func (q *queue) free(n, bytes int) {
	q.n -= n
	q.bytes -= bytes
	q.letIn()
	if q.closed {
		q.ring()
	}
}

func (q *queue) letIn() {
	for len(q.waiting) > 0 && q.roomFor(q.waiting[0].size) {
		t := q.waiting[0]
		q.waiting = slices.Delete(q.waiting, 0, 1)
		q.n++
		q.bytes += t.size
		close(t.in)
	}
}

func (q *queue) ring() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}
