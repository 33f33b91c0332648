package wheel

import (
	"math"
	"math/bits"
	"sync"
	"time"
)

const (
	digit  = 6                        // bits
	width  = 1 << digit               // slots of a level
	levels = (63 + digit - 1) / digit // for all times that an int64 holds
)

// Wheel drives entries. Its methods may be used by any goroutine. It is about
// 11 KiB, so one for each node or worker, not for each process.
type Wheel struct {
	now  func() int64
	done chan struct{}

	mu      sync.Mutex
	alarm   alarm
	cur     int64 // the cursor: nothing set is due before
	n       int
	running bool // somebody is in ring
	closed  bool
	over    bool // done is closed

	levelSet uint16         // the levels that hold something
	slotSet  [levels]uint64 // for each level, the slots that do
	slots    [levels * width]slot
}

// New returns a wheel that nothing is set on. It has no goroutine and no timer until
// something is.
func New[S Stopper](c Clock[S]) *Wheel {
	w := &Wheel{now: sinceEpoch(c), done: make(chan struct{})}
	w.alarm = newAlarm(c, w.ring)
	return w
}

// Set has e fire once d has passed; a negative d counts as zero, and what is
// beyond the wheel's 292 years as its end. If e was set, that is forgotten, and
// was is true. On a closed wheel it does nothing.
func (w *Wheel) Set(e *Entry, d time.Duration) (was bool) {
	now := w.now()
	when := now + int64(max(d, 0))
	if when < now {
		when = math.MaxInt64
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return false
	}
	if was = e.at != 0; was {
		w.remove(e)
	}
	e.when = max(when, w.cur) // the cursor may have passed it since the clock was read
	w.place(e, false)
	if !w.running && (!w.alarm.armed || e.when < w.alarm.at) {
		w.alarm.set(e.when, w.now()) // read again: to get the lock may have taken long
	}
	return was
}

// Stop has e not fire, and reports whether it was set. If it was not, it may
// have fired, or may be about to run its callback this moment.
func (w *Wheel) Stop(e *Entry) (stopped bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stopLocked(e)
}

// Cancel is Stop, and also returns the time that was left.
func (w *Wheel) Cancel(e *Entry) (left time.Duration, stopped bool) {
	now := w.now()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.stopLocked(e) {
		return 0, false
	}
	return e.left(now), true
}

func (w *Wheel) stopLocked(e *Entry) (stopped bool) {
	if e.at == 0 {
		return false
	}
	// Most likely there is a next one, due later than the last: then the alarm need
	// not be touched, if it is one that can be set again.
	if w.remove(e); w.n == 0 && w.alarm.reset == nil {
		w.alarm.stop()
	}
	return true
}

// Remaining returns the time until e fires, or false if it is not set.
func (w *Wheel) Remaining(e *Entry) (left time.Duration, set bool) {
	now := w.now()
	w.mu.Lock()
	defer w.mu.Unlock()
	if e.at == 0 {
		return 0, false
	}
	return e.left(now), true
}

func (e *Entry) left(now int64) time.Duration { return time.Duration(max(e.when-now, 0)) }

// Len returns how many entries are set.
func (w *Wheel) Len() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.n
}

// Close has nothing fire any more, not even what is due; all entries count as
// stopped. It does not wait for a callback: see [Wheel.Done]. It takes some 20 ns
// for each entry, and the lock all the while. A second call does nothing.
func (w *Wheel) Close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	w.alarm.stop()
	for w.n > 0 { // or an entry that somebody keeps would keep all others
		s, _ := w.first()
		w.remove(s.head)
	}
	w.endLocked()
}

// Done is closed once the wheel is and no callback runs or will run. Its owner
// waits for that, but not in a callback, nor with a lock that a callback takes.
func (w *Wheel) Done() <-chan struct{} { return w.done }

func (w *Wheel) endLocked() {
	if w.closed && !w.running && w.alarm.coming == 0 && !w.over {
		w.over = true
		close(w.done)
	}
}

// place puts e where its time says.
func (w *Wheel) place(e *Entry, oldest bool) {
	level := 0
	if apart := uint64(e.when ^ w.cur); apart >= width {
		level = (bits.Len64(apart) - 1) / digit
	}
	i := int(e.when>>(level*digit)) & (width - 1)
	w.slotSet[level] |= 1 << i
	w.levelSet |= 1 << level
	i += level * width
	w.slots[i].put(e, oldest)
	e.at = uint32(i) + 1
	w.n++
}

func (w *Wheel) remove(e *Entry) {
	i := e.at - 1
	e.at = 0
	w.n--
	if !w.slots[i].remove(e) {
		return
	}
	level := i / width
	if w.slotSet[level] &^= 1 << (i % width); w.slotSet[level] == 0 {
		w.levelSet &^= 1 << level
	}
}

// first returns the slot that comes first, which there must be.
func (w *Wheel) first() (s *slot, level int) {
	level = bits.TrailingZeros16(w.levelSet)
	return &w.slots[level*width+bits.TrailingZeros64(w.slotSet[level])], level
}
