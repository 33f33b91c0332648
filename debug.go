package kista

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Debugging of one process (statements 222, 223): statistics, a log of the last
// events, processes that are sent each event, and functions that are called with
// it. A process that nobody debugs pays nothing for it.

// DebugKind says what a [DebugEvent] is.
type DebugKind uint8

const (
	// DebugIn: Msg was taken out of the mailbox.
	DebugIn DebugKind = iota
	// DebugOut: Msg was sent to To, or is the answer to a call of its.
	DebugOut
	// DebugState: Msg is the state after a callback.
	DebugState
)

// String names the kind.
func (k DebugKind) String() string {
	return [...]string{"in", "out", "state"}[min(k, DebugState)]
}

// DebugEvent is something that a process did. It is data.
type DebugEvent struct {
	Time time.Time
	PID  PID
	Name string
	Kind DebugKind
	// Msg is a copy; where it is not data, a word about it.
	Msg any
	// To is the receiver of a DebugOut; nil for a caller that is no process.
	To Addr
	// Lost is how many events before this one the receiver's mailbox did not take.
	Lost int
}

// DebugFunc is called with each event of a process that it is installed in,
// beside the process, which waits. It returns false when it has seen enough. One
// that panics, calls Goexit or takes longer than [DefaultHookTimeout] is removed,
// and that is reported; the process goes on.
type DebugFunc func(e DebugEvent) (more bool)

// DebugStatistics counts what a process does (statement 222).
type DebugStatistics struct {
	Since time.Time // when counting began
	Now   time.Time
	In    uint64 // messages taken
	Out   uint64 // messages and answers sent
	// Reductions are OTP's measure of work. Go does not count it; these are the
	// callbacks that have run.
	Reductions uint64
}

// DebugRequest is a [SystemRequest] that asks for or changes what debugging is on.
type DebugRequest interface {
	SystemRequest
	debug(p *proc, d *debugging) (any, error)
}

type (
	// SetStatistics turns counting on, from zero, or off.
	SetStatistics struct{ On bool }
	// GetStatistics returns [DebugStatistics], or [ErrNotDebugged].
	GetStatistics struct{}
	// SetLog keeps the last Len events, at most [MaxDebugLog] and 16 MiB. Zero
	// turns the log off.
	SetLog struct{ Len int }
	// GetLog returns the events, oldest first, as []DebugEvent; [ErrNotDebugged] if
	// there is no log.
	GetLog struct{}
	// SetTrace sends each event to a process, or no longer. A process that has ended
	// is forgotten.
	SetTrace struct {
		To PID
		On bool
	}
	// InstallDebug installs a function; if there is one with that ID it is
	// [ErrDebugInstalled].
	InstallDebug struct {
		ID string
		F  DebugFunc
	}
	// RemoveDebug removes a function; [ErrNotDebugged] if there is none with that ID.
	RemoveDebug struct{ ID string }
	// NoDebug turns all debugging of the process off.
	NoDebug struct{}
)

func (SetStatistics) system() {}
func (GetStatistics) system() {}
func (SetLog) system()        {}
func (GetLog) system()        {}
func (SetTrace) system()      {}
func (InstallDebug) system()  {}
func (RemoveDebug) system()   {}
func (NoDebug) system()       {}

var (
	// ErrNotDebugged says that what was asked for is not turned on.
	ErrNotDebugged = errors.New("kista: that debugging is not turned on for the process")
	// ErrDebugInstalled says that there is a debug function with that ID.
	ErrDebugInstalled = errors.New("kista: a debug function with that ID is installed")
	errBadTracer      = errors.New("kista: a process cannot trace itself, nor can nobody")
	errNoDebugFunc    = errors.New("kista: no debug function was given")
)

// MaxDebugLog bounds [SetLog].
const MaxDebugLog = 10_000

const (
	maxLogBytes   = 16 << 20
	maxDebugFuncs = 64
	maxPending    = 1000
)

// debugging is what is on for one process. Its functions are called by the
// process's execution alone; the rest may be told of what a process sends by any
// goroutine.
type debugging struct {
	mu      sync.Mutex
	stats   *DebugStatistics
	log     eventLog
	traces  []*traced
	funcs   []InstallDebug
	pending []DebugEvent // sent, and not shown to the functions yet
}

type traced struct {
	to   PID
	lost int
}

// debugged returns what is on, nil if nothing is. It takes p.mu.
func (p *proc) debugged() *debugging {
	if c := p.control(); c != nil {
		return c.debug.Load()
	}
	return nil
}

// gateDebug is the bit of a process's gate that says that it is debugged.
const gateDebug = 1 << 60

// sent notes a message that the process has sent, if it is debugged.
func (p *proc) sent(to Addr, msg any) {
	if p.gate.Load()&gateDebug == 0 {
		return
	}
	if d := p.debugged(); d != nil {
		d.out(p, to, msg)
	}
}

