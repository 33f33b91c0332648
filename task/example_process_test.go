package task_test

import (
	"context"
	"fmt"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/task"
)

// A process lets two tasks work for it at once. They are linked: if one crashed, the
// process would end too, and the other with it.
func ExampleAsync() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{Logger: quiet})
	defer node.Stop(ctx)

	pid := node.Spawn(func(s *kista.Self) error {
		price := task.Async(s, func(*kista.Self) (int, error) { return 40, nil })
		postage := task.Async(s, func(*kista.Self) (int, error) { return 2, nil })
		all, err := task.AwaitMany(s, price, postage)
		if err != nil {
			return err
		}
		fmt.Println("total", all[0]+all[1])
		return nil
	})
	fmt.Println(kista.Wait(ctx, pid))
	// Output:
	// total 42
	// <nil> <nil>
}

// To wait a little, yield; to wait no longer, shut down.
func ExampleTask_Yield() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{Logger: quiet})
	defer node.Stop(ctx)

	endless := task.AsyncOn(ctx, node, func(s *kista.Self) (string, error) {
		<-s.Done() // a query, a download: whatever is given this context
		return "as far as I got", nil
	})
	if _, over, _ := endless.Yield(ctx, 10*time.Millisecond); !over {
		fmt.Println("still at it")
	}
	fmt.Println(endless.Shutdown(ctx, time.Second))
	// Output:
	// still at it
	// as far as I got <nil>
}
