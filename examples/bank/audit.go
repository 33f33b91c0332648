package bank

import (
	"context"
	"fmt"
	"math/big"

	"github.com/kista-go/kista/examples/bank/internal/ledger"
	"github.com/kista-go/kista/store"
)

// Audit is what the journals say about money.
type Audit struct {
	// Accounts is the number of accounts that have ever been used.
	Accounts int
	// Balances is the sum of all balances, Underway what has left one account and
	// not reached the other.
	Balances, Underway *big.Int
	// Unreadable are the accounts whose journals cannot be read to their end; they
	// count with what could be read.
	Unreadable []string
}

// Total is all the money there is.
func (a Audit) Total() *big.Int { return new(big.Int).Add(a.Balances, a.Underway) }

// Audit reads all journals, past the processes. The journals are read one after
// the other, so the figures belong together only while nobody moves money. The
// error is the store's, or that the journals are not open.
func (b *Bank) Audit(ctx context.Context) (Audit, error) {
	j, ok := b.journal.get()
	if !ok {
		return Audit{}, errNoStore
	}
	return AuditJournal(ctx, j, b.cfg.Limits)
}

// AuditJournal is [Bank.Audit] for the journals of a bank that does not run.
func AuditJournal(ctx context.Context, j store.Journal, limits Limits) (Audit, error) {
	sum := Audit{Balances: new(big.Int), Underway: new(big.Int)}
	all := map[string]*ledger.Account{}
	for id, err := range j.IDs(ctx, journalPrefix) {
		if err != nil {
			return sum, err
		}
		key := string(id[len(journalPrefix):])
		account, bad, err := readAccount(ctx, j, id, limits)
		if err != nil {
			return sum, fmt.Errorf("bank: audit %s: %w", key, err)
		}
		if bad != nil {
			sum.Unreadable = append(sum.Unreadable, key)
		}
		all[key] = account
	}
	sum.Accounts = len(all)
	for key, account := range all {
		sum.Balances.Add(sum.Balances, account.Balance())
		for _, t := range account.Outbox() {
			if !arrived(all[t.To], ledger.TransferID{From: key, N: t.N}, t) {
				sum.Underway.Add(sum.Underway, t.Amount)
			}
		}
	}
	return sum, nil
}

// arrived reports whether a transfer of an outbox is on a balance: the payee's, or
// the payer's again.
func arrived(payee *ledger.Account, id ledger.TransferID, t ledger.Outgoing) bool {
	if t.Settled {
		return true
	}
	if payee == nil {
		return false
	}
	credited, known := payee.Received(id)
	return known && credited
}

// readAccount makes the state that a journal holds, as far as it can be read; bad
// is what stands in the way of the rest.
func readAccount(ctx context.Context, j store.Journal, id store.PersistenceID, limits Limits) (a *ledger.Account, bad, err error) {
	a = ledger.New(limits)
	snap, err := j.LatestSnapshot(ctx, id)
	if err != nil {
		return a, nil, err
	}
	if snap.Seq > 0 {
		if a, bad = ledger.Restore(limits, snap.Manifest, snap.Payload); bad != nil {
			return ledger.New(limits), bad, nil
		}
	}
	err = j.Replay(ctx, id, snap.Seq+1, store.MaxSeq, func(_ store.Seq, ev store.Event) error {
		bad = applyEvent(a, ev)
		return bad
	})
	if bad != nil {
		err = nil
	}
	return a, bad, err
}

// applyEvent is Apply for a reader that must not die of what it reads.
func applyEvent(a *ledger.Account, ev store.Event) (err error) {
	e, err := ledger.Decode(ev.Manifest, ev.Payload)
	if err != nil {
		return err
	}
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("bank: %v", v)
		}
	}()
	a.Apply(e, ev.Time)
	return nil
}
