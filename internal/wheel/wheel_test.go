package wheel_test

import (
	"math"
	"runtime"
	"slices"
	"testing"
	"time"
	"unsafe"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/internal/wheel"
)

const forever = time.Duration(math.MaxInt64)

func TestSize(t *testing.T) {
	size := unsafe.Sizeof(wheel.Entry{})
	assert.True(t, size <= 48, "an entry has %d bytes", size)
}

func TestOrder(t *testing.T) {
	for _, late := range []bool{false, true} {
		c := newFakeClock()
		w := wheel.New(c)
		var l log
		for _, e := range []struct {
			name  string
			after time.Duration
		}{
			{"third", 300 * time.Microsecond},
			{"fourth", 300 * time.Microsecond},
			{"second", 299999 * time.Nanosecond},
			{"fifth", 300001 * time.Nanosecond},
			{"first", 0},
			{"seventh", 9000 * time.Hour},
			{"sixth", time.Second},
		} {
			assert.True(t, !w.Set(&l.bell(e.name).Entry, e.after), "%s was set", e.name)
		}
		assert.Equal(t, w.Len(), 7)
		c.advance(forever, late)
		l.is(t, "first", "second", "third", "fourth", "fifth", "sixth", "seventh")
		assert.Equal(t, w.Len(), 0)
		assert.Equal(t, c.outstanding(), 0)
	}
}

// TestOldStaysOldest sets two entries for the same nanosecond, one of them from
// far away, so that it has come down all the levels before the other is set.
func TestOldStaysOldest(t *testing.T) {
	c := newFakeClock()
	w := wheel.New(c)
	var l log
	const far = 1000 * time.Hour
	w.Set(&l.bell("old").Entry, far)
	w.Set(&l.bell("a wake").Entry, far-3*time.Nanosecond)
	c.advance(far-3*time.Nanosecond, false)
	l.is(t, "a wake")
	w.Set(&l.bell("new").Entry, 3*time.Nanosecond)
	c.advance(3*time.Nanosecond, false)
	l.is(t, "old", "new")
}

func TestExactTime(t *testing.T) {
	for _, d := range []time.Duration{0, 1, 63, 64, 65, 300 * time.Microsecond, time.Millisecond, 5 * time.Second, 36 * 24 * time.Hour, forever - 1, forever} {
		c := newFakeClock()
		w := wheel.New(c)
		fired := time.Duration(-1)
		b := newBell(func() { fired = c.Now().Sub(epoch) })
		w.Set(&b.Entry, d)
		if d > 0 {
			c.advance(d-1, false)
			assert.Equal(t, fired, time.Duration(-1))
			left, set := w.Remaining(&b.Entry)
			assert.True(t, left == 1 && set, "%v: %v left, set %v", d, left, set)
			c.advance(1, false)
		} else {
			c.advance(0, false)
		}
		assert.Equal(t, fired, d)
		assert.True(t, c.wakes <= 2, "%v: %d wakes for one entry", d, c.wakes)
	}
}

func TestNegativeIsZero(t *testing.T) {
	c := newFakeClock()
	w := wheel.New(c)
	var l log
	w.Set(&l.bell("zero").Entry, 0)
	w.Set(&l.bell("below").Entry, -time.Hour)
	w.Set(&l.bell("lowest").Entry, math.MinInt64)
	c.advance(0, false)
	l.is(t, "zero", "below", "lowest")
}

// TestEndOfTime sets what would be beyond what an int64 holds.
func TestEndOfTime(t *testing.T) {
	c := newFakeClock()
	w := wheel.New(c)
	c.advance(time.Hour, false)
	var l log
	w.Set(&l.bell("beyond").Entry, forever)
	w.Set(&l.bell("just within").Entry, forever-time.Hour-1)
	w.Set(&l.bell("at the end").Entry, forever-time.Hour)
	c.advance(forever-time.Hour-1, false)
	l.is(t, "just within")
	c.advance(1, false)
	l.is(t, "beyond", "at the end")
}

func TestStop(t *testing.T) {
	c := newFakeClock()
	w := wheel.New(c)
	var l log
	b := l.bell("never")
	assert.True(t, !w.Stop(&b.Entry), "an entry that was never set was stopped")
	w.Set(&b.Entry, time.Second)
	assert.Equal(t, c.outstanding(), 1)
	assert.True(t, w.Stop(&b.Entry), "it was not set")
	assert.True(t, !w.Stop(&b.Entry), "it was stopped twice")
	_, set := w.Remaining(&b.Entry)
	assert.True(t, !set, "a stopped entry is set")
	assert.Equal(t, c.outstanding(), 0)

	w.Set(&b.Entry, time.Second)
	c.advance(300*time.Millisecond, false)
	left, stopped := w.Cancel(&b.Entry)
	assert.True(t, stopped && left == 700*time.Millisecond, "%v were left, stopped %v", left, stopped)
	left, stopped = w.Cancel(&b.Entry)
	assert.True(t, !stopped && left == 0, "%v were left, stopped %v", left, stopped)

	w.Set(&b.Entry, time.Second)
	c.advance(time.Second, false)
	l.is(t, "never")
	assert.True(t, !w.Stop(&b.Entry), "what had fired was stopped")
}

