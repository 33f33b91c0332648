package store

import (
	"errors"
	"fmt"
)

// Sentinels of this package, to be tested with [errors.Is]. Where facts belong
// to one, a struct of the same name carries them, for [errors.As].
var (
	// ErrConflict says that an append expected another last event than the
	// journal has. Nothing was written. See [ConflictError].
	ErrConflict = errors.New("store: conflict")

	// ErrFenced says that a token is not, or no longer, that of the journal's
	// writer. Nothing was written, and no retry will help. See [FencedError].
	ErrFenced = errors.New("store: fenced")

	// ErrUnknown says that a write was interrupted while it was carried out:
	// it may or may not have taken place. See [UnknownError] and [Settle].
	ErrUnknown = errors.New("store: outcome unknown")

	// ErrLimit says that a request exceeds one of the store's [Limits].
	// Nothing was written. See [LimitError].
	ErrLimit = errors.New("store: limit exceeded")

	// ErrInvalid says that a request has an argument that no store could
	// take. Nothing was written. See [InvalidError].
	ErrInvalid = errors.New("store: invalid request")

	// ErrDeleted says that a replay asks for events that are deleted. See
	// [DeletedError].
	ErrDeleted = errors.New("store: events deleted")

	// ErrCorrupt says that what is stored is not what was written. See
	// [CorruptError].
	ErrCorrupt = errors.New("store: corrupt")

	// ErrLocked says that another process, or another part of this one, has
	// the store open. See [LockedError].
	ErrLocked = errors.New("store: locked")

	// ErrVersion says that the store was written by a newer version of this
	// package. See [VersionError].
	ErrVersion = errors.New("store: unknown schema version")

	// ErrClosed says that the store has been closed. The request has not
	// taken place.
	ErrClosed = errors.New("store: closed")

	// ErrFailed says that an earlier fault has made the store unusable until
	// it is opened again. The request has not taken place. The error wraps
	// the fault.
	ErrFailed = errors.New("store: failed")
)

// ConflictError is the [ErrConflict] of one append.
type ConflictError struct {
	ID      PersistenceID
	Expect  Seq // what the append expected to be the last event
	Highest Seq // what is the last event
}

// Error implements error.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("store: journal %q: append expected %d as the last event, found %d; nothing was written; replay what is new and decide again",
		e.ID, e.Expect, e.Highest)
}

// Is reports whether target is [ErrConflict].
func (e *ConflictError) Is(target error) bool { return target == ErrConflict }

// FencedError is the [ErrFenced] of one request.
type FencedError struct {
	ID    PersistenceID
	Token Token // what the request carried
	Owner Token // the token of the journal's writer; 0 if it was never acquired
}

// Error implements error.
func (e *FencedError) Error() string {
	if e.Token > e.Owner {
		return fmt.Sprintf("store: journal %q: token %d was never acquired (the last was %d); acquire the journal before writing",
			e.ID, e.Token, e.Owner)
	}
	return fmt.Sprintf("store: journal %q: token %d is fenced by %d: another incarnation owns the journal; stop this one",
		e.ID, e.Token, e.Owner)
}

// Is reports whether target is [ErrFenced].
func (e *FencedError) Is(target error) bool { return target == ErrFenced }

// UnknownError is the [ErrUnknown] of one write. It carries what is needed to
// find out, which [Settle] does.
type UnknownError struct {
	Op     string // "acquire", "append", "save snapshot", "delete to" or "delete"
	ID     PersistenceID
	Token  Token
	Expect Seq   // of an append: what it expected
	Events int   // of an append: how many events it would add
	Cause  error // why it is unknown: the context's error, or the driver's
}

// Error implements error.
func (e *UnknownError) Error() string {
	todo := "repeat it"
	if e.Op == opAppend {
		todo = fmt.Sprintf("it is in if the last event is now %d", e.Expect+Seq(e.Events))
	}
	return fmt.Sprintf("store: journal %q: %s with token %d may or may not have taken place; %s: %v",
		e.ID, e.Op, e.Token, todo, e.Cause)
}