// debuggedBehaviour stands around the behaviour of a process that is debugged, so
// that others pay nothing.
type debuggedBehaviour struct {
	Behaviour
	p *proc
	d *debugging
}

// code returns the behaviour itself.
func (p *proc) code() Behaviour {
	if b, ok := p.behaviour.(*debuggedBehaviour); ok {
		return b.Behaviour
	}
	return p.behaviour
}

func (b *debuggedBehaviour) Handle(s *Self, msg any) error {
	b.d.in(b.p, msg)
	err := b.Behaviour.Handle(s, msg)
	if err == nil {
		b.d.changed(b.p)
	}
	return err
}

// More implements Continuer.
func (b *debuggedBehaviour) More() bool {
	c, ok := b.Behaviour.(Continuer)
	return ok && c.More()
}

// Continue implements Continuer.
func (b *debuggedBehaviour) Continue(s *Self) error {
	err := b.Behaviour.(Continuer).Continue(s)
	if err == nil {
		b.d.changed(b.p)
	}
	return err
}

func (p *proc) setDebug(req DebugRequest) (any, error) {
	c := p.controls()
	d := c.debug.Load()
	if d == nil {
		d = new(debugging)
	}
	v, err := req.debug(p, d)
	if d.idle() {
		d = nil
	}
	c.debug.Store(d)
	p.behaviour = p.code()
	p.gate.And(^gateDebug)
	if d != nil {
		p.gate.Or(gateDebug)
		p.behaviour = &debuggedBehaviour{p.behaviour, p, d}
	}
	return v, err
}

func (d *debugging) idle() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stats == nil && d.log.max == 0 && len(d.traces) == 0 && len(d.funcs) == 0
}

// list names what is on.
func (d *debugging) list() (out []string) {
	if d == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stats != nil {
		out = append(out, "statistics")
	}
	if d.log.max > 0 {
		out = append(out, "log "+strconv.Itoa(d.log.max))
	}
	for _, t := range d.traces {
		out = append(out, "trace "+t.to.String())
	}
	for _, f := range d.funcs {
		out = append(out, "function "+strconv.Quote(f.ID))
	}
	return out
}

func (r SetStatistics) debug(p *proc, d *debugging) (any, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stats = nil
	if r.On {
		d.stats = &DebugStatistics{Since: p.node.clock.Now()}
	}
	return nil, nil
}

func (GetStatistics) debug(p *proc, d *debugging) (any, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stats == nil {
		return nil, ErrNotDebugged
	}
	s := *d.stats
	s.Now = p.node.clock.Now()
	return s, nil
}

func (r SetLog) debug(_ *proc, d *debugging) (any, error) {
	if r.Len < 0 || r.Len > MaxDebugLog {
		return nil, fmt.Errorf("kista: a debug log of %d events: must be 0 to %d", r.Len, MaxDebugLog)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.log.resize(r.Len)
	return nil, nil
}

func (GetLog) debug(_ *proc, d *debugging) (any, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.log.max == 0 {
		return nil, ErrNotDebugged
	}
	return d.log.events(), nil
}

func (r SetTrace) debug(p *proc, d *debugging) (any, error) {
	if r.To == p.pid() || r.To.IsZero() {
		return nil, errBadTracer
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.traces = slices.DeleteFunc(d.traces, func(t *traced) bool { return t.to == r.To })
	if !r.On {
		return nil, nil
	}
	if len(d.traces) >= maxDebugFuncs {
		return nil, ErrSystemLimit
	}
	d.traces = append(d.traces, &traced{to: r.To})
	return nil, nil
}

func (r InstallDebug) debug(_ *proc, d *debugging) (any, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case r.F == nil:
		return nil, errNoDebugFunc
	case d.has(r.ID):
		return nil, ErrDebugInstalled
	case len(d.funcs) >= maxDebugFuncs:
		return nil, ErrSystemLimit
	}
	d.funcs = append(d.funcs, r)
	return nil, nil
}

func (d *debugging) has(id string) bool {
	return slices.ContainsFunc(d.funcs, func(f InstallDebug) bool { return f.ID == id })
}

func (r RemoveDebug) debug(_ *proc, d *debugging) (any, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.has(r.ID) {
		return nil, ErrNotDebugged
	}
	d.removeLocked(r.ID)
	return nil, nil
}

func (d *debugging) removeLocked(id string) {
	d.funcs = slices.DeleteFunc(slices.Clone(d.funcs), func(f InstallDebug) bool { return f.ID == id })
}

func (NoDebug) debug(_ *proc, d *debugging) (any, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stats, d.log, d.traces, d.funcs, d.pending = nil, eventLog{}, nil, nil, nil
	return nil, nil
}

// in notes a message that the process is about to handle.
func (d *debugging) in(p *proc, msg any) {
	d.mu.Lock()
	if d.stats != nil {
		d.stats.In++
		d.stats.Reductions++
	}
	d.mu.Unlock()
	if d.listens() {
		d.tell(p, d.event(p, DebugIn, msg))
	}
}

// out notes a message or an answer that the process has sent. Anybody may call it.
func (d *debugging) out(p *proc, to Addr, msg any) {
	d.mu.Lock()
	if d.stats != nil {
		d.stats.Out++
	}
	d.mu.Unlock()
	if !d.listens() {
		return
	}
	e := d.event(p, DebugOut, msg)
	e.To = to
	d.publish(p, e)
	d.mu.Lock()
	if len(d.funcs) > 0 && len(d.pending) < maxPending {
		d.pending = append(d.pending, e)
	}
	d.mu.Unlock()
}

// answered notes an answer of the process that holds the request.
func (c *Pending) answered(v any, err error) {
	p := c.server
	if p == nil || p.gate.Load()&gateDebug == 0 {
		return
	}
	if _, system := c.req.(SystemRequest); system {
		return
	}
	if err != nil {
		v = err
	}
	var to Addr
	if !c.caller.IsZero() {
		to = c.caller
	}
	p.sent(to, v)
}

// changed notes the state after a callback.
func (d *debugging) changed(p *proc) {
	if !d.listens() {
		return
	}
	state, err := p.state()
	switch {
	case err == ErrUnsupported: //nolint:errorlint // identity
		d.flush(p)
		return
	case err != nil:
		state = err
	}
	d.tell(p, d.event(p, DebugState, state))
}

// listens tells whether anybody wants events.
func (d *debugging) listens() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.log.max > 0 || len(d.traces) > 0 || len(d.funcs) > 0
}

