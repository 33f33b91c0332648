package server_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/server"
)

// A small bank, as most servers are: a Mux with a state.

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
	closing struct {
		server.Replies[map[string]int]
	}
	note struct{ Text string }
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
	server.OnCall(m, func(_ *server.Ctx, b *bank, _ closing) (map[string]int, error) {
		return b.Accounts, server.Stop(nil)
	})
	server.OnCast(m, func(_ *server.Ctx, b *bank, n note) error {
		b.Notes = append(b.Notes, n.Text)
		return nil
	})
	return m
}

func TestBank(t *testing.T)          { testBank(t, server.Opts{Name: "bank"}) }
func TestDedicatedBank(t *testing.T) { testBank(t, server.Opts{Name: "bank", Dedicated: true}) }
func TestPatientBank(t *testing.T)   { testBank(t, server.Opts{Name: "bank", Grace: time.Second}) }

func testBank(t *testing.T, o server.Opts) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
		args := map[string]int{"joe": 1}
		b := start(t, n, server.Of(bankMux(), newBank), args, o)
		args["joe"] = 1000 // the server has its own

		got, err := server.Call(t.Context(), b, deposit{Who: "joe", Amount: 10})
		assert.NoError(t, err)
		assert.Equal(t, got, 11)

		_, err = server.Call(t.Context(), n.Name("bank"), withdraw{Who: "joe", Amount: 100})
		assert.ErrorIs(t, err, errFunds)
		assert.Equal(t, assert.ErrorAs[*server.Refused](t, err).Error(), "server: refused: insufficient funds")

		assert.NoError(t, server.Cast(b, note{"hello"}))
		got, err = server.Call(t.Context(), b, balance("joe"))
		assert.NoError(t, err)
		assert.Equal(t, got, 11)

		state, err := kista.System(t.Context(), b, kista.GetState{})
		assert.NoError(t, err)
		assert.Equal(t, state.(bank).Notes, []string{"hello"})

		last, err := server.Call(t.Context(), b, closing{})
		assert.NoError(t, err)
		assert.Equal(t, last, map[string]int{"joe": 11})
		synctest.Wait()
		assert.True(t, !n.Alive(b), "the bank lives after its close")
		assert.Equal(t, log.Messages(), nil)
	})
}

// Servers of one mux have nothing in common but code.
func TestMuxIsShared(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		f := server.Of(bankMux(), newBank)
		args := map[string]int{"joe": 1}
		one, two := start(t, n, f, args, server.Opts{}), start(t, n, f, args, server.Opts{})
		_, err := server.Call(t.Context(), one, deposit{Who: "joe", Amount: 10})
		assert.NoError(t, err)
		got, err := server.Call(t.Context(), two, balance("joe"))
		assert.NoError(t, err)
		assert.Equal(t, got, 1)
	})
}

// An incarnation cannot spoil the arguments of the next.
func TestArgumentsAreCopiedAtEachStart(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		args := map[string]int{"joe": 1}
		pr := server.Child(server.Of(bankMux(), newBank), args, server.Opts{})
		args["joe"] = 1000 // the description has its own
		for range 2 {
			pid, err := n.Start(t.Context(), pr)
			assert.NoError(t, err)
			got, err := server.Call(t.Context(), pid, deposit{Who: "joe", Amount: 10})
			assert.NoError(t, err)
			assert.Equal(t, got, 11)
		}
	})
}

func TestArgumentsMustBeData(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		f := func(*server.Ctx, map[string]any) (server.Handler, error) { return &hooks{}, nil }
		_, err := server.Start(t.Context(), n, f, map[string]any{"f": func() {}}, server.Opts{})
		assert.True(t, assert.ErrorAs[*kista.DataError](t, err).Path != "", "no path in %v", err)
	})
}
