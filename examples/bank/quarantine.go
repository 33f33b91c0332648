package bank

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/examples/bank/internal/ledger"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/store"
	"github.com/kista-go/kista/term"
)

// ErrNotQuarantined says that an account to be released is not in quarantine.
var ErrNotQuarantined = errors.New("bank: the account is not in quarantine")

// ErrStillPoisoned says that a released account has died of its journal again,
// and is back in quarantine.
var ErrStillPoisoned = errors.New("bank: the account is in quarantine again")

func init() { kista.RegisterError(ErrNotQuarantined, ErrStillPoisoned) }

// Quarantined is an account whose journal has killed it twice at the same place.
// It is read only, from the state before that place.
type Quarantined struct {
	Account string    // its key: the name as Erlang text
	Seq     store.Seq // the event that it died of; 0 if it was the snapshot
	Reason  string    // of its second death
	Since   time.Time // when that was
}

// AccountEvent tells Config.Notify what has happened to an account.
type AccountEvent struct {
	Account string
	Kind    AccountEventKind
	Seq     store.Seq // of what it died, if that was an event of its journal
	Reason  error     // of its death
}

// AccountEventKind says what has happened to an account.
type AccountEventKind string

// What happens to accounts.
const (
	AccountCrashed     AccountEventKind = "crashed"
	AccountQuarantined AccountEventKind = "quarantined"
	AccountReleased    AccountEventKind = "released"
)

// Way says how an account leaves quarantine.
type Way uint8

const (
	// Retry replays the journal again: the code that reads it has been mended.
	Retry Way = iota
	// Skip leaves the event out for good, as if it had never happened, and saves
	// the state without it. If the event moved money, that is now lost or made: the
	// operator's decision, which nobody else can make.
	Skip
)

// Quarantined returns the accounts in quarantine, in no order. The error is why
// the bank did not answer.
func (b *Bank) Quarantined(ctx context.Context) ([]Quarantined, error) {
	node := b.node.Load()
	if node == nil {
		return nil, kista.ErrNoProcess
	}
	return server.Call(ctx, node.Name(b.name("accounts")), listQuarantined{})
}

// Release lets an account out of quarantine, and waits until it is up. who is its
// name, as in a request. Errors: [ErrNotQuarantined]; [ErrStillPoisoned]; or why
// the bank did not answer.
func (b *Bank) Release(ctx context.Context, who term.Term, way Way) error {
	key, err := ledger.Key(who)
	if err != nil {
		return err
	}
	return b.ReleaseKey(ctx, key, way)
}

// ReleaseKey is [Bank.Release] for an account of the list [Bank.Quarantined].
func (b *Bank) ReleaseKey(ctx context.Context, key string, way Way) error {
	node := b.node.Load()
	if node == nil {
		return kista.ErrNoProcess
	}
	_, err := server.Call(ctx, node.Name(b.name("accounts")), release{Key: key, Skip: way == Skip})
	if refused, ok := errors.AsType[*server.Refused](err); ok {
		return refused.Err
	}
	return err
}

// quarantineID is the journal of the quarantine. It belongs to the accounts
// process, because nothing is kept beside an account's own journal.
const quarantineID store.PersistenceID = "quarantine"

// The events of that journal.
type (
	enteredEvent struct {
		_       struct{} `term:"entered"`
		Account string
		Seq     uint64
		Reason  string
		Since   time.Time
	}
	releasedEvent struct {
		_       struct{} `term:"released"`
		Account string
	}
)

// quarantine is who is in quarantine, and the journal of that.
type quarantine struct {
	journal Store
	token   store.Token
	last    store.Seq
	in      map[string]Quarantined
}

// openQuarantine reads the journal, and replaces what was in it by a snapshot.
func openQuarantine(ctx context.Context, j Store) (*quarantine, error) {
	q := &quarantine{journal: j, in: map[string]Quarantined{}}
	var err error
	if q.token, q.last, err = j.Acquire(ctx, quarantineID, store.NextToken); err != nil {
		return nil, err
	}
	snap, err := j.LatestSnapshot(ctx, quarantineID)
	if err != nil {
		return nil, err
	}
	if snap.Seq > 0 {
		var list []enteredEvent
		if err := etf.Unmarshal(snap.Payload, &list); err != nil {
			return nil, err
		}
		for _, e := range list {
			q.enter(e)
		}
	}
	err = j.Replay(ctx, quarantineID, snap.Seq+1, q.last, func(_ store.Seq, ev store.Event) error {
		switch ev.Manifest {
		case "entered@1":
			var e enteredEvent
			if err := etf.Unmarshal(ev.Payload, &e); err != nil {
				return err
			}
			q.enter(e)
		case "released@1":
			var e releasedEvent
			if err := etf.Unmarshal(ev.Payload, &e); err != nil {
				return err
			}
			delete(q.in, e.Account)
		default:
			return fmt.Errorf("bank: unknown event %q", ev.Manifest)
		}
		return nil
	})
	if err == nil && q.last > snap.Seq {
		err = q.save(ctx)
	}
	return q, err
}

func (q *quarantine) enter(e enteredEvent) {
	q.in[e.Account] = Quarantined{Account: e.Account, Seq: store.Seq(e.Seq), Reason: e.Reason, Since: e.Since}
}

func (q *quarantine) save(ctx context.Context) error {
	list := []enteredEvent{}
	for _, e := range q.in {
		list = append(list, entered(e))
	}
	payload, err := etf.Marshal(list)
	if err != nil {
		return err
	}
	if err := q.journal.SaveSnapshot(ctx, quarantineID, q.token, store.Snapshot{Seq: q.last, Manifest: "list@1", Payload: payload}); err != nil {
		return err
	}
	return q.journal.DeleteTo(ctx, quarantineID, q.token, q.last)
}

func entered(q Quarantined) enteredEvent {
	return enteredEvent{Account: q.Account, Seq: uint64(q.Seq), Reason: q.Reason, Since: q.Since}
}

// put takes an account in.
func (q *quarantine) put(ctx context.Context, e Quarantined) error {
	if err := q.append(ctx, "entered@1", entered(e)); err != nil {
		return err
	}
	q.in[e.Account] = e
	return nil
}

// release lets an account out.
func (q *quarantine) release(ctx context.Context, key string) error {
	if err := q.append(ctx, "released@1", releasedEvent{Account: key}); err != nil {
		return err
	}
	delete(q.in, key)
	return nil
}

func (q *quarantine) append(ctx context.Context, manifest string, e any) error {
	payload, err := etf.Marshal(e)
	if err != nil {
		return err
	}
	last, err := q.journal.Append(ctx, quarantineID, q.token, q.last, store.Event{Manifest: manifest, Payload: payload})
	if err != nil {
		return fmt.Errorf("bank: store the quarantine: %w", err)
	}
	q.last = last
	return nil
}
