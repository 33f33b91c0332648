package bank

import (
	"context"
	"errors"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/examples/bank/internal/ledger"
	"github.com/kista-go/kista/server"
)

// maxDeaths is how often a request may be asked of an account that dies of it:
// what has killed twice is not tried a third time.
const maxDeaths = 2

// ask asks an account, whose process it starts if there is none, for at most the
// request timeout. While nobody can say whether the request was carried out it
// is repeated if that is harmless, and otherwise answered with unavailable.
//
// The error says that the asking process must end.
func (b *Bank) ask(self *kista.Self, key string, q ask) (answer, error) {
	until := time.Now().Add(b.cfg.RequestTimeout)
	address := self.Node().Name(b.accountName(key))
	deaths := 0
	for left := b.cfg.RequestTimeout; left > 0; left = time.Until(until) {
		a, err := server.CallFor(self, left, address, q)
		if err == nil {
			return a, nil
		}
		if stop := self.Err(); stop != nil {
			return answer{}, context.Cause(self)
		}
		if !neverTaken(err) {
			if deaths++; deaths >= maxDeaths || errors.Is(err, context.DeadlineExceeded) || !harmless(q) {
				return answer{NotNow: unavailable}, nil
			}
		}
		if _, err := server.CallFor(self, left, self.Node().Name(b.name("accounts")), open{Key: key, Must: !ofClient(q)}); err != nil {
			if stop := self.Err(); stop != nil {
				return answer{}, context.Cause(self)
			}
			return answer{NotNow: unavailable}, nil
		}
	}
	return answer{NotNow: unavailable}, nil
}

// neverTaken reports whether a call that failed was certainly not carried out:
// there was no process, it gave itself up before it came to it, or its mailbox
// did not take it.
func neverTaken(err error) bool {
	call, ok := errors.AsType[*kista.CallError](err)
	if !ok {
		return false
	}
	switch reason := call.Reason.(type) { //nolint:errorlint // the reason itself, not what it may wrap
	case *kista.NameError, *kista.MailboxFullError:
		return true
	default:
		return reason == kista.ErrNoProcess || errors.Is(reason, errIdle) //nolint:errorlint // as above
	}
}

// harmless reports whether a request may be repeated when it is not known what
// became of it. Of a client's, those with a tag; of a transfer's, all.
func harmless(q ask) bool {
	switch q.Request.(type) {
	case ledger.Deposit, ledger.Withdraw, ledger.Transfer:
		return q.Tag != ledger.Tag{}
	}
	return true
}

// ofClient reports whether a request comes from a client, and not from a transfer
// that is under way.
func ofClient(q ask) bool {
	switch q.Request.(type) {
	case ledger.Credit, ledger.Settle, ledger.Forget, ledger.Clear:
		return false
	}
	return true
}
