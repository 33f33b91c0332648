package wasm

import (
	"context"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/sys"
)

// Upgrade replaces the code of m by that of next, under all processes that run m:
// all of them, or none. Each hands its state over (kista_v1_state) to a new
// instance (kista_v1_restore), which may refuse it; only when all have taken it do
// all change over. What comes in meanwhile waits in the mailboxes: no message is
// lost. PIDs, unanswered calls, timers, monitors and links stay as they are, and
// starts wait until it is over.
//
// When Upgrade returns nil, m runs the code of next, also for later starts, and
// next is closed. On an error m and all its processes are as they were, but for
// one whose old code trapped when asked for its state: that one has ended by it.
// Errors: [*sys.UpgradeError] with the process and, inside, a [*GuestError] that
// says why it refuses, a [*Trap] of either code, or [ErrNoState]; a refusal of the
// plan's, if a process does not come to an end of what it does within five
// seconds; [ErrClosed]; ctx's cause. Two upgrades of one module happen one after
// the other.
func (m *Module) Upgrade(ctx context.Context, next *Module) error {
	if next == m {
		return nil
	}
	if err := m.beginUpgrade(ctx); err != nil {
		return err
	}
	defer m.endUpgrade()
	to, err := next.take()
	if err != nil {
		return err
	}
	m.mu.Lock()
	var pids []kista.PID
	for p := range m.procs {
		pids = append(pids, p.self.PID())
	}
	m.mu.Unlock()
	_, err = sys.Upgrade(ctx, sys.Plan{
		Steps:          []sys.Step{{PIDs: pids, Code: change{to}}},
		MigrateTimeout: kista.DefaultHookTimeout,
	})
	if err != nil {
		next.giveBack(to)
		return err
	}
	m.mu.Lock()
	done := m.code
	m.code = to
	if m.closed { // it has given its use of the old code back
		done = to
	}
	m.mu.Unlock()
	done.release()
	return nil
}

func (m *Module) beginUpgrade(ctx context.Context) error {
	for {
		m.mu.Lock()
		wait := m.upgrade
		if wait == nil {
			defer m.mu.Unlock()
			if m.closed {
				return ErrClosed
			}
			m.upgrade = make(chan struct{})
			return nil
		}
		m.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (m *Module) endUpgrade() {
	m.mu.Lock()
	close(m.upgrade)
	m.upgrade = nil
	m.mu.Unlock()
}

// take hands the code of a module over; it is closed from then on.
func (m *Module) take() (*code, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, ErrClosed
	}
	m.closed = true
	return m.code, nil
}

func (m *Module) giveBack(c *code) {
	m.mu.Lock()
	m.code, m.closed = c, false
	m.mu.Unlock()
}

// change is the code of a code change.
type change struct{ to *code }

// ChangeCode implements kista.CodeChanger. The guest's state is asked for here, in
// the process, since it is its instance that is asked.
func (p *process) ChangeCode(ch kista.CodeChange) (kista.Migration, error) {
	c, ok := ch.Code.(change)
	if !ok {
		return nil, kista.ErrUnsupported
	}
	if p.broken != nil {
		return nil, p.broken
	}
	if !p.in.has(onState) || !c.to.exports[onRestore] {
		return nil, ErrNoState
	}
	state, err := p.state()
	if err != nil {
		return nil, err
	}
	from := p.in.code.version
	return func() (func(), error) {
		in, err := c.to.retain().instantiate(p, time.Now().Add(stateTime))
		if err != nil {
			return nil, err
		}
		if err = in.give(state); err != nil {
			in.close()
			return nil, err
		}
		status, err := in.hushed(onRestore, stateTime, uint64(from))
		if err == nil && uint32(status) == statusStop {
			err = &GuestError{said(in.out)}
		}
		if err != nil {
			in.close()
			return nil, err
		}
		return func() {
			old := p.in
			p.in = in
			p.self.SetVersion(versionText(c.to))
			old.close()
		}, nil
	}, nil
}
