package cache_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/wasm/internal/cache"
)

func open(t *testing.T, dir string, key []byte, most int64) *cache.Store {
	t.Helper()
	s, err := cache.Open(dir, key, most)
	assert.NoError(t, err)
	return s
}

func TestEntriesComeBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "cache")
	s := open(t, dir, nil, 0)
	_, ok := s.Get("a")
	assert.Equal(t, ok, false)
	want := cache.Entry{Path: "x/y", Code: []byte("code")}
	assert.NoError(t, s.Put("a", want))
	for _, s := range []*cache.Store{s, open(t, dir, nil, 0)} { // the key is kept
		got, ok := s.Get("a")
		assert.True(t, ok && got.Path == want.Path && bytes.Equal(got.Code, want.Code), "%v %v", got, ok)
	}
	info, err := os.Stat(dir)
	assert.NoError(t, err)
	assert.Equal(t, info.Mode().Perm(), os.FileMode(0o700))
}

// An entry with any byte changed, cut anywhere, under another name or another key
// is absent, and gone.
func TestOnlyWhatWasWrittenComesBack(t *testing.T) {
	dir := t.TempDir()
	assert.NoError(t, os.Chmod(dir, 0o700))
	key := bytes.Repeat([]byte{1}, 32)
	s := open(t, dir, key, 0)
	assert.NoError(t, s.Put("a", cache.Entry{Path: "p", Code: []byte("code")}))
	path := filepath.Join(dir, "a.code")
	good, err := os.ReadFile(path)
	assert.NoError(t, err)
	write := func(name string, b []byte) {
		assert.NoError(t, os.WriteFile(filepath.Join(dir, name+".code"), b, 0o600))
	}
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 1
		write("a", bad)
		if _, ok := s.Get("a"); ok {
			t.Errorf("byte %d may be changed", i)
		}
		write("a", good[:i])
		if _, ok := s.Get("a"); ok {
			t.Errorf("it may be cut at %d", i)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("a bad entry stays")
		}
	}
	write("b", good)
	_, ok := s.Get("b")
	assert.Equal(t, ok, false)
	write("a", good)
	_, ok = open(t, dir, bytes.Repeat([]byte{2}, 32), 0).Get("a")
	assert.Equal(t, ok, false)
}

func TestDirectoriesThatAreRefused(t *testing.T) {
	base := t.TempDir()
	shared := filepath.Join(base, "shared")
	assert.NoError(t, os.Mkdir(shared, 0o755))
	_, err := cache.Open(shared, nil, 0)
	assert.True(t, err != nil && strings.Contains(err.Error(), "0700"), "%v", err)
	own := filepath.Join(base, "own")
	assert.NoError(t, os.Mkdir(own, 0o700))
	link := filepath.Join(base, "link")
	assert.NoError(t, os.Symlink(own, link))
	_, err = cache.Open(link, nil, 0)
	assert.True(t, err != nil && strings.Contains(err.Error(), "not a directory itself"), "%v", err)
	assert.NoError(t, os.WriteFile(filepath.Join(own, "key"), make([]byte, 32), 0o644))
	_, err = cache.Open(own, nil, 0)
	assert.True(t, err != nil && strings.Contains(err.Error(), "alone"), "%v", err)
	assert.NoError(t, os.Remove(filepath.Join(own, "key")))
	assert.NoError(t, os.WriteFile(filepath.Join(own, "key"), []byte("short"), 0o600))
	_, err = cache.Open(own, nil, 0)
	assert.True(t, err != nil && strings.Contains(err.Error(), "no key"), "%v", err)
}

func TestOldestGoFirst(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "c")
	s := open(t, dir, nil, 1000)
	for i := range 5 {
		name := fmt.Sprint(i)
		assert.NoError(t, s.Put(name, cache.Entry{Path: "p", Code: make([]byte, 250)}))
		at := time.Now().Add(time.Duration(i-100) * time.Hour)
		_ = os.Chtimes(filepath.Join(dir, name+".code"), at, at)
		if i == 2 {
			_, ok := s.Get("0") // used: it is young again
			assert.Equal(t, ok, true)
		}
	}
	var left []string
	for i := range 5 {
		if _, ok := s.Get(fmt.Sprint(i)); ok {
			left = append(left, fmt.Sprint(i))
		}
	}
	assert.Equal(t, strings.Join(left, " "), "0 3 4")
}
