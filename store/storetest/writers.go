package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kista-go/kista/store"
)

func takeover(t *testing.T, s *suite) {
	old, _ := s.acquire("a")
	s.append("a", old, 0, 2)
	token, last := s.acquire("a")
	equal(s, "last event", last, 2)
	if token <= old {
		t.Fatalf("token %d was issued after %d", token, old)
	}
	s.fenced("a", old, token, 2)
	s.append("a", token, 2, 1)
	s.fenced("a", old, token, 3)
	s.holds("a", 1, 3)

	previous := token
	for range 50 {
		next, _ := s.acquire("a")
		if next <= previous {
			t.Fatalf("token %d was issued after %d", next, previous)
		}
		previous = next
	}
}

// fenced checks that token can do nothing in a journal that owner writes.
func (s *suite) fenced(id store.PersistenceID, token, owner store.Token, last store.Seq) {
	s.Helper()
	before := s.head(id)
	_, appended := s.j.Append(s.ctx(), id, token, last, event("zombie"))
	_, stale := s.j.Append(s.ctx(), id, token, last+7, event("zombie"))
	for _, err := range []error{
		appended, stale,
		s.j.SaveSnapshot(s.ctx(), id, token, store.Snapshot{Seq: last, Payload: []byte("zombie")}),
		s.j.DeleteTo(s.ctx(), id, token, last),
		s.j.Delete(s.ctx(), id, token),
	} {
		s.is(err, store.ErrFenced)
		var f *store.FencedError
		if !errors.As(err, &f) {
			s.Fatalf("no FencedError in %v", err)
		}
		equal(s, "facts", *f, store.FencedError{ID: id, Token: token, Owner: owner})
	}
	equal(s, "head after a zombie", s.head(id), before)
	snap, err := s.j.LatestSnapshot(s.ctx(), id)
	s.ok(err)
	if string(snap.Payload) == "zombie" {
		s.Fatal("a zombie has saved a snapshot")
	}
}

func foreignTokens(t *testing.T, s *suite) {
	token, last, err := s.j.Acquire(s.ctx(), "a", 1000)
	s.ok(err)
	equal(s, "token", token, 1000)
	s.append("a", token, last, 1)
	for _, t := range []store.Token{1, 999, 1000} { // each is good for one incarnation
		_, _, err := s.j.Acquire(s.ctx(), "a", t)
		s.is(err, store.ErrFenced)
	}
	s.append("a", token, 1, 1) // a refused one fences nobody
	token, last, err = s.j.Acquire(s.ctx(), "a", 5000)
	s.ok(err)
	equal(s, "last event", last, 2)
	s.fenced("a", 1000, 5000, 2)
	s.fenced("a", 6000, 5000, 2)
	next, _ := s.acquire("a")
	equal(s, "token", next, token+1)
	equal(s, "head of another journal", s.head("b"), store.Head{})

	_, _, err = s.j.Acquire(s.ctx(), "a", store.MaxToken+1)
	s.is(err, store.ErrInvalid)
	_, _, err = s.j.Acquire(s.ctx(), "a", store.MaxToken)
	s.ok(err)
	_, _, err = s.j.Acquire(s.ctx(), "a", store.NextToken)
	s.is(err, store.ErrInvalid)
}

func neverAcquired(t *testing.T, s *suite) {
	s.fenced("a", 1, 0, 1)
	equal(s, "ids", len(s.ids("")), 0)
}

func oneWriterWins(t *testing.T, s *suite) {
	token, last := s.acquire("a")
	for range 30 { // many appends with one expectation: one gets in
		var won atomic.Int32
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				_, err := s.j.Append(s.ctx(), "a", token, last, numbered(last, 2)...)
				if err == nil {
					won.Add(1)
				} else if !errors.Is(err, store.ErrConflict) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		equal(s, "winners", won.Load(), 1)
		last += 2
	}
	s.holds("a", 1, last)
}

func concurrentWriters(t *testing.T, s *suite) {
	const writers, appends = 30, 10
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			id := store.PersistenceID(fmt.Sprintf("w/%02d", w))
			token, last, err := s.j.Acquire(s.ctx(), id, store.NextToken)
			if err != nil {
				t.Error(err)
				return
			}
			for i := range appends {
				if w%5 == 0 { // every fifth is wrong half of the time, which is nobody else's business
					if _, err := s.j.Append(s.ctx(), id, token, last+1, event("x")); !errors.Is(err, store.ErrConflict) {
						t.Errorf("error is %v, want a conflict", err)
					}
				}
				n := 1 + i%3
				if last, err = s.j.Append(s.ctx(), id, token, last, numbered(last, n)...); err != nil {
					t.Error(err)
					return
				}
				// What is acknowledged is there to be read.
				if h, err := s.j.Head(s.ctx(), id); err != nil || h.Highest != last {
					t.Errorf("after event %d the head is %v, %v", last, h, err)
				}
			}
		})
	}
	wg.Wait()
	got := s.ids("w/")
	equal(s, "journals", len(got), writers)
	for _, id := range got {
		s.holds(id, 1, s.head(id).Highest)
		equal(s, "events", s.head(id).Highest, 19)
	}
}

