package sys_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/sys"
)

// A server has come to a state that it should not be in. Look, mend it, and go on:
// nobody who calls it meanwhile notices.
func Example_mend() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{})
	defer node.Stop(ctx)
	pid, _ := server.Start(ctx, node, server.Of(counter1(), newCounter), -1, server.Opts{Name: "counter"})

	state, _ := sys.State[counter](ctx, pid)
	fmt.Printf("%+v\n", state)
	state, err := sys.ReplaceState(ctx, pid, func(c counter) (counter, error) {
		c.N = max(c.N, 0)
		return c, nil
	})
	fmt.Printf("%+v %v\n", state, err)

	// A function that fails changes nothing.
	_, err = sys.ReplaceState(ctx, pid, func(c counter) (counter, error) {
		var nobody *counter
		c.N = nobody.N
		return c, nil
	})
	var failed *kista.CallbackError
	fmt.Println(errors.As(err, &failed), failed.Callback, failed.Reason)
	fmt.Println(server.Call(ctx, pid, add{N: 1}))
	// Output:
	// {N:-1}
	// {N:0} <nil>
	// true replace state kista: panic: runtime error: invalid memory address or nil pointer dereference
	// 1 <nil>
}
