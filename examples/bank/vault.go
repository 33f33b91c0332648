package bank

import (
	"errors"
	"fmt"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/store"
)

// checkStore asks the store process to see whether the journals still work.
type checkStore struct{}

// The store process looks after the journals once a second, and when asked.
const storeCheck = time.Second

// errNoStore says that the journals are not open.
var errNoStore = errors.New("bank: the journals are not open")

func init() { kista.RegisterError(errNoStore) }

// keepStore is the store process: it opens the journals, keeps them open while it
// lives, and ends when they have failed, so that the next incarnation opens them
// anew. The accounts use them directly, through the slot.
func (b *Bank) keepStore(self *kista.Self) error {
	b.node.Store(self.Node())
	claim := b.journal.take()
	j, err := b.openStore(self)
	if err != nil {
		return err
	}
	defer func() { _ = j.Close() }()
	if !b.journal.put(claim, j) {
		return errors.New("bank: another store process has taken over")
	}
	defer b.journal.empty(claim)
	if err := self.Started(); err != nil {
		return err
	}
	for {
		check := func() error { return b.checkStore(self, j) }
		if err := self.Select(
			kista.On(func(checkStore) error { return check() }),
			kista.After(storeCheck, check),
		); err != nil {
			return err
		}
	}
}

// openStore opens the journals, and waits while somebody else has them: an
// incarnation before this one, or a program that is being replaced.
func (b *Bank) openStore(self *kista.Self) (Store, error) {
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		j, err := b.cfg.Open()
		switch {
		case err == nil:
			return j, nil
		case !errors.Is(err, store.ErrLocked):
			return nil, fmt.Errorf("bank: open the journals: %w", err)
		}
		self.Logger().Warn("bank: the journals are in use, waiting", "error", err)
		if err := self.Select(kista.After(wait, nil)); err != nil {
			return nil, err
		}
	}
}

func (b *Bank) checkStore(self *kista.Self, j Store) error {
	b.fault(InStore, "")
	_, err := j.Head(self, quarantineID)
	if errors.Is(err, store.ErrFailed) || errors.Is(err, store.ErrClosed) {
		return err
	}
	return nil
}
