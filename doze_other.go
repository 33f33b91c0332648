//go:build !linux

package kista

import "time"

// doze sleeps for a fraction of a millisecond.
func doze(d time.Duration) { time.Sleep(d) }
