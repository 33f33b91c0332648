package bank

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/store"
)

const (
	// stable is how long an account must have lived for its crash to count as its
	// first; until then restarts come ever later, up to slowest.
	stable  = 10 * time.Second
	slowest = 10 * time.Second
	// maxWandering is how often an account may die of its journal in one start, if
	// never twice in a row at the same place.
	maxWandering = 5
)

// started takes the outcome of a start.
func (a *accounts) started(c *server.Ctx, s kista.Started) error {
	e := a.byRef[s.Ref]
	if e == nil {
		return nil
	}
	delete(a.byRef, s.Ref)
	e.timer.Cancel()
	if s.Err == nil {
		e.up, e.since = true, time.Now()
		a.remember(e.pid)
		delete(a.marked, e.key)
		delete(a.crashes, e.key)
		a.answer(e, nil)
		if len(a.queue) > 0 {
			a.evict(c)
		}
		return a.startDone(c, e)
	}
	delete(a.byPID, e.pid)
	if e.late {
		s.Err = errStartLate
	}
	at, inJournal := e.try.place()
	switch {
	case !inJournal || errors.Is(s.Err, kista.ErrKilled) || e.plan.Quarantine:
		// Not the journal's fault: whoever asked may ask again.
		delete(a.live, e.key)
		a.answer(e, s.Err)
		return a.startDone(c, e)
	case e.deaths == 0 || e.diedAt != at && e.deaths < maxWandering:
		a.notify(c, AccountEvent{Account: e.key, Kind: AccountCrashed, Seq: at.seq, Reason: s.Err})
		e.deaths++
		e.diedAt = at
	default:
		if err := a.condemn(c, e, at, s.Err); err != nil {
			return err
		}
	}
	e.plan.Skip = 0
	return a.start(c, e)
}

// place returns where in the journal a start has got stuck.
func (t *attempt) place() (p place, ok bool) {
	p = place{seq: store.Seq(t.at.Load()), snapshot: t.snapshot.Load()}
	return p, p.snapshot || p.seq > 0
}

// condemn takes an account into quarantine: it has died twice at the same place.
func (a *accounts) condemn(c *server.Ctx, e *entry, at place, reason error) error {
	q := Quarantined{Account: e.key, Seq: at.seq, Reason: reason.Error(), Since: time.Now()}
	if err := a.quarantine.put(c, q); err != nil {
		return err
	}
	c.Logger().LogAttrs(c, slog.LevelError, "bank: account in quarantine",
		slog.String("account", e.key), slog.Uint64("event", uint64(at.seq)), slog.String("reason", q.Reason))
	a.notify(c, AccountEvent{Account: e.key, Kind: AccountQuarantined, Seq: at.seq, Reason: reason})
	return nil
}

// exited takes the end of an account that was up.
func (a *accounts) exited(c *server.Ctx, x kista.Exited) error {
	e := a.byPID[x.PID]
	if e == nil {
		return nil
	}
	a.forget(e)
	if kista.Abnormal(x.Reason) {
		a.notify(c, AccountEvent{Account: e.key, Kind: AccountCrashed, Reason: x.Reason})
		if err := a.again(c, e); err != nil {
			return err
		}
	}
	return a.startDone(c, e)
}

// again starts an account that has crashed once more, since it may have transfers
// to go on with: at once, and later each time that it crashes soon after.
func (a *accounts) again(c *server.Ctx, e *entry) error {
	next := &entry{key: e.key, crashes: e.crashes + 1, plan: plan{Key: e.key, Marked: true}}
	if time.Since(e.since) > stable {
		next.crashes = 1
	}
	if next.crashes == 1 && len(a.live) < a.b.cfg.MaxLive {
		return a.start(c, next)
	}
	a.crashes[e.key] = next.crashes
	wait := min(100*time.Millisecond<<min(next.crashes, 16), slowest)
	kista.SendAfter(wait, c.PID(), restart{Key: e.key})
	return nil
}

// release lets an account out of quarantine and starts it; the answer comes when
// it is up.
func (a *accounts) release(c *server.Ctx, q release) error {
	bad, in := a.quarantine.in[q.Key]
	if !in {
		return ErrNotQuarantined
	}
	if err := a.quarantine.release(c, q.Key); err != nil {
		return server.Crash(err)
	}
	a.notify(c, AccountEvent{Account: q.Key, Kind: AccountReleased, Seq: bad.Seq})
	from := c.From()
	next := &entry{key: q.Key, plan: plan{Key: q.Key, Marked: true}, release: &from}
	if q.Skip {
		next.plan.Skip = bad.Seq
	}
	if e := a.live[q.Key]; e != nil { // the read-only one
		next.waiting = e.waiting
		delete(a.byRef, e.ref)
		a.forget(e)
		if err := a.end(c, e.pid); err != nil {
			return server.Crash(err)
		}
	}
	if err := a.start(c, next); err != nil {
		return server.Crash(err)
	}
	return server.Later
}

// end stops a child and waits until its name is free.
func (a *accounts) end(c *server.Ctx, pid kista.PID) error {
	if err := c.Exit(pid, kista.ErrShutdown); err != nil {
		return err
	}
	_, err := kista.Wait(context.WithoutCancel(c), pid)
	if errors.Is(err, kista.ErrNoProcess) {
		return nil
	}
	return err
}
