package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/kista-go/kista/store"
)

// Driver tells [Run] how to get at a driver.
type Driver struct {
	// Open returns a new, empty store with the given limits, and arranges for
	// it to be closed when the test ends.
	Open func(t testing.TB, l store.Limits) store.Journal

	// Reopen closes j and returns a store with the same content and limits,
	// which is closed when the test ends. Nil means that nothing outlives
	// Close.
	Reopen func(t testing.TB, j store.Journal) store.Journal
}

// Run runs the suite, each test on a store of its own, as subtests of t. It
// takes a few seconds and is meant for -race too.
func Run(t *testing.T, d Driver) {
	for _, c := range []struct {
		name string
		f    func(*testing.T, *suite)
	}{
		{"EmptyJournal", emptyJournal},
		{"AppendAndReplay", appendAndReplay},
		{"Times", times},
		{"Conflict", conflict},
		{"Takeover", takeover},
		{"ForeignTokens", foreignTokens},
		{"NeverAcquired", neverAcquired},
		{"Batch", batch},
		{"ReplayBounds", replayBounds},
		{"ReplayLong", replayLong},
		{"ReplayStops", replayStops},
		{"ReplayReenters", replayReenters},
		{"Snapshot", snapshot},
		{"DeleteTo", deleteTo},
		{"DeleteDuringReplay", deleteDuringReplay},
		{"Delete", deleteJournal},
		{"IDs", ids},
		{"IDsPaged", idsPaged},
		{"InvalidIDs", invalidIDs},
		{"StrangeIDs", strangeIDs},
		{"InvalidRequests", invalidRequests},
		{"Limits", limits},
		{"SharesNothing", sharesNothing},
		{"ContextEnded", contextEnded},
		{"ContextEndsAnywhere", contextEndsAnywhere},
		{"Settle", settle},
		{"OneWriterWins", oneWriterWins},
		{"ConcurrentWriters", concurrentWriters},
		{"ConcurrentTakeovers", concurrentTakeovers},
		{"Closed", closed},
		{"Reopen", reopen},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &suite{T: t, Driver: d}
			s.j = d.Open(t, store.Limits{})
			c.f(t, s)
		})
	}
}

// suite is one test's store and the shorthands to use it.
type suite struct {
	*testing.T
	Driver
	j store.Journal
}

func (s *suite) ctx() context.Context { return s.Context() }

func (s *suite) ok(err error) {
	s.Helper()
	if err != nil {
		s.Fatalf("unexpected error: %v", err)
	}
}

func (s *suite) is(err, target error) {
	s.Helper()
	if !errors.Is(err, target) {
		s.Fatalf("error is %v, want one that is %v", err, target)
	}
}

func equal[T comparable](s *suite, what string, got, want T) {
	s.Helper()
	if got != want {
		s.Fatalf("%s is %v, want %v", what, got, want)
	}
}

func (s *suite) acquire(id store.PersistenceID) (store.Token, store.Seq) {
	s.Helper()
	t, last, err := s.j.Acquire(s.ctx(), id, store.NextToken)
	s.ok(err)
	return t, last
}

// append adds n events after expect, each with its number as payload.
func (s *suite) append(id store.PersistenceID, t store.Token, expect store.Seq, n int) store.Seq {
	s.Helper()
	last, err := s.j.Append(s.ctx(), id, t, expect, numbered(expect, n)...)
	s.ok(err)
	equal(s, "last event", last, expect+store.Seq(n))
	return last
}

func (s *suite) head(id store.PersistenceID) store.Head {
	s.Helper()
	h, err := s.j.Head(s.ctx(), id)
	s.ok(err)
	return h
}

// replay returns the payloads, after it has checked that they come in order.
func (s *suite) replay(id store.PersistenceID, from, to store.Seq) []string {
	s.Helper()
	var got []string
	var last store.Seq
	s.ok(s.j.Replay(s.ctx(), id, from, to, func(seq store.Seq, e store.Event) error {
		if last != 0 && seq != last+1 {
			return fmt.Errorf("event %d follows %d", seq, last)
		}
		last = seq
		got = append(got, string(e.Payload))
		return nil
	}))
	return got
}

// holds checks that the journal has exactly the numbered events first to last.
func (s *suite) holds(id store.PersistenceID, first, last store.Seq) {
	s.Helper()
	var want []string
	for _, e := range numbered(first-1, int(last-first)+1) {
		want = append(want, string(e.Payload))
	}
	if got := s.replay(id, 0, store.MaxSeq); !slices.Equal(got, want) {
		s.Fatalf("journal %q holds %q, want %q", id, got, want)
	}
}

func (s *suite) ids(prefix string) []store.PersistenceID {
	s.Helper()
	var ids []store.PersistenceID
	for id, err := range s.j.IDs(s.ctx(), prefix) {
		s.ok(err)
		ids = append(ids, id)
	}
	return ids
}

func numbered(after store.Seq, n int) []store.Event {
	ev := make([]store.Event, n)
	for i := range ev {
		ev[i] = event(fmt.Sprint(after + store.Seq(i) + 1))
	}
	return ev
}

func event(payload string) store.Event {
	return store.Event{Manifest: "test@1", Payload: []byte(payload), Time: time.Unix(1, 2)}
}
