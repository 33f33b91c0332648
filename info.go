package kista

import (
	"iter"
	"time"
)

// Status is what a process does at the moment.
type Status uint8

const (
	// Idle: a behaviour without mail.
	Idle Status = iota
	// Running: in its own code.
	Running
	// Waiting: in the kernel, for a message or an answer.
	Waiting
	// Suspended: by a system request.
	Suspended
)

// String names the status.
func (s Status) String() string {
	return [...]string{"idle", "running", "waiting", "suspended"}[min(s, Suspended)]
}

// ProcessInfo is what the kernel knows of a living process.
type ProcessInfo struct {
	PID         PID
	Name        string
	Label       string
	Subtree     string // see [SpawnOpts.Subtree]
	Kind        string // what it runs: "body", "server", "supervisor", ...
	Version     string // of its code, if the behaviour says ([Self.SetVersion])
	Level       string // isolation: "L1" native code in the node, "L2" WebAssembly, "L3" another OS process
	Status      Status
	WaitingFor  string        // with Waiting: "receive", "call", "start", "mail", "hook", "end"
	Callback    string        // of a behaviour that is not idle: "Init", "Handle", "Terminate"; "body"
	Message     string        // the type of the message taken last
	Since       time.Duration // how long the present execution has lasted, to some milliseconds
	Age         time.Duration
	Parent      PID
	Ancestors   []string
	TrapExits   bool
	MailboxLen  int
	MailboxSize int    // bytes
	Handled     uint64 // messages taken: its reductions
	Links       []PID
	Monitors    []Addr // what it watches
	MonitoredBy []PID
	Requests    int // calls that it has not answered yet
}

// Info returns what is known of a process (statement 94); ok is false if it has
// ended or lives elsewhere (93). It reflects everything that the caller has sent
// to the process before (95).
func (n *Node) Info(pid PID) (info ProcessInfo, ok bool) {
	p := pid.p
	if p == nil || p.isFar || p.node != n {
		return info, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.status == statusDead {
		return info, false
	}
	now := n.clock.Now()
	info = ProcessInfo{
		PID: pid, Name: p.x.name, Label: p.x.label, Subtree: p.how.subtree, Kind: p.kind.name, Level: p.kind.level,
		Age: now.Sub(n.at(p.born)), Parent: p.self.Parent(), Ancestors: p.ancestors(), TrapExits: p.trap,
		MailboxLen: int(p.count), MailboxSize: p.bytes, Handled: p.handled,
		Links: p.x.links.sorted(), WaitingFor: p.waiting.String(),
	}
	info.Version = p.versionLocked()
	switch {
	case p.suspended:
		info.Status = Suspended
	case p.status == statusIdle || p.status == statusReady && !p.executes():
		info.Status = Idle
	case p.waiting != waitNothing:
		info.Status = Waiting
	default:
		info.Status = Running
	}
	if p.last != nil {
		info.Message = typeOfWord(p.last).String()
	}
	if p.executes() {
		info.Callback = p.callback.String()
		info.Since = now.Sub(n.at(p.since))
	}
	for _, ref := range sortedRefs(p.x.monitors) {
		info.Monitors = append(info.Monitors, p.x.monitors[ref].obj)
	}
	for _, ref := range sortedRefs(p.x.watchers) {
		if w := p.x.watchers[ref].pid; !w.IsZero() {
			info.MonitoredBy = append(info.MonitoredBy, w)
		}
	}
	for c := p.calls; c != nil; c = c.next {
		info.Requests++
		if c.next == p.calls {
			break
		}
	}
	return info, true
}

// Alive reports whether a process of this node lives. It takes account of
// everything that the caller has sent to it before (statement 10): a process
// that has been told to end does not live, even if its code still cleans up.
func (n *Node) Alive(pid PID) bool {
	p := pid.p
	if p == nil || p.isFar || p.node != n {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fate == nil
}

// Processes yields the living processes, oldest first, in bounded memory. What
// starts or ends meanwhile may or may not be among them.
func (n *Node) Processes() iter.Seq[PID] {
	return func(yield func(PID) bool) {
		l := &listing{}
		n.mu.Lock()
		n.listings[l] = struct{}{}
		end := uint64(n.lastID.load())
		n.mu.Unlock()
		defer func() {
			n.mu.Lock()
			delete(n.listings, l)
			n.mu.Unlock()
		}()
		for {
			batch := n.more(l, end)
			for _, pid := range batch {
				if !yield(pid) {
					return
				}
			}
			if len(batch) == 0 {
				return
			}
		}
	}
}

// listing is one walk through the living processes. It stands on the last one
// that it took; when that one ends, the node moves it back.
type listing struct{ at *proc }

// more takes the next processes of a listing, none younger than the one that was
// adopted as number end.
func (n *Node) more(l *listing, end uint64) (out []PID) {
	const chunk = 256
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.first
	if l.at != nil {
		p = l.at.next
	}
	for ; p != nil && len(out) < chunk && p.id <= end; p = p.next {
		out = append(out, p.pid())
		l.at = p
	}
	return out
}

// Stats are a node's totals.
type Stats struct {
	Processes       int   // living
	Spawned         int64 // ever
	Executions      int   // processes whose code runs or waits inside now, zombies included
	Zombies         int64 // executions of ended processes
	Workers         int   // goroutines that run behaviours, idle ones included
	Blocked         int   // of these, in code that waits for something
	WorkersStarted  int64 // ever
	Queued          int   // behaviours that wait for a worker
	Timers          int64
	Names           int
	DroppedMessages int64 // by mailboxes with DropNewest
	DroppedReports  int64
}

// Stats returns the node's totals. It does not stop the world.
func (n *Node) Stats() Stats {
	n.mu.Lock()
	s := Stats{Processes: n.count, Executions: n.live(), Spawned: int64(n.adopted)}
	n.mu.Unlock()
	n.sched.stats(&s)
	n.namesMu.RLock()
	s.Names = len(n.names)
	n.namesMu.RUnlock()
	s.Zombies, s.Timers = n.zombies.Load(), n.timers.load()
	s.DroppedMessages, s.DroppedReports = n.dropped.Load(), n.reports.dropped.Load()
	return s
}

// blocked notes what the execution waits for, until the returned function is
// called.
func (p *proc) blocked(on wait) func() {
	p.waits(on)
	return p.goesOn
}

// waits notes that the execution is about to wait in the kernel. Its worker does
// not count meanwhile, so that another one runs.
func (p *proc) waits(on wait) {
	p.mu.Lock()
	p.waiting = on
	p.mu.Unlock()
	if w := p.worker.Load(); w != nil && w.current.Load() == p {
		w.yields()
	}
}

func (p *proc) goesOn() {
	p.mu.Lock()
	p.waiting = waitNothing
	p.mu.Unlock()
}

// callback is what of its code a process is in.
type callback uint8

const (
	inInit callback = iota
	inHandle
	inTerminate
	inBody
)

func (c callback) String() string { return [...]string{"Init", "Handle", "Terminate", "body"}[c] }

// wait is what an execution waits for.
type wait uint8

const (
	waitNothing wait = iota
	waitReceive
	waitCall
	waitStart
	waitMail
	waitHook
	waitEnd
)

// String names it as [ProcessInfo] does.
func (w wait) String() string {
	return [...]string{"", "receive", "call", "start", "mail", "hook", "end"}[w]
}
