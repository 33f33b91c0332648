package bank

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/examples/bank/internal/ledger"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/store"
	"github.com/kista-go/kista/term"
)

// ask is a request to an account.
type ask struct {
	server.Replies[answer]
	Tag     ledger.Tag
	Request ledger.Request
}

// answer is its reply, or why there is none yet.
type answer struct {
	Reply  term.Term
	NotNow term.Atom
}

// yield asks an account to give its process up as soon as it has nothing to do.
type yield struct{}

// save is what an account leaves to be done after a reply.
type save struct{}

// Why there is no answer yet; see the package comment.
const (
	unavailable term.Atom = "unavailable"
	quarantined term.Atom = "quarantined"
)

// errIdle is the reason of an account that has given its process up. Requests
// that it had not taken were not carried out.
var errIdle = errors.New("bank: the account had nothing to do")

func init() { kista.RegisterError(errIdle) }

// Persistence ids: an account's journal, and the mark that is there while it has
// transfers under way.
const (
	journalPrefix = "account/"
	markPrefix    = "transfers/"
)

// attempt tells how far a start of an account has come, also if it is never
// finished: at is the event that is being applied, 0 if none is.
type attempt struct {
	at       atomic.Uint64
	snapshot atomic.Bool // it is the snapshot that is being read
}

// plan is how an account is to start: the argument of its process.
type plan struct {
	Key string
	// Marked: a mark may be left from an incarnation that has ended before it could
	// take it away.
	Marked bool
	// Quarantine: read only, from the events before Bad; with NoState, from none.
	Quarantine bool
	Bad        store.Seq
	NoState    bool
	// Skip: the event that never happened, by order of the operator.
	Skip store.Seq
}

// account is the state of an account's process.
type account struct {
	b       *Bank
	journal Store
	plan    plan
	id      store.PersistenceID
	token   store.Token // this incarnation's: who was here before can write no more
	last    store.Seq   // the last event stored
	saved   store.Seq   // what the snapshot holds
	at      time.Time   // of the last event
	state   *ledger.Account
	waiting map[uint64][]kista.From // for the outcome of transfers
	mark    store.Token             // of the mark; 0 if it is not set
	// yielding: others wait for its room, and it ends with its last transfer.
	yielding bool
}

// maxWaiting is how many callers may wait for the outcome of one transfer; of
// more, the oldest is forgotten, and repeats its request if it is still there.
const maxWaiting = 8

var accountMux = func() *server.Mux[account] {
	var m server.Mux[account]
	server.OnCall(&m, func(c *server.Ctx, a *account, q ask) (answer, error) { return a.ask(c, q) })
	server.OnCast(&m, func(c *server.Ctx, a *account, _ yield) error {
		a.yielding = true
		return a.idle(c)
	})
	server.OnContinue(&m, func(c *server.Ctx, a *account, _ yield) error { return a.idle(c) })
	server.OnTimeout(&m, func(c *server.Ctx, a *account) error { return a.idle(c) })
	server.OnContinue(&m, func(c *server.Ctx, a *account, _ save) error { return a.save(c) })
	return &m
}()

// accountProgram describes one start of an account.
func (b *Bank) accountProgram(p plan, try *attempt) kista.Program {
	start := server.Of(accountMux, func(c *server.Ctx, p plan) (*account, error) { return b.startAccount(c, p, try) })
	return server.Child(start, p, server.Opts{Name: b.accountName(p.Key), Label: b.label("account", p.Key)})
}

// startAccount takes the journal over and lives again what is in it.
func (b *Bank) startAccount(c *server.Ctx, p plan, try *attempt) (*account, error) {
	journal, ok := b.journal.get()
	if !ok {
		return nil, errNoStore
	}
	a := &account{
		b: b, journal: journal, plan: p, id: journalPrefix + store.PersistenceID(p.Key),
		state: ledger.New(b.cfg.Limits), waiting: map[uint64][]kista.From{},
	}
	head, err := journal.Head(c, a.id)
	if err != nil {
		return nil, fmt.Errorf("bank: look for the journal of %s: %w", p.Key, err)
	}
	if head.Token != 0 {
		if err := a.own(c); err != nil {
			return nil, err
		}
	}
	if err := a.replay(c, try); err != nil {
		return nil, fmt.Errorf("bank: replay %s: %w", p.Key, err)
	}
	if err := a.resume(c); err != nil {
		return nil, err
	}
	c.Timeout(b.cfg.IdleTime)
	return a, nil
}

