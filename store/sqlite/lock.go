package sqlite

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/kista-go/kista/store"
)

// errHeld is what openLocked returns when someone else has the lock.
var errHeld = errors.New("held")

// lockFile is an operating system lock on a file beside the database. SQLite
// itself lets a second process in, which would then issue the same tokens.
// The system drops the lock when the process ends, however it ends, so the
// file that stays behind locks nobody out.
type lockFile struct{ f *os.File }

// acquireLock takes the lock, without waiting, and writes the number of this
// process into the file for whoever is refused.
func acquireLock(path string) (*lockFile, error) {
	f, err := openLocked(path)
	switch {
	case errors.Is(err, errHeld):
		return nil, &store.LockedError{Path: path, PID: readPID(path)}
	case err != nil:
		return nil, fmt.Errorf("store: lock %s: %w", path, err)
	}
	if err := writePID(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("store: write the lock file: %w", err)
	}
	return &lockFile{f}, nil
}

// release gives the lock back. The file stays: to remove it would let two
// processes lock two files of one name.
func (l *lockFile) release() error {
	return errors.Join(l.f.Truncate(0), l.f.Close())
}

func writePID(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// readPID returns 0 if the holder has not written its number yet.
func readPID(path string) int {
	f, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 32))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || pid < 0 {
		return 0
	}
	return pid
}
