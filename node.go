package kista

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
	"weak"

	"github.com/kista-go/kista/internal/wheel"
)

// Config says how a node is. Its zero value works.
type Config struct {
	// Name is the node's name, for reports and for other nodes. Empty: "kista".
	Name string
	// Logger gets crash reports and the library's other records. nil:
	// slog.Default(). It is called on a goroutine of the node's, under recover; if
	// it blocks, records are dropped and counted, and nothing else waits.
	Logger *slog.Logger
	// Mailbox is the default limit of mailboxes; zero fields: 100,000 messages,
	// 64 MiB, refuse the sender.
	Mailbox MailboxLimit
	// MaxProcesses bounds the living processes. Zero: 4,194,304.
	MaxProcesses int
	// MaxTimers bounds the timers under way. Zero: 4,194,304.
	MaxTimers int
	// Grace is the default of SpawnOpts.Grace for a Body. Zero: DefaultGrace.
	Grace time.Duration
	// ZombieAfter is how long code may run on after its process's death before
	// it is reported as a zombie. Zero: one second.
	ZombieAfter time.Duration
	// Clock is where time comes from. nil: the machine's.
	Clock Clock
	// Reports bounds how many reports reach the logger. Zero: see [ReportLimit].
	Reports ReportLimit
	// Pick, if not nil, makes the node deterministic, for tests: of its processes
	// one at a time runs, until its next operation of the kernel, and Pick(n) says
	// which of the n that could go on does: 0 is the one that could first. It is
	// never called twice at a time, and must not call the kernel. With a
	// [VirtualClock], time moves on when nobody can do anything. The same picks
	// then give the same run, as far as the processes' code is deterministic and
	// waits for nothing outside of the kernel, and what comes from outside the
	// node is the same.
	Pick func(n int) int
}

func (c Config) validate() error {
	for what, v := range map[string]int64{
		"MaxProcesses": int64(c.MaxProcesses), "MaxTimers": int64(c.MaxTimers), "ZombieAfter": int64(c.ZombieAfter),
		"Mailbox.Messages": int64(c.Mailbox.Messages), "Mailbox.Bytes": int64(c.Mailbox.Bytes),
	} {
		if v < 0 {
			return fmt.Errorf("kista: Config.%s is negative: %d", what, v)
		}
	}
	return nil
}

const maxDefault = 1 << 22

// Node is where processes live. A program has one, tests have many: nodes share
// nothing. Its methods may be used by any goroutine.
type Node struct {
	name        string
	logger      *slog.Logger
	mailbox     MailboxLimit
	maxProcs    int
	maxTimers   int
	grace       time.Duration
	zombieAfter time.Duration
	clock       Clock
	born        time.Time
	machine     bool   // clock is the machine's
	seq         uint64 // orders nodes, for locks
	home        *home
	init        *proc // stands for the node as the parent of what it spawns

	lastID  counter
	sched   sched
	baton   *baton
	wheel   *wheel.Wheel
	parkers sync.Pool
	alone   counter      // executions with a goroutine of their own
	workers atomic.Int64 // goroutines that run the others
	stops   atomic.Bool
	usual   [2]settings // of behaviours and of bodies
	lately  atomic.Pointer[settings]
	timers  counter
	zombies atomic.Int64
	dropped atomic.Int64
	reports reports

	namesMu sync.RWMutex
	names   map[string]*proc
	aliases map[uint64]*proc
	named   chan struct{} // closed at the next registration, if anybody waits for one
	peers   map[string]*Peer

	mu       sync.Mutex
	first    *proc                         // living processes, oldest first
	exported map[uint64]weak.Pointer[proc] // what other nodes know of, by number
	last     *proc
	adopted  uint64 // processes ever
	listings map[*listing]struct{}
	count    int
	undead   map[*proc]struct{} // zombies
	stopping bool               // nothing is started from outside any more
	closing  bool               // nor by anybody else
	changed  chan struct{}      // closed and remade when count or live falls during a stop
	stopped  chan struct{}
}

