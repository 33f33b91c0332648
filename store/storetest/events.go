package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/kista-go/kista/store"
)

func emptyJournal(t *testing.T, s *suite) {
	equal(s, "head", s.head("a"), store.Head{})
	equal(s, "events", len(s.replay("a", 0, store.MaxSeq)), 0)
	snap, err := s.j.LatestSnapshot(s.ctx(), "a")
	s.ok(err)
	equal(s, "snapshot", snap.Seq, 0)
	equal(s, "ids", len(s.ids("")), 0)

	token, last := s.acquire("a")
	equal(s, "last event", last, 0)
	equal(s, "head", s.head("a"), store.Head{Token: token})
	equal(s, "events", len(s.replay("a", 1, store.MaxSeq)), 0)
	equal(s, "ids", fmt.Sprint(s.ids("")), "[a]")
}

func appendAndReplay(t *testing.T, s *suite) {
	token, last := s.acquire("a")
	want := []store.Event{
		{Manifest: "deposited@1", Payload: []byte("100"), Time: time.Date(2024, 2, 29, 12, 0, 0, 123456789, time.UTC)},
		{Manifest: "", Payload: nil, Time: time.Unix(0, 0).UTC()},
		{Manifest: "größe@2", Payload: []byte{0, 255, 0, 128}, Time: time.Unix(-1, 1).UTC()},
	}
	last, err := s.j.Append(s.ctx(), "a", token, last, want...)
	s.ok(err)
	equal(s, "last event", last, 3)
	var got []store.Event
	s.ok(s.j.Replay(s.ctx(), "a", 1, last, func(seq store.Seq, e store.Event) error {
		equal(s, "number", seq, store.Seq(len(got)+1))
		got = append(got, e)
		return nil
	}))
	equal(s, "number of events", len(got), len(want))
	for i, e := range got {
		equal(s, "manifest", e.Manifest, want[i].Manifest)
		equal(s, "payload", string(e.Payload), string(want[i].Payload))
		equal(s, "time", e.Time, want[i].Time)
	}
	equal(s, "last event", s.append("a", token, last, 1), 4)
}

func times(t *testing.T, s *suite) {
	token, _ := s.acquire("a")
	before := time.Now()
	here := time.FixedZone("here", 3600)
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, here)
	_, err := s.j.Append(s.ctx(), "a", token, 0, store.Event{}, store.Event{Time: at})
	s.ok(err)
	after := time.Now()
	s.ok(s.j.Replay(s.ctx(), "a", 1, 2, func(seq store.Seq, e store.Event) error {
		if seq == 2 {
			equal(s, "time", e.Time, at.UTC())
		} else if e.Time.Before(before.Round(0)) || e.Time.After(after.Round(0)) {
			t.Errorf("zero time became %v, not between %v and %v", e.Time, before, after)
		}
		equal(s, "location", e.Time.Location(), time.UTC)
		return nil
	}))
	for _, bad := range []time.Time{time.Date(1600, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC)} {
		_, err := s.j.Append(s.ctx(), "a", token, 2, store.Event{Time: bad})
		s.is(err, store.ErrInvalid)
	}
}

func conflict(t *testing.T, s *suite) {
	token, _ := s.acquire("a")
	s.append("a", token, 0, 2)
	for _, expect := range []store.Seq{0, 1, 3, 1000, store.MaxSeq - 1} {
		_, err := s.j.Append(s.ctx(), "a", token, expect, event("x"))
		s.is(err, store.ErrConflict)
		var c *store.ConflictError
		if !errors.As(err, &c) {
			t.Fatalf("no ConflictError in %v", err)
		}
		equal(s, "facts", *c, store.ConflictError{ID: "a", Expect: expect, Highest: 2})
	}
	s.holds("a", 1, 2)
	s.append("a", token, 2, 1) // the writer can go on
}

