package store_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/kista-go/kista/store"
	"github.com/kista-go/kista/store/memory"
)

// lossy commits, and then loses the answer, as a slow disk does when the
// caller's time is over.
type lossy struct{ store.Journal }

func (l lossy) Append(ctx context.Context, id store.PersistenceID, t store.Token, expect store.Seq, ev ...store.Event) (store.Seq, error) {
	if _, err := l.Journal.Append(ctx, id, t, expect, ev...); err != nil {
		return 0, err
	}
	return 0, &store.UnknownError{Op: "append", ID: id, Token: t, Expect: expect, Events: len(ev), Cause: context.DeadlineExceeded}
}

// An append whose outcome is unknown is settled before the writer goes on.
func ExampleSettle() {
	ctx := context.Background()
	m, err := memory.New(memory.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer m.Close()
	j := lossy{m}
	token, last, _ := j.Acquire(ctx, "account/1", store.NextToken)

	_, err = j.Append(ctx, "account/1", token, last, store.Event{Payload: []byte("100")})
	if u, ok := errors.AsType[*store.UnknownError](err); ok {
		written, err := store.Settle(ctx, j, u)
		fmt.Println("written:", written, err)
	}
	// Output:
	// written: true <nil>
}
