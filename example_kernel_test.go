package kista_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/kista-go/kista"
)

func silent() *kista.Node {
	n, _ := kista.Start(kista.Config{Logger: slog.New(slog.DiscardHandler)})
	return n
}

// The talk's first process: it doubles what it is sent.
func ExampleNode_Spawn() {
	node := silent()
	defer node.Stop(context.Background())
	double := node.Spawn(func(self *kista.Self) error {
		for {
			q, err := kista.Receive[kista.Request](self)
			if err != nil {
				return err
			}
			if err := q.From.Reply(2 * q.Msg.(int)); err != nil {
				return err
			}
		}
	})
	fmt.Println(kista.Call(context.Background(), double, 21))
	// Output: 42 <nil>
}

// Trapping errors, as in the talk: why has the other process ended?
func ExampleSelf_TrapExits() {
	node := silent()
	defer node.Stop(context.Background())
	pid := node.Spawn(func(self *kista.Self) error {
		self.TrapExits(true)
		self.SpawnLink(func(*kista.Self) error { panic("out of cheese") })
		exit, err := kista.Receive[kista.Exited](self)
		fmt.Println("why:", exit.Reason)
		return err
	})
	_, _ = kista.Wait(context.Background(), pid)
	// Output: why: kista: panic: out of cheese
}

func ExampleSelf_Monitor() {
	node := silent()
	defer node.Stop(context.Background())
	pid := node.Spawn(func(self *kista.Self) error {
		worker := self.Spawn(func(*kista.Self) error { return errors.New("tired") })
		ref := self.Monitor(worker)
		down, err := kista.Receive[kista.Down](self)
		fmt.Println(down.Ref == ref, down.Addr == worker)
		return err
	})
	_, _ = kista.Wait(context.Background(), pid)
	// Output: true true
}

// The first queued message that a clause takes; the others keep their place.
func ExampleSelf_Select() {
	node := silent()
	defer node.Stop(context.Background())
	pid := node.Spawn(func(self *kista.Self) error {
		_ = self.Send(self.PID(), "a letter")
		_ = self.Send(self.PID(), 7)
		_ = self.Select(kista.On(func(n int) error { fmt.Println("number", n); return nil }))
		_ = self.Select(kista.On(func(s string) error { fmt.Println("text", s); return nil }))
		return self.Select(
			kista.On(func(any) error { return nil }),
			kista.After(time.Millisecond, func() error { fmt.Println("nothing more"); return nil }),
		)
	})
	_, _ = kista.Wait(context.Background(), pid)
	// Output:
	// number 7
	// text a letter
	// nothing more
}

// What is not data is refused, with the place.
func ExampleSend() {
	node := silent()
	defer node.Stop(context.Background())
	pid := node.Spawn(func(self *kista.Self) error { _, err := self.Receive(); return err })
	type order struct {
		Items []string
		Done  chan bool
	}
	var notData *kista.DataError
	err := kista.Send(pid, order{Items: []string{"tea"}})
	fmt.Println(errors.As(err, &notData), notData.Path)
	// Output: true order.Done
}

// A *Self is a context: what blocks in it is freed when the process is told to
// end.
func ExampleExit() {
	node := silent()
	defer node.Stop(context.Background())
	running := make(chan struct{})
	pid := node.Spawn(func(self *kista.Self) error {
		close(running)
		<-self.Done() // a database call, a request, ...
		fmt.Println("cause:", context.Cause(self))
		return self.Err()
	})
	<-running
	_ = kista.Exit(pid, kista.ErrShutdown)
	reason, _ := kista.Wait(context.Background(), pid)
	fmt.Println("reason:", reason)
	// Output:
	// cause: kista: shutdown
	// reason: kista: shutdown
}
