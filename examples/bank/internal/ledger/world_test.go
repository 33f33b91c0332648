package ledger_test

import (
	"fmt"
	"math/big"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kista-go/kista/examples/bank/internal/ledger"
	"github.com/kista-go/kista/term"
)

// world is a bank without processes: journals that stay, states that are lost at
// any step and made again by replay, clients that repeat their requests until
// they have an answer, and transfers whose steps are lost or come twice.
type world struct {
	t        *rapid.T
	limits   ledger.Limits
	accounts map[string]*incarnation
	now      time.Time
	clients  []*clientOp
}

// incarnation is an account: what is stored, and the state made of it.
type incarnation struct {
	stored []stored
	state  *ledger.Account
}

type stored struct {
	manifest string
	payload  []byte
	at       time.Time
}

// clientOp is a request of a client, and what it knows of it.
type clientOp struct {
	who   string
	req   ledger.Request
	tag   ledger.Tag
	reply term.Term // nil: not answered yet
}

func newWorld(t *rapid.T, limits ledger.Limits, keys ...string) *world {
	w := &world{t: t, limits: limits, accounts: map[string]*incarnation{}, now: time.Unix(1_000_000, 0)}
	for _, k := range keys {
		w.accounts[k] = &incarnation{state: ledger.New(limits)}
	}
	return w
}

// crash loses an account's state and makes it again.
func (w *world) crash(key string) {
	a := w.accounts[key]
	next := ledger.New(w.limits)
	for _, s := range a.stored {
		e, err := ledger.Decode(s.manifest, s.payload)
		if err != nil {
			w.t.Fatalf("decode %s: %v", s.manifest, err)
		}
		next.Apply(e, s.at)
	}
	if got, want := snapshotOf(w.t, next), snapshotOf(w.t, a.state); !slices.Equal(got, want) {
		w.t.Fatalf("replaying %s gives another state", key)
	}
	back, err := ledger.Restore(w.limits, ledger.SnapshotManifest, snapshotOf(w.t, next))
	if err != nil {
		w.t.Fatal(err)
	}
	if got, want := snapshotOf(w.t, back), snapshotOf(w.t, next); !slices.Equal(got, want) {
		w.t.Fatalf("the snapshot of %s gives another state", key)
	}
	a.state = back
}

func snapshotOf(t *rapid.T, a *ledger.Account) []byte {
	b, err := a.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// ask is one request to an account. It may crash before anything is stored, after
// it is stored, or not at all; only then is there an answer.
func (w *world) ask(key string, tag ledger.Tag, req ledger.Request) (reply term.Term, ok bool) {
	a := w.accounts[key]
	fate := rapid.IntRange(0, 5).Draw(w.t, "fate")
	if fate == 0 {
		w.crash(key)
		return nil, false
	}
	d := a.state.Decide(tag, req)
	w.now = w.now.Add(time.Second)
	for _, e := range d.Events {
		m, p, err := ledger.Encode(e)
		if err != nil {
			w.t.Fatalf("encode %T: %v", e, err)
		}
		a.stored = append(a.stored, stored{m, p, w.now})
		a.state.Apply(e, w.now)
	}
	if fate == 1 {
		w.crash(key)
		return nil, false
	}
	if d.NotNow != "" || d.Wait != 0 {
		return nil, false
	}
	return d.Reply, true
}

// insist asks again, in a courier that survives the account that it asks.
func (w *world) insist(key string, req ledger.Request) (reply term.Term, ok bool) {
	for range rapid.IntRange(1, 3).Draw(w.t, "attempts") {
		if r, done := w.ask(key, ledger.Tag{}, req); done {
			reply, ok = r, true // and perhaps once more: the answer was lost
		}
	}
	return reply, ok
}

// courier takes as many steps of a transfer as it survives.
func (w *world) courier(key string, t ledger.Outgoing) {
	id := ledger.TransferID{From: key, N: t.N}
	if !t.Settled {
		credited, ok := w.insist(t.To, ledger.Credit{ID: id, Amount: t.Amount})
		if !ok {
			return
		}
		if _, ok = w.insist(key, ledger.Settle{N: t.N, Credited: credited.(bool)}); !ok {
			return
		}
	}
	if _, ok := w.insist(t.To, ledger.Forget{ID: id}); !ok {
		return
	}
	w.insist(key, ledger.Clear{N: t.N})
}

// try makes one attempt at a client's request.
func (w *world) try(op *clientOp) {
	reply, ok := w.ask(op.who, op.tag, op.req)
	if !ok {
		return
	}
	if op.reply != nil && !term.Identical(op.reply, reply) {
		w.t.Fatalf("%+v was answered %s and then %s", op.req, term.String(op.reply), term.String(reply))
	}
	op.reply = reply
}

// money is all there is: on balances and on its way.
func (w *world) money() *big.Int {
	sum := new(big.Int)
	for key, a := range w.accounts {
		sum.Add(sum, a.state.Balance())
		for _, t := range a.state.Outbox() {
			if t.Settled {
				continue
			}
			credited, known := w.accounts[t.To].state.Received(ledger.TransferID{From: key, N: t.N})
			if !known || !credited {
				sum.Add(sum, t.Amount)
			}
		}
	}
	return sum
}

// made is the money that the journals say was paid in and not paid out.
func (w *world) made() *big.Int {
	sum := new(big.Int)
	for _, a := range w.accounts {
		for _, s := range a.stored {
			e, err := ledger.Decode(s.manifest, s.payload)
			if err != nil {
				w.t.Fatal(err)
			}
			switch e := e.(type) {
			case ledger.Deposited:
				sum.Add(sum, e.Amount)
			case ledger.Withdrawn:
				sum.Sub(sum, e.Amount)
			}
		}
	}
	return sum
}

// TestNothingIsLostOrMade lets clients work while accounts crash at every step.
func TestNothingIsLostOrMade(t *testing.T) {
	keys := []string{"joe", "mike", "robert"}
	rapid.Check(t, func(t *rapid.T) {
		limits := ledger.Limits{Bits: rapid.SampledFrom([]int{8, 256}).Draw(t, "bits"), Outgoing: 3, Incoming: 4}
		w := newWorld(t, limits, keys...)
		for step := range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 0, 1:
				w.clients = append(w.clients, w.newOp(step, keys))
				w.try(w.clients[len(w.clients)-1])
			case 2:
				if len(w.clients) > 0 {
					w.try(rapid.SampledFrom(w.clients).Draw(t, "again"))
				}
			case 3, 4:
				key := rapid.SampledFrom(keys).Draw(t, "payer")
				for _, tr := range w.accounts[key].state.Outbox() {
					w.courier(key, tr)
				}
			case 5:
				w.crash(rapid.SampledFrom(keys).Draw(t, "victim"))
			}
			if got, want := w.money(), w.made(); got.Cmp(want) != 0 {
				t.Fatalf("there is %v, there should be %v", got, want)
			}
		}
		w.drain(keys)
		w.audit(keys)
	})
}

