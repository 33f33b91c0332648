package port_test

import (
	"context"
	"fmt"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/port"
)

// A subscriber takes what a program writes as fast as it likes, and the program
// waits for it. The end of the program comes last, with its reason.
func ExampleActivate() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{})
	defer node.Stop(ctx)

	reader := node.Spawn(func(s *kista.Self) error {
		_, ref, err := port.StartMonitor(s, s, port.Spec{
			Path: "seq", Args: []string{"5"},
			Framing: port.Lines, Subscriber: s.PID(), Active: 2,
		}, port.Opts{})
		if err != nil {
			return err
		}
		for over := false; !over; {
			err := s.Select(
				kista.On(func(d port.Data) error { fmt.Println(d.Bytes); return nil }),
				kista.On(func(p port.Paused) error {
					fmt.Println("paused")
					return port.Activate(p.Port, 2)
				}),
				kista.On(func(port.Closed) error { fmt.Println("closed"); return nil }),
				kista.On(func(d kista.Down) error {
					fmt.Println("ended", d.Ref == ref, d.Reason)
					over = true
					return nil
				}),
			)
			if err != nil {
				return err
			}
		}
		return nil
	})
	_, _ = kista.Wait(ctx, reader)
	// Output:
	// <<"1">>
	// <<"2">>
	// paused
	// <<"3">>
	// <<"4">>
	// paused
	// <<"5">>
	// closed
	// ended true <nil>
}
