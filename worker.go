package kista

import (
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"
)

const (
	workerRuns int32 = iota
	workerBlocked
	workerSpare
	workerParked
)

// worker is a goroutine that runs behaviours, and what belongs to it. The
// goroutine may be replaced: whoever comes next gets a clean one.
type worker struct {
	s       *sched
	slot    atomic.Pointer[proc] // runs next: what the present handler has sent to last
	queue   runQueue
	current atomic.Pointer[proc] // whose code runs, if any
	state   atomic.Int32         // changed under s.mu
	wake    chan bool

	// The goroutine's own:
	ex    execution
	head  [64]byte // of a stack trace
	turn  int
	ran   bool // something since it was found to be clean
	slots int  // how often in a row it took what lay in its slot
	runs  uint32
	next  uint32 // when to look up, in runs
	first uint32 // what runs was when the goroutine began
	moved bool   // its stack has been moved since it had room for most

	// The spare's view of it, guarded by being the spare:
	seen        *proc
	seenHandled uint64

	// Guarded by s.mu:
	at        int // its place among those that run
	blockedAt int64
}

const (
	// lookUp is after how many executions a worker lets others have the
	// processor, brings the node's clock up to date and inspects itself.
	lookUp = 256
	// breakIn is after how many executions a stack has the room that most need.
	// One that is moved later has grown for a deep one, or has been shrunk by the
	// garbage collector, which is rare enough.
	breakIn = 16
	// slotTurns bounds how long two processes that talk to each other keep the
	// others of their worker waiting.
	slotTurns = 32
)

// loop is the life of a worker's goroutine.
func (w *worker) loop(spare bool) {
	finished := false
	defer func() {
		if !finished { // a Goexit in a handler
			w.left()
			go w.loop(false)
		}
	}()
	unlabel() // whoever has started the goroutine has left it its labels
	w.next, w.first, w.moved = w.runs+lookUp, w.runs, false
	w.s.tidy()
	var mark byte
	home := uintptr(unsafe.Pointer(&mark))
	for {
		p, clean := w.find(spare)
		spare = false
		if p == nil || !clean {
			finished = true
			if clean {
				w.s.gone(w)
			} else {
				go w.loop(false)
			}
			return
		}
		w.run(p)
		if now := uintptr(unsafe.Pointer(&mark)); now != home {
			home = now
			w.moved = w.runs-w.first > breakIn
		}
	}
}

// run lets one process handle a burst of mail.
//
//go:noinline
func (w *worker) run(p *proc) {
	w.runs++
	w.ran = true
	if p.worker.Load() != w {
		p.worker.Store(w)
	}
	w.current.Store(p)
	w.ex = execution{p: p, w: w}
	p.run(&w.ex)
	w.left()
	if w.ex.labelled {
		unlabel()
	}
	if w.ex.again {
		w.queue.push(p)
	}
}

// left is what follows an execution, however it ended.
func (w *worker) left() {
	if w.state.Load() == workerBlocked {
		w.s.unblock(w)
	}
	if w.s.node.stops.Load() {
		w.current.Store(nil)
		w.s.node.fell()
	}
}

// find returns the next process to run, or nil when the worker is to end. If the
// goroutine is not clean, another one is to take its place.
func (w *worker) find(spare bool) (p *proc, clean bool) {
	s := w.s
	if w.moved || w.runs-w.next < 1<<31 && !w.lookUp() {
		return nil, false
	}
	for {
		if spare {
			if p := w.watch(); p != nil {
				return p, true
			}
		} else {
			if s.active.Load() <= s.procs.Load() || s.spare.Load() == spareNone {
				if w.runs%61 != 0 || s.global.n.Load() == 0 { // else others are to get their turn
					if p := w.local(); p != nil {
						return p, true
					}
				}
				if w.stained() {
					return nil, false
				}
				if p := s.global.pop(); p != nil {
					return p, true
				}
				if p := w.local(); p != nil {
					return p, true
				}
				w.current.Store(nil)
				if p := s.find(w); p != nil {
					return p, true
				}
			} // else it is one too many, and somebody is there to take over
		}
		if w.stained() {
			return nil, false
		}
		var open bool
		if spare, open = w.park(); !open {
			return nil, true
		}
	}
}

