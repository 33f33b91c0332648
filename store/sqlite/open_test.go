package sqlite_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/store"
	"github.com/kista-go/kista/store/sqlite"
)

func TestOpenLockedHere(t *testing.T) {
	j := open(t, sqlite.Config{})
	_, err := sqlite.Open(j.Path(), sqlite.Config{})
	l := assert.ErrorAs[*store.LockedError](t, err)
	assert.Equal(t, *l, store.LockedError{Path: j.Path() + ".lock", PID: os.Getpid()})
	acquire(t, j, "a") // the attempt has not harmed the holder

	if runtime.GOOS != "windows" { // one file under two names is one file
		link := filepath.Join(t.TempDir(), "link.db")
		assert.NoError(t, os.Symlink(j.Path(), link))
		_, err = sqlite.Open(link, sqlite.Config{})
		assert.ErrorIs(t, err, store.ErrLocked)
	}
	assert.NoError(t, j.Close())
	openAt(t, j.Path(), sqlite.Config{})
}

func TestOpenNewerVersion(t *testing.T) {
	j := open(t, sqlite.Config{})
	assert.NoError(t, j.Close())
	_, err := outside(t, j.Path()).Exec("pragma user_version = 2")
	assert.NoError(t, err)
	for range 2 { // and the lock is free again
		_, err = sqlite.Open(j.Path(), sqlite.Config{})
		v := assert.ErrorAs[*store.VersionError](t, err)
		assert.Equal(t, *v, store.VersionError{Path: j.Path(), Found: 2, Max: 1})
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	other := filepath.Join(dir, "other.db")
	_, err := outside(t, other).Exec("create table users (name text)")
	assert.NoError(t, err)
	garbage := filepath.Join(dir, "garbage.db")
	assert.NoError(t, os.WriteFile(garbage, []byte("this is not a database, whatever its name says. "), 0o600))

	for _, c := range []struct {
		name, path string
		cfg        sqlite.Config
		want       error
	}{
		{"another database", other, sqlite.Config{}, store.ErrInvalid},
		{"no database", garbage, sqlite.Config{}, store.ErrCorrupt},
		{"no path", "", sqlite.Config{}, store.ErrInvalid},
		{"negative limit", filepath.Join(dir, "a.db"), sqlite.Config{Limits: store.Limits{MaxQueue: -1}}, store.ErrInvalid},
		{"negative readers", filepath.Join(dir, "a.db"), sqlite.Config{Readers: -1}, store.ErrInvalid},
		{"negative group", filepath.Join(dir, "a.db"), sqlite.Config{MaxGroup: -1}, store.ErrInvalid},
	} {
		_, err := sqlite.Open(c.path, c.cfg)
		assert.ErrorIs(t, err, c.want)
	}
	var n int
	assert.NoError(t, outside(t, other).QueryRow("select count(*) from sqlite_schema").Scan(&n))
	assert.Equal(t, n, 1) // untouched
	_, err = os.Stat(filepath.Join(dir, "a.db"))
	assert.ErrorIs(t, err, os.ErrNotExist)
	_, err = sqlite.Open(dir, sqlite.Config{})
	assert.True(t, err != nil, "a directory was opened")
}

func TestOpenMakesPrivateFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new ?#%", "sub", "journal.db")
	j := openAt(t, path, sqlite.Config{})
	acquire(t, j, "a")
	for _, suffix := range []string{"", "-wal", ".lock"} {
		fi, err := os.Stat(j.Path() + suffix)
		assert.NoError(t, err)
		if runtime.GOOS != "windows" {
			assert.Equal(t, fi.Mode().Perm(), os.FileMode(0o600))
		}
	}
}

// TestReaderDoesNotHoldTheWriter appends while a replay is in its callback, on
// the only connection that reads, and sees the log start anew meanwhile.
func TestReaderDoesNotHoldTheWriter(t *testing.T) {
	j := open(t, sqlite.Config{Readers: 1})
	token, last := acquire(t, j, "a")
	last = add(t, j, "a", token, last, make([]string, 300)...)
	writer, wlast := acquire(t, j, "b")
	n := 0
	assert.NoError(t, j.Replay(t.Context(), "a", 1, last, func(store.Seq, store.Event) error {
		if n++; n%5 == 0 {
			wlast = add(t, j, "b", writer, wlast, string(make([]byte, 200_000)))
		}
		return nil
	}))
	assert.Equal(t, n, 300)
	fi, err := os.Stat(j.Path() + "-wal")
	assert.NoError(t, err)
	assert.True(t, fi.Size() < 8<<20, "the log has grown to %d bytes", fi.Size()) // of 12 MB written
}

// TestCloseLeavesOneFile shows that Close really closes the database: SQLite
// then brings the log home and removes it.
func TestCloseLeavesOneFile(t *testing.T) {
	j := open(t, sqlite.Config{})
	token, last := acquire(t, j, "a")
	add(t, j, "a", token, last, "x")
	assert.NoError(t, j.Replay(t.Context(), "a", 1, 1, func(store.Seq, store.Event) error { return nil }))
	assert.NoError(t, j.Close())
	for _, suffix := range []string{"-wal", "-shm"} {
		_, err := os.Stat(j.Path() + suffix)
		assert.ErrorIs(t, err, os.ErrNotExist)
	}
}
