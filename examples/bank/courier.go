package bank

import (
	"fmt"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/examples/bank/internal/ledger"
	"github.com/kista-go/kista/term"
)

// carry starts the courier of a transfer: a process, linked to the payer's
// account, that carries the amount to the payee and the outcome back. If it
// crashes, so does the account, and the next incarnation sends another one.
func (b *Bank) carry(payer *kista.Self, from string, t ledger.Outgoing) error {
	o := kista.SpawnOpts{Link: true, Label: b.label("courier", fmt.Sprintf("%s %d", from, t.N))}
	_, _, err := payer.SpawnWith(o, func(self *kista.Self) error {
		c := courier{b: b, self: self, payer: from, id: ledger.TransferID{From: from, N: t.N}}
		return c.run(t)
	})
	return err
}

type courier struct {
	b     *Bank
	self  *kista.Self
	payer string
	id    ledger.TransferID
}

// run takes the steps that are left, in their order. Each may be repeated, so an
// answer that is lost is only asked for again.
func (c courier) run(t ledger.Outgoing) error {
	if !t.Settled {
		c.b.fault(BeforeCredit, c.payer)
		reply, err := c.insist(t.To, ledger.Credit{ID: c.id, Amount: t.Amount})
		if err != nil {
			return err
		}
		c.b.fault(AfterCredit, c.payer)
		credited, _ := reply.(bool)
		if _, err := c.insist(c.payer, ledger.Settle{N: t.N, Credited: credited}); err != nil {
			return err
		}
	}
	if _, err := c.insist(t.To, ledger.Forget{ID: c.id}); err != nil {
		return err
	}
	_, err := c.insist(c.payer, ledger.Clear{N: t.N})
	return err
}

// insist asks an account until it gives its final answer, however long that
// takes: the payee may be in quarantine until somebody releases it.
func (c courier) insist(key string, r ledger.Request) (term.Term, error) {
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		a, err := c.b.ask(c.self, key, ask{Request: r})
		if err != nil || a.NotNow == "" {
			return a.Reply, err
		}
		if err := c.self.Select(kista.After(wait, nil)); err != nil {
			return nil, err
		}
	}
}
