package statem_test

import (
	"context"
	"fmt"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/statem"
)

// LockState is a state of a code lock.
type LockState string

// The states of a code lock.
const (
	Locked LockState = "locked"
	Open   LockState = "open"
)

type (
	// Lock is the data of a code lock: its code, and what was pressed so far.
	Lock struct{ Code, Pressed string }
	// Press presses a button; the answer is the state that the lock is in then.
	Press struct {
		server.Replies[LockState]
		Button string
	}
)

// newLocks returns the code of all code locks.
func newLocks() *statem.Mux[LockState, Lock] {
	type ctx = statem.Ctx[LockState]
	m := new(statem.Mux[LockState, Lock])
	statem.OnEnter(m.In(Locked), func(c *ctx, l *Lock, _ LockState) error {
		l.Pressed = ""
		return nil
	})
	statem.OnCall(m.In(Locked), func(c *ctx, l *Lock, q Press) (LockState, error) {
		l.Pressed += q.Button
		if n := len(l.Pressed) - len(l.Code); n >= 0 && l.Pressed[n:] == l.Code {
			c.NextState(Open)
			return Open, nil
		}
		return Locked, nil
	})
	statem.OnEnter(m.In(Open), func(c *ctx, l *Lock, _ LockState) error {
		c.SetTimeout(statem.StateTimeout, 10*time.Second, nil)
		return nil
	})
	statem.OnTimeout(m.In(Open), statem.StateTimeout, func(c *ctx, l *Lock, _ any) error {
		fmt.Println("time is over: locked again")
		c.NextState(Locked)
		return nil
	})
	statem.OnCall(m.In(Open), func(c *ctx, l *Lock, q Press) (LockState, error) {
		return "", statem.Postpone // for when it is locked again
	})
	return m
}

func Example_codeLock() {
	node, err := kista.Start(kista.Config{})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	defer node.Stop(ctx)

	lock, err := statem.Start(ctx, node, statem.Of(newLocks(), func(c *statem.Ctx[LockState], code string) (LockState, *Lock, error) {
		return Locked, &Lock{Code: code}, nil
	}), "1234", statem.Opts{Name: "door"})
	if err != nil {
		panic(err)
	}
	for _, button := range []string{"9", "1", "2", "3", "4"} {
		state, err := server.Call(ctx, lock, Press{Button: button})
		fmt.Println(button, state, err)
	}
	// Output:
	// 9 locked <nil>
	// 1 locked <nil>
	// 2 locked <nil>
	// 3 locked <nil>
	// 4 open <nil>
}
