package kista_test

import (
	"fmt"
	"time"
)

// rules is the sequential model of a node: what processes know of each other,
// and what follows from an operation, as plain data and with one thing at a
// time. It knows processes, references, calls and timers by numbers, in the
// order in which they were made, and reasons by their text. Signals act one
// after the other, in the order in which they were sent.
type rules struct {
	now    time.Duration
	procs  []*mproc // by number; 0 stands for outside
	names  map[string]*mproc
	mons   map[int]*mmon
	alias  map[int]*malias
	calls  map[int]*mcall
	timers map[int]*mtimer
	refs   int
	armed  int

	signals []func() // sent, and not yet acted
	inOp    *mproc   // who is in an operation that its own death waits for
}

type state uint8

const (
	alive   state = iota
	exiting       // a body that has been told, and is given time to return
	doomed        // its death comes when its own operation is over
	dead
)

type mproc struct {
	no, parent int
	body       bool
	begun      bool // its body runs, or its Init has begun
	inside     bool // its code is under way
	state      state
	reason     string
	told       bool // an operation has returned the reason
	trap       bool
	suspended  bool
	paused     bool   // it has ever been
	ending     string // a callback has left with this reason, not "": Terminate is next
	name       string
	limit      int
	full       policy
	links      map[int]bool
	box        []mmsg
	held       []*mcall // requests that it has not answered
	start      *mstart  // not yet acknowledged
	ignored    bool
	quiet      quiet
	rests      func(mmsg) bool // it waits for such a message, for ever
	entered    time.Duration   // when it was last heard of
	last       time.Duration   // when it was told to stop
}

type policy uint8

const (
	refuse policy = iota
	kills
	drops
)

type quiet uint8

const (
	tells quiet = iota
	tellsNoTrapper
	tellsNobody
)

// mmsg is a message in a mailbox.
type mmsg struct {
	kind string // red, blue, ask, exited, down, tagged, started, system
	text string // as shown, with the kind
	id   int    // of a message, of the call, of the reference
	from int    // exited: who
	why  string // exited: the reason
	free bool   // not counted
	at   time.Duration
}

type mmon struct {
	owner, target *mproc // target nil: nobody
	obj, tag      string
	alias         aliasMode
}

type aliasMode uint8

const (
	noAlias aliasMode = iota
	untilUnalias
	once
	withMonitor
	onceWithMonitor
)

func (m aliasMode) onceOnly() bool  { return m == once || m == onceWithMonitor }
func (m aliasMode) monitored() bool { return m == withMonitor || m == onceWithMonitor }

type malias struct {
	owner *mproc
	mode  aliasMode
}

type mcall struct {
	id     int
	caller int
	server *mproc
	system string // not "": a system request
	reason string // of system terminate
	maybe  bool   // it may have been served before its server ended
	over   bool
	text   string
	at     time.Duration
}

type mstart struct {
	parent *mproc // nil: from outside
	child  *mproc
	ref    int // not 0: Started comes as a message
	over   bool
	text   string
}

type mtimer struct {
	no    int
	due   time.Duration
	to    maddr
	owner *mproc // dies with it; nil: the node's
	kind  string
	id    int
	over  bool
}

// maddr is an address: of a process, a name or a reference.
type maddr struct {
	no   int
	name string
	ref  int
}

func newRules() *rules {
	r := &rules{
		names: map[string]*mproc{}, mons: map[int]*mmon{}, alias: map[int]*malias{},
		calls: map[int]*mcall{}, timers: map[int]*mtimer{},
	}
	r.procs = append(r.procs, &mproc{state: dead, reason: "noproc"})
	return r
}

func (p *mproc) stopping() bool { return p.state != alive }

// stop is what an operation of a process returns that must stop.
func (p *mproc) stop() string {
	p.told = true
	if p.reason == "normal" {
		return "stop"
	}
	return p.reason
}

// cause is what its context says.
func (p *mproc) cause() string {
	if p.reason == "normal" {
		return "canceled"
	}
	return p.reason
}

// op does one operation of p, which p's own death waits for, or fails it because
// p must stop.
func (r *rules) op(p *mproc, do func() string) string {
	if p.stopping() {
		return p.stop()
	}
	r.inOp = p
	got := do()
	r.act()
	r.inOp = nil
	if p.state == doomed {
		r.bury(p)
		r.act()
	}
	return got
}

// signal sends one.
func (r *rules) signal(act func()) { r.signals = append(r.signals, act) }

// act lets all signals act that are under way, and those that they lead to.
func (r *rules) act() {
	for len(r.signals) > 0 {
		next := r.signals[0]
		r.signals = r.signals[1:]
		next()
	}
}

// spawn makes a process; ref is its monitor, 0 if there is none.
func (r *rules) spawn(parent *mproc, o spawnOpts, start *mstart) (p *mproc, ref int, err string) {
	if holder := r.names[o.name]; o.name != "" && holder != nil {
		return nil, 0, fmt.Sprintf("taken P%d", holder.no)
	}
	p = &mproc{
		no: len(r.procs), body: !o.behaviour, trap: o.trap, name: o.name, limit: o.limit, full: o.full,
		links: map[int]bool{}, entered: r.now,
	}
	if parent != nil {
		p.parent = parent.no
	}
	r.procs = append(r.procs, p)
	if o.name != "" {
		r.names[o.name] = p
	}
	if o.link {
		p.links[parent.no], parent.links[p.no] = true, true
	}
	if o.monitor {
		ref = r.newRef()
		r.mons[ref] = &mmon{owner: parent, target: p, obj: fmt.Sprintf("P%d", p.no)}
	}
	if start != nil {
		start.parent, start.child = parent, p
		switch {
		case o.acks:
			p.start = start
		case start.ref != 0:
			r.started(start, "up")
		default:
			start.over, start.text = true, "up"
		}
	}
	return p, ref, ""
}

func (r *rules) newRef() int { r.refs++; return r.refs }

// acknowledge ends the start of p, if it is open.
func (r *rules) acknowledge(p *mproc, text string) {
	if start := p.start; start != nil {
		p.start = nil
		r.started(start, text)
	}
}

func (r *rules) started(start *mstart, text string) {
	start.over, start.text = true, text
	if start.ref != 0 && start.parent.state != dead {
		r.post(start.parent, mmsg{
			kind: "started", free: true, id: start.ref,
			text: fmt.Sprintf("started R%d P%d %s", start.ref, start.child.no, text),
		})
	}
}

// post puts a message at the end of a mailbox.
func (r *rules) post(p *mproc, m mmsg) {
	m.at = r.now
	p.box = append(p.box, m)
}