// Is reports whether target is [ErrUnknown].
func (e *UnknownError) Is(target error) bool { return target == ErrUnknown }

// Unwrap returns the cause.
func (e *UnknownError) Unwrap() error { return e.Cause }

// LimitError is the [ErrLimit] of one request.
type LimitError struct {
	ID    PersistenceID
	Limit string // the field of [Limits]
	Max   int64  // its value
	Got   int64  // what the request would need
}

// Error implements error.
func (e *LimitError) Error() string {
	return fmt.Sprintf("store: journal %q: %d exceeds %s, %d; nothing was written; make it smaller or raise the limit",
		e.ID, e.Got, e.Limit, e.Max)
}

// Is reports whether target is [ErrLimit].
func (e *LimitError) Is(target error) bool { return target == ErrLimit }

// InvalidError is the [ErrInvalid] of one request or configuration.
type InvalidError struct {
	ID      PersistenceID // may itself be what is invalid
	Problem string        // what is wrong, and what would be right
}

// Error implements error.
func (e *InvalidError) Error() string {
	id := e.ID
	if len(id) > 64 {
		id = id[:64] + "..."
	}
	if id == "" {
		return "store: " + e.Problem
	}
	return fmt.Sprintf("store: journal %q: %s", id, e.Problem)
}

// Is reports whether target is [ErrInvalid].
func (e *InvalidError) Is(target error) bool { return target == ErrInvalid }

// DeletedError is the [ErrDeleted] of one replay.
type DeletedError struct {
	ID        PersistenceID
	From      Seq // where the replay was to go on
	DeletedTo Seq // up to where events are deleted
}

// Error implements error.
func (e *DeletedError) Error() string {
	return fmt.Sprintf("store: journal %q: cannot replay from %d, events up to %d are deleted; start from the snapshot, or from 0 for what is left",
		e.ID, e.From, e.DeletedTo)
}

// Is reports whether target is [ErrDeleted].
func (e *DeletedError) Is(target error) bool { return target == ErrDeleted }

// CorruptError is the [ErrCorrupt] of one read.
type CorruptError struct {
	ID      PersistenceID // empty if the damage is not in one journal
	Seq     Seq           // the event; 0 if it is not one event
	Problem string
	Cause   error // the driver's error, if it found the damage
}

// Error implements error.
func (e *CorruptError) Error() string {
	s := "store: corrupt: "
	switch {
	case e.ID != "" && e.Seq != 0:
		s = fmt.Sprintf("store: journal %q: event %d is corrupt: ", e.ID, e.Seq)
	case e.ID != "":
		s = fmt.Sprintf("store: journal %q is corrupt: ", e.ID)
	}
	s += e.Problem
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s + "; restore a copy"
}

// Is reports whether target is [ErrCorrupt].
func (e *CorruptError) Is(target error) bool { return target == ErrCorrupt }

// Unwrap returns the driver's error, if there is one.
func (e *CorruptError) Unwrap() error { return e.Cause }

// LockedError is the [ErrLocked] of one attempt to open a store.
type LockedError struct {
	Path string // the lock file
	PID  int    // the operating system process that holds it; 0 if not known
}

// Error implements error.
func (e *LockedError) Error() string {
	who := "another process"
	if e.PID != 0 {
		who = fmt.Sprintf("process %d", e.PID)
	}
	return fmt.Sprintf("store: %s is locked by %s; a store can be open once only: stop that one, or choose another file",
		e.Path, who)
}

// Is reports whether target is [ErrLocked].
func (e *LockedError) Is(target error) bool { return target == ErrLocked }

// VersionError is the [ErrVersion] of one attempt to open a store.
type VersionError struct {
	Path  string
	Found int // the version of the file
	Max   int // the newest version this program can read
}

// Error implements error.
func (e *VersionError) Error() string {
	return fmt.Sprintf("store: %s has schema version %d, this program knows versions up to %d; run a newer program, nothing was changed",
		e.Path, e.Found, e.Max)
}

// Is reports whether target is [ErrVersion].
func (e *VersionError) Is(target error) bool { return target == ErrVersion }
