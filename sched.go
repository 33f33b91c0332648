package kista

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// sched decides on which goroutine a behaviour runs. Behaviours that have mail
// are queued, and workers, about as many as GOMAXPROCS, run one burst of mail
// of one of them after the other.
//
// A handler may block, in ways that nobody can see: in a driver, on a lock, in
// C. So that this harms only its own process (law 7), one more worker than
// needed, the spare, is there whenever something may be queued, and at most one:
//
//   - With all processors busy it is runnable, and costs nothing: Go runs it as
//     soon as a worker blocks.
//   - With a processor idle it would run at once and burn that processor. Then
//     it watches instead: it sleeps for a fraction of a millisecond at a time,
//     and takes over what is queued behind a worker that has not moved
//     meanwhile.
//   - When nothing moves and nothing is queued, it parks, and the next thing
//     that is queued wakes it.
type sched struct {
	node *Node

	spare  atomic.Int32 // see spareNone and the like
	active atomic.Int32 // workers that are neither parked nor known to be blocked
	procs  atomic.Int32 // GOMAXPROCS, lately
	now    atomic.Int64 // the node's time, lately

	global runQueue // what comes from outside of workers
	urgent runQueue // processes with high priority

	mu      sync.Mutex
	all     []*worker
	parked  []*worker
	closed  bool
	started uint64 // workers ever, for Stats
}

const (
	spareNone     int32 = iota
	spareReady          // woken, or looking for work
	spareWatching       // asleep between two looks
)

// keepWorkers is how many parked workers are kept for the next burst.
const keepWorkers = 64

// runQueue is a FIFO of processes. Its length is read without the lock.
type runQueue struct {
	mu   sync.Mutex
	ring []*proc
	head int
	size int
	n    atomic.Int32
}

func (q *runQueue) push(p *proc) {
	q.mu.Lock()
	if q.size == len(q.ring) {
		bigger := make([]*proc, max(64, 2*len(q.ring)))
		for i := range q.size {
			bigger[i] = q.ring[(q.head+i)%len(q.ring)]
		}
		q.ring, q.head = bigger, 0
	}
	q.ring[(q.head+q.size)&(len(q.ring)-1)] = p
	q.size++
	q.n.Store(int32(q.size))
	q.mu.Unlock()
}

func (q *runQueue) pop() *proc {
	if q.n.Load() == 0 {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.popLocked()
}

func (q *runQueue) popLocked() *proc {
	if q.size == 0 {
		return nil
	}
	p := q.ring[q.head]
	q.ring[q.head] = nil
	q.head = (q.head + 1) & (len(q.ring) - 1)
	q.size--
	if q.size == 0 && len(q.ring) > 1024 {
		q.ring, q.head = nil, 0 // a burst is over
	}
	q.n.Store(int32(q.size))
	return p
}

// take moves up to half of q, but at least one, and not more than most, into
// own, and returns one of them.
func (q *runQueue) take(own *runQueue, most int) *proc {
	if q.n.Load() == 0 {
		return nil
	}
	q.mu.Lock()
	var some [64]*proc
	n := 0
	for want := min((q.size+1)/2, most, len(some)); n < want; n++ {
		some[n] = q.popLocked()
	}
	q.mu.Unlock()
	if n == 0 {
		return nil
	}
	for _, p := range some[1:n] {
		own.push(p)
	}
	return some[0]
}

// ready queues a process that has got mail. w is the worker on which the code
// that sent it runs, nil if that is not known.
func (s *sched) ready(p *proc, w *worker) {
	switch {
	case p.how.high:
		s.urgent.push(p)
	case w != nil:
		if p = w.slot.Swap(p); p == nil {
			s.needSpare()
			return
		}
		w.queue.push(p)
	default:
		s.global.push(p)
	}
	s.needWorker()
}

// needSpare sees to it that there is a spare.
func (s *sched) needSpare() {
	if s.spare.Load() == spareNone && s.spare.CompareAndSwap(spareNone, spareReady) {
		s.wake(true)
	}
}

// needWorker sees to it that what has been queued is run soon.
func (s *sched) needWorker() {
	switch s.spare.Load() {
	case spareNone:
		s.needSpare()
	case spareWatching: // it may sleep for a while: there is an idle processor
		if s.active.Load() < s.procs.Load() {
			s.wake(false)
		}
	}
}

// wake makes a parked worker run, or a new one.
func (s *sched) wake(spare bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	if !spare {
		s.active.Add(1)
	}
	n := len(s.parked)
	if n == 0 {
		w := &worker{s: s, wake: make(chan bool, 1)}
		s.all = append(slices.Clip(s.all), w) // whoever walks it keeps its own
		s.started++
		s.node.workers.Add(1)
		go w.loop(spare)
		return
	}
	w := s.parked[n-1]
	s.parked[n-1] = nil
	s.parked = s.parked[:n-1]
	w.parked.Store(false)
	w.wake <- spare // has room for one
}

// find looks for a process that is queued anywhere but in the slots.
func (s *sched) find(w *worker) *proc {
	if p := w.queue.pop(); p != nil {
		return p
	}
	if p := s.global.take(&w.queue, int(s.global.n.Load()/max(s.procs.Load(), 1))+1); p != nil {
		return p
	}
	s.mu.Lock()
	all := s.all
	s.mu.Unlock()
	for i := range all { // begin behind oneself, so that not all rob the same one
		v := all[(i+w.turn)%len(all)]
		if v == w {
			continue
		}
		if p := v.queue.take(&w.queue, 64); p != nil {
			w.turn = (i + w.turn) % len(all)
			return p
		}
	}
	return nil
}

// tidy brings what is read often up to date.
func (s *sched) tidy() {
	s.procs.Store(int32(runtime.GOMAXPROCS(0)))
	s.now.Store(s.node.ticks())
}

// busy counts the workers that run code.
func (s *sched) busy() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.all {
		if w.current.Load() != nil {
			n++
		}
	}
	return n
}

// close ends the workers as they come back.
func (s *sched) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, w := range s.parked {
		w.parked.Store(false)
		s.active.Add(1)
		w.wake <- false
	}
	s.parked = nil
}

// ticks is the time since the node's start.
func (n *Node) ticks() int64 { return int64(n.clock.Now().Sub(n.born)) }

func (n *Node) at(ticks int64) time.Time { return n.born.Add(time.Duration(ticks)) }
