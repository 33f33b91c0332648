// Package cache keeps machine code in a directory.
//
// Machine code from a file is as trustworthy as the file: whoever can write it runs
// code in this program. So the directory must belong to this user, and to nobody
// else's reading or writing; each entry carries a message authentication code, under
// a key that the owner gives or that is made and kept in the directory; and an entry
// is tied to its name, which is the hash of what was compiled. An entry that does not
// bear all that out is removed and counts as absent.
package cache

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// DefaultBytes is how much is kept unless the owner says otherwise.
const DefaultBytes = 1 << 30

// Entry is machine code, and the relative path under which the engine looks for it.
type Entry struct {
	Path string
	Code []byte
}

// Store is an open directory. It may be used by many goroutines and programs.
type Store struct {
	dir   string
	key   []byte
	bytes int64
}

const (
	suffix  = ".code"
	keyName = "key"
)

// Open opens a directory, or makes it. The error says what is wrong with it.
func Open(dir string, key []byte, most int64) (*Store, error) {
	if most <= 0 {
		most = DefaultBytes
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	info, err := os.Lstat(dir)
	switch {
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, fmt.Errorf("%s is not a directory itself", dir)
	case info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("%s is open to others (%v): make it 0700", dir, info.Mode())
	case !owned(info):
		return nil, fmt.Errorf("%s belongs to somebody else", dir)
	}
	s := &Store{dir: dir, key: key, bytes: most}
	if len(key) == 0 {
		s.key, err = ownKey(filepath.Join(dir, keyName))
	}
	return s, err
}

// ownKey reads the key that is kept in the directory, or makes one.
func ownKey(path string) ([]byte, error) {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	tmp, err := os.CreateTemp(filepath.Dir(path), ".key")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	_, err = tmp.Write(key)
	if err = errors.Join(err, tmp.Close()); err != nil {
		return nil, err
	}
	if err = os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) { // whole, or not at all
		return nil, err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 || !owned(info) {
		return nil, fmt.Errorf("%s is not this user's alone", path)
	}
	key, err = os.ReadFile(path)
	if err == nil && len(key) < 32 {
		err = fmt.Errorf("%s is no key: remove it", path)
	}
	return key, err
}

func (s *Store) path(name string) string { return filepath.Join(s.dir, name+suffix) }

func (s *Store) sign(name string, content []byte) []byte {
	h := hmac.New(sha256.New, s.key)
	h.Write([]byte(name))
	h.Write([]byte{0})
	h.Write(content)
	return h.Sum(nil)
}

// Get returns the entry of that name, if there is one that can be trusted.
func (s *Store) Get(name string) (e Entry, ok bool) {
	path := s.path(name)
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > s.bytes {
		return e, false
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return e, false
	}
	if e, ok = s.open(name, b); !ok {
		_ = os.Remove(path)
		return e, false
	}
	now := time.Now()
	_ = os.Chtimes(path, now, now)
	return e, true
}

func (s *Store) open(name string, b []byte) (e Entry, ok bool) {
	if len(b) < sha256.Size+2 {
		return e, false
	}
	mac, content := b[:sha256.Size], b[sha256.Size:]
	if !hmac.Equal(mac, s.sign(name, content)) {
		return e, false
	}
	n := int(binary.BigEndian.Uint16(content))
	if len(content) < 2+n {
		return e, false
	}
	return Entry{Path: string(content[2 : 2+n]), Code: content[2+n:]}, true
}

// Put keeps an entry, and removes what has not been used for longest where there is
// too much.
func (s *Store) Put(name string, e Entry) error {
	if len(e.Path) > 1<<15 {
		return errors.New("the path is too long")
	}
	var b bytes.Buffer
	b.Write(binary.BigEndian.AppendUint16(nil, uint16(len(e.Path))))
	b.WriteString(e.Path)
	b.Write(e.Code)
	tmp, err := os.CreateTemp(s.dir, ".new")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	_, err = tmp.Write(append(s.sign(name, b.Bytes()), b.Bytes()...))
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), s.path(name)); err != nil {
		return err
	}
	return s.shrink()
}

func (s *Store) shrink() error {
	list, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	var all []fs.FileInfo
	total := int64(0)
	for _, d := range list {
		if info, err := d.Info(); err == nil && strings.HasSuffix(d.Name(), suffix) {
			all = append(all, info)
			total += info.Size()
		}
	}
	slices.SortFunc(all, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, info := range all {
		if total <= s.bytes {
			break
		}
		if os.Remove(filepath.Join(s.dir, info.Name())) == nil {
			total -= info.Size()
		}
	}
	return nil
}
