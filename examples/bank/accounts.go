package bank

import (
	"errors"
	"slices"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/store"
)

// What the accounts process is asked.
type (
	// open asks for the process of an account; the answer comes once it is up. A
	// transfer under way must have it, room or no room: the account that waits for
	// its end could never make any.
	open struct {
		server.Replies[struct{}]
		Key  string
		Must bool
	}
	listQuarantined struct {
		server.Replies[[]Quarantined]
	}
	release struct {
		server.Replies[struct{}]
		Key  string
		Skip bool
	}
	// startLate says that the start Ref has taken too long.
	startLate struct{ Ref kista.Ref }
	// restart says that it is time to start an account again.
	restart struct{ Key string }
)

// Errors of the accounts process.
var (
	errTooManyAccounts = errors.New("bank: as many accounts are live as may be")
	errStartLate       = errors.New("bank: the account was not up in time")
)

func init() { kista.RegisterError(errTooManyAccounts, errStartLate) }

const (
	// resuming is how many accounts with open transfers are started at a time when
	// the bank starts.
	resuming = 64
	// evicting is how many idle accounts are asked to yield for one that waits.
	evicting = 4
)

// accounts is the state of the accounts process: the parent of all accounts. It
// starts them when they are asked for, and again when they have crashed; it keeps
// their number within bounds, and takes those that die of their own journals
// into quarantine. One account's deaths are its own affair: they count against
// nobody's restart intensity.
type accounts struct {
	b          *Bank
	quarantine *quarantine
	live       map[string]*entry // up or starting
	byPID      map[kista.PID]*entry
	byRef      map[kista.Ref]*entry
	crashes    map[string]int  // of accounts that wait for their restart
	marked     map[string]bool // with a mark from before this process
	backlog    []string        // of them, those not started yet
	resumed    int             // of them, those that start now
	queue      []queued        // waiting for room
	order      []kista.PID     // oldest first, to be asked to yield; some have ended
	vault      kista.Ref       // the monitor of the store process
}

// entry is an account with a process.
type entry struct {
	key     string
	plan    plan
	pid     kista.PID
	ref     kista.Ref
	try     *attempt
	up      bool
	late    bool
	since   time.Time
	timer   *kista.Timer // ends the start
	crashes int          // before this start
	// deaths is how often it has died of its journal during this start; diedAt is
	// where it did the last time.
	deaths  int
	diedAt  place
	waiting []kista.From
	// release, if not nil, is told whether the account has left quarantine.
	release *kista.From
	resumes bool // it is one of the backlog
}

// place is where in its journal an account died.
type place struct {
	seq      store.Seq
	snapshot bool
}

type queued struct {
	key  string
	from kista.From
}

var accountsMux = func() *server.Mux[accounts] {
	var m server.Mux[accounts]
	server.OnCall(&m, func(c *server.Ctx, a *accounts, q open) (struct{}, error) {
		return struct{}{}, a.open(c, q, c.From())
	})
	server.OnCall(&m, func(_ *server.Ctx, a *accounts, _ listQuarantined) ([]Quarantined, error) {
		list := []Quarantined{}
		for _, q := range a.quarantine.in {
			list = append(list, q)
		}
		return list, nil
	})
	server.OnCall(&m, func(c *server.Ctx, a *accounts, q release) (struct{}, error) {
		return struct{}{}, a.release(c, q)
	})
	server.OnInfo(&m, func(c *server.Ctx, a *accounts, s kista.Started) error { return a.started(c, s) })
	server.OnInfo(&m, func(c *server.Ctx, a *accounts, x kista.Exited) error { return a.exited(c, x) })
	server.OnInfo(&m, func(_ *server.Ctx, a *accounts, d kista.Down) error {
		if d.Ref == a.vault {
			return &kista.ShutdownError{Cause: errNoStore}
		}
		return nil
	})
	server.OnInfo(&m, func(c *server.Ctx, a *accounts, l startLate) error {
		if e := a.byRef[l.Ref]; e != nil {
			e.late = true
			return c.Exit(e.pid, kista.Kill)
		}
		return nil
	})
	server.OnInfo(&m, func(c *server.Ctx, a *accounts, r restart) error {
		times := a.crashes[r.Key]
		switch {
		case times == 0 || a.live[r.Key] != nil: // somebody has asked for it meanwhile
			return nil
		case len(a.live) >= a.b.cfg.MaxLive:
			kista.SendAfter(slowest, c.PID(), r)
			return nil
		}
		delete(a.crashes, r.Key)
		return a.start(c, &entry{key: r.Key, crashes: times, plan: plan{Key: r.Key, Marked: true}})
	})
	return &m
}()

func (b *Bank) accountsProgram() kista.Program {
	start := server.Of(accountsMux, func(c *server.Ctx, _ struct{}) (*accounts, error) { return b.openAccounts(c) })
	return server.Child(start, struct{}{}, server.Opts{Name: b.name("accounts"), Label: b.label("accounts", ""), TrapExits: true})
}

