package sqlite

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/kista-go/kista/store"
)

// wrap gives an error of the driver its context; damage that the driver has
// found becomes a [store.CorruptError].
func wrap(op string, id store.PersistenceID, err error) error {
	switch primary(err) {
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		return &store.CorruptError{ID: id, Problem: "the database found damage during " + op, Cause: err}
	}
	if id == "" {
		return fmt.Errorf("store: %s: %w", op, err)
	}
	return fmt.Errorf("store: journal %q: %s: %w", id, op, err)
}

// primary returns SQLite's primary result code, or -1 for another error.
func primary(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff
	}
	return -1
}

// undone reports whether a commit that failed with err has surely been undone.
// A full disk is met while the frames are written, and the one that would
// make them valid comes last; a failed sync, in contrast, may leave all of
// them in the file, to be found again after a crash.
func undone(err error) bool {
	switch primary(err) {
	case lib.SQLITE_FULL, lib.SQLITE_BUSY, lib.SQLITE_CONSTRAINT:
		return true
	}
	return false
}

// panicError is a panic of the driver, as an error.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.value, e.stack) }
