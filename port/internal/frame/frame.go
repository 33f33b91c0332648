package frame

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// Kind is a way to find messages in a stream.
type Kind uint8

// The kinds.
const (
	Stream Kind = iota
	Lines
	Len1
	Len2
	Len4
	Kinds // how many there are
)

// prefix is the number of bytes that tell the length.
func (k Kind) prefix() int { return [...]int{0, 0, 1, 2, 4}[k] }

// Max is the longest message that the kind can express.
func (k Kind) Max() int {
	switch k {
	case Len1:
		return math.MaxUint8
	case Len2:
		return math.MaxUint16
	}
	return math.MaxInt32
}

// ErrNewline says that a line has a newline inside.
var ErrNewline = errors.New("a line cannot contain a newline")

// SizeError says that a message is longer than it may be. Size is the length
// that was announced or, for a line, what had been read of it.
type SizeError struct{ Size, Limit int }

func (e *SizeError) Error() string {
	return fmt.Sprintf("message of %d bytes, the limit is %d", e.Size, e.Limit)
}

// Append appends msg to dst in the form in which the kind sends it. The error is
// a [*SizeError] or [ErrNewline].
func Append(dst []byte, k Kind, msg string) ([]byte, error) {
	if len(msg) > k.Max() {
		return dst, &SizeError{Size: len(msg), Limit: k.Max()}
	}
	dst = slices.Grow(dst, len(msg)+4)
	switch k {
	case Lines:
		if strings.IndexByte(msg, '\n') >= 0 {
			return dst, ErrNewline
		}
		dst = append(dst, msg...)
		return append(dst, '\n'), nil
	case Len1:
		dst = append(dst, byte(len(msg)))
	case Len2:
		dst = binary.BigEndian.AppendUint16(dst, uint16(len(msg)))
	case Len4:
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(msg)))
	}
	return append(dst, msg...), nil
}

const (
	// chunk is how much is read at a time.
	chunk = 16 << 10
	// first is how much of a frame gets memory before its bytes are there.
	first = 64 << 10
)

// Reader cuts what it reads into messages.
type Reader struct {
	kind  Kind
	limit int
	r     *bufio.Reader
}

// NewReader returns a reader of messages of at most limit bytes.
func NewReader(r io.Reader, k Kind, limit int) *Reader {
	return &Reader{kind: k, limit: limit, r: bufio.NewReaderSize(r, chunk)}
}

// Next returns the next message, which belongs to the caller. The error is io.EOF
// after the last one, io.ErrUnexpectedEOF if the stream ended inside a frame, a
// [*SizeError], or what the stream said. A last line without a newline is a line.
func (r *Reader) Next() ([]byte, error) {
	switch r.kind {
	case Stream:
		return r.some()
	case Lines:
		return r.line()
	}
	return r.frame()
}

func (r *Reader) some() ([]byte, error) {
	if _, err := r.r.Peek(1); err != nil {
		return nil, err
	}
	out := make([]byte, min(r.r.Buffered(), r.limit))
	return out, second(io.ReadFull(r.r, out))
}

func (r *Reader) line() ([]byte, error) {
	var line []byte
	for {
		part, err := r.r.ReadSlice('\n')
		ended := err == nil
		if ended {
			part = part[:len(part)-1]
		}
		if len(line)+len(part) > r.limit {
			return nil, &SizeError{Size: len(line) + len(part), Limit: r.limit}
		}
		line = append(line, part...)
		switch {
		case ended:
			if line == nil {
				line = []byte{}
			}
			return line, nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(line) > 0:
			return line, nil
		default:
			return nil, err
		}
	}
}

func (r *Reader) frame() ([]byte, error) {
	var head [4]byte
	n := r.kind.prefix()
	if _, err := io.ReadFull(r.r, head[4-n:]); err != nil {
		return nil, err // EOF only if there was not even a part of it
	}
	size := int64(binary.BigEndian.Uint32(head[:]))
	if size > int64(r.limit) {
		return nil, &SizeError{Size: int(min(size, math.MaxInt32)), Limit: r.limit}
	}
	out := make([]byte, 0, min(size, first))
	for int64(len(out)) < size {
		have := len(out)
		part := int(min(size-int64(have), int64(max(first, have)))) // at most doubles
		out = slices.Grow(out, part)[:have+part]
		if _, err := io.ReadFull(r.r, out[have:]); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
	}
	return out, nil
}

func second[A any](_ A, err error) error { return err }
