package kista

import (
	"runtime"
	"time"
)

const (
	firstPause = 50 * time.Microsecond
	lastPause  = 400 * time.Microsecond
	idleLooks  = 3 // so often it looks before it takes stillness for idleness
)

// watch is what the spare does. It returns a process to run, and then the worker
// is an ordinary one; or nil if there is nothing to wait for, and then it is to
// park.
func (w *worker) watch() *proc {
	s := w.s
	s.tidy()
	pause, still := firstPause, 0
	for {
		full := s.active.Load() >= s.procs.Load()
		if !full {
			if p := s.urgent.pop(); p != nil {
				return w.promote(p)
			}
			if p := s.find(w); p != nil {
				return w.promote(p)
			}
		}
		l := s.look()
		switch {
		case l.blocked > 0: // there may be room for us now
			still = 0
		case full && l.busy: // every processor is taken: stay runnable
			runtime.Gosched()
		case !l.moved && still >= idleLooks || s.isClosed():
			if w.resign() {
				return nil
			}
			still = 0
		default:
			if l.moved {
				still = 0
			} else {
				still++
			}
			s.spare.Store(spareWatching)
			doze(pause)
			s.spare.Store(spareReady)
			pause = min(2*pause, lastPause)
			s.now.Store(s.node.ticks())
		}
	}
}

// promote makes the spare an ordinary worker that is about to run p.
func (w *worker) promote(p *proc) *proc {
	s := w.s
	s.mu.Lock()
	s.runsLocked(w)
	s.mu.Unlock()
	s.spare.Store(spareNone)
	if s.queued() {
		s.needSpare()
	}
	return p
}

// resign leaves the spare's place empty, unless something has been queued at the
// last moment.
func (w *worker) resign() bool {
	s := w.s
	s.spare.Store(spareNone)
	if s.isClosed() || !s.queued() {
		return true
	}
	return !s.spare.CompareAndSwap(spareNone, spareReady) // else somebody else is the spare already
}

func (s *sched) queuedOutside() bool { return s.global.n.Load() > 0 || s.urgent.n.Load() > 0 }

// queued reports whether anything is queued anywhere.
func (s *sched) queued() bool {
	if s.queuedOutside() {
		return true
	}
	var buf [64]*worker
	for _, v := range s.others(&buf) {
		if v.slot.Load() != nil || v.queue.n.Load() > 0 {
			return true
		}
	}
	return false
}

// looked is what a look at the workers has shown.
type looked struct {
	busy    bool // some worker runs code
	moved   bool // one of them something else than at the last look
	blocked int  // so many have been found to be blocked
}

// look compares what the workers do with what they did at the last look. It
// needs the spare's place.
func (s *sched) look() (l looked) {
	var buf [64]*worker
	for _, v := range s.others(&buf) {
		p := v.current.Load()
		if p == nil {
			v.seen = nil
			continue
		}
		l.busy = true
		p.mu.Lock()
		handled := p.handled
		p.mu.Unlock()
		if v.seen != p || v.seenHandled != handled {
			v.seen, v.seenHandled = p, handled
			l.moved = true
			continue
		}
		if s.block(v) {
			if v.current.Load() != p { // it has just come back
				s.unblock(v)
				continue
			}
			l.blocked++
		}
	}
	return l
}