// own makes this incarnation the journal's only writer: an earlier one that comes
// back from the dead can write no more. Of an account that nobody has ever used it
// is put off until there is something to write, so that to ask for the balance of
// a million names leaves nothing behind.
func (a *account) own(ctx context.Context) error {
	token, last, err := a.journal.Acquire(ctx, a.id, store.NextToken)
	if err != nil {
		return fmt.Errorf("bank: take over the journal of %s: %w", a.plan.Key, err)
	}
	a.token, a.last = token, last
	return nil
}

// replay makes the state from snapshot and events. What it panics or hangs at is
// told by try.
func (a *account) replay(ctx context.Context, try *attempt) error {
	if a.plan.NoState {
		return nil
	}
	try.snapshot.Store(true)
	snap, err := a.journal.LatestSnapshot(ctx, a.id)
	if err == nil && snap.Seq > 0 {
		a.state, err = ledger.Restore(a.b.cfg.Limits, snap.Manifest, snap.Payload)
		a.saved, a.at = snap.Seq, snap.Time
	}
	if err != nil {
		return err
	}
	try.snapshot.Store(false)
	next, to := snap.Seq+1, a.last
	switch {
	case a.plan.Quarantine:
		to = a.plan.Bad - 1
	case a.plan.Skip >= next:
		if err := a.apply(ctx, next, a.plan.Skip-1, try); err != nil {
			return err
		}
		if err := a.snapshot(ctx, a.plan.Skip); err != nil {
			return err
		}
		next = a.plan.Skip + 1
	}
	return a.apply(ctx, next, to, try)
}

func (a *account) apply(ctx context.Context, from, to store.Seq, try *attempt) error {
	if from > to {
		return nil
	}
	err := a.journal.Replay(ctx, a.id, from, to, func(seq store.Seq, ev store.Event) error {
		try.at.Store(uint64(seq))
		e, err := ledger.Decode(ev.Manifest, ev.Payload)
		if err != nil {
			return err
		}
		a.state.Apply(e, ev.Time)
		a.at = ev.Time
		try.at.Store(0)
		return nil
	})
	if damage, ok := errors.AsType[*store.CorruptError](err); ok && damage.Seq > 0 {
		try.at.Store(uint64(damage.Seq))
	}
	return err
}

// resume goes on with the transfers that are not over.
func (a *account) resume(c *server.Ctx) error {
	out := a.state.Outbox()
	if a.plan.Quarantine {
		return nil
	}
	if len(out) > 0 || a.plan.Marked {
		if err := a.setMark(c); err != nil {
			return err
		}
	}
	for _, t := range out {
		if err := a.b.carry(c.Self, a.plan.Key, t); err != nil {
			return err
		}
	}
	return nil
}

// ask decides a request, stores what follows from it, and only then answers.
func (a *account) ask(c *server.Ctx, q ask) (answer, error) {
	c.Timeout(a.b.cfg.IdleTime)
	if a.plan.NoState {
		return answer{NotNow: quarantined}, nil
	}
	d := a.state.Decide(q.Tag, q.Request)
	if a.plan.Quarantine && (len(d.Events) > 0 || d.Wait != 0) {
		return answer{NotNow: quarantined}, nil
	}
	if err := a.store(c, d.Events); err != nil {
		return answer{}, server.Crash(err)
	}
	switch q := q.Request.(type) {
	case ledger.Transfer:
		if d.Wait != 0 && len(d.Events) > 0 {
			if err := a.b.carry(c.Self, a.plan.Key, a.sent(d.Wait)); err != nil {
				return answer{}, server.Crash(err)
			}
		}
	case ledger.Settle:
		a.tell(q.N)
	case ledger.Clear:
		if a.yielding {
			c.Continue(yield{})
		}
	}
	if d.Wait != 0 {
		a.wait(d.Wait, c.From())
		return answer{}, server.Later
	}
	return answer{d.Reply, d.NotNow}, nil
}

