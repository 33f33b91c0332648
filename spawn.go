package kista

import (
	"context"
	"fmt"
	"time"
)

// Body is the code of a process with a flow of its own: when it returns, the
// process ends, normally with nil, else with the error as its exit reason
// (statement 1). If the process has been told to end, the reason it was told
// counts, whatever the Body returns: returning the context's error is enough.
type Body = func(self *Self) error

// DefaultGrace is the time that a Body in its own code gets to return once it
// has been told to end.
const DefaultGrace = 5 * time.Second

// SpawnOpts says how a process starts. The zero value is a plain process with
// the node's defaults.
type SpawnOpts struct {
	// Name registers the process at birth; the spawn fails if it is taken. If an
	// orphan has it still, a process whose parent has ended and that is about to
	// follow, the start of a [Program] waits for it instead: so a supervisor can
	// restart a subtree whose top was killed. Differs from OTP, where that fails.
	Name string
	// Label describes it for people.
	Label string
	// Subtree names the part of the program that it belongs to, with all that it
	// spawns, and all that they spawn. Empty: that of the spawning process. Whatever
	// runs their code carries the name as the label kista_subtree in profiles and in
	// the runtime's reports on fatal errors, goroutines that they start included, so
	// that a heart knows whose fault it was (package heart).
	Subtree string
	// Link links it with the spawning process, Monitor monitors it; both in one
	// step with the spawn (statement 5). They need a spawning process.
	Link, Monitor bool
	// TrapExits lets it start with exit signals trapped.
	TrapExits bool
	// Mailbox bounds its mailbox; zero fields mean the node's default.
	Mailbox MailboxLimit
	// Grace is the time that its code gets to return after a terminating exit
	// signal other than Kill, before its death is carried out without it (law 6).
	// Zero: DefaultGrace for a Body, nothing for a behaviour. NoTimeout: until it
	// returns; whoever stops it enforces the rest with Kill.
	Grace time.Duration
	// Shutdown is the time that its Terminate has, as the deadline of its
	// context; zero: none. Supervisors set it.
	Shutdown time.Duration
	// Priority decides who is served first when there is more to do than
	// processors. It is for few and quick ones, like supervisors, which have it:
	// so control stays possible under overload. A Body has none.
	Priority Priority
	// Dedicated gives a behaviour a goroutine for life instead of one per burst
	// of mail: for code that locks its thread or needs a deep stack.
	Dedicated bool
}

// Priority of a behaviour.
type Priority uint8

const (
	// PriorityNormal is everybody's.
	PriorityNormal Priority = iota
	// PriorityHigh is served before all others.
	PriorityHigh
)

func (o SpawnOpts) validate() error {
	switch {
	case o.Priority > PriorityHigh:
		return fmt.Errorf("kista: SpawnOpts.Priority is unknown: %d", o.Priority)
	case o.Mailbox.Messages < 0 || o.Mailbox.Bytes < 0:
		return fmt.Errorf("kista: SpawnOpts.Mailbox is negative: %d messages, %d bytes", o.Mailbox.Messages, o.Mailbox.Bytes)
	case o.Mailbox.Policy > DropNewest:
		return fmt.Errorf("kista: SpawnOpts.Mailbox.Policy is unknown: %d", o.Mailbox.Policy)
	case o.Grace < NoTimeout || o.Shutdown < NoTimeout:
		return fmt.Errorf("kista: SpawnOpts.Grace or Shutdown is negative: %v, %v; NoTimeout is %v", o.Grace, o.Shutdown, NoTimeout)
	}
	return nil
}

// Program is the description of a process: what it runs and how it starts.
// Nothing runs until a node, a process or a supervisor starts it, and each
// start makes a new process from it. It is a value; copies are independent.
type Program struct {
	// Opts are how it starts; Link and Monitor belong to whoever starts it.
	Opts SpawnOpts

	kind *kind
	body Body
	make func() (Behaviour, error)
	acks bool // start waits for an acknowledgement
}

// BodyProgram describes a process that runs body. Its start is complete once it
// is spawned; with ack, once the body has called [Self.Started] (statement 98).
func BodyProgram(o SpawnOpts, ack bool, body Body) Program {
	return Program{Opts: o, kind: bodyKind, body: body, acks: ack}
}

