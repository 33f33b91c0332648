package statem_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/statem"
)

type (
	// LockState is a state of a code lock.
	LockState string
	// Lock is the data of one: how it was made, and what was pressed so far.
	Lock struct {
		Setup
		Pressed string
	}
	// Setup is what a lock is made of.
	Setup struct {
		Code string
		Open time.Duration // for how long it opens
	}
	// Press presses a button. The answer is the state that the lock is in then.
	Press struct {
		server.Replies[LockState]
		Button string
	}
)

// The states of a code lock.
const (
	Locked LockState = "locked"
	Open   LockState = "open"
)

// locks is the code of all code locks.
var locks = func() *statem.Mux[LockState, Lock] {
	type ctx = statem.Ctx[LockState]
	m := new(statem.Mux[LockState, Lock])

	locked := m.In(Locked)
	statem.OnEnter(locked, func(c *ctx, l *Lock, old LockState) error {
		l.Pressed = ""
		return nil
	})
	statem.OnCall(locked, func(c *ctx, l *Lock, q Press) (LockState, error) {
		l.Pressed += q.Button
		if !strings.HasSuffix(l.Pressed, l.Code) {
			return Locked, nil
		}
		c.NextState(Open)
		return Open, nil
	})

	open := m.In(Open)
	statem.OnEnter(open, func(c *ctx, l *Lock, old LockState) error {
		c.SetTimeout(statem.StateTimeout, l.Open, nil)
		return nil
	})
	statem.OnTimeout(open, statem.StateTimeout, func(c *ctx, l *Lock, _ any) error {
		fmt.Println("and locked again")
		c.NextState(Locked)
		return nil
	})
	statem.OnCall(open, func(c *ctx, l *Lock, q Press) (LockState, error) {
		return "", statem.Postpone // until it is locked again
	})
	return m
}()

func newLock(_ *statem.Ctx[LockState], s Setup) (LockState, *Lock, error) {
	return Locked, &Lock{Setup: s}, nil
}

// A code lock opens for a while when its code has been pressed. Buttons that are
// pressed meanwhile count for the next time.
func Example() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{})
	defer node.Stop(ctx)

	setup := Setup{Code: "42", Open: 10 * time.Millisecond}
	lock, _ := statem.Start(ctx, node, statem.Of(locks, newLock), setup, statem.Opts{Name: "front door"})
	for _, button := range []string{"7", "4", "2", "4", "2"} {
		state, err := server.Call(ctx, lock, Press{Button: button})
		fmt.Println(button, state, err)
	}
	// Output:
	// 7 locked <nil>
	// 4 locked <nil>
	// 2 open <nil>
	// and locked again
	// 4 locked <nil>
	// 2 open <nil>
}