var nodes atomic.Uint64

// Start starts a node. It fails only for a Config that makes no sense.
func Start(cfg Config) (*Node, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	n := &Node{
		name: cfg.Name, logger: cfg.Logger, maxProcs: cfg.MaxProcesses, maxTimers: cfg.MaxTimers,
		grace: cfg.Grace, zombieAfter: cfg.ZombieAfter, clock: cfg.Clock,
		mailbox: cfg.Mailbox.or(MailboxLimit{Messages: DefaultMailboxMessages, Bytes: DefaultMailboxBytes}),
		seq:     nodes.Add(1),
		names:   map[string]*proc{}, aliases: map[uint64]*proc{}, peers: map[string]*Peer{}, exported: map[uint64]weak.Pointer[proc]{},
		listings: map[*listing]struct{}{},
		changed:  make(chan struct{}), stopped: make(chan struct{}),
	}
	if n.name == "" {
		n.name = "kista"
	}
	if n.logger == nil {
		n.logger = slog.Default()
	}
	if n.maxProcs == 0 {
		n.maxProcs = maxDefault
	}
	if n.maxTimers == 0 {
		n.maxTimers = maxDefault
	}
	if n.grace == 0 {
		n.grace = DefaultGrace
	}
	if n.zombieAfter == 0 {
		n.zombieAfter = time.Second
	}
	if n.clock == nil {
		n.clock = machineClock{}
	}
	n.home = &home{node: n}
	n.born = n.clock.Now()
	_, n.machine = n.clock.(machineClock)
	n.init = n.deceased(0)
	n.sched.node = n
	if cfg.Pick != nil {
		n.baton = newBaton(n, cfg.Pick)
	}
	n.wheel = wheel.New(n.clock)
	n.sched.tidy()
	n.usual = [2]settings{{limit: n.mailbox}, {limit: n.mailbox, grace: n.grace}}
	n.reports.start(n.logger)
	n.LimitReports(cfg.Reports)
	return n, nil
}

// NodeName returns the node's name.
func (n *Node) NodeName() string { return n.name }

// Logger returns the logger that the node was given.
func (n *Node) Logger() *slog.Logger { return n.logger }

func (n *Node) newRef() Ref { return Ref{h: n.home, id: n.nextID()} }

func (n *Node) nextID() uint64 { return uint64(n.lastID.add(1)) }

// adopt takes a new process into the list of the living.
func (n *Node) adopt(p *proc) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.closing, n.stopping && p.line == nil:
		return ErrNodeStopped
	case n.count >= n.maxProcs:
		return ErrSystemLimit
	}
	n.count++
	n.adopted++
	p.born = n.ticks()
	p.prev = n.last
	if n.last != nil {
		n.last.next = p
	} else {
		n.first = p
	}
	n.last = p
	return nil
}

// forget takes a dead process out of the list. A reader that stands on it still
// finds its way (see Processes).
func (n *Node) forget(p *proc) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.count--
	if p.prev != nil {
		p.prev.next = p.next
	} else {
		n.first = p.next
	}
	if p.next != nil {
		p.next.prev = p.prev
	} else {
		n.last = p.prev
	}
	if len(n.listings) > 0 {
		n.moveListingsLocked(p)
	}
	p.prev, p.next = nil, nil
	n.fellLocked()
}

// deceased makes a process that has ended.
func (n *Node) deceased(id uint64) *proc {
	p := &proc{node: n, id: id, status: statusDead, fate: natural, x: &none}
	p.self.p = p
	p.gate.Store(gateStop | gateGone)
	return p
}

