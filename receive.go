package kista

import (
	"fmt"
	"sync/atomic"
	"time"
)

// Receive waits for the next message and returns it. The error says why the
// process must stop: the exit reason; return it from the Body. After it, one
// more kernel operation ends the goroutine (deferred calls run).
func (s *Self) Receive() (any, error) { return s.first(func(any) bool { return true }) }

// first takes the message at the head of the queue, once there is one, if pick
// accepts it; else it is next, which looks further. pick runs none of the user's
// code.
func (s *Self) first(pick func(any) bool) (any, error) {
	s.yield()
	p := s.p
	p.mu.Lock()
	for p.fate == nil && !p.receiving {
		q := &p.saved
		if q.head == nil {
			q = &p.inbox
		}
		m := q.head
		if m == nil {
			p.receiving = true
			p.sleepLocked(waitReceive)
			p.receiving = false
			continue
		}
		if m.system || !pick(m.msg) { // system: of a behaviour, and not for its handlers
			break
		}
		q.remove(nil, m)
		p.takenLocked(m)
		p.mu.Unlock()
		msg := m.msg
		m.free()
		return msg, nil
	}
	p.mu.Unlock()
	msg, _, err := s.search(pick, NoTimeout)
	return msg, err
}

// Receive waits for the first message of type M, in queue order, and leaves the
// others where they are (statement 26). M may be an interface. Errors as for
// [Self.Receive].
func Receive[M any](s *Self) (M, error) {
	msg, err := s.first(is[M])
	m, _ := msg.(M)
	return m, err
}

func is[M any](msg any) bool {
	_, ok := msg.(M)
	return ok
}

// Clause is one branch of [Self.Select]: made by [On], [OnIf] or [After].
type Clause struct {
	take  func(any) bool
	do    func(any) error
	late  func() error
	after time.Duration
}

// On takes a message of type M and then calls do, which may be nil.
func On[M any](do func(M) error) Clause {
	return Clause{take: is[M], do: calling(do)}
}

// OnIf is [On] for those messages only for which when is true. when must not
// call the kernel.
func OnIf[M any](when func(M) bool, do func(M) error) Clause {
	return Clause{do: calling(do), take: func(msg any) bool {
		m, ok := msg.(M)
		return ok && when(m)
	}}
}

func calling[M any](do func(M) error) func(any) error {
	return func(msg any) error {
		if do == nil {
			return nil
		}
		return do(msg.(M))
	}
}

// After calls do, which may be nil, if no message was taken within d, counted
// from the entry into Select (statement 30). After zero, it is called at once
// if no queued message fits (27). A negative d never fires (28). Of several
// After clauses the shortest counts.
func After(d time.Duration, do func() error) Clause {
	return Clause{late: do, after: d}
}

// Select takes the first queued message that any clause accepts, and calls what
// that clause says; the messages passed over keep their order and place
// (statement 26). Clauses are tried in order for each message. It returns what
// the clause's function returned, or why the process must stop.
func (s *Self) Select(clauses ...Clause) error {
	var hit *Clause
	limit := NoTimeout
	var late *Clause
	for i := range clauses {
		c := &clauses[i]
		if c.take == nil && c.after >= 0 && (limit == NoTimeout || c.after < limit) {
			limit, late = c.after, c
		}
	}
	msg, ok, err := s.next(func(msg any) bool {
		for i := range clauses {
			if c := &clauses[i]; c.take != nil && c.take(msg) {
				hit = c
				return true
			}
		}
		return false
	}, limit)
	switch {
	case err != nil:
		return err
	case ok:
		return hit.do(msg)
	case late != nil && late.late != nil:
		return late.late()
	}
	return nil
}

// next returns the first entry that pick accepts, in queue order. It waits until
// there is one, until the time is over (ok false), or until the process must
// end. No lock is held while pick runs.
func (s *Self) next(pick func(any) bool, timeout time.Duration) (msg any, ok bool, err error) {
	s.yield()
	return s.search(pick, timeout)
}

func (s *Self) search(pick func(any) bool, timeout time.Duration) (msg any, ok bool, err error) {
	p := s.p
	p.mu.Lock()
	if err := s.stoppedLocked(); err != nil {
		p.mu.Unlock()
		return nil, false, s.end(err)
	}
	if p.receiving {
		p.mu.Unlock()
		return nil, false, ErrBusy
	}
	p.receiving = true
	r := receiver{p: p}
	r.q.splice(&p.saved)
	p.mu.Unlock()
	defer r.done()
	msg, ok, err = r.scan(s, pick, timeout)
	if err != nil {
		err = s.end(err)
	}
	return msg, ok, err
}

// receiver is one receive under way. The mailbox is its own meanwhile, so that
// messages can be looked at without the lock.
type receiver struct {
	p *proc
	q queue
}

// done gives back what was passed over.
func (r *receiver) done() {
	p := r.p
	p.mu.Lock()
	defer p.mu.Unlock()
	p.receiving = false
	if p.status != statusDead {
		r.q.splice(&p.saved)
		p.saved = r.q
	}
}

func (r *receiver) scan(s *Self, pick func(any) bool, timeout time.Duration) (any, bool, error) {
	p := r.p
	var late *deadline
	var prev *mail // the last one looked at
	for {
		p.mu.Lock()
		err := s.stoppedLocked()
		r.q.splice(&p.inbox)
		p.mu.Unlock()
		if err != nil {
			return nil, false, err
		}
		m := r.q.head
		if prev != nil {
			m = prev.next
		}
		for ; m != nil; prev, m = m, m.next {
			if m.system || !pick(m.msg) {
				continue
			}
			r.q.remove(prev, m)
			return r.taken(s, m)
		}
		if timeout == 0 {
			return nil, false, nil
		}
		if timeout > 0 && late == nil {
			late = &deadline{p: p}
			late.timer.owner(late)
			late.timer.set(p.node, timeout)
			defer late.timer.stop(p.node)
		}
		p.mu.Lock()
		if p.inbox.head == nil && p.fate == nil && (late == nil || !late.over.Load()) {
			p.sleepLocked(waitReceive)
		}
		p.mu.Unlock()
		if late != nil && late.over.Load() {
			timeout = 0 // one last look: what came in time wins
		}
	}
}

// deadline is the timeout of a receive.
type deadline struct {
	timer alarm
	p     *proc
	over  atomic.Bool
}

// Fire is the wheel's: the time has come.
func (d *deadline) Fire() {
	d.over.Store(true)
	d.p.mu.Lock()
	d.p.rouseLocked()
	d.p.mu.Unlock()
}

func (r *receiver) taken(s *Self, m *mail) (any, bool, error) {
	p := r.p
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := s.stoppedLocked(); err != nil {
		return nil, false, err
	}
	p.takenLocked(m)
	msg := m.msg
	m.free()
	return msg, true, nil
}

// String shows a request for people.
func (q Request) String() string { return fmt.Sprintf("request %T", q.Msg) }
