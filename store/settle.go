package store

import (
	"context"
	"fmt"
)

const opAppend = "append"

// Settle finds out what became of an append that returned [ErrUnknown]: it
// waits until the store has decided on it and reports whether the events are
// in. It is for the writer that made the append, which holds the token still
// and has appended nothing since.
//
// Errors: [ErrFenced] if a newer incarnation has acquired the journal, whose
// replay then tells what it has found; [ErrConflict] if the journal's last
// event is neither the one before the append nor the append's own, so that the
// token is used by two writers; [ErrInvalid] if u is not of an append; and
// those of [Journal.Head]. After any of them the outcome is still unknown.
func Settle(ctx context.Context, j Journal, u *UnknownError) (written bool, err error) {
	if u.Op != opAppend || u.Events <= 0 {
		return false, &InvalidError{ID: u.ID, Problem: fmt.Sprintf("a %s of %d events cannot be settled, only an append; repeat it", u.Op, u.Events)}
	}
	h, err := j.Head(ctx, u.ID)
	switch {
	case err != nil:
		return false, err
	case h.Token != u.Token:
		return false, &FencedError{ID: u.ID, Token: u.Token, Owner: h.Token}
	case h.Highest == u.Expect:
		return false, nil
	case h.Highest == u.Expect+Seq(u.Events):
		return true, nil
	}
	return false, &ConflictError{ID: u.ID, Expect: u.Expect, Highest: h.Highest}
}
