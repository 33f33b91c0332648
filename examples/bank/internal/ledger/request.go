package ledger

import (
	"math/big"

	"github.com/kista-go/kista/term"
)

// Digest names something by the beginning of its SHA-256 sum: a tag, or the
// request that came with it.
type Digest [16]byte

// Tag makes a request one that may be repeated without being carried out
// again. The zero Tag is none.
type Tag struct {
	ID      Digest // of the tag
	Request Digest // of the request: the same tag with another one is refused
}

// Request is what an account can be asked: by clients the first four, by other
// accounts' transfers the rest.
type Request interface{ request() }

type (
	// Balance asks for the balance.
	Balance struct{}
	// Deposit adds Amount.
	Deposit struct{ Amount *big.Int }
	// Withdraw takes Amount away, if it is there.
	Withdraw struct{ Amount *big.Int }
	// Transfer moves Amount to the account with the key To.
	Transfer struct {
		To     string
		Amount *big.Int
	}

	// Credit gives the payee what a transfer brings. The reply is true if it is
	// credited, false if it is declined for good.
	Credit struct {
		ID     TransferID
		Amount *big.Int
	}
	// Settle tells the payer what has become of transfer N.
	Settle struct {
		N        uint64
		Credited bool
	}
	// Forget tells the payee that no Credit with this ID will come any more.
	Forget struct{ ID TransferID }
	// Clear tells the payer that the payee has forgotten transfer N.
	Clear struct{ N uint64 }
	// DeleteTag tells that the client has the reply and will not repeat the
	// request. The reply is true if there was such a tag.
	DeleteTag struct{ Tag Digest }
)

func (Balance) request()   {}
func (Deposit) request()   {}
func (Withdraw) request()  {}
func (Transfer) request()  {}
func (Credit) request()    {}
func (Settle) request()    {}
func (Forget) request()    {}
func (Clear) request()     {}
func (DeleteTag) request() {}

// TransferID names a transfer: the N-th of the account with the key From.
type TransferID struct {
	From string
	N    uint64
}

// Decision is what an account makes of a request. Events are stored first, in one
// append; then exactly one of Reply, Wait and NotNow is the answer.
type Decision struct {
	Events []Event
	// Reply is the final answer.
	Reply term.Term
	// Wait is the number of a transfer under way: its outcome is the reply.
	Wait uint64
	// NotNow says why there is no final answer yet. Nothing has been carried out;
	// the same request may be decided differently later.
	NotNow term.Atom
}

// The answers of the bank that are more than {ok,Balance}.
var (
	NotEnoughMoney = func(balance *big.Int) term.Term {
		return term.Tuple{term.Atom("error"), term.Tuple{term.Atom("not_enough_money"), integer(balance)}}
	}
	TooMuchMoney = refusal("too_much_money") // the balance would exceed Limits.Bits
	SameAccount  = refusal("same_account")   // a transfer from an account to itself
	TagReused    = refusal("tag_reused")     // the tag came with another request before
	TagExpired   = refusal("tag_expired")    // the tag is known, its reply is not any more
)

// Why there is no final answer.
const (
	TooManyTags      term.Atom = "too_many_tags"      // no room for another tag
	TooManyTransfers term.Atom = "too_many_transfers" // no room for another transfer
)

func refusal(why term.Atom) term.Term { return term.Tuple{term.Atom("error"), why} }

// OK returns {ok,Balance}.
func OK(balance *big.Int) term.Term { return term.Tuple{term.Atom("ok"), integer(balance)} }

// integer returns a copy of n in the form in which terms hold it.
func integer(n *big.Int) term.Term { return term.Canonical(new(big.Int).Set(n)) }
