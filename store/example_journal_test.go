package store_test

import (
	"context"
	"fmt"
	"strconv"

	"github.com/kista-go/kista/store"
	"github.com/kista-go/kista/store/memory"
)

// account is the state of a process whose events are kept.
type account struct {
	journal store.Journal
	id      store.PersistenceID
	token   store.Token
	last    store.Seq
	balance int
}

// start is what each incarnation does first: make itself the writer, then
// become what its predecessors were.
func start(ctx context.Context, j store.Journal, id store.PersistenceID) (*account, error) {
	a := &account{journal: j, id: id}
	var err error
	if a.token, a.last, err = j.Acquire(ctx, id, store.NextToken); err != nil {
		return nil, err
	}
	snap, err := j.LatestSnapshot(ctx, id)
	if err != nil {
		return nil, err
	}
	if snap.Seq > 0 {
		if a.balance, err = strconv.Atoi(string(snap.Payload)); err != nil {
			return nil, err
		}
	}
	return a, j.Replay(ctx, id, snap.Seq+1, a.last, func(_ store.Seq, e store.Event) error {
		return a.apply(e)
	})
}

func (a *account) apply(e store.Event) error {
	amount, err := strconv.Atoi(string(e.Payload))
	a.balance += amount
	return err
}

// deposit changes the state only after the change is stored.
func (a *account) deposit(ctx context.Context, amount int) error {
	e := store.Event{Manifest: "deposited@1", Payload: []byte(strconv.Itoa(amount))}
	last, err := a.journal.Append(ctx, a.id, a.token, a.last, e)
	if err != nil {
		return err
	}
	a.last = last
	return a.apply(e)
}

// A process keeps its state in events; the next incarnation replays them, and
// the one before can do no more harm.
func Example() {
	ctx := context.Background()
	j, err := memory.New(memory.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer j.Close()

	first, _ := start(ctx, j, "account/1")
	fmt.Println(first.deposit(ctx, 100))
	fmt.Println(first.deposit(ctx, 50))

	second, _ := start(ctx, j, "account/1") // the first is believed dead
	fmt.Println("balance", second.balance)
	fmt.Println(first.deposit(ctx, 1000)) // it was not
	fmt.Println(second.deposit(ctx, -30))
	fmt.Println("balance", second.balance)
	// Output:
	// <nil>
	// <nil>
	// balance 150
	// store: journal "account/1": token 1 is fenced by 2: another incarnation owns the journal; stop this one
	// <nil>
	// balance 120
}
