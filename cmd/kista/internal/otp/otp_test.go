package otp_test

import (
	"testing"

	"github.com/kista-go/kista/cmd/kista/internal/otp"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/term"
)

func TestKnown(t *testing.T) {
	for a, want := range map[term.Atom]bool{"": true, "ok": true, "true": true, "lists": true, "zz_never_seen": false, "lists:map/2": false} {
		assert.True(t, otp.Atom(a) == want, "atom %q", a)
	}
	for e, want := range map[term.Export]bool{
		{Module: "lists", Function: "map", Arity: 2}: true, {Module: "erlang", Function: "/", Arity: 2}: true,
		{Module: "lists", Function: "map", Arity: 3}: false, {Module: "a", Function: "b", Arity: 256}: false,
	} {
		assert.True(t, otp.Export(e) == want, "%v", e)
	}
}