// concurrentTakeovers lets incarnations take one journal from each other while
// they write: tokens are unique, and nobody writes after a newer one has.
func concurrentTakeovers(t *testing.T, s *suite) {
	var mu sync.Mutex
	tokens := map[store.Token]bool{}
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			for range 10 {
				token, last, err := s.j.Acquire(s.ctx(), "a", store.NextToken)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if tokens[token] {
					t.Errorf("token %d was issued twice", token)
				}
				tokens[token] = true
				mu.Unlock()
				for range 5 {
					if last, err = s.j.Append(s.ctx(), "a", token, last, event(fmt.Sprint(token))); err != nil {
						if !errors.Is(err, store.ErrFenced) {
							t.Error(err)
						}
						break
					}
				}
			}
		})
	}
	wg.Wait()
	var newest int
	for _, p := range s.replay("a", 1, store.MaxSeq) {
		var token int
		if _, err := fmt.Sscan(p, &token); err != nil || token < newest {
			t.Fatalf("an event of token %s follows one of %d", p, newest)
		}
		newest = token
	}
}

func snapshot(t *testing.T, s *suite) {
	token, _ := s.acquire("a")
	s.is(s.j.SaveSnapshot(s.ctx(), "a", token, store.Snapshot{Seq: 0}), store.ErrInvalid)
	s.is(s.j.SaveSnapshot(s.ctx(), "a", token, store.Snapshot{Seq: 1}), store.ErrInvalid) // not there yet
	last := s.append("a", token, 0, 10)
	s.is(s.j.SaveSnapshot(s.ctx(), "a", token, store.Snapshot{Seq: 11}), store.ErrInvalid)

	save := func(seq store.Seq, payload string) {
		t.Helper()
		e := event(payload)
		s.ok(s.j.SaveSnapshot(s.ctx(), "a", token, store.Snapshot{Seq: seq, Manifest: e.Manifest, Payload: e.Payload, Time: e.Time}))
	}
	latest := func(seq store.Seq, payload string) {
		t.Helper()
		got, err := s.j.LatestSnapshot(s.ctx(), "a")
		s.ok(err)
		equal(s, "snapshot's event", got.Seq, seq)
		equal(s, "payload", string(got.Payload), payload)
		equal(s, "manifest", got.Manifest, "test@1")
		equal(s, "time", got.Time, event("").Time.UTC())
	}
	save(5, "five")
	latest(5, "five")
	save(7, "")
	latest(7, "")
	save(6, "six") // an older one comes too late
	latest(7, "")
	save(7, "seven")
	latest(7, "seven")

	// A new incarnation starts from it.
	token, last2 := s.acquire("a")
	equal(s, "last event", last2, last)
	snap, err := s.j.LatestSnapshot(s.ctx(), "a")
	s.ok(err)
	equal(s, "rest", fmt.Sprint(s.replay("a", snap.Seq+1, last)), "[8 9 10]")
	save(last, "ten")
	latest(10, "ten")
}

func settle(t *testing.T, s *suite) {
	token, _ := s.acquire("a")
	s.append("a", token, 0, 2)
	unknown := func(token store.Token, expect store.Seq, n int) *store.UnknownError {
		return &store.UnknownError{Op: "append", ID: "a", Token: token, Expect: expect, Events: n}
	}
	written, err := store.Settle(s.ctx(), s.j, unknown(token, 2, 3))
	s.ok(err)
	equal(s, "written", written, false)
	written, err = store.Settle(s.ctx(), s.j, unknown(token, 0, 2))
	s.ok(err)
	equal(s, "written", written, true)
	_, err = store.Settle(s.ctx(), s.j, unknown(token, 0, 1))
	s.is(err, store.ErrConflict)
	_, err = store.Settle(s.ctx(), s.j, &store.UnknownError{Op: "delete", ID: "a", Token: token})
	s.is(err, store.ErrInvalid)
	s.acquire("a")
	_, err = store.Settle(s.ctx(), s.j, unknown(token, 2, 3))
	s.is(err, store.ErrFenced)
}
