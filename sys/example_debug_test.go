package sys_test

import (
	"context"
	"fmt"
	"os"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/sys"
)

// Watch what a server does, as it does it.
func ExampleTrace() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{})
	defer node.Stop(ctx)
	pid, _ := server.Start(ctx, node, server.Of(counter1(), newCounter), 0, server.Opts{Name: "counter"})

	tracer, _ := sys.Trace(ctx, pid, os.Stdout)
	_, _ = server.Call(ctx, pid, add{N: 5})
	_ = tracer.Stop(ctx)
	// Output:
	// *DBG* counter got call sys_test.add{Replies:{} N:5}
	// *DBG* counter sent 5
	// *DBG* counter has state sys_test.counter{N:5}
}

// Wait for the moment at which a state goes wrong, without a line in the server's
// code: a debug function sees every state that it comes to.
func ExampleInstall() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{})
	defer node.Stop(ctx)
	pid, _ := server.Start(ctx, node, server.Of(counter1(), newCounter), 3, server.Opts{Name: "counter"})

	found := make(chan sys.Event, 1)
	var last any
	_ = sys.Install(ctx, pid, "who makes it negative", func(e sys.Event) (more bool) {
		if state, ok := e.Msg.(counter); ok && state.N < 0 {
			e.Msg = last
			found <- e
			return false // it has seen enough, and is removed
		}
		if e.Kind == kista.DebugIn {
			last = e.Msg
		}
		return true
	})
	for _, n := range []int{1, -2, -7, 4} {
		_ = server.Cast(pid, add{N: n})
	}
	fmt.Printf("%+v\n", (<-found).Msg)
	// Output: {Msg:{Replies:{} N:-7}}
}
