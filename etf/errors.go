package etf

import (
	"errors"
	"fmt"
)

// What a [DecodeError] can be, for errors.Is.
var (
	// ErrMalformed says that the bytes are no term.
	ErrMalformed = errors.New("etf: malformed term")
	// ErrTruncated says that the bytes end within the term; such an error is ErrMalformed as well.
	ErrTruncated = errors.New("etf: term cut short")
	// ErrTrailing says that bytes follow the term where none may; such an error is ErrMalformed as well.
	ErrTrailing = errors.New("etf: bytes after the term")
	// ErrLimit says that the term is, or claims to be, larger than the [Limits] allow.
	ErrLimit = errors.New("etf: limit exceeded")
	// ErrUnsafe says that the term holds an atom or external fun that the [Safe] table does not know.
	ErrUnsafe = errors.New("etf: unsafe term")
)

// DecodeError says why bytes were refused. errors.Is finds its kind: [ErrMalformed], [ErrTruncated], [ErrTrailing],
// [ErrLimit] or [ErrUnsafe].
type DecodeError struct {
	// Kind is one of the sentinels of this package.
	Kind error
	// Offset is where in the input the offending part begins.
	Offset int
	// Inflated is true where Offset counts in the decompressed data.
	Inflated bool
	// Reason says what was found there.
	Reason string
}

// Error returns kind, place and reason in one line.
func (e *DecodeError) Error() string {
	where := "byte"
	if e.Inflated {
		where = "decompressed byte"
	}
	return fmt.Sprintf("%v at %s %d: %s", e.Kind, where, e.Offset, e.Reason)
}

// Is reports whether target is the error's kind, or [ErrMalformed] for every kind that means broken input.
func (e *DecodeError) Is(target error) bool {
	return target == e.Kind || target == ErrMalformed && (e.Kind == ErrTruncated || e.Kind == ErrTrailing)
}

// EncodeError says which part of a value cannot be encoded, and why. errors.Is finds [ErrLimit] where the value is
// nested too deep.
type EncodeError struct {
	// Path leads to the part: "[2]" is the third element, ".key" and ".value" lead into a map, ".tail" to the tail
	// of an improper list, ".free" to the values of a fun. It is empty where the value itself is meant, and begins with
	// "..." where it would be very long.
	Path string
	// Reason says what is wrong with it.
	Reason string
	// Kind is ErrLimit or nil.
	Kind error
}

// Error returns path and reason in one line.
func (e *EncodeError) Error() string {
	if e.Path == "" {
		return "etf: cannot encode: " + e.Reason
	}
	return "etf: cannot encode " + e.Path + ": " + e.Reason
}

// Unwrap returns the kind.
func (e *EncodeError) Unwrap() error { return e.Kind }
