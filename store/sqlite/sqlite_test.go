package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/store"
	"github.com/kista-go/kista/store/sqlite"
	"github.com/kista-go/kista/store/storetest"
)

func openAt(t testing.TB, path string, cfg sqlite.Config) *sqlite.Journal {
	t.Helper()
	j, err := sqlite.Open(path, cfg)
	assert.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, j.Close()) })
	return j
}

func open(t testing.TB, cfg sqlite.Config) *sqlite.Journal {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "journal.db"), cfg)
}

func acquire(t testing.TB, j store.Journal, id store.PersistenceID) (store.Token, store.Seq) {
	t.Helper()
	token, last, err := j.Acquire(t.Context(), id, store.NextToken)
	assert.NoError(t, err)
	return token, last
}

func add(t testing.TB, j store.Journal, id store.PersistenceID, token store.Token, last store.Seq, payloads ...string) store.Seq {
	t.Helper()
	var ev []store.Event
	for _, p := range payloads {
		ev = append(ev, store.Event{Manifest: "test@1", Payload: []byte(p)})
	}
	last, err := j.Append(t.Context(), id, token, last, ev...)
	assert.NoError(t, err)
	return last
}

func TestConformance(t *testing.T) {
	storetest.Run(t, storetest.Driver{
		Open: func(t testing.TB, l store.Limits) store.Journal { return open(t, sqlite.Config{Limits: l}) },
		Reopen: func(t testing.TB, j store.Journal) store.Journal {
			old := j.(*sqlite.Journal)
			assert.NoError(t, old.Close())
			return openAt(t, old.Path(), sqlite.Config{})
		},
	})
}

// One request per group and one connection: everything that may wait for
// something else does.
func TestConformanceNarrow(t *testing.T) {
	storetest.Run(t, storetest.Driver{
		Open: func(t testing.TB, l store.Limits) store.Journal {
			l.MaxQueue = 1
			return open(t, sqlite.Config{Limits: l, MaxGroup: 1, Readers: 1})
		},
	})
}
