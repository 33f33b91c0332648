package kista_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kista-go/kista"
)

// A mailbox has a limit; by default the sender is refused, and may slow down.
func ExampleMailboxLimit() {
	n, _ := kista.Start(kista.Config{})
	defer n.Stop(context.Background())

	open := make(chan struct{})
	slow, _ := n.SpawnWith(kista.SpawnOpts{Mailbox: kista.MailboxLimit{Messages: 2}}, func(s *kista.Self) error {
		<-open
		return nil
	})
	for i := range 3 {
		var full *kista.MailboxFullError
		err := kista.Send(slow, i)
		fmt.Println(i, errors.As(err, &full))
	}
	close(open)
	// Output:
	// 0 false
	// 1 false
	// 2 true
}

// A timer sends a message later, unless it is cancelled.
func ExampleSendAfter() {
	n, _ := kista.Start(kista.Config{})
	defer n.Stop(context.Background())

	pid := n.Spawn(func(s *kista.Self) error {
		never := kista.SendAfter(time.Hour, s.PID(), "never")
		kista.SendAfter(time.Millisecond, s.PID(), "tick")
		msg, err := s.Receive()
		_, cancelled := never.Cancel()
		fmt.Println(msg, cancelled)
		return err
	})
	_, _ = kista.Wait(context.Background(), pid)
	// Output: tick true
}

// Wait tells anybody how a process has ended, for as long as its context lasts.
// Of one that had ended before, nothing is known any more.
func ExampleWait() {
	n, _ := kista.Start(kista.Config{})
	defer n.Stop(context.Background())

	pid := n.Spawn(func(s *kista.Self) error {
		_, err := s.Receive()
		return err
	})
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	_, err := kista.Wait(ctx, pid)
	fmt.Println("it lives:", err)

	_ = kista.Exit(pid, kista.Kill)
	reason, err := kista.Wait(context.Background(), pid)
	fmt.Println(reason, err)
	// Output:
	// it lives: context deadline exceeded
	// kista: killed <nil>
}
