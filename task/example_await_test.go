package task_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/task"
)

var quiet = slog.New(slog.DiscardHandler)

// A plain goroutine starts two tasks and waits for them. One of them panics: the
// goroutine, and the program, hear of it in the result.
func Example() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{Logger: quiet})
	defer node.Stop(ctx)

	sum := task.AsyncOn(ctx, node, func(*kista.Self) (int, error) { return 1 + 2, nil })
	bad := task.AsyncOn(ctx, node, func(*kista.Self) (int, error) {
		words := strings.Fields(" ")
		return len(words[0]), nil
	})
	fmt.Println(sum.Await(ctx))

	_, err := bad.Await(ctx)
	var died *task.Error
	fmt.Println(errors.As(err, &died), died.Reason)
	// Output:
	// 3 <nil>
	// true kista: panic: runtime error: index out of range [0] with length 0
}

// Words in, lengths out: two at a time, in order, and one that fails is one error.
func ExampleStreamOn() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{Logger: quiet})
	defer node.Stop(ctx)

	words := slices.Values(strings.Fields("share nothing or panic"))
	shout := func(_ *kista.Self, word string) (string, error) {
		if word == "panic" {
			panic(word)
		}
		return strings.ToUpper(word), nil
	}
	for loud, err := range task.StreamOn(ctx, node, words, task.StreamOpts{MaxConcurrency: 2}, shout) {
		var item *task.ItemError
		if errors.As(err, &item) {
			fmt.Println("item", item.Index, "failed")
			continue
		}
		fmt.Println(loud)
	}
	// Output:
	// SHARE
	// NOTHING
	// OR
	// item 3 failed
}
