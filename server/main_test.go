package server_test

import (
	"context"
	"errors"
	"testing"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/server"
)

// The bank is the server of most tests.

var errFunds = errors.New("insufficient funds")

type (
	deposit struct {
		server.Replies[int]
		Who    string
		Amount int
	}
	withdraw struct {
		server.Replies[int]
		Who    string
		Amount int
	}
	balance string // of whom
	close_  struct{ server.Replies[map[string]int] }
	note    struct{ Text string }
)

func (balance) Reply() (n int) { return }

type bank struct {
	Accounts map[string]int
	Notes    []string
}

func newBank(_ *server.Ctx, accounts map[string]int) (*bank, error) {
	if accounts == nil {
		accounts = map[string]int{}
	}
	return &bank{Accounts: accounts}, nil
}

func bankMux() *server.Mux[bank] {
	m := new(server.Mux[bank])
	server.OnCall(m, func(_ *server.Ctx, b *bank, q deposit) (int, error) {
		b.Accounts[q.Who] += q.Amount
		return b.Accounts[q.Who], nil
	})
	server.OnCall(m, func(_ *server.Ctx, b *bank, q withdraw) (int, error) {
		if b.Accounts[q.Who] < q.Amount {
			return 0, errFunds
		}
		b.Accounts[q.Who] -= q.Amount
		return b.Accounts[q.Who], nil
	})
	server.OnCall(m, func(_ *server.Ctx, b *bank, q balance) (int, error) {
		return b.Accounts[string(q)], nil
	})
	server.OnCall(m, func(_ *server.Ctx, b *bank, _ close_) (map[string]int, error) {
		return b.Accounts, server.Stop(nil)
	})
	server.OnCast(m, func(_ *server.Ctx, b *bank, n note) error {
		if n.Text == "boom" {
			return errBoom
		}
		b.Notes = append(b.Notes, n.Text)
		return nil
	})
	return m
}

var errBoom = errors.New("boom")

func testNode(t testing.TB) *kista.Node {
	t.Helper()
	n, _ := loggedNode(t)
	return n
}

func start[A any](t testing.TB, n *kista.Node, f server.Factory[A], args A, o server.Opts) kista.PID {
	t.Helper()
	pid, err := server.Start(context.Background(), n, f, args, o)
	assert.NoError(t, err)
	return pid
}
