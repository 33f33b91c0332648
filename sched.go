package kista

import (
	"runtime"
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
	active atomic.Int32 // len(running)
	procs  atomic.Int32 // GOMAXPROCS, lately
	now    atomic.Int64 // the node's time, lately

	searches atomic.Uint32 // how often a worker ran out of work

	global runQueue // what comes from outside of workers
	urgent runQueue // processes with high priority

	mu       sync.Mutex
	running  []*worker // neither parked nor known to be blocked, nor the spare
	parked   []*worker
	blocked  int
	rotation int
	closed   bool
	started  uint64 // workers ever, for Stats
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
	if q.size == 0 && len(q.ring) > 8192 {
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
	case w != nil && w.state.Load() == workerRuns:
		if p = w.slot.Swap(p); p != nil {
			w.queue.push(p)
		}
		if w.state.Load() != workerRuns { // as of now
			w.empty()
		} else if p == nil {
			s.needSpare()
			return
		}
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
	var w *worker
	n := len(s.parked)
	if n > 0 {
		w = s.parked[n-1]
		s.parked[n-1] = nil
		s.parked = s.parked[:n-1]
	} else {
		w = &worker{s: s, wake: make(chan bool, 1)}
		s.started++
		s.node.workers.Add(1)
	}
	if spare {
		w.state.Store(workerSpare)
	} else {
		s.runsLocked(w)
	}
	if n > 0 {
		w.wake <- spare // has room for one
		return
	}
	go w.loop(spare)
}

// runsLocked counts w among those that run.
func (s *sched) runsLocked(w *worker) {
	w.state.Store(workerRuns)
	w.at = len(s.running)
	s.running = append(s.running, w)
	s.active.Store(int32(len(s.running)))
}

// restsLocked is the opposite.
func (s *sched) restsLocked(w *worker, now int32) {
	last := len(s.running) - 1
	s.running[w.at] = s.running[last]
	s.running[w.at].at = w.at
	s.running[last] = nil
	s.running = s.running[:last]
	s.active.Store(int32(last))
	w.state.Store(now)
}

// endsLocked makes w a spare or a parked one, whatever it was.
func (s *sched) endsLocked(w *worker, now int32) {
	switch w.state.Load() {
	case workerRuns:
		s.restsLocked(w, now)
	case workerBlocked:
		s.blocked--
	}
	w.state.Store(now)
}

// block takes w, which does not move or is about to wait in the kernel, out of
// the count, and lets others have what is queued behind it.
func (s *sched) block(w *worker) bool {
	s.mu.Lock()
	if w.state.Load() != workerRuns {
		s.mu.Unlock()
		return false
	}
	w.blockedAt = s.node.ticks()
	s.restsLocked(w, workerBlocked)
	s.blocked++
	s.mu.Unlock()
	w.empty()
	return true
}

// unblock takes it back in.
func (s *sched) unblock(w *worker) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.state.Load() == workerBlocked {
		s.blocked--
		s.runsLocked(w)
	}
}

// longTime is how long an execution must have been blocked for its process to
// get labels.
const longTime = 10 * time.Millisecond

// others copies some of the workers that run, so that they can be looked at
// without the lock.
func (s *sched) others(buf *[64]*worker) []*worker {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.running)
	if n <= len(buf) {
		return buf[:copy(buf[:], s.running)]
	}
	for i := range buf {
		buf[i] = s.running[(s.rotation+i)%n]
	}
	s.rotation = (s.rotation + len(buf)) % n // the others come next time
	return buf[:]
}

// find looks for a process that is queued anywhere but in the slots.
func (s *sched) find(w *worker) *proc {
	if p := s.global.take(&w.queue, int(s.global.n.Load()/max(s.procs.Load(), 1))+1); p != nil {
		return p
	}
	if s.active.Load() < 2 && w.state.Load() == workerRuns {
		return nil
	}
	var buf [64]*worker
	all := s.others(&buf)
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
	for _, w := range s.running {
		if w.current.Load() != nil {
			n++
		}
	}
	return n + s.blocked
}

// stats fills in what is to be said of the workers.
func (s *sched) stats(out *Stats) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out.Workers, out.Blocked, out.WorkersStarted = int(s.node.workers.Load()), s.blocked, int64(s.started)
	out.Queued = int(s.global.n.Load()) + int(s.urgent.n.Load())
	for _, w := range s.running {
		out.Queued += int(w.queue.n.Load())
		if w.slot.Load() != nil {
			out.Queued++
		}
	}
}

// close ends the workers as they come back.
func (s *sched) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, w := range s.parked {
		s.runsLocked(w)
		w.wake <- false
	}
	s.parked = nil
}

// ticks is the time since the node's start.
func (n *Node) ticks() int64 {
	if n.machine {
		return int64(time.Since(n.born))
	}
	return int64(n.clock.Now().Sub(n.born))
}

func (n *Node) at(ticks int64) time.Time { return n.born.Add(time.Duration(ticks)) }
