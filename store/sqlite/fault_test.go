package sqlite_test

import (
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/store"
	"github.com/kista-go/kista/store/sqlite"
)

func TestDiskFull(t *testing.T) {
	j := open(t, sqlite.Config{})
	token, last := acquire(t, j, "a")
	small, smallLast := acquire(t, j, "small")
	assert.NoError(t, j.MaxPages(20))
	_, err := j.Append(t.Context(), "a", token, last, store.Event{Payload: make([]byte, 1<<20)})
	assert.True(t, err != nil && strings.Contains(err.Error(), "full"), "error is %v", err)
	assert.True(t, !errors.Is(err, store.ErrUnknown) && !errors.Is(err, store.ErrFailed), "nothing was written: %v", err)

	// What still fits is written, and all of it when there is room again.
	add(t, j, "small", small, smallLast, "x")
	assert.NoError(t, j.MaxPages(1000))
	_, err = j.Append(t.Context(), "a", token, last, store.Event{Payload: make([]byte, 1<<20)})
	assert.NoError(t, err)
}

// faulty opens a store whose next arrival at stage ends as f does, once armed.
func faulty(t *testing.T, stage string, f func() error) (j *sqlite.Journal, arm func()) {
	t.Helper()
	var armed atomic.Bool
	j, err := sqlite.OpenHooked(filepath.Join(t.TempDir(), "journal.db"), sqlite.Config{}, func(s string) error {
		if s == stage && armed.CompareAndSwap(true, false) {
			return f()
		}
		return nil
	})
	assert.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, j.Close()) })
	return j, func() { armed.Store(true) }
}

func TestFaults(t *testing.T) {
	boom := errors.New("boom")
	fail := func() error { return boom }
	crash := func() error { panic("crash") }
	for _, c := range []struct {
		name, stage string
		f           func() error
		want        error // of the request that meets the fault
		usable      bool  // afterwards
	}{
		{"begin fails", "begin", fail, boom, true},
		{"statement fails", "append", fail, boom, true},
		{"commit fails", "commit", fail, store.ErrUnknown, false},
		{"begin panics", "begin", crash, store.ErrFailed, false},
		{"statement panics", "append", crash, store.ErrFailed, false},
		{"commit panics", "commit", crash, store.ErrUnknown, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			j, arm := faulty(t, c.stage, c.f)
			token, last := acquire(t, j, "a")
			last = add(t, j, "a", token, last, "one")
			arm()
			_, err := j.Append(t.Context(), "a", token, last, store.Event{Payload: []byte("two")})
			assert.ErrorIs(t, err, c.want)
			assert.Equal(t, j.Stats().Faults, int64(1))
			if c.usable {
				add(t, j, "a", token, last, "two")
				return
			}
			_, err2 := j.Append(t.Context(), "a", token, last, store.Event{})
			assert.ErrorIs(t, err2, store.ErrFailed)
			_, err2 = j.Head(t.Context(), "a")
			assert.ErrorIs(t, err2, store.ErrFailed)
			assert.NoError(t, j.Close())

			// Opening again brings certainty.
			again := openAt(t, j.Path(), sqlite.Config{})
			if u, ok := errors.AsType[*store.UnknownError](err); ok {
				written, err := store.Settle(t.Context(), again, u)
				assert.NoError(t, err)
				assert.Equal(t, written, false)
			}
			add(t, again, "a", token, last, "two")
		})
	}
}

// TestPurgeFault lets the removal of deleted rows fail: nobody else notices.
func TestPurgeFault(t *testing.T) {
	j, _ := faulty(t, "purge", nil)
	token, _ := acquire(t, j, "a")
	add(t, j, "a", token, 0, "one", "two")
	_, err := outside(t, j.Path()).Exec(`create trigger stop before delete on event begin select raise(abort, 'no'); end`)
	assert.NoError(t, err)
	assert.NoError(t, j.DeleteTo(t.Context(), "a", token, 1))
	add(t, j, "a", token, 2, "three")
	assert.True(t, j.Stats().Faults > 0, "the fault is not counted")
}

// TestPurge shows that the rows of deleted events go at last, however many.
func TestPurge(t *testing.T) {
	j := open(t, sqlite.Config{})
	token, last := acquire(t, j, "a")
	for range 3 {
		last = add(t, j, "a", token, last, make([]string, 700)...)
	}
	assert.NoError(t, j.DeleteTo(t.Context(), "a", token, 2000))
	db := outside(t, j.Path())
	for range 100 {
		_, err := j.Head(t.Context(), "a") // each goes through the writer
		assert.NoError(t, err)
		var rows int
		assert.NoError(t, db.QueryRow("select count(*) from event").Scan(&rows))
		if rows == 100 {
			n := 0
			assert.NoError(t, j.Replay(t.Context(), "a", 2001, store.MaxSeq, func(store.Seq, store.Event) error { n++; return nil }))
			assert.Equal(t, n, 100)
			return
		}
	}
	t.Fatal("the rows of deleted events are still there")
}