func batch(t *testing.T, s *suite) {
	token, _ := s.acquire("a")
	s.append("a", token, 0, 7)
	// A batch that is refused leaves nothing of itself.
	_, err := s.j.Append(s.ctx(), "a", token, 6, numbered(6, 3)...)
	s.is(err, store.ErrConflict)
	bad := numbered(7, 3)
	bad[2].Manifest = "\xff"
	_, err = s.j.Append(s.ctx(), "a", token, 7, bad...)
	s.is(err, store.ErrInvalid)
	s.holds("a", 1, 7)
	s.append("a", token, 7, 500)
	s.holds("a", 1, 507)
}

func replayBounds(t *testing.T, s *suite) {
	token, _ := s.acquire("a")
	s.append("a", token, 0, 10)
	for _, c := range []struct {
		from, to store.Seq
		want     string
	}{
		{0, store.MaxSeq, "[1 2 3 4 5 6 7 8 9 10]"},
		{1, store.MaxSeq, "[1 2 3 4 5 6 7 8 9 10]"},
		{0, 3, "[1 2 3]"},
		{4, 4, "[4]"},
		{9, 10, "[9 10]"},
		{10, 100, "[10]"},
		{11, store.MaxSeq, "[]"},
		{1, 0, "[]"},
		{0, 0, "[]"},
		{5, 4, "[]"},
		{store.MaxSeq, store.MaxSeq, "[]"},
	} {
		if got := fmt.Sprint(s.replay("a", c.from, c.to)); got != c.want {
			t.Errorf("replay from %d to %d gives %s, want %s", c.from, c.to, got, c.want)
		}
	}
}

// replayLong passes any page that a driver may read in.
func replayLong(t *testing.T, s *suite) {
	token, last := s.acquire("a")
	other, otherLast := s.acquire("b")
	for range 4 {
		last = s.append("a", token, last, 500)
		otherLast = s.append("b", other, otherLast, 3)
	}
	s.holds("a", 1, 2000)
	s.holds("b", 1, 12)
	equal(s, "part", len(s.replay("a", 100, 1899)), 1800)
}

func replayStops(t *testing.T, s *suite) {
	token, _ := s.acquire("a")
	s.append("a", token, 0, 600)
	enough := errors.New("enough")
	for range 20 {
		n := 0
		err := s.j.Replay(s.ctx(), "a", 1, store.MaxSeq, func(store.Seq, store.Event) error {
			if n++; n == 300 {
				return enough
			}
			return nil
		})
		if err != enough { //nolint:errorlint // must come back unchanged
			t.Fatalf("error is %v, want the function's own", err)
		}
		equal(s, "calls", n, 300)
		func() {
			defer func() { equal(s, "panic", recover(), any("boo")) }()
			_ = s.j.Replay(s.ctx(), "a", 1, store.MaxSeq, func(store.Seq, store.Event) error { panic("boo") })
			t.Fatal("a panic was swallowed")
		}()
	}
	s.holds("a", 1, 600)
}

func replayReenters(t *testing.T, s *suite) {
	token, _ := s.acquire("a")
	last := s.append("a", token, 0, 300)
	var nest func(depth int) error
	nest = func(depth int) error {
		if depth == 0 {
			return nil
		}
		return s.j.Replay(s.ctx(), "a", 1, 1, func(store.Seq, store.Event) error { return nest(depth - 1) })
	}
	n := 0
	s.ok(s.j.Replay(s.ctx(), "a", 1, store.MaxSeq, func(seq store.Seq, e store.Event) error {
		n++
		if seq%50 == 1 {
			last = s.append("a", token, last, 1)
			s.head("a")
			return nest(20)
		}
		return nil
	}))
	// What is appended meanwhile is not replayed: that would never end.
	equal(s, "events replayed", n, 300)
	equal(s, "last event", s.head("a").Highest, 306)
}

