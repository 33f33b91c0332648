package kista

import "time"

// Clock is where a node gets its time from. The zero [Config] uses the machine's.
// Within a testing/synctest bubble that one is virtual already.
type Clock interface {
	// Now returns the present, with a monotonic reading (statement 90).
	Now() time.Time
	// AfterFunc calls f on a goroutine of its own once d has passed, not earlier.
	AfterFunc(d time.Duration, f func()) Stopper
}

// Stopper cancels what [Clock.AfterFunc] armed; false: it has fired or was stopped.
type Stopper interface {
	// Stop makes it never fire.
	Stop() bool
}

type machineClock struct{}

func (machineClock) Now() time.Time { return time.Now() }

// Since is cheaper than Now.
func (machineClock) Since(t time.Time) time.Duration { return time.Since(t) }

func (machineClock) AfterFunc(d time.Duration, f func()) Stopper { return time.AfterFunc(d, f) }
