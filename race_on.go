//go:build race

package kista

import (
	"runtime"
	"sync/atomic"
	"time"

	"github.com/kista-go/kista/internal/wheel"
)

// The race detector takes all synchronisation for an order that the program
// relies on. What the kernel shares between processes that have nothing to do
// with each other must not look like one, or their sharing a map would go
// unseen. So with the detector on
//
//   - each execution has a goroutine of its own, where one worker would run both
//     processes one after the other;
//   - nothing is pooled, each alarm has a timer of its own, and counters are kept
//     out of its sight.
//
// What is left are messages, spawns, and the locks of those who are sent to: two
// processes that send to the same third one are taken to be ordered.
const raced = true

type counter struct{ n atomic.Int64 }

func (c *counter) add(d int64) int64 {
	runtime.RaceDisable()
	defer runtime.RaceEnable()
	return c.n.Add(d)
}

func (c *counter) load() int64 {
	runtime.RaceDisable()
	defer runtime.RaceEnable()
	return c.n.Load()
}

type alarm struct {
	f     wheel.Firer
	timer Stopper
	at    time.Time
}

func (a *alarm) owner(f wheel.Firer) { a.f = f }

func (a *alarm) set(n *Node, d time.Duration) {
	a.at = n.clock.Now().Add(d)
	a.timer = n.clock.AfterFunc(d, a.f.Fire)
}

func (a *alarm) stop(*Node) bool { return a.timer.Stop() }

func (a *alarm) left(n *Node) time.Duration { return max(a.at.Sub(n.clock.Now()), 0) }
