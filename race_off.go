//go:build !race

package kista

import (
	"sync/atomic"
	"time"

	"github.com/kista-go/kista/internal/wheel"
)

const raced = false

// counter is a number that many goroutines change.
type counter struct{ n atomic.Int64 }

func (c *counter) add(d int64) int64 { return c.n.Add(d) }

func (c *counter) load() int64 { return c.n.Load() }

// alarm calls its owner when its time has come; see [wheel.Entry].
type alarm struct{ entry wheel.Entry }

func (a *alarm) owner(f wheel.Firer) { a.entry.Owner = f }

func (a *alarm) set(n *Node, d time.Duration) { n.wheel.Set(&a.entry, d) }

func (a *alarm) stop(n *Node) bool { return n.wheel.Stop(&a.entry) }

func (a *alarm) left(n *Node) time.Duration {
	d, _ := n.wheel.Remaining(&a.entry)
	return d
}
