package jsf

import (
	"errors"
	"fmt"
	"io"
)

// What a [DecodeError] can be, for errors.Is.
var (
	// ErrMalformed says that the bytes are no JSON text, or one that stands for no term.
	ErrMalformed = errors.New("jsf: malformed text")
	// ErrTruncated says that the bytes end within a text; such an error is ErrMalformed as well.
	ErrTruncated = errors.New("jsf: text cut short")
	// ErrTrailing says that something follows the text where nothing may; such an error is ErrMalformed as well.
	ErrTrailing = errors.New("jsf: bytes after the text")
	// ErrLimit says that the text is larger than the [Limits] allow.
	ErrLimit = errors.New("jsf: limit exceeded")
	// ErrUnsafe says that the text holds a constant that the decoder does not know.
	ErrUnsafe = errors.New("jsf: unsafe text")
)

// DecodeError says why bytes were refused. errors.Is finds its kind: [ErrMalformed], [ErrTruncated], [ErrTrailing],
// [ErrLimit] or [ErrUnsafe].
type DecodeError struct {
	// Kind is one of the sentinels of this package.
	Kind error
	// Offset is where the offending part begins: counted from the first byte that the decoder was given, which in a stream
	// is not the first of the text.
	Offset int64
	// Reason says what was found there.
	Reason string
}

// Error returns kind, place and reason in one line.
func (e *DecodeError) Error() string {
	return fmt.Sprintf("%v at byte %d: %s", e.Kind, e.Offset, e.Reason)
}

// Is reports whether target is the error's kind, or [ErrMalformed] for every kind that means broken input, or
// io.ErrUnexpectedEOF for [ErrTruncated].
func (e *DecodeError) Is(target error) bool {
	switch target {
	case e.Kind:
		return true
	case ErrMalformed:
		return e.Kind == ErrTruncated || e.Kind == ErrTrailing
	case io.ErrUnexpectedEOF:
		return e.Kind == ErrTruncated
	}
	return false
}

// EncodeError says which part of a value cannot be encoded, and why. errors.Is finds [ErrLimit] where the value is
// nested too deep, or a message is longer than its [Writer] sends.
type EncodeError struct {
	// Path leads to the part: "[2]" is the third field or element, ".k" the value of the key k. It is empty where the value
	// itself is meant, and begins with "..." where it would be very long.
	Path string
	// Reason says what is wrong with it.
	Reason string
	// Kind is ErrLimit or nil.
	Kind error
}

// Error returns path and reason in one line.
func (e *EncodeError) Error() string {
	if e.Path == "" {
		return "jsf: cannot encode: " + e.Reason
	}
	return "jsf: cannot encode " + e.Path + ": " + e.Reason
}

// Unwrap returns the kind.
func (e *EncodeError) Unwrap() error { return e.Kind }

// maxPath is where a path loses its beginning.
const maxPath = 1000

// at puts a step before the path of an error.
func (e *EncodeError) at(step string) *EncodeError {
	switch {
	case len(e.Path)+len(step) <= maxPath:
		e.Path = step + e.Path
	case len(e.Path) < 3 || e.Path[:3] != "...":
		e.Path = "..." + e.Path
	}
	return e
}
