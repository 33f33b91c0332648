package wheel_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/internal/wheel"
)

// fakeClock is a clock that a test moves. Whoever moves it runs what is due.
type fakeClock struct {
	mu     sync.Mutex
	now    time.Time
	alarms []*fakeAlarm
	wakes  int  // alarms that were ever armed
	resets bool // its alarms can be armed again

	onNow func() // called once, by who has just read the clock
}

type fakeAlarm struct {
	clock *fakeClock
	at    time.Time
	f     func()
}

// farther than this from epoch, time.Duration does not reach.
var epoch = time.Date(1930, 1, 1, 0, 0, 0, 0, time.UTC)

func newFakeClock() *fakeClock { return &fakeClock{now: epoch} }

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	now, then := c.now, c.onNow
	c.onNow = nil
	c.mu.Unlock()
	if then != nil {
		then()
	}
	return now
}

func (c *fakeClock) AfterFunc(d time.Duration, f func()) wheel.Stopper {
	mustNotBeNegative(d)
	c.mu.Lock()
	defer c.mu.Unlock()
	a := &fakeAlarm{c, c.now.Add(d), f}
	c.alarms = append(c.alarms, a)
	c.wakes++
	if c.resets {
		return resettable{a}
	}
	return a
}

// mustNotBeNegative is for clocks that know no such duration.
func mustNotBeNegative(d time.Duration) {
	if d < 0 {
		panic(d)
	}
}

type resettable struct{ *fakeAlarm }

// Reset is that of [time.Timer].
func (a resettable) Reset(d time.Duration) bool {
	mustNotBeNegative(d)
	c := a.clock
	c.mu.Lock()
	defer c.mu.Unlock()
	active := c.take(a.fakeAlarm)
	a.at = c.now.Add(d)
	c.alarms = append(c.alarms, a.fakeAlarm)
	c.wakes++
	return active
}

func (a *fakeAlarm) Stop() bool {
	a.clock.mu.Lock()
	defer a.clock.mu.Unlock()
	return a.clock.take(a)
}

func (c *fakeClock) take(a *fakeAlarm) bool {
	i := slices.Index(c.alarms, a)
	if i < 0 {
		return false
	}
	c.alarms = slices.Delete(c.alarms, i, i+1)
	return true
}

// outstanding returns how many alarms are armed.
func (c *fakeClock) outstanding() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.alarms)
}

// fireLate takes the only alarm as one that has fired, and returns what runs then.
func (c *fakeClock) fireLate(t *testing.T) func() {
	t.Helper()
	assert.Equal(t, c.outstanding(), 1)
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.alarms[0]
	c.alarms = nil
	c.now = a.at
	return a.f
}

// advance moves the time on by d. What is due runs at its time, or, if late, all
// of it at the end only.
func (c *fakeClock) advance(d time.Duration, late bool) {
	c.mu.Lock()
	end := c.now.Add(d)
	if late {
		c.now = end
	}
	for {
		var first *fakeAlarm
		for _, a := range c.alarms {
			if !a.at.After(end) && (first == nil || a.at.Before(first.at)) {
				first = a
			}
		}
		if first == nil {
			break
		}
		c.take(first)
		if c.now.Before(first.at) {
			c.now = first.at
		}
		c.mu.Unlock()
		first.f()
		c.mu.Lock()
	}
	c.now = end
	c.mu.Unlock()
}

// bell is an owner that calls a function.
type bell struct {
	wheel.Entry
	f func()
}

func (b *bell) Fire() { b.f() }

func newBell(f func()) *bell {
	b := &bell{f: f}
	b.Owner = b
	return b
}

// log collects names in the order in which they come.
type log struct {
	names []string
}

func (l *log) bell(name string) *bell {
	return newBell(func() { l.names = append(l.names, name) })
}

func (l *log) is(t *testing.T, names ...string) {
	t.Helper()
	assert.Equal(t, l.names, names)
	l.names = nil
}