func TestSetAgain(t *testing.T) {
	c := newFakeClock()
	w := wheel.New(c)
	var l log
	a, b := l.bell("a"), l.bell("b")
	w.Set(&a.Entry, time.Second)
	w.Set(&b.Entry, time.Second)
	assert.True(t, w.Set(&a.Entry, time.Second), "a was not set")
	assert.Equal(t, w.Len(), 2)
	c.advance(time.Second, false)
	l.is(t, "b", "a") // the order of setting is that of the last time
	w.Set(&a.Entry, time.Hour)
	w.Set(&a.Entry, time.Minute)
	c.advance(time.Minute, false)
	l.is(t, "a")
	w.Set(&a.Entry, time.Minute)
	w.Set(&a.Entry, time.Hour)
	c.advance(time.Minute, false)
	l.is(t)
	c.advance(time.Hour, false)
	l.is(t, "a")
}

// TestCallbacks lets callbacks stop, set and close.
func TestCallbacks(t *testing.T) {
	c := newFakeClock()
	w := wheel.New(c)
	var l log
	victim, heir := l.bell("victim"), l.bell("heir")
	turns := 0
	var again *bell
	again = newBell(func() {
		if turns++; turns < 5 {
			w.Set(&again.Entry, time.Second)
		}
	})
	w.Set(&newBell(func() {
		l.names = append(l.names, "killer")
		assert.True(t, w.Stop(&victim.Entry), "the victim was not set")
		w.Set(&heir.Entry, 0)
	}).Entry, time.Second)
	w.Set(&victim.Entry, time.Second) // due at the same time, and behind
	w.Set(&l.bell("bystander").Entry, time.Second)
	w.Set(&again.Entry, time.Second)
	c.advance(time.Second, false)
	l.is(t, "killer", "bystander", "heir")
	c.advance(time.Minute, false)
	assert.Equal(t, turns, 5)

	w.Set(&newBell(w.Close).Entry, time.Second)
	w.Set(&l.bell("too late").Entry, time.Second)
	c.advance(time.Second, false)
	l.is(t)
	assert.Closed(t, time.Minute, w.Done())
}

func TestNoOwner(t *testing.T) {
	c := newFakeClock()
	w := wheel.New(c)
	var e wheel.Entry
	w.Set(&e, time.Second)
	c.advance(time.Second, false)
	_, set := w.Remaining(&e)
	assert.True(t, !set, "it has not expired")
}

func TestClose(t *testing.T) {
	c := newFakeClock()
	w := wheel.New(c)
	var l log
	bells := make([]*bell, 2000)
	for i := range bells {
		bells[i] = l.bell("x")
		w.Set(&bells[i].Entry, time.Duration(i)*time.Hour)
	}
	assert.Silent(t, w.Done())
	w.Close()
	w.Close()
	assert.Closed(t, time.Minute, w.Done())
	assert.Equal(t, w.Len(), 0)
	assert.Equal(t, c.outstanding(), 0)
	assert.True(t, !w.Stop(&bells[7].Entry), "an entry was set on a closed wheel")
	assert.True(t, !w.Set(&bells[7].Entry, 0), "an entry was set on a closed wheel")
	c.advance(forever, false)
	l.is(t)
}

// TestCloseLetsGo keeps one entry; the others must be free to go.
func TestCloseLetsGo(t *testing.T) {
	w := wheel.New(wheel.Machine{})
	gone := make(chan struct{})
	kept := newBell(nil)
	func() {
		w.Set(&kept.Entry, time.Hour)
		other := newBell(nil)
		runtime.AddCleanup(other, func(int) { close(gone) }, 0)
		w.Set(&other.Entry, time.Hour)
	}()
	w.Close()
	for range 100 {
		runtime.GC()
		select {
		case <-gone:
			runtime.KeepAlive(kept)
			return
		default:
			runtime.Gosched()
		}
	}
	t.Fatal("an entry of a closed wheel keeps another one alive")
}

// TestGoexit ends the goroutine of a callback; the others must come.
func TestGoexit(t *testing.T) {
	c := newFakeClock()
	w := wheel.New(c)
	var l log
	w.Set(&newBell(runtime.Goexit).Entry, 0)
	w.Set(&l.bell("next").Entry, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.advance(time.Second, true)
		t.Error("the callback has not ended the goroutine")
	}()
	assert.Closed(t, time.Minute, ended)
	l.is(t)
	c.advance(0, false)
	l.is(t, "next")

	w = wheel.New(wheel.Machine{})
	w.Set(&newBell(func() { w.Close(); runtime.Goexit() }).Entry, 0)
	assert.Closed(t, time.Minute, w.Done())
}