// lookUp lets others run, and reports whether the goroutine is as good as new.
func (w *worker) lookUp() (clean bool) {
	w.next = w.runs + lookUp
	runtime.Gosched()
	w.s.tidy()
	return w.clean()
}

// blockedLong reports whether the handler that has just returned was blocked for
// long.
func (w *worker) blockedLong() bool {
	return w.state.Load() == workerBlocked && time.Duration(w.s.node.ticks()-w.blockedAt) > longTime
}

// resumes says that it has come back.
func (w *worker) resumes(p *proc) {
	if w.state.Load() == workerBlocked && w.current.Load() == p {
		w.s.unblock(w)
	}
}

// yields says that the code that the worker runs is about to wait in the kernel.
func (w *worker) yields() {
	if w.s.block(w) {
		w.s.needWorkerIfQueued()
	}
}

// clean reports whether the goroutine is as good as new: wired to its thread, or
// with a stack that has grown a lot, it is not.
func (w *worker) clean() bool { return !w.moved && !lockedToThread(w.head[:]) }

// stained looks, when there is nothing else to do here, at what the handlers have
// left behind, at first each time.
func (w *worker) stained() bool {
	if !w.ran {
		return false
	}
	w.ran = false
	n := w.s.searches.Add(1)
	return (n < 1024 || n%256 == 0) && !w.clean()
}

// local takes the next process that is queued here, or that comes first.
func (w *worker) local() *proc {
	s := w.s
	if p := s.urgent.pop(); p != nil {
		return p
	}
	if w.slot.Load() != nil {
		p := w.slot.Swap(nil)
		if w.slots++; w.slots < slotTurns && p != nil {
			return p
		}
		if p != nil {
			w.queue.push(p)
		}
	}
	w.slots = 0
	return w.queue.pop()
}

// park waits until there is something to do. It returns whether the worker is
// the spare from then on, and whether the node is still open. The caller is not
// counted as active.
func (w *worker) park() (spare, open bool) {
	s := w.s
	s.mu.Lock()
	s.endsLocked(w, workerParked)
	w.current.Store(nil)
	stops := s.node.stops.Load()
	enough := s.closed || len(s.parked) >= keepWorkers+int(s.procs.Load())
	if !enough {
		s.parked = append(s.parked, w)
	}
	s.mu.Unlock()
	if stops {
		s.node.fell()
	}
	w.empty() // for good: nobody puts anything there now
	if enough {
		s.needWorkerIfQueued()
		return false, false
	}
	s.needWorkerIfQueued() // what was queued before we were seen to be parked has woken nobody
	spare = <-w.wake
	s.now.Store(s.node.ticks())
	return spare, !s.isClosed()
}

// empty lets others have what is queued here.
func (w *worker) empty() {
	if p := w.slot.Swap(nil); p != nil {
		w.s.global.push(p)
	}
	for p := w.queue.pop(); p != nil; p = w.queue.pop() {
		w.s.global.push(p)
	}
}

func (s *sched) needWorkerIfQueued() {
	if s.queuedOutside() {
		s.needWorker()
	}
}

func (s *sched) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// gone takes leave of a worker that ends.
func (s *sched) gone(w *worker) {
	s.mu.Lock()
	s.endsLocked(w, workerParked)
	s.mu.Unlock()
	s.node.workers.Add(-1)
	s.node.fell()
}

// lockedToThread tells whether the goroutine is wired to its thread, which Go
// shows only in the first line of a stack trace.
func lockedToThread(buf []byte) bool {
	n := runtime.Stack(buf, false)
	for i := range n {
		if buf[i] == '\n' {
			break
		}
		if buf[i] == 'l' && n-i > 9 && string(buf[i:i+9]) == "locked to" {
			return true
		}
	}
	return false
}
