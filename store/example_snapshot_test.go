package store_test

import (
	"context"
	"fmt"

	"github.com/kista-go/kista/store"
	"github.com/kista-go/kista/store/memory"
)

// A snapshot makes the events before it superfluous: save first, delete
// afterwards, and replay what follows.
func Example_snapshot() {
	ctx := context.Background()
	j, err := memory.New(memory.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer j.Close()
	token, last, _ := j.Acquire(ctx, "counter", store.NextToken)
	for _, p := range []string{"1", "2", "3"} {
		last, _ = j.Append(ctx, "counter", token, last, store.Event{Manifest: "added@1", Payload: []byte(p)})
	}
	fmt.Println(j.SaveSnapshot(ctx, "counter", token, store.Snapshot{Seq: last, Manifest: "sum@1", Payload: []byte("6")}))
	fmt.Println(j.DeleteTo(ctx, "counter", token, last))
	last, _ = j.Append(ctx, "counter", token, last, store.Event{Manifest: "added@1", Payload: []byte("4")})

	snap, _ := j.LatestSnapshot(ctx, "counter")
	fmt.Printf("state after event %d: %s\n", snap.Seq, snap.Payload)
	err = j.Replay(ctx, "counter", snap.Seq+1, last, func(seq store.Seq, e store.Event) error {
		fmt.Printf("event %d: %s %s\n", seq, e.Manifest, e.Payload)
		return nil
	})
	fmt.Println(err)
	// Output:
	// <nil>
	// <nil>
	// state after event 3: 6
	// event 4: added@1 4
	// <nil>
}