// settingsFor are the settings of a process with these options.
func (n *Node) settingsFor(o *SpawnOpts, body bool) *settings {
	usual := &n.usual[0]
	if body {
		usual = &n.usual[1]
	}
	if o.Grace == 0 && o.Shutdown == 0 && o.Mailbox == (MailboxLimit{}) && !o.Dedicated && o.Priority == PriorityNormal && o.Subtree == "" {
		return usual
	}
	s := settings{
		grace: o.Grace, shutdown: o.Shutdown, limit: o.Mailbox.or(n.mailbox),
		dedicated: o.Dedicated, high: o.Priority == PriorityHigh, subtree: o.Subtree,
	}
	if s.grace == 0 {
		s.grace = usual.grace
	}
	if last := n.lately.Load(); last != nil && *last == s {
		return last // siblings are alike
	}
	kept := s
	n.lately.Store(&kept)
	return &kept
}

// moveListingsLocked moves back whoever stands on p.
//
//go:noinline
func (n *Node) moveListingsLocked(p *proc) {
	for l := range n.listings {
		if l.at == p {
			l.at = p.prev
		}
	}
}

// execute has p, which is locked and ready, executed. w is the worker that runs
// the code that caused it, if that is known.
func (n *Node) execute(p *proc, w *worker) {
	if !p.hasBody && !p.how.dedicated && !raced && n.baton == nil {
		n.sched.ready(p, w)
		return
	}
	n.alone.add(1)
	if n.baton != nil {
		p.own().thread = n.baton.start(func(*thread) { p.alone() })
		return
	}
	go p.alone()
}

// left is what follows an execution on a goroutine of its own.
func (n *Node) left() {
	n.alone.add(-1)
	if n.stops.Load() {
		n.fell()
	}
}

// live counts the executions.
func (n *Node) live() int { return int(n.alone.load()) + n.sched.busy() }

// fell wakes those who wait for the end of executions during a stop.
func (n *Node) fell() {
	n.mu.Lock()
	n.fellLocked()
	n.mu.Unlock()
}

func (n *Node) fellLocked() {
	if n.stopping {
		close(n.changed)
		n.changed = make(chan struct{})
	}
}

