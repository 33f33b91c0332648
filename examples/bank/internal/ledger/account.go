package ledger

import (
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/kista-go/kista/term"
)

// Account is the state of one account. Make it with [New]. It belongs to one
// goroutine.
type Account struct {
	limits  Limits
	balance *big.Int
	sent    uint64 // the number of the last transfer sent
	out     map[uint64]*Outgoing
	in      map[TransferID]bool // transfers that have come: credited, or declined
	tags    tags
}

// Outgoing is a transfer in the outbox.
type Outgoing struct {
	N       uint64
	To      string
	Amount  *big.Int
	Balance *big.Int // the payer's after it
	Tag     Digest   // zero if there is none
	// Settled: the payee has decided, and only has to forget.
	Settled, Credited bool
}

// New returns an account without money.
func New(limits Limits) *Account {
	return &Account{
		limits: limits.WithDefaults(), balance: new(big.Int),
		out: map[uint64]*Outgoing{}, in: map[TransferID]bool{}, tags: newTags(),
	}
}

// Balance returns the balance.
func (a *Account) Balance() *big.Int { return new(big.Int).Set(a.balance) }

// Outbox returns the transfers that are not over, oldest first.
func (a *Account) Outbox() []Outgoing {
	all := make([]Outgoing, 0, len(a.out))
	for _, t := range a.out {
		all = append(all, *t)
	}
	slices.SortFunc(all, func(x, y Outgoing) int { return compare(x.N, y.N) })
	return all
}

// Outcome returns the reply of transfer n, once it is settled.
func (a *Account) Outcome(n uint64) (reply term.Term, ok bool) {
	t := a.out[n]
	if t == nil || !t.Settled {
		return nil, false
	}
	return t.reply(), true
}

func (t *Outgoing) reply() term.Term {
	if t.Credited {
		return OK(t.Balance)
	}
	return TooMuchMoney
}

// Received reports whether transfer id has come and is not forgotten, and what
// became of it.
func (a *Account) Received(id TransferID) (credited, known bool) {
	credited, known = a.in[id]
	return credited, known
}

// Decide says what is to be done about a request. It changes nothing.
func (a *Account) Decide(tag Tag, req Request) Decision {
	switch q := req.(type) {
	case Credit:
		return a.credit(q)
	case Settle:
		return a.settle(q)
	case Forget:
		if _, known := a.in[q.ID]; known {
			return Decision{Reply: true, Events: []Event{Forgotten{From: q.ID.From, N: q.ID.N}}}
		}
		return Decision{Reply: true}
	case Clear:
		if t := a.out[q.N]; t != nil && t.Settled {
			return Decision{Reply: true, Events: []Event{Cleared{N: q.N}}}
		}
		return Decision{Reply: true}
	case DeleteTag:
		if a.tags.known(q.Tag) {
			return Decision{Reply: true, Events: []Event{TagDeleted{Tag: q.Tag}}}
		}
		return Decision{Reply: false}
	}
	if d, known := a.tags.repeated(tag); known {
		return d
	}
	switch q := req.(type) {
	case Balance: // repeating it changes nothing: it is not recorded
		return Decision{Reply: OK(a.balance)}
	case Deposit, Withdraw, Transfer:
		if tag != (Tag{}) && a.tags.full(a.limits) {
			return Decision{NotNow: TooManyTags}
		}
		return a.client(tag, q)
	}
	panic(fmt.Sprintf("ledger: %T is no request", req))
}

// client decides a new request of a client.
func (a *Account) client(tag Tag, req Request) Decision {
	switch q := req.(type) {
	case Deposit:
		if sum := a.plus(q.Amount); sum.BitLen() <= a.limits.Bits {
			reply := OK(sum)
			return Decision{Reply: reply, Events: []Event{Deposited{Amount: q.Amount, Mark: mark(tag, reply, 0)}}}
		}
		return refuse(tag, TooMuchMoney)
	case Withdraw:
		if a.balance.Cmp(q.Amount) >= 0 {
			reply := OK(a.minus(q.Amount))
			return Decision{Reply: reply, Events: []Event{Withdrawn{Amount: q.Amount, Mark: mark(tag, reply, 0)}}}
		}
	case Transfer:
		switch {
		case len(a.out) >= a.limits.Outgoing:
			return Decision{NotNow: TooManyTransfers}
		case a.balance.Cmp(q.Amount) >= 0:
			n := a.sent + 1
			return Decision{Wait: n, Events: []Event{Sent{N: n, To: q.To, Amount: q.Amount, Mark: mark(tag, nil, n)}}}
		}
	}
	return refuse(tag, NotEnoughMoney(a.balance))
}

