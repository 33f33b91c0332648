// Package rule decides what may be done to a journal, given its head. It is
// the part of a driver that has no storage in it, written once: every driver
// asks it within the transaction in which it writes. A rule takes the head of a
// journal (its token, its highest number) and a request, and gives the new head
// or the error; what is stored is the driver's business.
package rule

import (
	"fmt"

	"github.com/kista-go/kista/store"
)

// Acquire returns the token that an Acquire with t gets.
func Acquire(id store.PersistenceID, h store.Head, t store.Token) (store.Token, error) {
	switch {
	case t == store.NextToken && h.Token == store.MaxToken:
		return 0, &store.InvalidError{ID: id, Problem: "the journal has had the greatest token; none is left"}
	case t == store.NextToken:
		return h.Token + 1, nil
	case t <= h.Token:
		return 0, &store.FencedError{ID: id, Token: t, Owner: h.Token}
	}
	return t, nil
}

// Owner returns an error unless t is the token of the journal's writer.
func Owner(id store.PersistenceID, h store.Head, t store.Token) error {
	if t != h.Token || t == store.NextToken {
		return &store.FencedError{ID: id, Token: t, Owner: h.Token}
	}
	return nil
}

// Append returns an error unless events may be appended after expect.
func Append(id store.PersistenceID, h store.Head, t store.Token, expect store.Seq) error {
	if err := Owner(id, h, t); err != nil {
		return err
	}
	if expect != h.Highest {
		return &store.ConflictError{ID: id, Expect: expect, Highest: h.Highest}
	}
	return nil
}

// Snapshot returns an error unless a snapshot of seq may be saved, and whether
// it takes the place of the one with number old (0 for none).
func Snapshot(id store.PersistenceID, h store.Head, t store.Token, seq, old store.Seq) (replace bool, err error) {
	if err := Owner(id, h, t); err != nil {
		return false, err
	}
	if seq > h.Highest {
		return false, &store.InvalidError{ID: id, Problem: fmt.Sprintf(
			"snapshot of event %d, but the last event is %d; append before saving", seq, h.Highest)}
	}
	return seq >= old, nil
}

// Replay returns the range that a replay from from to to covers; it is empty
// if first > last.
func Replay(id store.PersistenceID, h store.Head, from, to store.Seq) (first, last store.Seq, err error) {
	if from == 0 {
		from = h.DeletedTo + 1
	}
	last = min(to, h.Highest)
	if from <= h.DeletedTo && from <= last {
		return 0, 0, &store.DeletedError{ID: id, From: from, DeletedTo: h.DeletedTo}
	}
	return from, last, nil
}
