package wasm

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/kista-go/kista/wasm/internal/rewrite"
)

// Module is code for processes: what was loaded last, under one name in the
// program. [Module.Upgrade] replaces the code, also under the processes that run
// it. Its methods may be used by any goroutine.
type Module struct {
	mu      sync.Mutex
	code    *code
	procs   map[*process]struct{} // those that run
	upgrade chan struct{}         // closed when the upgrade under way is over; nil if there is none
	closed  bool
}

// Load checks a module, makes it safe to run and compiles it. It takes from some
// milliseconds to seconds, by the size of the code; ctx ends it early. The error
// is a [*ModuleError] where the module is malformed, larger than lim allows, uses
// what is not supported, imports what no host function provides, or does not
// export what a process needs; ctx's cause; or one that says that lim makes no
// sense.
//
// Compiling happens in this program, and one function is compiled to its end: a
// [Compiler] does it in a process that can be killed, and keeps what it has compiled.
func Load(ctx context.Context, module []byte, lim Limits) (*Module, error) {
	lim, err := lim.or()
	if err != nil {
		return nil, err
	}
	re, err := check(module, lim)
	if err != nil {
		return nil, err
	}
	c, err := compileHere(ctx, re, lim)
	if err != nil {
		return nil, err
	}
	return newModule(c), nil
}

func newModule(c *code) *Module { return &Module{code: c, procs: map[*process]struct{}{}} }

// Close ends the module: starts fail with [ErrClosed] from now on. Processes that
// run go on, and their memory is given back as they end. Closing twice is fine.
func (m *Module) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closed {
		m.closed = true
		m.code.release()
	}
	return nil
}

// Processes returns how many processes run the module.
func (m *Module) Processes() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.procs)
}

// Version returns the version that the code gives itself (kista_v1_version), 0 if
// it gives none.
func (m *Module) Version() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.code.version
}

// enter notes a process that begins and returns the code to begin with. It waits
// while an upgrade is under way.
func (m *Module) enter(ctx context.Context, p *process) (*code, error) {
	for {
		m.mu.Lock()
		wait := m.upgrade
		if wait == nil {
			defer m.mu.Unlock()
			if m.closed {
				return nil, ErrClosed
			}
			m.procs[p] = struct{}{}
			return m.code.retain(), nil
		}
		m.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (m *Module) leave(p *process) {
	m.mu.Lock()
	delete(m.procs, p)
	m.mu.Unlock()
}

// moduleError puts what the rewriting or the engine says in the form for users.
func moduleError(err error) error {
	var m *ModuleError
	if errors.As(err, &m) {
		return m
	}
	var e *rewrite.Error
	if errors.As(err, &e) {
		return &ModuleError{At: e.Offset, Reason: e.Reason, Limit: e.Limit}
	}
	return &ModuleError{At: -1, Reason: err.Error()}
}

func refusal(format string, args ...any) error {
	return &ModuleError{At: -1, Reason: fmt.Sprintf(format, args...)}
}
