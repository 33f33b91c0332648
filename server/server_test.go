package server_test

import (
	"testing"
	"testing/synctest"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/server"
)

func TestMainPath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := testNode(t)
		b := start(t, n, server.Of(bankMux(), newBank), map[string]int{"joe": 1}, server.Opts{Name: "bank"})

		got, err := server.Call(t.Context(), b, deposit{Who: "joe", Amount: 10})
		assert.NoError(t, err)
		assert.Equal(t, got, 11)

		_, err = server.Call(t.Context(), n.Name("bank"), withdraw{Who: "joe", Amount: 100})
		assert.ErrorIs(t, err, errFunds)
		assert.ErrorAs[*server.Refused](t, err)

		assert.NoError(t, server.Cast(b, note{"hello"}))
		got, err = server.Call(t.Context(), b, balance("joe"))
		assert.NoError(t, err)
		assert.Equal(t, got, 11)

		state, err := kista.System(t.Context(), b, kista.GetState{})
		assert.NoError(t, err)
		assert.Equal(t, state.(bank).Notes, []string{"hello"})

		last, err := server.Call(t.Context(), b, close_{})
		assert.NoError(t, err)
		assert.Equal(t, last, map[string]int{"joe": 11})
		synctest.Wait()
		assert.True(t, !n.Alive(b), "the bank lives after its close")
	})
}
