package wasm

import (
	"errors"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/term"
)

// reasons are the exit reasons that have a name in Erlang.
var reasons = []struct {
	name term.Atom
	err  error
}{
	{"shutdown", kista.ErrShutdown},
	{"killed", kista.ErrKilled},
	{"noproc", kista.ErrNoProcess},
	{"noconnection", kista.ErrNoConnection},
	{"kill", kista.Kill},
}

// termOf is an exit reason as a guest sees it: an atom for those that have a name,
// {shutdown, Why}, the term of a foreign one, the text of any other.
func termOf(reason error) term.Term {
	if reason == nil {
		return term.Atom("normal")
	}
	for _, r := range reasons {
		if reason == r.err { //nolint:errorlint // identity: a wrapped one says more
			return r.name
		}
	}
	var shutdown *kista.ShutdownError
	var foreign *kista.TermError
	var guest *GuestError
	switch {
	case errors.As(reason, &shutdown):
		return term.Tuple{term.Atom("shutdown"), termOf(shutdown.Cause)}
	case errors.As(reason, &foreign):
		if t, err := term.From(foreign.Term); err == nil {
			return t
		}
	case errors.As(reason, &guest):
		return guest.Term
	}
	return term.Binary(reason.Error())
}

// reasonOf is the exit reason that a guest gives.
func reasonOf(t term.Term) error {
	switch v := t.(type) {
	case term.Atom:
		if v == "normal" {
			return nil
		}
		for _, r := range reasons {
			if v == r.name {
				return r.err
			}
		}
	case term.Tuple:
		if len(v) == 2 && term.Identical(v[0], term.Atom("shutdown")) {
			return &kista.ShutdownError{Cause: reasonOf(v[1])}
		}
	}
	return &GuestError{t}
}

// said is what a guest has written to say why, as a term.
func said(b []byte) term.Term {
	t, err := decoder.DecodeAll(b)
	if err != nil {
		return term.Atom("refused")
	}
	return t
}
