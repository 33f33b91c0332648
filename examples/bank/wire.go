package bank

import (
	"math/big"

	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/examples/bank/internal/ledger"
	"github.com/kista-go/kista/term"
)

// The replies that no account gives.
var (
	badRequest         = refuse("bad_request")
	frameTooLarge      = refuse("frame_too_large")
	tooManyConnections = refuse("too_many_connections")
)

func refuse(why term.Atom) term.Term { return term.Tuple{term.Atom("error"), why} }

// requestLimits bound the decoding of a request: it is small, flat, and holds one
// amount.
func requestLimits(frame int) etf.Limits {
	return etf.Limits{Bytes: frame, Inflated: frame, Depth: 64, Terms: 4096, Atoms: 256, BigBytes: 1024}
}

// query is a request of a client, and the account that it concerns.
type query struct {
	key     string
	request ledger.Request
}

// parse reads a client's request. refusal is what to answer if it is none.
func parse(t term.Term) (q query, refusal term.Term) {
	tuple, ok := t.(term.Tuple)
	if !ok || len(tuple) < 2 {
		return q, badRequest
	}
	name, _ := tuple[0].(term.Atom)
	key, err := ledger.Key(tuple[1])
	if err != nil {
		return q, badRequest
	}
	q.key = key
	switch {
	case name == "balance" && len(tuple) == 2:
		q.request = ledger.Balance{}
		return q, nil
	case name == "deposit" && len(tuple) == 3, name == "withdraw" && len(tuple) == 3, name == "transfer" && len(tuple) == 4:
	default:
		return q, badRequest
	}
	amount := amountOf(tuple[len(tuple)-1])
	if amount == nil {
		return q, badRequest
	}
	switch name {
	case "deposit":
		q.request = ledger.Deposit{Amount: amount}
	case "withdraw":
		q.request = ledger.Withdraw{Amount: amount}
	case "transfer":
		to, err := ledger.Key(tuple[2])
		if err != nil {
			return q, badRequest
		}
		if to == key {
			return q, ledger.SameAccount
		}
		q.request = ledger.Transfer{To: to, Amount: amount}
	}
	return q, nil
}

// amountOf returns an amount, an integer greater than 0, or nil.
func amountOf(t term.Term) *big.Int {
	var n *big.Int
	switch t := t.(type) {
	case int64:
		n = big.NewInt(t)
	case *big.Int:
		n = t
	}
	if n == nil || n.Sign() <= 0 {
		return nil
	}
	return n
}

// maxSessionTags is how many tags a connection knows the accounts of.
const maxSessionTags = 1024

// tagged is which account a tag belongs to, for the tags of a connection; beyond
// maxSessionTags the oldest are forgotten, and age in their accounts.
type tagged struct {
	keys  map[ledger.Digest]string
	order []ledger.Digest
}

func (t *tagged) get(id ledger.Digest) (key string, ok bool) {
	key, ok = t.keys[id]
	return key, ok
}

func (t *tagged) put(id ledger.Digest, key string) {
	if t.keys == nil {
		t.keys = map[ledger.Digest]string{}
	}
	if _, ok := t.keys[id]; !ok {
		t.order = append(t.order, id)
	}
	t.keys[id] = key
	for len(t.order) > maxSessionTags {
		delete(t.keys, t.order[0])
		t.order = t.order[1:]
	}
}

func (t *tagged) delete(id ledger.Digest) { delete(t.keys, id) }