// BehaviourProgram describes a process that runs a behaviour, which make makes
// in the new process; kind names it for people. Its start is complete once
// Init has returned.
func BehaviourProgram(o SpawnOpts, kind string, make func() (Behaviour, error)) Program {
	return Program{Opts: o, kind: kindOf(kind, native), make: make, acks: true}
}

// Kind names what the program runs, for people.
func (pr Program) Kind() string {
	if pr.kind == nil {
		return ""
	}
	return pr.kind.name
}

func (pr Program) code() Behaviour {
	if pr.body != nil {
		return bodyCode(pr.body)
	}
	return unmade(pr.make)
}

// AtLevel says at which isolation level the program's code runs, for
// [ProcessInfo]: "L1", which all others are, for code in the node, "L2" for
// WebAssembly, "L3" for another OS process. For those who provide such walls.
func (pr Program) AtLevel(level string) Program {
	pr.kind = kindOf(pr.Kind(), level)
	return pr
}

// IsZero reports whether pr describes nothing.
func (pr Program) IsZero() bool { return pr.body == nil && pr.make == nil }

// Spawn starts a process that runs body and returns its PID. It does not wait
// for the body. The zero PID means that the node is stopped or has as many
// processes as it may; [Node.SpawnWith] tells.
func (n *Node) Spawn(body Body) PID {
	pid, _ := n.SpawnWith(SpawnOpts{}, body)
	return pid
}

// SpawnWith is Spawn with options. Errors: [*NameTakenError], [ErrSystemLimit],
// [ErrNodeStopped], one that says which option makes no sense; then no process
// was made (statement 4). Link and
// Monitor are ignored: nobody spawns.
func (n *Node) SpawnWith(o SpawnOpts, body Body) (PID, error) {
	o.Link, o.Monitor = false, false
	p, _, err := n.spawn(Program{Opts: o, kind: bodyKind, body: body}, nil, nil)
	return p.pidOrZero(), err
}

// Spawn is [Node.Spawn] from this process, which becomes its parent.
func (s *Self) Spawn(body Body) PID {
	pid, _, _ := s.SpawnWith(SpawnOpts{}, body)
	return pid
}

// SpawnLink is Spawn and Link in one step.
func (s *Self) SpawnLink(body Body) PID {
	pid, _, _ := s.SpawnWith(SpawnOpts{Link: true}, body)
	return pid
}

// SpawnMonitor is Spawn and Monitor in one step.
func (s *Self) SpawnMonitor(body Body) (PID, Ref) {
	pid, ref, _ := s.SpawnWith(SpawnOpts{Monitor: true}, body)
	return pid, ref
}

// SpawnWith is Spawn with options; ref is the monitor's, if there is one.
// Errors as for [Node.SpawnWith], or why this process must stop.
func (s *Self) SpawnWith(o SpawnOpts, body Body) (PID, Ref, error) {
	p, ref, err := s.spawn(Program{Opts: o, kind: bodyKind, body: body}, nil)
	return p.pidOrZero(), ref, err
}

func (s *Self) spawn(pr Program, ack *starting) (*proc, Ref, error) {
	if err := s.begin(); err != nil {
		return nil, Ref{}, err
	}
	defer s.leave()
	return s.p.node.spawn(pr, s.p, ack)
}

func (p *proc) pidOrZero() PID {
	if p == nil {
		return PID{}
	}
	return p.pid()
}

