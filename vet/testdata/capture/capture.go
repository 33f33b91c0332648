package capture

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/supervisor"
	"github.com/kista-go/kista/task"
	"github.com/kista-go/kista/vet/testdata/helper"
)

type account struct{ balance int }

func (a *account) add(n int) { a.balance += n }

func starts(ctx context.Context, n *kista.Node, db *sql.DB, to kista.PID) {
	total, seen, acc, name := 0, map[string]int{}, &account{}, "joe"
	n.Spawn(func(s *kista.Self) error {
		total++         // want `capture: total is shared between this process and the function that starts it, and is written by it`
		seen[name] = 1  // want `capture: seen is shared`
		acc.balance = 3 // want `capture: acc is shared`
		_, err := db.ExecContext(s, name)
		_ = s.Send(to, name)
		return err
	})
	fmt.Println(total)

	word := "a"
	n.Spawn(func(s *kista.Self) error {
		fmt.Println(word) // want `capture: word is shared .* written later`
		return nil
	})
	word = "b"

	fixed := "c"
	fixed += "d" // before
	n.Spawn(func(s *kista.Self) error {
		fmt.Println(fixed)
		return nil
	})

	last := 0
	for i := range 3 {
		n.Spawn(func(s *kista.Self) error {
			fmt.Println(i, last) // want `capture: last is shared .* written later`
			return nil
		})
		last = i
	}

	tries := 0
	_ = supervisor.Func(func(ctx context.Context) error {
		tries++ // want `capture: tries is shared`
		return nil
	})
	helper.Run(n, func() {
		tries++ // want `capture: tries is shared`
	})

	var value account
	n.Spawn(func(s *kista.Self) error {
		value.add(1) // want `capture: value is shared`
		return nil
	})

	sum := 0
	task.AsyncOn(ctx, n, func(s *kista.Self) (int, error) {
		sum += 1 // want `capture: sum is shared`
		return sum, nil
	})
}

// A process may use its own variables in what it runs itself.
func body(s *kista.Self) error {
	n, parts := 0, []string{}
	err := s.Select(
		kista.On(func(m string) error {
			n++
			parts = append(parts, m)
			return nil
		}),
		kista.After(1, func() error { n++; return nil }),
	)
	each := func(s *kista.Self, by int) { n += by }
	each(s, 1)
	defer func() { n = 0 }()
	return err
}

// front makes a Body: its variables outlive each process that runs it.
func front(words []string) kista.Body {
	runs := 0
	return func(s *kista.Self) error {
		runs++ // want `capture: runs is shared`
		inside := 0
		inside++
		fmt.Println(words[0])
		return nil
	}
}

type state struct{ n int }

// made is run in the new process: what it declares is the process's own.
var made = func(c *server.Ctx, args int) (server.Handler, error) {
	n := args
	return server.HandlerFunc(func(c *server.Ctx, msg any) error {
		n++
		return nil
	}), nil
}

func register(m *server.Mux[state]) server.Factory[int] {
	calls := 0
	server.OnTimeout(m, func(c *server.Ctx, s *state) error {
		calls++ // want `capture: calls is shared`
		s.n++
		return nil
	})
	return server.Of(m, func(c *server.Ctx, n int) (*state, error) { return &state{n}, nil })
}

func child(s *kista.Self) error {
	n := 0
	s.Spawn(func(s *kista.Self) error {
		n++ // want `capture: n is shared`
		return nil
	})
	return nil
}