// TestLateRing has the runtime's timer fire, and its function begin only when
// much else has happened.
func TestLateRing(t *testing.T) {
	for _, resets := range []bool{false, true} {
		c := newFakeClock()
		c.resets = resets
		w := wheel.New(c)
		var l log
		a, b := l.bell("a"), l.bell("b")

		w.Set(&a.Entry, time.Second)
		ring := c.fireLate(t)
		w.Set(&b.Entry, 0) // due, but after a; nothing new need be armed
		w.Set(&l.bell("later").Entry, time.Second)
		ring()
		l.is(t, "a", "b")
		c.advance(time.Second, false)
		l.is(t, "later")

		w.Set(&a.Entry, time.Second) // stopped when it has come too late for that
		ring = c.fireLate(t)
		assert.True(t, w.Stop(&a.Entry), "it was not set, and had not begun")
		assert.Equal(t, c.outstanding(), 0)
		w.Set(&a.Entry, time.Second)
		ring()
		assert.Equal(t, c.outstanding(), 1)
		l.is(t)
		c.advance(time.Second, false)
		l.is(t, "a")

		if !resets { // else the one that is late is left for the next
			w.Set(&a.Entry, time.Second) // two of them, at once
			ring = c.fireLate(t)
			w.Stop(&a.Entry)
			var second func()
			w.Set(&newBell(func() {
				l.names = append(l.names, "begin")
				second()
				l.names = append(l.names, "end")
			}).Entry, time.Second)
			w.Set(&b.Entry, time.Second)
			second = c.fireLate(t)
			ring()
			l.is(t, "begin", "end", "b")
			assert.Equal(t, c.outstanding(), 0)
		}

		w.Set(&a.Entry, time.Second) // and one that is still to come when all is over
		ring = c.fireLate(t)
		w.Close()
		assert.Silent(t, w.Done())
		ring()
		assert.Closed(t, time.Minute, w.Done())
		l.is(t)
	}
}

// TestManyAtOnce has more due at once than are handled under one lock.
func TestManyAtOnce(t *testing.T) {
	c := newFakeClock()
	w := wheel.New(c)
	const n = 10000
	var got []time.Duration
	for i := range n {
		d := time.Hour + time.Duration((i*7919)%n)*time.Microsecond
		w.Set(&newBell(func() { got = append(got, d) }).Entry, d)
	}
	c.advance(2*time.Hour, true)
	assert.Equal(t, len(got), n)
	assert.True(t, slices.IsSorted(got), "they came out of order")
}

// TestOneWake has callbacks set what is due at once: the runtime's timer is not
// needed for that.
func TestOneWake(t *testing.T) {
	c := newFakeClock()
	w := wheel.New(c)
	left := 10
	var b *bell
	b = newBell(func() {
		if left--; left > 0 {
			w.Set(&b.Entry, 0)
		}
	})
	w.Set(&b.Entry, time.Second)
	c.advance(time.Second, false)
	assert.Equal(t, left, 0)
	assert.Equal(t, c.wakes, 1)

	var l log
	w.Set(&newBell(func() { // it lasts until the next one is due
		c.mu.Lock()
		defer c.mu.Unlock()
		c.now = c.now.Add(time.Second)
	}).Entry, time.Second)
	w.Set(&l.bell("next").Entry, 2*time.Second)
	c.advance(time.Second, false)
	l.is(t, "next")
	assert.Equal(t, c.wakes, 2)
}

// TestSlowSetter reads the clock and is then held up, while others fire.
func TestSlowSetter(t *testing.T) {
	c := newFakeClock()
	w := wheel.New(c)
	var l log
	w.Set(&l.bell("meanwhile").Entry, time.Second)
	w.Set(&l.bell("next").Entry, time.Second+10)
	c.onNow = func() { c.advance(time.Second, false) }
	w.Set(&l.bell("slow").Entry, time.Millisecond)
	c.advance(0, false)
	l.is(t, "meanwhile", "slow")
	c.advance(10, false)
	l.is(t, "next")
}

// TestFewWakes sets and stops without end while one far entry is set: the
// runtime's timer is to be left alone.
func TestFewWakes(t *testing.T) {
	c := newFakeClock()
	w := wheel.New(c)
	w.Set(&newBell(nil).Entry, 9000*time.Hour)
	b := newBell(func() { t.Error("it was stopped") })
	for range 100_000 {
		w.Set(&b.Entry, 5*time.Second)
		c.advance(time.Millisecond, false)
		w.Stop(&b.Entry)
	}
	assert.True(t, c.wakes < 100, "%d wakes in 100 s, in which nothing was due", c.wakes)
}

func TestNothingIsAllocated(t *testing.T) {
	w := wheel.New(wheel.Machine{})
	defer w.Close()
	first, b := newBell(nil), newBell(nil)
	w.Set(&first.Entry, time.Hour)
	n := testing.AllocsPerRun(1000, func() {
		w.Set(&b.Entry, 5*time.Second)
		w.Stop(&b.Entry)
	})
	assert.Equal(t, n, 0.0)
	w.Stop(&first.Entry) // now each set arms the runtime's timer
	n = testing.AllocsPerRun(1000, func() {
		w.Set(&b.Entry, 5*time.Second)
		w.Stop(&b.Entry)
	})
	assert.Equal(t, n, 0.0)
}