func (n *Node) spawn(pr Program, parent *proc, ack *starting) (*proc, Ref, error) {
	o := pr.Opts
	if pr.IsZero() {
		return nil, Ref{}, errNoProgram
	}
	if err := o.validate(); err != nil {
		return nil, Ref{}, err
	}
	if o.Subtree == "" && parent != nil {
		o.Subtree = parent.how.subtree
	}
	p := &proc{
		node: n, kind: pr.kind, how: n.settingsFor(&o, pr.body != nil), x: &none,
		behaviour: pr.code(), trap: o.TrapExits, status: statusReady, hasBody: pr.body != nil,
		long: o.Subtree != "",
	}
	p.self.p = p
	if p.hasBody {
		p.callback = inBody
	}
	if o.Label != "" {
		p.own().label = o.Label
	}
	p.mu.Lock() // nobody knows it yet: whoever locks it later comes after us
	defer p.mu.Unlock()
	if parent != nil {
		parent.mu.Lock()
		defer parent.mu.Unlock()
		p.line = parent.asParentLocked()
	}
	p.id = n.nextID()
	var ref Ref
	if o.Name != "" {
		err := n.registerLocked(o.Name, p)
		if err != nil && !(pr.acks && p.inherits(o.Name, err)) {
			return nil, Ref{}, err
		}
	}
	if err := n.adopt(p); err != nil {
		// Somebody may have found it by its name already: it has never lived.
		p.status, p.fate = statusDead, &fate{ending{reason: err}, ended}
		p.gate.Or(gateStop | gateGone)
		if p.x.name != "" {
			n.unnameLocked(p)
		}
		return nil, Ref{}, err
	}
	if parent != nil && o.Link {
		linkLocked(parent, p)
	}
	if parent != nil && o.Monitor {
		ref = n.newRef()
		parent.monitorLocked(ref, &monitor{target: p.pid(), obj: p.pid()})
		p.watchLocked(ref, watcher{pid: parent.pid(), obj: p.pid()})
	}
	switch {
	case ack == nil:
	case ack.waits:
		p.ack = ack
	default: // up by being there
		p.started = true
		if !ack.to.IsZero() {
			parent.postLocked(uncounted(Started{Ref: ack.ref, PID: p.pid()}))
		}
	}
	var w *worker
	if parent != nil {
		w = parent.worker.Load()
	}
	n.execute(p, w)
	return p, ref, nil
}

// Start starts a program from outside and waits until it is up (statement 98):
// it returns the PID, or why the start failed, and then the process has ended.
// ctx bounds only the wait; when it ends first, the process is killed and the
// error is ctx's (99). Nobody is linked. A start whose Init returned
// [ErrIgnore] fails with it.
func (n *Node) Start(ctx context.Context, pr Program) (PID, error) {
	pr.Opts.Link, pr.Opts.Monitor = false, false
	ack := newStarting(pr.acks)
	p, _, err := n.spawn(pr, nil, ack)
	if err != nil {
		return PID{}, err
	}
	return ack.wait(ctx, p)
}

// StartLink starts a program linked to this process and waits until it is up.
// If the start fails, a process that traps exits only gets the error; one that
// does not ends with it, as by any link (statements 100, 108).
func (s *Self) StartLink(ctx context.Context, pr Program) (PID, error) {
	pr.Opts.Link, pr.Opts.Monitor = true, false
	ack := newStarting(pr.acks)
	p, _, err := s.spawn(pr, ack)
	if err != nil {
		return PID{}, err
	}
	pid, err := ack.wait(ctx, p)
	if err == nil || err == ErrIgnore { //nolint:errorlint // identity
		return pid, err
	}
	if stop := s.stopped(); stop != nil {
		return PID{}, stop
	}
	return PID{}, err
}

// StartMonitor starts a program monitored by this process, from its birth on,
// and waits until it is up (statement 112). If the start fails there is no
// monitor, and no [Down] comes. ctx bounds the wait as in [Node.Start].
func (s *Self) StartMonitor(ctx context.Context, pr Program) (PID, Ref, error) {
	pr.Opts.Link, pr.Opts.Monitor = false, true
	ack := newStarting(pr.acks)
	p, ref, err := s.spawn(pr, ack)
	if err != nil {
		return PID{}, Ref{}, err
	}
	pid, err := ack.wait(ctx, p)
	if err == nil {
		return pid, ref, nil
	}
	s.p.flush(ref)
	if stop := s.stopped(); stop != nil {
		err = stop
	}
	return PID{}, Ref{}, err
}

// StartChild starts a program linked to this process without waiting: a
// [Started] with the returned reference comes once it is up or has failed. A
// failed start sends nothing else. For supervisors.
func (s *Self) StartChild(pr Program) (PID, Ref, error) {
	pr.Opts.Link, pr.Opts.Monitor = true, false
	ack := &starting{waits: pr.acks, to: s.PID(), ref: s.p.node.newRef()}
	p, _, err := s.spawn(pr, ack)
	if err != nil {
		return PID{}, Ref{}, err
	}
	return p.pid(), ack.ref, nil
}
