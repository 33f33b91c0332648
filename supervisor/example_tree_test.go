package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/supervisor"
)

// A tree: a store, and a supervisor of workers that need it. If the store ends,
// the workers are started again after it.
func Example_tree() {
	node, _ := kista.Start(kista.Config{Logger: quiet})
	defer node.Stop(ctx)

	wait := supervisor.Func(func(ctx context.Context) error { <-ctx.Done(); return nil })
	workers := supervisor.Program(supervisor.Spec{
		Intensity: 10, Period: time.Second,
		Children: []supervisor.Child{{ID: "reader", Start: wait}, {ID: "writer", Start: wait}},
	}, supervisor.Opts{Name: "workers"})
	top, err := supervisor.Start(ctx, node, supervisor.Spec{
		Strategy: supervisor.RestForOne, Intensity: 5, Period: 10 * time.Second,
		Children: []supervisor.Child{{ID: "store", Start: wait}, {ID: "workers", Start: workers}},
	}, supervisor.Opts{Name: "top"})
	fmt.Println(err)

	children, _ := supervisor.WhichChildren(ctx, top)
	for _, c := range children { // the newest first
		fmt.Println(c.ID, c.Type, c.Status)
	}
	// Output:
	// <nil>
	// workers supervisor running
	// store worker running
}

// A plain function is a child: ctx ends when it is to stop.
func ExampleFunc() {
	node, _ := kista.Start(kista.Config{Logger: quiet})
	defer node.Stop(ctx)

	runs := make(chan int)
	n := 0
	poll := func(ctx context.Context) error {
		n++
		runs <- n
		if n < 3 {
			return errors.New("the service is not there yet")
		}
		<-ctx.Done()
		return nil
	}
	_, _ = supervisor.Start(ctx, node, supervisor.Spec{
		Intensity: 10,
		Children:  []supervisor.Child{{ID: "poll", Start: supervisor.Func(poll)}},
	}, supervisor.Opts{})
	fmt.Println(<-runs, <-runs, <-runs)
	// Output: 1 2 3
}

// A pool: children of one kind, each with arguments of its own.
func ExamplePool() {
	node, _ := kista.Start(kista.Config{Logger: quiet})
	defer node.Stop(ctx)

	said := make(chan string)
	greeters := &supervisor.Pool[string]{
		Restart: supervisor.Temporary,
		Child: func(name string) kista.Program {
			return supervisor.Func(func(context.Context) error { said <- "hello " + name; return nil })
		},
	}
	sup, _ := greeters.Start(ctx, node, supervisor.Opts{})
	for _, name := range []string{"Joe", "Mike"} {
		_, _ = greeters.StartChild(ctx, sup, name)
		fmt.Println(<-said)
	}
	// Output:
	// hello Joe
	// hello Mike
}

// If you can't do what you want to do, try something simpler.
func ExampleChild_orElse() {
	node, _ := kista.Start(kista.Config{Logger: quiet})
	defer node.Stop(ctx)

	did := make(chan string)
	fast := supervisor.Func(func(context.Context) error { did <- "fast"; panic("a bug in the fast way") })
	plain := supervisor.Func(func(ctx context.Context) error { did <- "plain"; <-ctx.Done(); return nil })
	_, _ = supervisor.Start(ctx, node, supervisor.Spec{
		Children: []supervisor.Child{{ID: "sum", Start: fast, OrElse: []kista.Program{plain}}},
	}, supervisor.Opts{})
	fmt.Println(<-did, <-did, <-did) // one restart, and then the simpler way
	// Output: fast fast plain
}