// openAccounts finds out what the last incarnation has left.
func (b *Bank) openAccounts(c *server.Ctx) (*accounts, error) {
	journal, ok := b.journal.get()
	if !ok {
		return nil, errNoStore
	}
	q, err := openQuarantine(c, journal)
	if err != nil {
		return nil, err
	}
	a := &accounts{
		b: b, quarantine: q,
		live: map[string]*entry{}, byPID: map[kista.PID]*entry{}, byRef: map[kista.Ref]*entry{},
		crashes: map[string]int{}, marked: map[string]bool{},
	}
	for id, err := range journal.IDs(c, markPrefix) {
		if err != nil {
			return nil, err
		}
		key := string(id[len(markPrefix):])
		a.marked[key] = true
		a.backlog = append(a.backlog, key)
	}
	// Without the store no account can do anything, so that its end is theirs, at
	// once, and nobody waits for answers that cannot come.
	a.vault = c.Monitor(c.Node().Name(b.name("store")))
	return a, a.resume(c)
}

// resume starts accounts of the backlog.
func (a *accounts) resume(c *server.Ctx) error {
	for len(a.backlog) > 0 && a.resumed < resuming && len(a.live) < a.b.cfg.MaxLive {
		key := a.backlog[0]
		a.backlog = a.backlog[1:]
		if a.live[key] != nil || !a.marked[key] {
			continue
		}
		a.resumed++
		if err := a.start(c, &entry{key: key, resumes: true, plan: plan{Key: key}}); err != nil {
			return err
		}
	}
	return nil
}

// open answers once the account is up: now, or through from.
func (a *accounts) open(c *server.Ctx, q open, from kista.From) error {
	key := q.Key
	e := a.live[key]
	switch {
	case e != nil && e.up:
		return nil
	case e != nil:
		e.waiting = append(e.waiting, from)
		return server.Later
	case q.Must || len(a.live) < a.b.cfg.MaxLive:
		if len(a.live) >= a.b.cfg.MaxLive {
			a.evict(c)
		}
		times := a.crashes[key]
		e := &entry{key: key, plan: plan{Key: key}, crashes: times, waiting: []kista.From{from}}
		if err := a.start(c, e); err != nil {
			return server.Crash(err)
		}
		return server.Later
	case len(a.queue) >= a.b.cfg.MaxLive:
		return errTooManyAccounts
	}
	a.queue = append(a.queue, queued{key, from})
	a.evict(c)
	return server.Later
}

// evict asks the accounts that have been up longest to yield.
func (a *accounts) evict(c *server.Ctx) {
	for asked := 0; asked < min(evicting, len(a.order)); {
		pid := a.order[0]
		a.order = a.order[1:]
		if a.byPID[pid] != nil {
			a.order = append(a.order, pid)
			_ = c.Cast(pid, yield{})
			asked++
		}
	}
}

// remember puts an account that is up at the end of the order.
func (a *accounts) remember(pid kista.PID) {
	a.order = append(a.order, pid)
	if len(a.order) > 2*len(a.live)+64 {
		a.order = slices.DeleteFunc(a.order, func(pid kista.PID) bool { return a.byPID[pid] == nil })
	}
}

// start starts an account as its entry's plan says, or in quarantine.
func (a *accounts) start(c *server.Ctx, e *entry) error {
	if q, in := a.quarantine.in[e.key]; in {
		e.plan = plan{Key: e.key, Quarantine: true, Bad: q.Seq, NoState: q.Seq == 0}
	} else if a.marked[e.key] {
		e.plan.Marked = true
	}
	e.try, e.late = new(attempt), false
	var err error
	if e.pid, e.ref, err = c.StartChild(a.b.accountProgram(e.plan, e.try)); err != nil {
		if stop := c.Err(); stop != nil {
			return err
		}
		a.answer(e, err) // no room for another process: not a fault of this one
		return nil
	}
	a.live[e.key], a.byPID[e.pid], a.byRef[e.ref] = e, e, e
	e.timer = kista.SendAfter(a.b.cfg.StartTimeout, c.PID(), startLate{Ref: e.ref})
	return nil
}

// startDone goes on with whoever waits for room or for a start to end.
func (a *accounts) startDone(c *server.Ctx, e *entry) error {
	if e.resumes {
		e.resumes = false
		a.resumed--
	}
	if err := a.admit(c); err != nil {
		return err
	}
	return a.resume(c)
}

// admit opens accounts for those in the queue while there is room.
func (a *accounts) admit(c *server.Ctx) error {
	for len(a.queue) > 0 && len(a.live) < a.b.cfg.MaxLive {
		q := a.queue[0]
		a.queue = a.queue[1:]
		switch err := a.open(c, open{Key: q.key}, q.from); {
		case err == nil:
			_ = q.from.Reply(struct{}{})
		case !errors.Is(err, server.Later):
			return err
		}
	}
	return nil
}

func (a *accounts) forget(e *entry) {
	delete(a.live, e.key)
	delete(a.byPID, e.pid)
}

func (a *accounts) answer(e *entry, err error) {
	if r := e.release; r != nil {
		e.release = nil
		switch {
		case err != nil:
			r.Fail(err)
		case e.plan.Quarantine:
			r.Fail(ErrStillPoisoned)
		default:
			_ = r.Reply(struct{}{})
		}
	}
	for _, from := range e.waiting {
		if err != nil {
			from.Fail(err)
		} else {
			_ = from.Reply(struct{}{})
		}
	}
	e.waiting = nil
}

func (a *accounts) notify(c *server.Ctx, e AccountEvent) {
	if a.b.cfg.Notify != nil {
		_ = c.Send(a.b.cfg.Notify, e)
	}
}
