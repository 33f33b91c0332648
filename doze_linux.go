package kista

import (
	"syscall"
	"time"
)

// doze sleeps for a fraction of a millisecond. Go's own timers are only good to
// a millisecond here while nothing else runs.
func doze(d time.Duration) {
	ts := syscall.NsecToTimespec(int64(d))
	_ = syscall.Nanosleep(&ts, nil)
}
