package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/store"
)

// TestErrors holds the words of each error: what happened, to whom, what to do.
func TestErrors(t *testing.T) {
	cause := errors.New("cause")
	for _, c := range []struct {
		err  error
		is   []error
		text string
	}{
		{
			&store.ConflictError{ID: "a/1", Expect: 4, Highest: 7},
			[]error{store.ErrConflict},
			`store: journal "a/1": append expected 4 as the last event, found 7; nothing was written; replay what is new and decide again`,
		},
		{
			&store.FencedError{ID: "a/1", Token: 3, Owner: 5},
			[]error{store.ErrFenced},
			`store: journal "a/1": token 3 is fenced by 5: another incarnation owns the journal; stop this one`,
		},
		{
			&store.FencedError{ID: "a/1", Token: 3},
			[]error{store.ErrFenced},
			`store: journal "a/1": token 3 was never acquired (the last was 0); acquire the journal before writing`,
		},
		{
			&store.UnknownError{Op: "append", ID: "a/1", Token: 3, Expect: 4, Events: 2, Cause: context.DeadlineExceeded},
			[]error{store.ErrUnknown, context.DeadlineExceeded},
			`store: journal "a/1": append with token 3 may or may not have taken place; it is in if the last event is now 6: context deadline exceeded`,
		},
		{
			&store.UnknownError{Op: "delete", ID: "a/1", Token: 3, Cause: cause},
			[]error{store.ErrUnknown, cause},
			`store: journal "a/1": delete with token 3 may or may not have taken place; repeat it: cause`,
		},
		{
			&store.LimitError{ID: "a/1", Limit: "MaxPayload", Max: 10, Got: 11},
			[]error{store.ErrLimit},
			`store: journal "a/1": 11 exceeds MaxPayload, 10; nothing was written; make it smaller or raise the limit`,
		},
		{
			&store.InvalidError{ID: store.PersistenceID(strings.Repeat("x", 70)), Problem: "the id is long"},
			[]error{store.ErrInvalid},
			`store: journal "` + strings.Repeat("x", 64) + `...": the id is long`,
		},
		{
			&store.InvalidError{Problem: "limit MaxQueue is -1"},
			[]error{store.ErrInvalid},
			`store: limit MaxQueue is -1`,
		},
		{
			&store.DeletedError{ID: "a/1", From: 1, DeletedTo: 9},
			[]error{store.ErrDeleted},
			`store: journal "a/1": cannot replay from 1, events up to 9 are deleted; start from the snapshot, or from 0 for what is left`,
		},
		{
			&store.CorruptError{ID: "a/1", Seq: 3, Problem: "it is missing"},
			[]error{store.ErrCorrupt},
			`store: journal "a/1": event 3 is corrupt: it is missing; restore a copy`,
		},
		{
			&store.CorruptError{Problem: "damage", Cause: cause},
			[]error{store.ErrCorrupt, cause},
			`store: corrupt: damage: cause; restore a copy`,
		},
		{
			&store.LockedError{Path: "/x.lock", PID: 12},
			[]error{store.ErrLocked},
			`store: /x.lock is locked by process 12; a store can be open once only: stop that one, or choose another file`,
		},
		{
			&store.VersionError{Path: "/x", Found: 9, Max: 1},
			[]error{store.ErrVersion},
			`store: /x has schema version 9, this program knows versions up to 1; run a newer program, nothing was changed`,
		},
	} {
		assert.Equal(t, c.err.Error(), c.text)
		for _, target := range c.is {
			assert.ErrorIs(t, c.err, target)
		}
		assert.True(t, !errors.Is(c.err, store.ErrFailed), "%v matches what it is not", c.err)
	}
}