func deleteTo(t *testing.T, s *suite) {
	token, _ := s.acquire("a")
	s.append("a", token, 0, 10)
	s.ok(s.j.SaveSnapshot(s.ctx(), "a", token, store.Snapshot{Seq: 4, Payload: []byte("state")}))
	s.ok(s.j.DeleteTo(s.ctx(), "a", token, 4))
	want := store.Head{Token: token, Highest: 10, DeletedTo: 4}
	equal(s, "head", s.head("a"), want)
	s.holds("a", 5, 10)

	for _, from := range []store.Seq{1, 4} {
		err := s.j.Replay(s.ctx(), "a", from, store.MaxSeq, func(store.Seq, store.Event) error {
			t.Error("replayed what is deleted")
			return nil
		})
		s.is(err, store.ErrDeleted)
		var d *store.DeletedError
		if !errors.As(err, &d) {
			t.Fatalf("no DeletedError in %v", err)
		}
		equal(s, "facts", *d, store.DeletedError{ID: "a", From: from, DeletedTo: 4})
	}
	equal(s, "rest", len(s.replay("a", 5, store.MaxSeq)), 6)

	for _, to := range []store.Seq{0, 1, 3, 4} { // no way back
		s.ok(s.j.DeleteTo(s.ctx(), "a", token, to))
		equal(s, "head", s.head("a"), want)
	}
	s.ok(s.j.DeleteTo(s.ctx(), "a", token, store.MaxSeq))
	equal(s, "head", s.head("a"), store.Head{Token: token, Highest: 10, DeletedTo: 10})
	equal(s, "events", len(s.replay("a", 0, store.MaxSeq)), 0)
	equal(s, "events", len(s.replay("a", 11, store.MaxSeq)), 0)
	snap, err := s.j.LatestSnapshot(s.ctx(), "a")
	s.ok(err)
	equal(s, "snapshot", snap.Seq, 4)

	// Deleted numbers are not used again, not even by the next incarnation.
	token, last := s.acquire("a")
	equal(s, "last event", last, 10)
	s.append("a", token, last, 2)
	s.holds("a", 11, 12)
}

func deleteDuringReplay(t *testing.T, s *suite) {
	token, _ := s.acquire("a")
	last := s.append("a", token, 0, 1000)
	last = s.append("a", token, last, 1000)
	var seen store.Seq
	err := s.j.Replay(s.ctx(), "a", 1, store.MaxSeq, func(seq store.Seq, e store.Event) error {
		equal(s, "payload", string(e.Payload), fmt.Sprint(seq))
		seen = seq
		if seq == 1 {
			s.ok(s.j.DeleteTo(s.ctx(), "a", token, last))
		}
		return nil
	})
	// Either it saw all, or it says that it did not.
	if err == nil {
		equal(s, "last seen", seen, last)
	} else {
		s.is(err, store.ErrDeleted)
	}
}

func deleteJournal(t *testing.T, s *suite) {
	token, _ := s.acquire("a")
	s.append("a", token, 0, 5)
	s.ok(s.j.SaveSnapshot(s.ctx(), "a", token, store.Snapshot{Seq: 5, Payload: []byte("state")}))
	other, _ := s.acquire("b")
	s.append("b", other, 0, 3)

	s.is(s.j.Delete(s.ctx(), "a", token+1), store.ErrFenced)
	s.ok(s.j.Delete(s.ctx(), "a", token))
	equal(s, "events", len(s.replay("a", 0, store.MaxSeq)), 0)
	snap, err := s.j.LatestSnapshot(s.ctx(), "a")
	s.ok(err)
	equal(s, "snapshot", snap.Seq, 0)
	equal(s, "ids", fmt.Sprint(s.ids("")), "[b]")
	s.holds("b", 1, 3)
	s.ok(s.j.Delete(s.ctx(), "a", token)) // again is no error

	// Neither a number nor a token is ever used twice.
	equal(s, "head", s.head("a"), store.Head{Token: token, Highest: 5, DeletedTo: 5})
	next, last := s.acquire("a")
	equal(s, "last event", last, 5)
	if next <= token {
		t.Fatalf("token %d was issued after %d", next, token)
	}
	_, err = s.j.Append(s.ctx(), "a", token, last, event("zombie"))
	s.is(err, store.ErrFenced)
	s.append("a", next, last, 1)
	s.holds("a", 6, 6)
	if got := s.ids(""); !slices.Equal(got, []store.PersistenceID{"a", "b"}) {
		t.Fatalf("ids are %q", got)
	}
}
