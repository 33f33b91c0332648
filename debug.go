package kista

import (
	"errors"
	"fmt"
	"slices"
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
