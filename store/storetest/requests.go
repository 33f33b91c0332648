package storetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/kista-go/kista/store"
)

func ids(t *testing.T, s *suite) {
	all := []store.PersistenceID{"", "a", "a/", "a/1", "a/10", "a/2", "a0", "b", "\u00e4/1", "\u65e5\u672c", "\U0001f4e6"}[1:]
	for i := range all { // not in their order
		s.acquire(all[(i*7)%len(all)])
	}
	for prefix, want := range map[string][]store.PersistenceID{
		"":     all,
		"a":    {"a", "a/", "a/1", "a/10", "a/2", "a0"},
		"a/":   {"a/", "a/1", "a/10", "a/2"},
		"a/1":  {"a/1", "a/10"},
		"ä":    {"ä/1"},
		"\xc3": {"ä/1"}, // bytes, not characters
		"c":    nil,
		"%":    nil,
		"_":    nil,
		"\xff": nil,
	} {
		if got := s.ids(prefix); !slices.Equal(got, want) {
			t.Errorf("ids with prefix %q are %q, want %q", prefix, got, want)
		}
	}
	for id, err := range s.j.IDs(s.ctx(), "a") { // may be left
		s.ok(err)
		equal(s, "first id", id, "a")
		break
	}
}

func idsPaged(t *testing.T, s *suite) {
	const n = 600
	var wg sync.WaitGroup
	for w := range 10 {
		wg.Go(func() {
			for i := w; i < n; i += 10 {
				if _, _, err := s.j.Acquire(s.ctx(), store.PersistenceID(fmt.Sprintf("p/%04d", i)), store.NextToken); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	s.acquire("q")
	i := 0
	for id, err := range s.j.IDs(s.ctx(), "p/") {
		s.ok(err)
		equal(s, "id", id, store.PersistenceID(fmt.Sprintf("p/%04d", i)))
		if i%300 == 0 {
			s.ok(s.j.Delete(s.ctx(), id, 1)) // the loop may use the store
		}
		i++
	}
	equal(s, "ids", i, n)
}

func invalidIDs(t *testing.T, s *suite) {
	for _, id := range []store.PersistenceID{"", store.PersistenceID(strings.Repeat("x", store.MaxIDLen+1)), "a\x00b", "\xff", "a\xc3"} {
		_, _, acquire := s.j.Acquire(s.ctx(), id, store.NextToken)
		_, appended := s.j.Append(s.ctx(), id, 1, 0, event("x"))
		_, snap := s.j.LatestSnapshot(s.ctx(), id)
		_, head := s.j.Head(s.ctx(), id)
		for _, err := range []error{
			acquire, appended, snap, head,
			s.j.Replay(s.ctx(), id, 1, 2, func(store.Seq, store.Event) error { return nil }),
			s.j.SaveSnapshot(s.ctx(), id, 1, store.Snapshot{Seq: 1}),
			s.j.DeleteTo(s.ctx(), id, 1, 1),
			s.j.Delete(s.ctx(), id, 1),
		} {
			s.is(err, store.ErrInvalid)
		}
	}
	equal(s, "ids", len(s.ids("")), 0)
}

func strangeIDs(t *testing.T, s *suite) {
	strange := []store.PersistenceID{
		" ", "'; drop table head; --", "%", "a\nb", "\x01", "..", "/", "é", "e\u0301",
		"\u65e5\u672c\u8a9e", "A", "a", "\U0010ffff", store.PersistenceID(strings.Repeat("x", store.MaxIDLen)),
	}
	for i, id := range strange {
		token, last := s.acquire(id)
		equal(s, "last event of a new journal", last, 0)
		s.append(id, token, 0, i+1)
	}
	for i, id := range strange {
		s.holds(id, 1, store.Seq(i)+1)
	}
	equal(s, "ids", len(s.ids("")), len(strange))
}

func invalidRequests(t *testing.T, s *suite) {
	token, _ := s.acquire("a")
	for name, f := range map[string]func() error{
		"no events":        func() error { _, err := s.j.Append(s.ctx(), "a", token, 0); return err },
		"no token":         func() error { _, err := s.j.Append(s.ctx(), "a", store.NextToken, 0, event("x")); return err },
		"token too great":  func() error { return s.j.DeleteTo(s.ctx(), "a", store.MaxToken+1, 0) },
		"beyond the end":   func() error { _, err := s.j.Append(s.ctx(), "a", token, store.MaxSeq, event("x")); return err },
		"far beyond it":    func() error { _, err := s.j.Append(s.ctx(), "a", token, 1<<63, event("x")); return err },
		"manifest":         func() error { _, err := s.j.Append(s.ctx(), "a", token, 0, store.Event{Manifest: "a\x00"}); return err },
		"snapshot":         func() error { return s.j.SaveSnapshot(s.ctx(), "a", token, store.Snapshot{Seq: 1 << 63}) },
		"snapshot's words": func() error { return s.j.SaveSnapshot(s.ctx(), "a", token, store.Snapshot{Seq: 1, Manifest: "\xff"}) },
	} {
		if err := f(); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: error is %v, want invalid", name, err)
		}
	}
	equal(s, "head", s.head("a"), store.Head{Token: token})
}

func limits(t *testing.T, s *suite) {
	s.j = s.Open(t, store.Limits{MaxPayload: 100, MaxEvents: 5, MaxBatch: 250, MaxSnapshot: 300, MaxQueueBytes: 10})
	token, _ := s.acquire("a")
	sized := func(sizes ...int) (ev []store.Event) {
		for _, n := range sizes {
			ev = append(ev, store.Event{Payload: make([]byte, n)})
		}
		return ev
	}
	last := store.Seq(0)
	for _, c := range []struct {
		ev    []store.Event
		limit string
		max   int64
		got   int64
	}{
		{sized(100, 100, 50), "", 0, 0},
		{sized(101), "MaxPayload", 100, 101},
		{sized(1, 101), "MaxPayload", 100, 101},
		{sized(100, 100, 51), "MaxBatch", 250, 251},
		{sized(0, 0, 0, 0, 0), "", 0, 0},
		{sized(0, 0, 0, 0, 0, 0), "MaxEvents", 5, 6},
	} {
		got, err := s.j.Append(s.ctx(), "a", token, last, c.ev...)
		if c.limit == "" {
			s.ok(err)
			last = got
			continue
		}
		s.is(err, store.ErrLimit)
		var l *store.LimitError
		if !errors.As(err, &l) {
			t.Fatalf("no LimitError in %v", err)
		}
		equal(s, "facts", *l, store.LimitError{ID: "a", Limit: c.limit, Max: c.max, Got: c.got})
	}
	equal(s, "last event", s.head("a").Highest, last)
	s.ok(s.j.SaveSnapshot(s.ctx(), "a", token, store.Snapshot{Seq: 1, Payload: make([]byte, 300)}))
	s.is(s.j.SaveSnapshot(s.ctx(), "a", token, store.Snapshot{Seq: 2, Payload: make([]byte, 301)}), store.ErrLimit)

	s.j = s.Open(t, store.Limits{}) // the defaults take what they say
	token, _ = s.acquire("a")
	d := store.Limits{}.WithDefaults()
	_, err := s.j.Append(s.ctx(), "a", token, 0, sized(d.MaxPayload)...)
	s.ok(err)
	_, err = s.j.Append(s.ctx(), "a", token, 1, sized(d.MaxPayload+1)...)
	s.is(err, store.ErrLimit)
	var got int
	s.ok(s.j.Replay(s.ctx(), "a", 1, 1, func(_ store.Seq, e store.Event) error { got = len(e.Payload); return nil }))
	equal(s, "payload", got, d.MaxPayload)
}

func sharesNothing(t *testing.T, s *suite) {
	token, _ := s.acquire("a")
	payload := []byte("true")
	_, err := s.j.Append(s.ctx(), "a", token, 0, store.Event{Payload: payload})
	s.ok(err)
	s.ok(s.j.SaveSnapshot(s.ctx(), "a", token, store.Snapshot{Seq: 1, Payload: payload}))
	copy(payload, "lies")
	for range 2 {
		s.ok(s.j.Replay(s.ctx(), "a", 1, 1, func(_ store.Seq, e store.Event) error {
			equal(s, "payload", string(e.Payload), "true")
			copy(e.Payload, "lies")
			return nil
		}))
		snap, err := s.j.LatestSnapshot(s.ctx(), "a")
		s.ok(err)
		equal(s, "snapshot", string(snap.Payload), "true")
		copy(snap.Payload, "lies")
	}
}

func contextEnded(t *testing.T, s *suite) {
	token, _ := s.acquire("a")
	s.append("a", token, 0, 600)
	reason := errors.New("reason")
	ctx, cancel := context.WithCancelCause(s.ctx())
	cancel(reason)
	_, _, acquire := s.j.Acquire(ctx, "a", store.NextToken)
	_, appended := s.j.Append(ctx, "a", token, 600, event("x"))
	_, snap := s.j.LatestSnapshot(ctx, "a")
	_, head := s.j.Head(ctx, "a")
	var list error
	for _, err := range s.j.IDs(ctx, "") {
		list = err
	}
	for i, err := range []error{
		acquire, appended, snap, head, list,
		s.j.Replay(ctx, "a", 1, 2, func(store.Seq, store.Event) error { return nil }),
		s.j.SaveSnapshot(ctx, "a", token, store.Snapshot{Seq: 1}),
		s.j.DeleteTo(ctx, "a", token, 1),
		s.j.Delete(ctx, "a", token),
	} {
		if !errors.Is(err, context.Canceled) || !errors.Is(err, reason) || errors.Is(err, store.ErrUnknown) {
			t.Errorf("call %d with an ended context: %v", i, err)
		}
	}
	equal(s, "head", s.head("a"), store.Head{Token: token, Highest: 600})

	ctx, cancel = context.WithCancelCause(s.ctx())
	n := 0
	err := s.j.Replay(ctx, "a", 1, store.MaxSeq, func(store.Seq, store.Event) error {
		if n++; n == 3 {
			cancel(nil)
		}
		return nil
	})
	s.is(err, context.Canceled)
	equal(s, "events before the end", n, 3)
}

// contextEndsAnywhere ends contexts at random moments of an append, and checks
// each answer against what is in the journal.
func contextEndsAnywhere(t *testing.T, s *suite) {
	var wg sync.WaitGroup
	for w := range 20 {
		wg.Go(func() {
			id := store.PersistenceID(fmt.Sprint("w", w))
			token, last, err := s.j.Acquire(s.ctx(), id, store.NextToken)
			for i := 0; err == nil && i < 20; i++ {
				ctx, cancel := context.WithCancel(s.ctx())
				go func() {
					for range (w*i)%97 + 1 {
						runtime.Gosched()
					}
					cancel()
				}()
				var got store.Seq
				got, err = s.j.Append(ctx, id, token, last, numbered(last, 2)...)
				cancel()
				var unknown *store.UnknownError
				switch {
				case err == nil:
					last += 2
					if got != last {
						t.Errorf("append returned %d, want %d", got, last)
					}
				case errors.As(err, &unknown):
					var written bool
					if !errors.Is(err, context.Canceled) {
						t.Errorf("unknown for another reason than the context: %v", err)
					}
					if written, err = store.Settle(s.ctx(), s.j, unknown); written {
						last += 2
					}
				case errors.Is(err, context.Canceled):
					err = nil
				}
				if h, err := s.j.Head(s.ctx(), id); err != nil || h.Highest != last {
					t.Errorf("%s: the head is %v, %v; want highest %d", id, h, err, last)
					return
				}
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, id := range s.ids("") {
		if last := s.head(id).Highest; last > 0 {
			s.holds(id, 1, last)
		}
	}
}

func closed(t *testing.T, s *suite) {
	c, ok := s.j.(io.Closer)
	if !ok {
		t.Skip("the driver has no Close")
	}
	token, _ := s.acquire("a")
	s.append("a", token, 0, 3)
	calls := 0
	err := s.j.Replay(s.ctx(), "a", 1, 3, func(store.Seq, store.Event) error {
		calls++
		return c.Close() // from the inside, and more than once
	})
	if err != nil && !errors.Is(err, store.ErrClosed) {
		t.Fatal(err)
	}
	s.ok(c.Close())
	_, _, acquire := s.j.Acquire(s.ctx(), "a", store.NextToken)
	_, appended := s.j.Append(s.ctx(), "a", token, 3, event("x"))
	_, snap := s.j.LatestSnapshot(s.ctx(), "a")
	_, head := s.j.Head(s.ctx(), "a")
	var list error
	for _, err := range s.j.IDs(s.ctx(), "") {
		list = err
	}
	for _, err := range []error{
		acquire, appended, snap, head, list,
		s.j.Replay(s.ctx(), "a", 1, 2, func(store.Seq, store.Event) error { return nil }),
		s.j.SaveSnapshot(s.ctx(), "a", token, store.Snapshot{Seq: 1}),
		s.j.DeleteTo(s.ctx(), "a", token, 1),
		s.j.Delete(s.ctx(), "a", token),
	} {
		s.is(err, store.ErrClosed)
	}
}

func reopen(t *testing.T, s *suite) {
	if s.Reopen == nil {
		t.Skip("the driver keeps nothing")
	}
	token, _ := s.acquire("a")
	s.append("a", token, 0, 10)
	s.ok(s.j.SaveSnapshot(s.ctx(), "a", token, store.Snapshot{Seq: 6, Manifest: "m", Payload: []byte("six")}))
	s.ok(s.j.DeleteTo(s.ctx(), "a", token, 4))
	gone, _ := s.acquire("gone")
	s.append("gone", gone, 0, 2)
	s.ok(s.j.Delete(s.ctx(), "gone", gone))
	_, _, err := s.j.Acquire(s.ctx(), "foreign", 77)
	s.ok(err)

	for last := store.Seq(10); last < 13; last++ {
		s.j = s.Reopen(t, s.j)
		equal(s, "head", s.head("a"), store.Head{Token: token, Highest: last, DeletedTo: 4})
		equal(s, "head", s.head("gone"), store.Head{Token: gone, Highest: 2, DeletedTo: 2})
		equal(s, "head", s.head("foreign"), store.Head{Token: 77})
		equal(s, "ids", fmt.Sprint(s.ids("")), "[a foreign]")
		s.holds("a", 5, last)
		snap, err := s.j.LatestSnapshot(s.ctx(), "a")
		s.ok(err)
		equal(s, "snapshot", fmt.Sprintf("%d %s %s", snap.Seq, snap.Manifest, snap.Payload), "6 m six")

		s.append("a", token, last, 1) // a token stays good while nobody takes over
		s.j = s.Reopen(t, s.j)
		old := token
		var highest store.Seq
		if token, highest = s.acquire("a"); token <= old {
			t.Fatalf("token %d was issued after %d", token, old)
		}
		equal(s, "last event", highest, last+1)
		s.fenced("a", old, token, highest)
	}
}
