package kista_test

import (
	"context"
	"fmt"

	"github.com/kista-go/kista"
)

// A Body may serve calls too: it receives each as a Request and answers when it
// likes.
func ExampleCall() {
	n, _ := kista.Start(kista.Config{})
	defer n.Stop(context.Background())

	server := n.Spawn(func(s *kista.Self) error {
		for sum := 0; ; {
			q, err := kista.Receive[kista.Request](s)
			if err != nil {
				return err
			}
			sum += q.Msg.(int)
			if err := q.From.Reply(sum); err != nil {
				return err
			}
		}
	})
	for _, amount := range []int{10, 20, 12} {
		fmt.Println(kista.Call(context.Background(), server, amount))
	}
	// Output:
	// 10 <nil>
	// 30 <nil>
	// 42 <nil>
}

// An alias is an address for one answer: what comes later is dropped before it
// reaches the mailbox.
func ExampleSelf_Alias() {
	n, _ := kista.Start(kista.Config{})
	defer n.Stop(context.Background())

	pid := n.Spawn(func(s *kista.Self) error {
		answer := s.Alias(kista.Reply)
		for i := range 3 { // three servers are asked, the first answer counts
			_ = kista.Send(answer, i)
		}
		first, err := s.Receive()
		fmt.Println("answer", first)
		_ = s.Select(kista.After(0, func() error { fmt.Println("nothing else"); return nil }))
		return err
	})
	_, _ = kista.Wait(context.Background(), pid)
	// Output:
	// answer 0
	// nothing else
}
