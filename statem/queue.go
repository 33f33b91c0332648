package statem

import "slices"

// queue holds the events that a machine has to handle before it looks into its
// mailbox, and those that it has put off until its state changes. It is plain
// data: what comes when is the whole of statements 142 to 144.
type queue struct {
	stack     []Event // the last one comes first
	postponed []Event // oldest first
	told      int     // how many of these the kernel has been told of
}

// take takes the first event to be handled.
func (q *queue) take() (ev Event, ok bool) {
	n := len(q.stack) - 1
	if n < 0 {
		return ev, false
	}
	ev, q.stack[n] = q.stack[n], Event{}
	if q.stack = q.stack[:n]; n == 0 {
		q.stack = nil // an idle machine holds no buffers
	}
	return ev, true
}

// postpone puts an event off until the state changes.
func (q *queue) postpone(ev Event) { q.postponed = append(q.postponed, ev) }

// retry brings back what was put off: ahead of what waits, in its order.
func (q *queue) retry() {
	q.insert(q.postponed)
	q.postponed = nil
}

// insert puts events ahead of what waits, in their order.
func (q *queue) insert(evs []Event) {
	q.stack = slices.Grow(q.stack, len(evs))
	for _, ev := range slices.Backward(evs) {
		q.stack = append(q.stack, ev)
	}
}

// waiting returns what waits to be handled, first things first.
func (q *queue) waiting() []Event {
	evs := slices.Clone(q.stack)
	slices.Reverse(evs)
	return evs
}
