package store_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kista-go/kista/store"
	"github.com/kista-go/kista/store/memory"
	"github.com/kista-go/kista/store/sqlite"
)

// model is what a store is meant to be, with nothing of what makes a real one
// hard: every journal is a list, and nothing happens at the same time.
type model map[store.PersistenceID]*modelJournal

type modelJournal struct {
	token   store.Token
	events  []string // all ever appended
	deleted int
	listed  bool
	snap    store.Snapshot
}

func (m model) at(id store.PersistenceID) *modelJournal {
	if m[id] == nil {
		m[id] = &modelJournal{}
	}
	return m[id]
}

// driver makes the store under test; reopen is nil where it would be empty.
type driver struct {
	open   func(rt *rapid.T) store.Journal
	reopen func(rt *rapid.T, j store.Journal) store.Journal
	close  func(store.Journal) error
}

func TestModelMemory(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		checkModel(rt, driver{
			open: func(rt *rapid.T) store.Journal {
				j, err := memory.New(memory.Config{})
				fatal(rt, err)
				return j
			},
			close: func(j store.Journal) error { return j.(*memory.Journal).Close() },
		})
	})
}

func TestModelSQLite(t *testing.T) {
	open := func(rt *rapid.T, path string) store.Journal {
		j, err := sqlite.Open(path, sqlite.Config{})
		fatal(rt, err)
		return j
	}
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "") //nolint:usetesting // one for each of rapid's runs, within the test's
		fatal(rt, err)
		checkModel(rt, driver{
			open: func(rt *rapid.T) store.Journal { return open(rt, filepath.Join(dir, "journal.db")) },
			reopen: func(rt *rapid.T, j store.Journal) store.Journal {
				old := j.(*sqlite.Journal)
				fatal(rt, old.Close())
				return open(rt, old.Path())
			},
			close: func(j store.Journal) error { return j.(*sqlite.Journal).Close() },
		})
	})
}

func fatal(rt *rapid.T, err error) {
	rt.Helper()
	if err != nil {
		rt.Fatal(err)
	}
}

// want fails unless err is target, which may be nil.
func want(rt *rapid.T, what string, err, target error) {
	rt.Helper()
	if !errors.Is(err, target) {
		rt.Fatalf("%s: %v, want %v", what, err, target)
	}
}

