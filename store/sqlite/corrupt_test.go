package sqlite_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/store"
	"github.com/kista-go/kista/store/sqlite"
)

func TestTampered(t *testing.T) {
	for _, c := range []struct{ name, sql string }{
		{"payload", "update event set payload = x'00' where seq = 2"},
		{"payload's length", "update event set payload = cast(payload || x'00' as blob) where seq = 2"},
		{"manifest", "update event set manifest = 'other' where seq = 2"},
		{"time", "update event set time = time + 1 where seq = 2"},
		{"sum", "update event set sum = sum + 1 where seq = 2"},
		{"sum out of range", "update event set sum = -1 where seq = 2"},
		{"missing", "delete from event where seq = 2"},
		{"exchanged", "update event set seq = seq + 100 where seq < 3; update event set seq = 3 - (seq - 100) where seq > 100; delete from event where seq = 1"},
		{"of another journal", "update event set payload = (select payload from event where journal = 2 and seq = 2), sum = (select sum from event where journal = 2 and seq = 2) where journal = 1 and seq = 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := open(t, sqlite.Config{Readers: 1})
			for _, id := range []store.PersistenceID{"a", "b"} {
				token, last := acquire(t, j, id)
				add(t, j, id, token, last, string(id)+"1", string(id)+"2", string(id)+"3")
			}
			_, err := outside(t, j.Path()).Exec(c.sql)
			assert.NoError(t, err)
			for range 3 {
				err = j.Replay(t.Context(), "a", 2, 2, func(seq store.Seq, e store.Event) error {
					return fmt.Errorf("got event %d, %q", seq, e.Payload)
				})
				e := assert.ErrorAs[*store.CorruptError](t, err)
				assert.Equal(t, *e, store.CorruptError{ID: "a", Seq: 2, Problem: e.Problem})
			}
			n := 0
			assert.NoError(t, j.Replay(t.Context(), "a", 3, 3, func(store.Seq, store.Event) error { n++; return nil }))
			assert.Equal(t, n, 1) // the rest can be had
		})
	}
}

func TestTamperedSnapshot(t *testing.T) {
	j := open(t, sqlite.Config{})
	token, last := acquire(t, j, "a")
	last = add(t, j, "a", token, last, "x")
	assert.NoError(t, j.SaveSnapshot(t.Context(), "a", token, store.Snapshot{Seq: last, Payload: []byte("state")}))
	_, err := outside(t, j.Path()).Exec("update snapshot set payload = x'00'")
	assert.NoError(t, err)
	_, err = j.LatestSnapshot(t.Context(), "a")
	e := assert.ErrorAs[*store.CorruptError](t, err)
	assert.Equal(t, e.ID, store.PersistenceID("a"))
	// A new one takes its place.
	assert.NoError(t, j.SaveSnapshot(t.Context(), "a", token, store.Snapshot{Seq: last, Payload: []byte("state")}))
	_, err = j.LatestSnapshot(t.Context(), "a")
	assert.NoError(t, err)
}

// TestFlippedBits damages the file itself, anywhere: what comes out is the
// truth or an error, and never a panic.
func TestFlippedBits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	j := openAt(t, path, sqlite.Config{})
	token, last := acquire(t, j, "a")
	for i := range 30 {
		last = add(t, j, "a", token, last, fmt.Sprintf("%d %s", last+1, bytes.Repeat([]byte{byte(i)}, 300)))
	}
	assert.NoError(t, j.Close())
	good, err := os.ReadFile(path)
	assert.NoError(t, err)
	truth := 0
	for i := range 60 {
		bad := bytes.Clone(good)
		at := rand.IntN(len(bad))
		if i > 0 { // the first round shows that an undamaged copy is whole
			bad[at] ^= 1 << rand.IntN(8)
		}
		path := filepath.Join(t.TempDir(), "bad.db")
		assert.NoError(t, os.WriteFile(path, bad, 0o600))
		j, err := sqlite.Open(path, sqlite.Config{})
		if err != nil {
			continue
		}
		var n store.Seq
		err = j.Replay(t.Context(), "a", 1, last, func(seq store.Seq, e store.Event) error {
			n++
			if want := fmt.Sprintf("%d %s", seq, bytes.Repeat([]byte{byte(seq - 1)}, 300)); string(e.Payload) != want {
				t.Errorf("round %d, byte %d: event %d is a lie", i, at, seq)
			}
			return nil
		})
		if err == nil && n == last {
			truth++
		} else if i == 0 {
			t.Fatalf("an undamaged copy gives %d events, %v", n, err)
		}
		assert.NoError(t, j.Close())
	}
	t.Logf("%d of 60 damaged files gave everything", truth)
}

// FuzzRow puts any row in the place of an event: a replay gives the event that
// was appended or says that it is corrupt.
func FuzzRow(f *testing.F) {
	ctx := context.Background()
	j, err := sqlite.Open(filepath.Join(f.TempDir(), "journal.db"), sqlite.Config{})
	assert.NoError(f, err)
	f.Cleanup(func() { assert.NoError(f, j.Close()) })
	token, last, err := j.Acquire(ctx, "a", store.NextToken)
	assert.NoError(f, err)
	want := store.Event{Manifest: "m@1", Payload: []byte("payload"), Time: time.Unix(1, 1).UTC()}
	_, err = j.Append(ctx, "a", token, last, want)
	assert.NoError(f, err)
	db := outside(f, j.Path())
	sum := sqlite.Checksum("a", 1, want.Time.UnixNano(), want.Manifest, want.Payload)

	f.Add(want.Time.UnixNano(), want.Manifest, want.Payload, sum)
	f.Add(want.Time.UnixNano(), want.Manifest+"p", want.Payload[1:], sum)
	f.Add(int64(0), "", []byte{}, int64(0))
	f.Add(int64(-1<<63), "\xff\x00", []byte("payload"), int64(-1))
	f.Fuzz(func(t *testing.T, nanos int64, manifest string, payload []byte, sum int64) {
		if payload == nil {
			payload = []byte{}
		}
		_, err := db.Exec("update event set time = ?, manifest = ?, payload = ?, sum = ?", nanos, manifest, payload, sum)
		assert.NoError(t, err)
		var got []store.Event
		err = j.Replay(ctx, "a", 1, 1, func(_ store.Seq, e store.Event) error {
			got = append(got, e)
			return nil
		})
		// A sum that matches makes any row a good one: the sum finds
		// accidents, not forgers.
		if errors.Is(err, store.ErrCorrupt) {
			if sum == sqlite.Checksum("a", 1, nanos, manifest, payload) && len(got) == 0 {
				t.Fatalf("a good row is refused: %v", err)
			}
			return
		}
		assert.NoError(t, err)
		if len(got) != 1 || sqlite.Checksum("a", 1, got[0].Time.UnixNano(), got[0].Manifest, got[0].Payload) != sum {
			t.Fatalf("replayed %v from a row with sum %d", got, sum)
		}
	})
}