// refuse answers no; a tagged refusal is recorded, since a repetition must not
// be carried out after all.
func refuse(tag Tag, reply term.Term) Decision {
	d := Decision{Reply: reply}
	if m := mark(tag, reply, 0); m != nil {
		d.Events = []Event{Refused{Mark: m}}
	}
	return d
}

func mark(tag Tag, reply term.Term, wait uint64) *Mark {
	if tag == (Tag{}) {
		return nil
	}
	return &Mark{Tag: tag, Reply: reply, Wait: wait}
}

func (a *Account) credit(q Credit) Decision {
	if credited, known := a.in[q.ID]; known {
		return Decision{Reply: credited}
	}
	switch {
	case len(a.in) >= a.limits.Incoming:
		return Decision{NotNow: TooManyTransfers}
	case a.plus(q.Amount).BitLen() > a.limits.Bits:
		return Decision{Reply: false, Events: []Event{Declined{From: q.ID.From, N: q.ID.N}}}
	}
	return Decision{Reply: true, Events: []Event{Credited{From: q.ID.From, N: q.ID.N, Amount: q.Amount}}}
}

func (a *Account) settle(q Settle) Decision {
	if t := a.out[q.N]; t != nil && !t.Settled {
		return Decision{Reply: true, Events: []Event{Settled{N: q.N, Credited: q.Credited}}}
	}
	return Decision{Reply: true}
}

// Apply carries out an event that was stored at the time at. It panics if the
// event cannot have happened to this account: then the journal is not this
// account's, or the code that decided and the code that applies disagree, and to
// go on would be to guess about money.
func (a *Account) Apply(e Event, at time.Time) {
	switch e := e.(type) {
	case Deposited:
		a.add(e.Amount)
		a.tags.record(e.Mark, at, a.limits)
	case Withdrawn:
		a.take(e.Amount)
		a.tags.record(e.Mark, at, a.limits)
	case Refused:
		a.tags.record(e.Mark, at, a.limits)
	case Sent:
		if e.N != a.sent+1 {
			panic(fmt.Sprintf("ledger: transfer %d follows transfer %d", e.N, a.sent))
		}
		a.take(e.Amount)
		t := &Outgoing{N: e.N, To: e.To, Amount: e.Amount, Balance: a.Balance()}
		if e.Mark != nil {
			t.Tag = e.Mark.Tag.ID
		}
		a.sent, a.out[e.N] = e.N, t
		a.tags.record(e.Mark, at, a.limits)
	case Settled:
		t := a.out[e.N]
		if t == nil || t.Settled {
			panic(fmt.Sprintf("ledger: the outcome of transfer %d, which is not under way", e.N))
		}
		if !e.Credited {
			a.add(t.Amount)
		}
		t.Settled, t.Credited = true, e.Credited
		a.tags.settle(t.Tag, e.N, t.reply())
	case Cleared:
		delete(a.out, e.N)
	case Credited:
		id := TransferID{e.From, e.N}
		if _, twice := a.in[id]; twice {
			panic(fmt.Sprintf("ledger: transfer %d of %s comes twice", e.N, e.From))
		}
		a.add(e.Amount)
		a.in[id] = true
	case Declined:
		a.in[TransferID{e.From, e.N}] = false
	case Forgotten:
		delete(a.in, TransferID{e.From, e.N})
	case TagDeleted:
		a.tags.delete(e.Tag)
	default:
		panic(fmt.Sprintf("ledger: %T is no event", e))
	}
}

func (a *Account) plus(amount *big.Int) *big.Int  { return new(big.Int).Add(a.balance, amount) }
func (a *Account) minus(amount *big.Int) *big.Int { return new(big.Int).Sub(a.balance, amount) }

func (a *Account) add(amount *big.Int) {
	positive(amount)
	a.balance = a.plus(amount)
}

func (a *Account) take(amount *big.Int) {
	positive(amount)
	left := a.minus(amount)
	if left.Sign() < 0 {
		panic(fmt.Sprintf("ledger: %v taken from a balance of %v", amount, a.balance))
	}
	a.balance = left
}

func positive(amount *big.Int) {
	if amount == nil || amount.Sign() <= 0 {
		panic(fmt.Sprintf("ledger: an amount of %v", amount))
	}
}
