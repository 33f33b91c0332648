package kista

import (
	"log/slog"
	"runtime"
	"sync"
	"time"
)

// baton makes a node deterministic ([Config.Pick]): every execution is a
// goroutine that runs only while it has the baton, and hands it over at each
// operation of the kernel, to whomever Pick chooses among those that can go on.
// When nobody can, the clock is moved on to the next timer.
type baton struct {
	pick  func(n int) int
	clock interface{ Advance() bool } // nil: time goes on by itself
	node  *Node

	mu    sync.Mutex
	ready []*thread // those that can go on, in the order in which they could
	held  bool      // somebody has the baton
	turns uint64    // how often it was handed over
	guard *time.Timer
}

// thread is an execution's place in the order of things.
type thread struct {
	turn   chan struct{} // its turn has come
	paused bool          // it waits in the kernel; guarded by the baton's mu
}

// batonPatience is how long user code may keep the baton before that is
// reported: it waits for something that only others can do, outside the kernel.
const batonPatience = 5 * time.Second

func newBaton(n *Node, pick func(int) int) *baton {
	b := &baton{node: n, pick: pick}
	b.clock, _ = n.clock.(interface{ Advance() bool })
	return b
}

// start lets run go on as a thread of its own, when its turn comes.
func (b *baton) start(run func(t *thread)) *thread {
	t := &thread{turn: make(chan struct{}, 1), paused: true}
	go func() {
		<-t.turn
		defer b.pass(nil)
		run(t)
	}()
	b.wake(t)
	return t
}

// wake says that t can go on, if it waits.
func (b *baton) wake(t *thread) {
	b.mu.Lock()
	if t == nil || !t.paused {
		b.mu.Unlock()
		return
	}
	t.paused = false
	b.ready = append(b.ready, t)
	if b.held {
		b.mu.Unlock()
		return
	}
	b.held = true
	b.give(b.chooseLocked())
}

// chooseLocked takes out the one that is to go on.
func (b *baton) chooseLocked() *thread {
	i := 0
	if len(b.ready) > 1 {
		i = b.pick(len(b.ready))
	}
	t := b.ready[i]
	b.ready = append(b.ready[:i], b.ready[i+1:]...)
	b.turns++
	return t
}

// give hands the baton to t and gives back the lock.
func (b *baton) give(t *thread) {
	if b.guard == nil {
		b.guard = time.AfterFunc(batonPatience, b.stuck)
	} else {
		b.guard.Reset(batonPatience)
	}
	b.mu.Unlock()
	t.turn <- struct{}{}
}

// yield lets others go on before t.
func (b *baton) yield(t *thread) {
	if t == nil {
		return
	}
	b.mu.Lock()
	if len(b.ready) == 0 {
		b.mu.Unlock()
		return
	}
	b.ready = append(b.ready, t)
	next := b.chooseLocked()
	if next == t {
		b.mu.Unlock()
		return
	}
	b.give(next)
	<-t.turn
}

// sleep waits until something is put into ch.
func (b *baton) sleep(t *thread, ch <-chan struct{}) {
	b.mu.Lock()
	select {
	case <-ch:
		b.mu.Unlock()
		return
	default:
	}
	t.paused = true
	b.mu.Unlock()
	b.pass(t)
	select {
	case <-ch:
	default: // woken once too often: the caller looks
	}
}

// pass hands the baton to somebody else. t gets it back once it can go on; nil
// does not come back.
func (b *baton) pass(t *thread) {
	b.mu.Lock()
	for len(b.ready) == 0 {
		clock := b.clock
		b.mu.Unlock()
		more := clock != nil && clock.Advance()
		b.mu.Lock()
		if !more && len(b.ready) == 0 {
			b.held = false
			if b.guard != nil {
				b.guard.Stop()
			}
			b.mu.Unlock()
			if t != nil {
				<-t.turn
			}
			return
		}
	}
	next := b.chooseLocked()
	if next == t {
		b.mu.Unlock()
		return
	}
	b.give(next)
	if t != nil {
		<-t.turn
	}
}

// nudge lets time go on if nobody has the baton: somebody outside waits for a
// time, and no process may ever give one back.
func (b *baton) nudge() {
	b.mu.Lock()
	idle := !b.held
	b.held = true
	b.mu.Unlock()
	if idle {
		b.pass(nil)
	}
}

// stuck reports that the baton has not come back.
func (b *baton) stuck() {
	stacks := make([]byte, 1<<16)
	stacks = stacks[:runtime.Stack(stacks, true)]
	b.node.Report(slog.LevelError, "deterministic node: a process waits outside the kernel, and nobody else can run",
		slog.String("stacks", string(stacks)))
}

// sleep waits for a token in ch, which belongs to an execution of p or, if p is
// nil, to a goroutine of somebody else's.
func (n *Node) sleep(t *thread, ch <-chan struct{}) {
	if t == nil {
		<-ch
		return
	}
	n.baton.sleep(t, ch)
}

// yield is where another process may be chosen to go on.
func (s *Self) yield() {
	if b := s.p.node.baton; b != nil {
		b.yield(s.p.threadOf())
	}
}

func (p *proc) threadOf() *thread {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.x.thread
}