// store stores events, all in one append, and applies them. After an error the
// account must end: what is in the journal, its next incarnation reads.
func (a *account) store(c *server.Ctx, events []ledger.Event) error {
	if len(events) == 0 {
		return nil
	}
	for _, e := range events {
		if _, ok := e.(ledger.Sent); ok {
			if err := a.setMark(c); err != nil {
				return err
			}
		}
	}
	if a.token == 0 {
		if err := a.own(c); err != nil {
			return err
		}
		if a.last != 0 {
			return fmt.Errorf("bank: somebody has written to the new journal of %s", a.plan.Key)
		}
	}
	a.b.fault(BeforeAppend, a.plan.Key)
	now := time.Now()
	if now.Before(a.at) { // a clock that was set back must not make tags younger
		now = a.at
	}
	entries := make([]store.Event, len(events))
	for i, e := range events {
		manifest, payload, err := ledger.Encode(e)
		if err != nil {
			return err
		}
		entries[i] = store.Event{Manifest: manifest, Payload: payload, Time: now}
	}
	last, err := a.journal.Append(c, a.id, a.token, a.last, entries...)
	if unknown, ok := errors.AsType[*store.UnknownError](err); ok {
		var written bool
		if written, err = store.Settle(c, a.journal, unknown); err == nil && !written {
			err = unknown
		}
		last = a.last + store.Seq(len(entries))
	}
	if err != nil {
		_ = c.Send(c.Node().Name(a.b.name("store")), checkStore{})
		return fmt.Errorf("bank: store what happened to %s: %w", a.plan.Key, err)
	}
	a.last, a.at = last, now
	for _, e := range events {
		a.state.Apply(e, now)
	}
	if a.last-a.saved >= store.Seq(a.b.cfg.SnapshotEvery) {
		c.Continue(save{})
	}
	a.b.fault(AfterAppend, a.plan.Key)
	return nil
}

// save keeps a snapshot and deletes the events that it makes superfluous. If that
// fails nothing is lost but time; the next events try again.
func (a *account) save(c *server.Ctx) error {
	c.Timeout(a.b.cfg.IdleTime)
	if a.last-a.saved < store.Seq(a.b.cfg.SnapshotEvery) {
		return nil
	}
	if err := a.snapshot(c, a.last); err != nil {
		if errors.Is(err, store.ErrFenced) {
			return err
		}
		c.Logger().Warn("bank: no snapshot", "error", err)
	}
	return nil
}

func (a *account) snapshot(ctx context.Context, seq store.Seq) error {
	payload, err := a.state.Snapshot()
	if err != nil {
		return err
	}
	s := store.Snapshot{Seq: seq, Manifest: ledger.SnapshotManifest, Payload: payload}
	if err := a.journal.SaveSnapshot(ctx, a.id, a.token, s); err != nil {
		return err
	}
	a.saved = seq
	return a.journal.DeleteTo(ctx, a.id, a.token, seq)
}

// sent returns transfer n of the outbox.
func (a *account) sent(n uint64) ledger.Outgoing {
	for _, t := range a.state.Outbox() {
		if t.N == n {
			return t
		}
	}
	return ledger.Outgoing{}
}

func (a *account) wait(n uint64, from kista.From) {
	w := append(a.waiting[n], from)
	if len(w) > maxWaiting {
		w = w[1:]
	}
	a.waiting[n] = w
}

// tell answers those who wait for the outcome of transfer n.
func (a *account) tell(n uint64) {
	reply, ok := a.state.Outcome(n)
	if !ok {
		return
	}
	for _, from := range a.waiting[n] {
		_ = from.Reply(answer{Reply: reply})
	}
	delete(a.waiting, n)
}

// setMark sets the mark by which the bank finds, when it starts, the accounts
// that have transfers to go on with: before the first one of an incarnation.
func (a *account) setMark(ctx context.Context) (err error) {
	if a.mark == 0 {
		a.mark, _, err = a.journal.Acquire(ctx, a.markID(), store.NextToken)
	}
	return err
}

func (a *account) markID() store.PersistenceID { return markPrefix + store.PersistenceID(a.plan.Key) }

// idle ends the account in order, if it has no transfer under way. Mail that
// comes behind is refused with errIdle, and asked again elsewhere.
func (a *account) idle(c *server.Ctx) error {
	if len(a.state.Outbox()) > 0 && !a.plan.Quarantine {
		c.Timeout(a.b.cfg.IdleTime)
		return nil
	}
	if a.mark != 0 {
		if err := a.journal.Delete(c, a.markID(), a.mark); err != nil {
			return fmt.Errorf("bank: take the mark of %s away: %w", a.plan.Key, err)
		}
	}
	return server.Stop(&kista.ShutdownError{Cause: errIdle})
}
