package kista

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// outcome is what one goroutine waits for and another one tells, once: how a
// start went, or why a process ended.
type outcome struct {
	over atomic.Bool // set last, under mu
	mu   sync.Mutex
	err  error
	k    *parker
}

// tell ends the wait. It does not block.
func (o *outcome) tell(err error) {
	o.mu.Lock()
	o.err = err
	o.over.Store(true)
	k := o.k
	o.mu.Unlock()
	if k != nil {
		k.rouse()
	}
}

// wait returns what was told; ok is false if ctx has ended first, or d passed.
func (o *outcome) wait(ctx context.Context, n *Node, d time.Duration, what wait) (err error, ok bool) {
	k := n.parker()
	o.mu.Lock()
	o.k = k
	o.mu.Unlock()
	n.await(ctx, k, d, what, o.over.Load)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.k = nil
	return o.err, o.over.Load()
}
