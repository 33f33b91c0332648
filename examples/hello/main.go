// Command hello is the program of the tutorial: a counter under a supervisor,
// asked four things, one of which is a mistake and one of which meets a bug. It
// takes no arguments and ends by itself.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/supervisor"
)

// Add adds N to the counter and is answered with the new value.
type Add struct {
	server.Replies[int]
	N int
}

// counter is the state of one counter. Only its process sees it.
type counter struct{ value int }

// code is what all counters do. It is made once and shared.
var code server.Mux[counter]

func init() {
	server.OnCall(&code, func(c *server.Ctx, s *counter, add Add) (int, error) {
		if add.N == 0 {
			return s.value, fmt.Errorf("adding nothing is a mistake") // an answer: the counter lives
		}
		if add.N == 13 {
			panic("thirteen") // a bug: the counter ends, and is started again
		}
		s.value += add.N
		return s.value, nil
	})
}

// newCounter makes the state, in the new process, each time a counter starts.
func newCounter(c *server.Ctx, start int) (*counter, error) {
	return &counter{value: start}, nil
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	node, err := kista.Start(kista.Config{Name: "hello"})
	if err != nil {
		return err
	}
	defer func() { _ = node.Stop(ctx) }()

	_, err = supervisor.Start(ctx, node, supervisor.Spec{
		Children: []supervisor.Child{
			{ID: "counter", Start: server.Child(server.Of(&code, newCounter), 100, server.Opts{Name: "counter"})},
			{ID: "ticker", Start: supervisor.Func(tick)},
		},
	}, supervisor.Opts{})
	if err != nil {
		return err
	}

	counter := node.Name("counter")
	for _, n := range []int{1, 0, 13, 5} {
		value, err := server.Call(ctx, counter, Add{N: n})
		fmt.Printf("add %d: %d, %v\n", n, value, err)
		if n == 13 {
			again, cancel := context.WithTimeout(ctx, 5*time.Second)
			_, err := node.AwaitName(again, "counter")
			cancel()
			if err != nil {
				return fmt.Errorf("the counter is not started again: %w", err)
			}
		}
	}
	return nil
}

// tick is a plain Go function under supervision. ctx ends when it is to stop.
func tick(ctx context.Context) error {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			fmt.Println("tick")
		case <-ctx.Done():
			return ctx.Err() // told to stop, and stopped: not a crash
		}
	}
}
