package memory_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/kista-go/kista/store"
	"github.com/kista-go/kista/store/memory"
)

func Example() {
	ctx := context.Background()
	j, err := memory.New(memory.Config{Limits: store.Limits{MaxPayload: 16}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer j.Close()
	token, last, _ := j.Acquire(ctx, "cart/7", store.NextToken)
	last, err = j.Append(ctx, "cart/7", token, last, store.Event{Manifest: "added@1", Payload: []byte("apple")})
	fmt.Println(last, err)
	_, err = j.Append(ctx, "cart/7", token, last, store.Event{Payload: make([]byte, 17)})
	fmt.Println(errors.Is(err, store.ErrLimit))
	for id := range j.IDs(ctx, "cart/") {
		fmt.Println(id)
	}
	// Output:
	// 1 <nil>
	// true
	// cart/7
}
