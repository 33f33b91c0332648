package wheel

import "time"

// Clock is where a wheel gets its time from. S is any type that has Stopper's
// method, so that clocks declared elsewhere fit.
//
// If it also has a method Since(time.Time) time.Duration, as cheap as
// [time.Since], that is used, since reading the clock is most of what setting an
// entry costs.
type Clock[S Stopper] interface {
	// Now returns the present, with a monotonic reading.
	Now() time.Time
	// AfterFunc calls f on a goroutine of its own once d has passed, not earlier. If
	// what it returns also has a method Reset(time.Duration) bool, as that of
	// [time.Timer], the wheel uses it again and again.
	AfterFunc(d time.Duration, f func()) S
}

// Stopper cancels what [Clock.AfterFunc] armed.
type Stopper interface {
	// Stop makes it never fire; false: it has fired or was stopped.
	Stop() bool
}

// Machine is the machine's clock. Within a testing/synctest bubble that one is
// virtual.
type Machine struct{}

// Now is [time.Now].
func (Machine) Now() time.Time { return time.Now() }

// Since is [time.Since], which is cheaper than Now.
func (Machine) Since(t time.Time) time.Duration { return time.Since(t) }

// AfterFunc is [time.AfterFunc].
func (Machine) AfterFunc(d time.Duration, f func()) *time.Timer { return time.AfterFunc(d, f) }

// sinceEpoch returns a function that tells the time since now.
func sinceEpoch[S Stopper](c Clock[S]) func() int64 {
	epoch := c.Now()
	if c, ok := c.(interface {
		Since(then time.Time) time.Duration
	}); ok {
		return func() int64 { return int64(c.Since(epoch)) }
	}
	return func() int64 { return int64(c.Now().Sub(epoch)) }
}

// alarm is the one timer of the runtime. Its wheel's lock guards it.
type alarm struct {
	after func(d time.Duration, f func()) Stopper
	ring  func()
	timer Stopper
	reset interface {
		Reset(d time.Duration) bool
	}

	armed  bool
	at     int64 // when it rings, if armed
	coming int   // calls of ring that will begin: armed, or just fired
}

func newAlarm[S Stopper](c Clock[S], ring func()) alarm {
	return alarm{
		ring:  ring,
		after: func(d time.Duration, f func()) Stopper { return c.AfterFunc(d, f) },
	}
}

// set has it ring at a time, and not when it was to before.
func (a *alarm) set(at, now int64) {
	d := time.Duration(max(at-now, 0))
	switch {
	case a.reset != nil:
		if !a.reset.Reset(d) {
			a.coming++
		}
	default:
		a.stop()
		a.timer = a.after(d, a.ring)
		a.reset, _ = a.timer.(interface {
			Reset(d time.Duration) bool
		})
		a.coming++
	}
	a.armed, a.at = true, at
}

// stop has it not ring, unless it is about to.
func (a *alarm) stop() {
	if a.armed && a.timer.Stop() {
		a.coming--
	}
	a.armed = false
}
