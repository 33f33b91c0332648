package ledger_test

import (
	"math/big"
	"strconv"
	"testing"
	"time"

	"github.com/kista-go/kista/examples/bank/internal/ledger"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/term"
)

// teller is an account with a clock.
type teller struct {
	t   *testing.T
	a   *ledger.Account
	now time.Time
}

func newTeller(t *testing.T, l ledger.Limits) *teller {
	return &teller{t, ledger.New(l), time.Unix(1_000_000, 0)}
}

// ask decides and applies, and returns the answer as text.
func (w *teller) ask(tag, kind string, amount int64) string {
	w.t.Helper()
	var id ledger.Tag
	if tag != "" {
		var err error
		id, err = ledger.MakeTag(term.Binary(tag), term.Tuple{term.Binary(kind), amount})
		assert.NoError(w.t, err)
	}
	var req ledger.Request
	switch kind {
	case "deposit":
		req = ledger.Deposit{Amount: big.NewInt(amount)}
	case "withdraw":
		req = ledger.Withdraw{Amount: big.NewInt(amount)}
	case "balance":
		req = ledger.Balance{}
	case "transfer":
		req = ledger.Transfer{To: "mike", Amount: big.NewInt(amount)}
	case "delete":
		req, id = ledger.DeleteTag{Tag: id.ID}, ledger.Tag{}
	}
	d := w.a.Decide(id, req)
	for _, e := range d.Events {
		w.a.Apply(e, w.now)
	}
	switch {
	case d.NotNow != "":
		return "not now: " + string(d.NotNow)
	case d.Wait != 0:
		return "wait " + strconv.FormatUint(d.Wait, 10)
	}
	return term.Format(d.Reply)
}

func (w *teller) want(reply, tag, kind string, amount int64) {
	w.t.Helper()
	if got := w.ask(tag, kind, amount); got != reply {
		w.t.Errorf("%s %d with tag %q: got %s, want %s", kind, amount, tag, got, reply)
	}
}

func TestRepetitionIsNotExecuted(t *testing.T) {
	w := newTeller(t, ledger.Limits{})
	w.want("{ok,5}", "a", "deposit", 5)
	w.want("{ok,5}", "a", "deposit", 5)
	w.want("{error,tag_reused}", "a", "deposit", 6)
	w.want("{error,tag_reused}", "a", "balance", 0)
	w.want("{error,{not_enough_money,5}}", "b", "withdraw", 7)
	w.want("{ok,15}", "", "deposit", 10)
	w.want("{error,{not_enough_money,5}}", "b", "withdraw", 7) // now it would be enough
	w.want("{ok,15}", "", "balance", 0)
	w.want("true", "a", "delete", 0)
	w.want("false", "a", "delete", 0)
}

func TestPendingTransferKeepsItsTag(t *testing.T) {
	w := newTeller(t, ledger.Limits{Tags: 2, Outgoing: 1, SpentTags: 1})
	w.want("{ok,9}", "", "deposit", 9)
	w.want("wait 1", "t", "transfer", 4)
	w.want("wait 1", "t", "transfer", 4)
	w.want("not now: too_many_transfers", "u", "transfer", 4)
	for i := range 3 {
		w.now = w.now.Add(48 * time.Hour)
		w.ask(strconv.Itoa(i), "deposit", 1)
	}
	w.want("wait 1", "t", "transfer", 4)
	d := w.a.Decide(ledger.Tag{}, ledger.Settle{N: 1, Credited: true})
	w.a.Apply(d.Events[0], w.now)
	w.want("{ok,5}", "t", "transfer", 4)
}

func TestDeclinedTransferReturns(t *testing.T) {
	w := newTeller(t, ledger.Limits{})
	w.want("{ok,9}", "", "deposit", 9)
	w.want("wait 1", "t", "transfer", 4)
	w.want("{ok,5}", "", "balance", 0)
	d := w.a.Decide(ledger.Tag{}, ledger.Settle{N: 1})
	w.a.Apply(d.Events[0], w.now)
	w.want("{ok,9}", "", "balance", 0)
	w.want("{error,too_much_money}", "t", "transfer", 4)
}

func TestSpentTagsAreRefused(t *testing.T) {
	w := newTeller(t, ledger.Limits{Tags: 2, SpentTags: 2, Outgoing: 1})
	w.want("{ok,1}", "a", "deposit", 1)
	w.want("{ok,2}", "b", "deposit", 1)
	w.want("{ok,3}", "c", "deposit", 1) // a is spent
	w.want("{error,tag_expired}", "a", "deposit", 1)
	w.want("{ok,2}", "b", "deposit", 1)
	w.want("{ok,4}", "d", "deposit", 1)                 // and b
	w.want("not now: too_many_tags", "e", "deposit", 1) // no room for c
	w.want("{ok,4}", "", "balance", 0)
	w.want("true", "a", "delete", 0)
	w.want("{ok,5}", "e", "deposit", 1)
	w.want("{error,tag_expired}", "c", "deposit", 1)
}

func TestTagsAge(t *testing.T) {
	w := newTeller(t, ledger.Limits{TagAge: time.Hour, TagRetention: 24 * time.Hour})
	w.want("{ok,1}", "a", "deposit", 1)
	w.now = w.now.Add(2 * time.Hour)
	w.want("{ok,1}", "a", "deposit", 1) // known as long as nothing else happens
	w.want("{ok,2}", "b", "deposit", 1)
	w.want("{error,tag_expired}", "a", "deposit", 1)
	w.now = w.now.Add(25 * time.Hour)
	w.want("{ok,3}", "c", "deposit", 1)
	w.want("{ok,4}", "a", "deposit", 1) // retention is a promise of the client's
}

func TestBalanceIsBounded(t *testing.T) {
	w := newTeller(t, ledger.Limits{Bits: 4})
	w.want("{ok,15}", "", "deposit", 15)
	w.want("{error,too_much_money}", "x", "deposit", 1)
	w.want("{ok,14}", "", "withdraw", 1)
	w.want("{error,too_much_money}", "x", "deposit", 1)
	d := w.a.Decide(ledger.Tag{}, ledger.Credit{ID: ledger.TransferID{From: "m", N: 1}, Amount: big.NewInt(2)})
	assert.Equal(t, d.Reply, term.Term(false))
	w.a.Apply(d.Events[0], w.now)
	w.want("{ok,10}", "", "withdraw", 4)
	d = w.a.Decide(ledger.Tag{}, ledger.Credit{ID: ledger.TransferID{From: "m", N: 1}, Amount: big.NewInt(2)})
	assert.Equal(t, d.Reply, term.Term(false)) // declined for good
}