// Stop stops the node in order: what was started from outside is told to shut
// down, the youngest first and each awaited (for its SpawnOpts.Shutdown, or five
// seconds; a supervisor takes what its children need), then whatever is left is
// killed, and the node's goroutines are awaited, for five seconds. Processes may
// spawn others until their own turn has come; from outside nothing starts. ctx bounds all
// of it: when it ends, what still lives is killed at once. Stopping twice is
// fine, and waits. A process may stop its own node: it is the last one to be
// killed, and not awaited.
//
// The error is nil, or a [*StopError] if there is code that did not return; for
// the second of two callers also its ctx's.
func (n *Node) Stop(ctx context.Context) error {
	n.mu.Lock()
	again := n.stopping
	n.stopping = true
	n.stops.Store(true)
	n.mu.Unlock()
	n.namesMu.Lock()
	n.namedLocked()
	n.namesMu.Unlock()
	if again {
		select {
		case <-n.stopped:
			return n.leftovers(0)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	own := n.caller()
	for p := n.youngestRoot(nil); p != nil; p = n.youngestRoot(p) {
		if p != own {
			n.stopRoot(ctx, p)
		}
	}
	n.mu.Lock()
	n.closing = true
	n.mu.Unlock()
	n.killAll()
	n.dropTimers()
	still := 0
	if own != nil {
		still = 1
	}
	n.within(ctx, DefaultGrace, func(ctx context.Context) {
		n.awaitFall(ctx, func() bool { return n.live() == still })
	})
	// Whoever has just been killed may be about to return: that is no zombie.
	if ctx.Err() != nil {
		n.within(context.WithoutCancel(ctx), breath, func(ctx context.Context) {
			n.awaitFall(ctx, func() bool { return n.live() == still })
		})
	}
	n.sched.close()
	n.wheel.Close()
	n.within(ctx, DefaultGrace, func(ctx context.Context) {
		n.awaitFall(ctx, func() bool { return int(n.workers.Load()) <= n.sched.busy() })
	})
	n.within(ctx, DefaultGrace, n.reports.stop)
	close(n.stopped)
	return n.leftovers(still)
}

// breath is what code that has been told to end gets to return before it is called a
// zombie.
const breath = 50 * time.Millisecond

// within calls do with a context that ends with ctx or after d.
func (n *Node) within(ctx context.Context, d time.Duration, do func(context.Context)) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer n.clock.AfterFunc(d, cancel).Stop()
	do(ctx)
}

// caller returns the process of this node whose code calls, if one does.
func (n *Node) caller() *proc {
	at := callerProcess()
	if at == 0 {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.first
	for p != nil && uintptr(unsafe.Pointer(p)) != at {
		p = p.next
	}
	return p
}

// youngestRoot finds the youngest living process spawned from outside.
func (n *Node) youngestRoot(after *proc) *proc {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.last
	for p != nil && (p.line != nil || p == after) {
		p = p.prev
	}
	return p
}

func (n *Node) stopRoot(ctx context.Context, p *proc) {
	gone := &outcome{}
	ref := n.newRef()
	p.mu.Lock()
	dead := p.status == statusDead
	if !dead {
		p.watchLocked(ref, watcher{out: gone})
	}
	p.mu.Unlock()
	if dead {
		return
	}
	_ = exit(n.init.pid(), p.pid(), ErrShutdown)
	d := p.how.shutdown
	if d == 0 {
		d = DefaultGrace
	}
	if _, ended := gone.wait(ctx, n, d, waitEnd); ended {
		return
	}
	_ = exit(n.init.pid(), p.pid(), Kill)
	_, _ = gone.wait(context.Background(), n, NoTimeout, waitEnd)
}

func (n *Node) killAll() {
	for {
		n.mu.Lock()
		p := n.last
		n.mu.Unlock()
		if p == nil {
			return
		}
		_ = exit(n.init.pid(), p.pid(), Kill)
		n.mu.Lock()
		stuck, changed := n.last == p, n.changed // in a kernel operation of its own: short
		n.mu.Unlock()
		if stuck {
			<-changed
		}
	}
}

func (n *Node) awaitFall(ctx context.Context, done func() bool) {
	for {
		n.mu.Lock()
		ok, changed := done(), n.changed
		n.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// haunt keeps a zombie in mind, or forgets it.
func (n *Node) haunt(p *proc, on bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if on {
		if n.undead == nil {
			n.undead = map[*proc]struct{}{}
		}
		n.undead[p] = struct{}{}
		n.zombies.Add(1)
	} else {
		delete(n.undead, p)
		n.zombies.Add(-1)
	}
}

// zombieList returns the zombies, oldest first, at most enough.
func (n *Node) zombieList(enough int) []*proc {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := slices.SortedFunc(maps.Keys(n.undead), func(a, b *proc) int { return cmp.Compare(a.id, b.id) })
	return out[:min(len(out), enough)]
}

// StopError says that code of ended processes still ran when [Node.Stop] gave
// up waiting: zombies, which only the end of the program ends.
type StopError struct {
	Node    string
	Running int
	Names   []string // what some of them are: kind, PID, name or label
}

func (e *StopError) Error() string {
	text := fmt.Sprintf("kista: node %s stopped, but the code of %d ended processes has not returned", e.Node, e.Running)
	if len(e.Names) > 0 {
		text += ": " + strings.Join(e.Names, ", ")
	}
	return text
}

func (n *Node) leftovers(own int) error {
	live := n.live()
	if live <= own {
		return nil
	}
	e := &StopError{Node: n.name, Running: live - own}
	for _, p := range n.zombieList(8) {
		p.mu.Lock()
		e.Names = append(e.Names, p.titleLocked())
		p.mu.Unlock()
	}
	return e
}

// Now is the node's time: [Config.Clock]'s.
func (n *Node) Now() time.Time { return n.clock.Now() }