func (w *world) newOp(n int, keys []string) *clientOp {
	amount := big.NewInt(rapid.Int64Range(1, 100).Draw(w.t, "amount"))
	who := rapid.SampledFrom(keys).Draw(w.t, "who")
	op := &clientOp{who: who}
	switch rapid.IntRange(0, 2).Draw(w.t, "kind") {
	case 0:
		op.req = ledger.Deposit{Amount: amount}
	case 1:
		op.req = ledger.Withdraw{Amount: amount}
	default:
		others := slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return k == who })
		op.req = ledger.Transfer{To: rapid.SampledFrom(others).Draw(w.t, "to"), Amount: amount}
	}
	tag, err := ledger.MakeTag(n, term.Atom(fmt.Sprintf("request %d", n)))
	if err != nil {
		w.t.Fatal(err)
	}
	op.tag = tag
	return op
}

// drain repeats everything until every client has its answer and no transfer is
// under way.
func (w *world) drain(keys []string) {
	for range 1000 {
		open := false
		for _, op := range w.clients {
			if op.reply == nil {
				open = true
				w.try(op)
			}
		}
		for _, key := range keys {
			for _, t := range w.accounts[key].state.Outbox() {
				open = true
				w.courier(key, t)
			}
		}
		if !open {
			return
		}
	}
	w.t.Fatal("it does not come to rest")
}

// audit holds the balances against what the clients were told.
func (w *world) audit(keys []string) {
	want := map[string]*big.Int{}
	for _, k := range keys {
		want[k] = new(big.Int)
	}
	for _, op := range w.clients {
		w.try(op) // once more changes nothing
		if !term.Identical(op.reply.(term.Tuple)[0], term.Atom("ok")) {
			continue
		}
		switch q := op.req.(type) {
		case ledger.Deposit:
			want[op.who].Add(want[op.who], q.Amount)
		case ledger.Withdraw:
			want[op.who].Sub(want[op.who], q.Amount)
		case ledger.Transfer:
			want[op.who].Sub(want[op.who], q.Amount)
			want[q.To].Add(want[q.To], q.Amount)
		}
	}
	for _, k := range keys {
		if got := w.accounts[k].state.Balance(); got.Cmp(want[k]) != 0 {
			w.t.Fatalf("%s has %v, the clients' answers make %v", k, got, want[k])
		}
	}
}
