package app

import (
	"errors"
	"sync"
	"time"

	"github.com/kista-go/kista"
)

// call is a callback under way, in a process of its own.
type callback struct {
	what   string
	in     *instance
	pid    kista.PID
	ref    kista.Ref
	seq    uint64
	timer  *kista.Timer
	over   bool
	late   bool
	reason error // of the process's end
	told   *outcome
	then   func(error) // not nil: nobody waits, call this
}

// grace is the time that a callback has to return once it has been told to.
const grace = time.Second

// begin starts a callback.
func (m *master) begin(what string, in *instance, d time.Duration, do func(*kista.Self) error) {
	m.note("runs " + what)
	c := &callback{what: what, in: in, told: &outcome{}}
	m.seq++
	c.seq = m.seq
	m.call = c
	r, err := m.runner()
	if err != nil { // no room for a process
		c.told.set(err)
		c.over = true
		return
	}
	c.pid, c.ref = r.pid, r.ref
	_ = m.self.Send(r.pid, errand{label: in.app.name + " " + what, do: do, told: c.told})
	if d > 0 {
		c.timer = kista.SendAfter(d, m.self.PID(), limit{c.seq})
	}
}

// runner is a process that waits for the one callback that it will run. Two are
// kept ready: a node that is being stopped has no new processes, and there are
// two callbacks to be run then, the first of which may fail.
type runner struct {
	pid kista.PID
	ref kista.Ref
}

const ready = 2

// errand is what a runner is sent: code, from its own master.
type errand struct {
	kista.Immutable
	label string
	do    func(*kista.Self) error
	told  *outcome
}

// prepare sees to it that runners are ready.
func (m *master) prepare() error {
	for len(m.runners) < ready {
		pid, ref, err := m.self.SpawnWith(kista.SpawnOpts{
			Label: m.in.app.name + " callback", Link: true, Monitor: true, Grace: grace,
		}, runErrand)
		if err != nil {
			return err
		}
		m.runners = append(m.runners, runner{pid, ref})
	}
	return nil
}

func (m *master) runner() (r runner, err error) {
	err = m.prepare()
	if len(m.runners) == 0 {
		return r, err
	}
	r = m.runners[0]
	m.runners = m.runners[1:]
	_ = m.prepare()
	return r, nil
}

func runErrand(s *kista.Self) error {
	e, err := kista.Receive[errand](s)
	if err != nil {
		return err
	}
	s.SetLabel(e.label)
	// The error of a callback is an answer; what it does wrong is its end.
	e.told.set(e.do(s))
	return nil
}

// run runs a callback and waits until it has returned, or has been given up.
func (m *master) run(what string, in *instance, d time.Duration, do func(*kista.Self) error) error {
	if why := m.broken(); why != nil {
		return m.vain(what, in, why)
	}
	m.begin(what, in, d, do)
	return m.await(m.call)
}

// await waits for a callback's end. During the start, it also ends with the
// start's time, with the tree, and when the application is told to stop.
func (m *master) await(c *callback) error {
	asked := false
	for !c.over {
		if err := m.receive(); err != nil {
			return err
		}
		if why := m.broken(); why != nil && !asked {
			asked = true
			_ = m.self.Exit(c.pid, kista.ErrShutdown)
		}
	}
	m.call = nil
	m.in.lease.end()
	err := c.result()
	if why := m.broken(); why != nil {
		return m.vain(c.what, c.in, why)
	}
	return err
}

// vain is the error of a start that was broken off at a callback.
func (m *master) vain(what string, in *instance, why error) error {
	switch {
	case why == ErrStopped: //nolint:errorlint // identity
		return why
	case m.late:
		return m.failed(what, in, why)
	}
	return m.failed("tree", m.in, why)
}

// broken says why a callback of the start is in vain.
func (m *master) broken() error {
	if why := m.interrupted(); why != nil {
		return why
	}
	if m.phase == coming && !m.tree.IsZero() && m.treeRef.IsZero() {
		if m.reason == nil {
			return errTreeEnded
		}
		return m.reason
	}
	return nil
}

var errTreeEnded = errors.New("app: the tree ended normally before the start was complete")

// result is what came of a callback that is over.
func (c *callback) result() error {
	if c.timer != nil {
		c.timer.Cancel()
	}
	err, returned := c.told.get()
	switch {
	case c.late && c.reason != nil: // however it took its end
		err = ErrTimeout
	case returned:
	case c.reason == nil:
		err = kista.ErrGoexit
	default:
		err = c.reason
	}
	if err == nil {
		return nil
	}
	return &CallbackError{App: c.in.app.name, Callback: c.what, Reason: kista.Freeze(err)}
}

// outcome is what a callback returned. One that has been given up may still write
// it.
type outcome struct {
	mu       sync.Mutex
	err      error
	returned bool
}

func (o *outcome) set(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.err, o.returned = err, true
}

func (o *outcome) get() (err error, returned bool) { //nolint:staticcheck // the error is a value here
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err, o.returned
}
