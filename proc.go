package kista

import (
	"context"
	"sync"
	"sync/atomic"
	"unsafe"
)

type status uint8

const (
	statusIdle  status = iota // a behaviour without mail: it owns no goroutine
	statusReady               // a behaviour that waits for a worker
	statusLive                // an execution exists: in user code, or waiting in the kernel
	statusDead                // its death has been carried out
)

// proc is one process. Everything below mu is guarded by mu, except where said.
// A million idle ones are ordinary, so what few processes need is in [extras].
//
// Who may do what: signals act on a process under its lock, whoever sends
// them; user code runs only in the process's own execution, never under a lock.
// gate counts kernel operations that the process itself has under way: a death
// that comes meanwhile waits for them (doomed), so nothing that a process sends
// through its Self can follow its DOWN (law 6).
type proc struct {
	node *Node
	id   uint64
	self Self
	line *ancestor // who spawned whom, nearest first; immutable, nil if spawned from outside
	kind *kind
	how  *settings
	born int64 // the node's time, as in [Node.ticks]

	behaviour Behaviour // the execution's alone; at first an unmade or a bodyCode

	gate   atomic.Int64
	worker atomic.Pointer[worker] // the one that ran it last

	mu        sync.Mutex
	status    status
	quiet     quietness
	waiting   wait // what the execution waits for in the kernel, for people
	callback  callback
	hasBody   bool // immutable: it runs a Body, not a behaviour
	heir      bool // it waits for its name (x.heir) before its code runs; its execution's alone
	isFar     bool // immutable: it lives beyond a carrier; only id, node and x.far are used
	trap      bool
	receiving bool // somebody is inside next
	asleep    bool // and waits for p.wake
	suspended bool
	started   bool // its Init has been acknowledged
	running   bool // an execution exists; stays true for a zombie
	zombie    bool
	told      bool // the first kernel operation after the end has returned the reason
	ignored   bool // its Init returned ErrIgnore
	long      bool // it belongs to a subtree, or has been seen to run or block for long: its executions are labelled
	count     int32
	bytes     int
	first     *mail // what made an idle behaviour ready: the execution's, without the lock
	inbox     queue
	saved     queue // older than inbox: passed over by a selective receive
	wake      chan struct{}
	since     int64          // start of the present execution, as born
	handled   uint64         // messages taken
	last      unsafe.Pointer // the type of the last one, see typeWord
	fate      *fate          // how it is to end, or has ended
	calls     *Pending
	parkers   *parker   // who waits in its name
	ack       *starting // of a start that somebody waits for
	x         *extras

	prev, next *proc // the node's list of living processes, guarded by node.mu
}

// The gate's bits above the count of operations.
const (
	gateStop = 1 << 62 // the process has ended or been told to
	gateGone = 1 << 61 // its death has been carried out
	// 1 << 60 is gateDebug.
	gateRenewed = 1 << 59 // its context is that of Terminate
	gateOps     = 1<<32 - 1
)

func (p *proc) pid() PID { return PID{p, p.id} }

// gone is status == statusDead, to be read without the lock.
func (p *proc) gone() bool { return p.gate.Load()&gateGone != 0 }

// executes reports whether p's code may be running at the moment. Needs p.mu.
func (p *proc) executes() bool {
	if p.running {
		return true
	}
	w := p.worker.Load()
	return w != nil && p.status != statusIdle && w.current.Load() == p
}

// stopping reports, without the lock, whether p has ended or been told to.
func (p *proc) stopping() bool { return p.gate.Load()&gateStop != 0 }

// kind is what a process runs, for people; one for each name.
type kind struct{ name, level string }

var kinds sync.Map // kind to *kind

func kindOf(name, level string) *kind {
	key := kind{name, level}
	if k, ok := kinds.Load(key); ok {
		return k.(*kind)
	}
	k, _ := kinds.LoadOrStore(key, &key)
	return k.(*kind)
}

// native is the isolation level of code that runs in the node.
const native = "L1"

var bodyKind = kindOf("body", native)

// after is what is left to do once a process's lock has been given back:
// signals to others, and the cancelling of its context.
type after struct {
	signals []signal
	cancel  context.CancelCauseFunc
	cause   error
}

// cancelLocked ends p's context, once the lock has been given back.
func (a *after) cancelLocked(p *proc) {
	if c := p.x.ctx; c != nil {
		a.cancel, a.cause = c.cancelLocked(p.fate.reason)
	}
}

func (a *after) merge(b after) {
	a.signals = append(a.signals, b.signals...)
	if b.cancel != nil {
		b.cancel(b.cause)
	}
}

// run carries signals out, and whatever they lead to, in order and without
// recursion: a chain of a million links ends in a loop.
func (a after) run() {
	if a.cancel != nil {
		a.cancel(a.cause)
		a.cancel = nil
	}
	for i := 0; i < len(a.signals); i++ {
		sig := a.signals[i]
		a.signals[i] = signal{}
		a.merge(sig.deliver())
	}
}

// begin enters a kernel operation of the process itself; leave ends it.
// The error says that the process has ended or is ending.
func (s *Self) begin() error {
	s.yield()
	p := s.p
	if p.gate.Add(1)&gateStop == 0 {
		return nil
	}
	s.leave()
	p.mu.Lock()
	err := s.stoppedLocked()
	p.mu.Unlock()
	return s.end(err)
}

func (s *Self) leave() {
	p := s.p
	if g := p.gate.Add(-1); g&gateStop != 0 && g&gateOps == 0 {
		p.doom()
	}
}

// doom carries out a death that waited for the process's own operations.
func (p *proc) doom() {
	p.mu.Lock()
	var a after
	if p.status != statusDead && p.fate.phase == doomed && p.gate.Load()&gateOps == 0 {
		a = p.buryLocked(p.fate.ending)
	}
	p.mu.Unlock()
	a.run()
}
