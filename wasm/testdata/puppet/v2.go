//go:build v2

package main

import (
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/wasm/guest"
)

const version = 2

// migrate refuses 13, and otherwise marks what it has taken.
func migrate(m *guest.Mux[State]) {
	guest.OnRestore(m, func(_ *guest.Ctx, from int64, state term.Term) (*State, error) {
		s := new(State)
		if err := term.To(state, s); err != nil {
			return nil, err
		}
		if s.Kept == 13 {
			return nil, &guest.Error{Term: term.Atom("unlucky")}
		}
		s.Kept += int(1000 * from)
		return s, nil
	})
}