func checkModel(rt *rapid.T, d driver) {
	j := d.open(rt)
	defer func() { fatal(rt, d.close(j)) }()
	ctx, m := rt.Context(), model{}
	var touched store.PersistenceID
	drawID := func() store.PersistenceID {
		touched = store.PersistenceID(rapid.SampledFrom([]string{"a", "a/1", "a/2", "b", "\u00e9"}).Draw(rt, "id"))
		return touched
	}
	// Tokens and numbers are right more often than not, and else near to it.
	drawToken := func(e *modelJournal) store.Token {
		off := rapid.SampledFrom([]int{0, 0, 0, 0, -1, 1, -2}).Draw(rt, "token off")
		return store.Token(max(1, int(e.token)+off))
	}
	drawSeq := func(e *modelJournal, name string) store.Seq {
		return store.Seq(max(0, len(e.events)+rapid.SampledFrom([]int{0, 0, 0, 0, -1, 1, -3, -10, 5}).Draw(rt, name)))
	}
	fenced := func(e *modelJournal, t store.Token) bool { return e.token == 0 || t != e.token }
	serial := 0

	actions := map[string]func(*rapid.T){
		"acquire": func(rt *rapid.T) {
			id := drawID()
			e := m.at(id)
			got, last, err := j.Acquire(ctx, id, store.NextToken)
			want(rt, "acquire", err, nil)
			if got != e.token+1 || last != store.Seq(len(e.events)) {
				rt.Fatalf("acquired %d, %d; want %d, %d", got, last, e.token+1, len(e.events))
			}
			e.token, e.listed = got, true
		},
		"claim": func(rt *rapid.T) {
			id := drawID()
			e := m.at(id)
			t := store.Token(max(1, int(e.token)+rapid.IntRange(-1, 5).Draw(rt, "token off")))
			got, last, err := j.Acquire(ctx, id, t)
			if t <= e.token {
				want(rt, "claim", err, store.ErrFenced)
				return
			}
			want(rt, "claim", err, nil)
			if got != t || last != store.Seq(len(e.events)) {
				rt.Fatalf("claimed %d, %d; want %d, %d", got, last, t, len(e.events))
			}
			e.token, e.listed = t, true
		},
		"append": func(rt *rapid.T) {
			id := drawID()
			e := m.at(id)
			t, expect := drawToken(e), drawSeq(e, "expect")
			var ev []store.Event
			var payloads []string
			for range rapid.IntRange(1, 4).Draw(rt, "events") {
				serial++
				p := fmt.Sprint(serial) + strings.Repeat("x", rapid.SampledFrom([]int{0, 1, 100, 5000}).Draw(rt, "size"))
				ev, payloads = append(ev, store.Event{Manifest: "m", Payload: []byte(p)}), append(payloads, p)
			}
			last, err := j.Append(ctx, id, t, expect, ev...)
			switch {
			case fenced(e, t):
				want(rt, "append", err, store.ErrFenced)
			case int(expect) != len(e.events):
				want(rt, "append", err, store.ErrConflict)
			default:
				want(rt, "append", err, nil)
				e.events, e.listed = append(e.events, payloads...), true
				if last != store.Seq(len(e.events)) {
					rt.Fatalf("append returned %d, want %d", last, len(e.events))
				}
			}
		},
		"snapshot": func(rt *rapid.T) {
			id := drawID()
			e := m.at(id)
			t, seq := drawToken(e), max(1, drawSeq(e, "seq"))
			serial++
			s := store.Snapshot{Seq: seq, Manifest: "s", Payload: fmt.Append(nil, serial), Time: time.Unix(int64(serial), 0).UTC()}
			err := j.SaveSnapshot(ctx, id, t, s)
			switch {
			case fenced(e, t):
				want(rt, "snapshot", err, store.ErrFenced)
			case int(seq) > len(e.events):
				want(rt, "snapshot", err, store.ErrInvalid)
			default:
				want(rt, "snapshot", err, nil)
				if e.listed = true; seq >= e.snap.Seq {
					e.snap = s
				}
			}
		},
		"delete to": func(rt *rapid.T) {
			id := drawID()
			e := m.at(id)
			t, to := drawToken(e), drawSeq(e, "to")
			err := j.DeleteTo(ctx, id, t, to)
			if fenced(e, t) {
				want(rt, "delete to", err, store.ErrFenced)
				return
			}
			want(rt, "delete to", err, nil)
			e.deleted = max(e.deleted, min(int(to), len(e.events)))
		},
		"delete": func(rt *rapid.T) {
			id := drawID()
			e := m.at(id)
			t := drawToken(e)
			err := j.Delete(ctx, id, t)
			if fenced(e, t) {
				want(rt, "delete", err, store.ErrFenced)
				return
			}
			want(rt, "delete", err, nil)
			e.deleted, e.listed, e.snap = len(e.events), false, store.Snapshot{}
		},
		"replay": func(rt *rapid.T) {
			id := drawID()
			e := m.at(id)
			from, to := drawSeq(e, "from"), drawSeq(e, "to")
			var got []string
			err := j.Replay(ctx, id, from, to, func(seq store.Seq, ev store.Event) error {
				got = append(got, fmt.Sprint(seq, " ", string(ev.Payload)))
				return nil
			})
			first := int(from)
			if first == 0 {
				first = e.deleted + 1
			}
			end := min(int(to), len(e.events))
			if first <= e.deleted && first <= end {
				want(rt, "replay", err, store.ErrDeleted)
				return
			}
			want(rt, "replay", err, nil)
			var all []string
			for i := first; i <= end; i++ {
				all = append(all, fmt.Sprint(i, " ", e.events[i-1]))
			}
			if !slices.Equal(got, all) {
				rt.Fatalf("replay from %d to %d gives %q, want %q", from, to, got, all)
			}
		},
		"ids": func(rt *rapid.T) {
			prefix := rapid.SampledFrom([]string{"", "a", "a/", "b", "c"}).Draw(rt, "prefix")
			var got, all []store.PersistenceID
			for id, err := range j.IDs(ctx, prefix) {
				fatal(rt, err)
				got = append(got, id)
			}
			for id, e := range m {
				if e.listed && strings.HasPrefix(string(id), prefix) {
					all = append(all, id)
				}
			}
			slices.Sort(all)
			if !slices.Equal(got, all) {
				rt.Fatalf("ids with prefix %q are %q, want %q", prefix, got, all)
			}
		},
		"": func(rt *rapid.T) { // after each action
			if touched != "" {
				same(rt, j, touched, m.at(touched))
			}
		},
	}
	if d.reopen != nil {
		actions["reopen"] = func(rt *rapid.T) { j = d.reopen(rt, j) }
	}
	rt.Repeat(actions)
	for id, e := range m { // nor has any other changed
		same(rt, j, id, e)
	}
}

// same compares what is known of a journal without its events.
func same(rt *rapid.T, j store.Journal, id store.PersistenceID, e *modelJournal) {
	rt.Helper()
	h, err := j.Head(rt.Context(), id)
	fatal(rt, err)
	if h != (store.Head{Token: e.token, Highest: store.Seq(len(e.events)), DeletedTo: store.Seq(e.deleted)}) {
		rt.Fatalf("head of %q is %+v, want %+v", id, h, *e)
	}
	s, err := j.LatestSnapshot(rt.Context(), id)
	fatal(rt, err)
	if s.Seq != e.snap.Seq || string(s.Payload) != string(e.snap.Payload) || s.Manifest != e.snap.Manifest || !s.Time.Equal(e.snap.Time) {
		rt.Fatalf("snapshot of %q is %+v, want %+v", id, s, e.snap)
	}
}
