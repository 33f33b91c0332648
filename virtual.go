package kista

import (
	"slices"
	"sync"
	"time"
)

// VirtualClock is a [Clock] whose time stands still until somebody moves it. A
// deterministic node ([Config.Pick]) moves it on by itself whenever nobody can
// do anything. Make it with [NewVirtualClock]; its methods may be used by any
// goroutine.
type VirtualClock struct {
	mu     sync.Mutex
	now    time.Time
	timers []*virtualTimer // the next one first
	seq    uint64
}

type virtualTimer struct {
	clock *VirtualClock
	at    time.Time
	seq   uint64
	f     func()
	set   bool
}

// NewVirtualClock returns a clock that shows start.
func NewVirtualClock(start time.Time) *VirtualClock { return &VirtualClock{now: start} }

// Now returns the time that the clock shows.
func (c *VirtualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// AfterFunc has f called, by whoever moves the clock, when d has passed on it.
func (c *VirtualClock) AfterFunc(d time.Duration, f func()) Stopper {
	t := &virtualTimer{clock: c, f: f}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.setLocked(t, d)
	return t
}

func (c *VirtualClock) setLocked(t *virtualTimer, d time.Duration) {
	c.seq++
	t.at, t.seq, t.set = c.now.Add(max(d, 0)), c.seq, true
	i, _ := slices.BinarySearchFunc(c.timers, t, func(a, b *virtualTimer) int {
		if n := a.at.Compare(b.at); n != 0 {
			return n
		}
		return int(a.seq) - int(b.seq)
	})
	c.timers = slices.Insert(c.timers, i, t)
}

// Stop makes the timer never fire.
func (t *virtualTimer) Stop() bool {
	c := t.clock
	c.mu.Lock()
	defer c.mu.Unlock()
	if !t.set {
		return false
	}
	t.set = false
	c.timers = slices.DeleteFunc(c.timers, func(o *virtualTimer) bool { return o == t })
	return true
}

// Advance moves the clock on to the next timer and fires it, and the others for
// the same moment, in the order in which they were set. It is false, and does
// nothing, if there is none.
func (c *VirtualClock) Advance() bool {
	c.mu.Lock()
	if len(c.timers) == 0 {
		c.mu.Unlock()
		return false
	}
	c.now = c.timers[0].at
	last := c.seq // what is set meanwhile comes next time
	for len(c.timers) > 0 {
		t := c.timers[0]
		if t.at.After(c.now) || t.seq > last {
			break
		}
		c.timers = slices.Delete(c.timers, 0, 1)
		t.set = false
		c.mu.Unlock()
		t.f()
		c.mu.Lock()
	}
	c.mu.Unlock()
	return true
}