func (d *debugging) event(p *proc, kind DebugKind, msg any) DebugEvent {
	return DebugEvent{Time: p.node.clock.Now(), PID: p.pid(), Name: p.self.Name(), Kind: kind, Msg: shown(msg)}
}

// tell tells everybody, the functions too.
func (d *debugging) tell(p *proc, e DebugEvent) {
	d.publish(p, e)
	d.flush(p)
	d.call(p, e)
}

// publish puts an event into the log and sends it.
func (d *debugging) publish(p *proc, e DebugEvent) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.log.add(e)
	d.traces = slices.DeleteFunc(d.traces, func(t *traced) bool {
		e.Lost = t.lost
		switch err := Send(t.to, e); {
		case err != nil:
			t.lost++
		case p.node.gone(t.to):
			return true
		default:
			t.lost = 0
		}
		return false
	})
}

// gone tells whether a process of the node is known to have ended.
func (n *Node) gone(pid PID) bool { return pid.Node() == n.name && !n.Alive(pid) }

// flush shows the functions what the process has sent meanwhile.
func (d *debugging) flush(p *proc) {
	d.mu.Lock()
	sent := d.pending
	d.pending = nil
	d.mu.Unlock()
	for _, e := range sent {
		d.call(p, e)
	}
}

// call calls the functions. Each gets a copy of its own.
func (d *debugging) call(p *proc, e DebugEvent) {
	d.mu.Lock()
	funcs := d.funcs
	d.mu.Unlock()
	for _, f := range funcs {
		own := e
		own.Msg = shown(e.Msg)
		more, err := hook(p, "debug function", 0, func() (bool, error) { return f.F(own), nil })
		if more {
			continue
		}
		d.mu.Lock()
		d.removeLocked(f.ID)
		d.mu.Unlock()
		if err != nil {
			p.node.Report(slog.LevelWarn, "kista: a debug function failed and was removed",
				slog.String("pid", p.pid().String()), slog.String("id", f.ID), slog.Any("reason", err))
		}
	}
}

// eventLog is a ring of the last events, bounded in number and size.
type eventLog struct {
	max   int
	bytes int
	ring  []logged
	first int
}

type logged struct {
	e    DebugEvent
	size int
}

func (l *eventLog) add(e DebugEvent) {
	if l.max == 0 {
		return
	}
	_, size, _ := messages.Copy(e.Msg)
	l.bytes += size
	l.ring = append(l.ring, logged{e, size})
	for len(l.ring)-l.first > l.max || l.bytes > maxLogBytes && len(l.ring)-l.first > 1 {
		l.bytes -= l.ring[l.first].size
		l.ring[l.first] = logged{}
		l.first++
	}
	if l.first > l.max {
		l.ring = append(l.ring[:0:0], l.ring[l.first:]...)
		l.first = 0
	}
}

func (l *eventLog) resize(n int) {
	old := l.events()
	*l = eventLog{max: n}
	for _, e := range old[max(0, len(old)-n):] {
		l.add(e)
	}
}

func (l *eventLog) events() []DebugEvent {
	out := make([]DebugEvent, 0, len(l.ring)-l.first)
	for _, e := range l.ring[l.first:] {
		out = append(out, e.e)
	}
	return out
}
