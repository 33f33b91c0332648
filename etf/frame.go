package etf

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/kista-go/kista/term"
)

// DefaultFrame is the largest frame that a [Reader] takes and a [Writer] sends unless told otherwise: 16 MiB.
const DefaultFrame = 16 << 20

// FrameError says that a frame is longer than allowed. The stream cannot be used after it. errors.Is finds [ErrLimit].
type FrameError struct {
	// Size is the length that the frame claims; Limit what is allowed.
	Size, Limit int64
}

// Error returns both sizes.
func (e *FrameError) Error() string {
	return fmt.Sprintf("etf: frame of %d bytes, at most %d", e.Size, e.Limit)
}

// Unwrap returns ErrLimit.
func (e *FrameError) Unwrap() error { return ErrLimit }

// Reader reads frames with a length of four bytes before them, Erlang's {packet,4}, from a stream, and terms in them. It
// may read ahead. Make one with [NewReader]. It is for one goroutine at a time.
type Reader struct {
	// Limit is the largest frame taken, in bytes; 0 means DefaultFrame. A claim never reserves memory: a frame takes
	// what has arrived of it, rounded up.
	Limit int
	// Decoder is the configuration that ReadTerm decodes with.
	Decoder Decoder

	r   *bufio.Reader
	buf []byte
	err error
}

// NewReader returns a reader of frames from r, for terms within the default limits.
func NewReader(r io.Reader) *Reader { return &Reader{r: bufio.NewReader(r)} }

// Buffered is how many bytes were read from the stream that belong to no frame that was returned.
func (r *Reader) Buffered() int { return r.r.Buffered() }

const (
	frameChunk  = 4 << 10  // read at first, whatever the frame claims
	frameRetain = 64 << 10 // a larger buffer is not kept for the next frame
)

// ReadFrame returns the next frame without its length; it is valid until the next call. It blocks as the stream does.
// The error is io.EOF where the stream ends between frames, io.ErrUnexpectedEOF where it ends within one, a
// *[FrameError] where a frame is too long, or the stream's own; every later call returns the same.
func (r *Reader) ReadFrame() ([]byte, error) {
	if r.err != nil {
		return nil, r.err
	}
	frame, err := r.read()
	r.err = err
	return frame, err
}

func (r *Reader) read() ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r.r, head[:]); err != nil {
		return nil, err
	}
	limit := r.Limit
	if limit == 0 {
		limit = DefaultFrame
	}
	claim := int64(binary.BigEndian.Uint32(head[:]))
	if claim > int64(limit) {
		return nil, &FrameError{Size: claim, Limit: int64(max(limit, 0))}
	}
	if cap(r.buf) > frameRetain {
		r.buf = nil
	}
	r.buf = r.buf[:0]
	for n := int(claim); len(r.buf) < n; {
		// Room doubles with what has arrived.
		part := min(n-len(r.buf), max(frameChunk, len(r.buf)))
		have := len(r.buf)
		if cap(r.buf) < have+part {
			grown := make([]byte, have, have+part)
			copy(grown, r.buf)
			r.buf = grown
		}
		got, err := io.ReadFull(r.r, r.buf[have:have+part])
		r.buf = r.buf[:have+got]
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
	}
	return r.buf, nil
}

// ReadTerm reads the next frame and decodes it; bytes after the term are refused. A *[DecodeError] leaves the stream in
// order: the next frame can be read. Other errors are those of [Reader.ReadFrame].
func (r *Reader) ReadTerm() (term.Term, error) {
	frame, err := r.ReadFrame()
	if err != nil {
		return nil, err
	}
	return r.Decoder.DecodeAll(frame)
}

// Writer writes frames with a length of four bytes before them. Each goes out in one Write. Make one with [NewWriter].
// It is for one goroutine at a time.
type Writer struct {
	// Limit is the largest frame sent, in bytes; 0 means DefaultFrame.
	Limit int
	// Encoder is the configuration that WriteTerm encodes with.
	Encoder Encoder

	w   io.Writer
	buf []byte
}

// NewWriter returns a writer of frames to w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// WriteFrame sends one frame. It blocks as the stream does. Where the frame is too long the error is a *[FrameError],
// and nothing has been sent.
func (w *Writer) WriteFrame(frame []byte) error {
	w.buf = append(append(w.buf[:0], 0, 0, 0, 0), frame...)
	return w.flush()
}

// WriteTerm encodes t and sends it as one frame. Where the error is an *[EncodeError] or a *[FrameError], nothing has
// been sent and the stream is in order.
func (w *Writer) WriteTerm(t term.Term) error {
	buf, err := w.Encoder.Append(append(w.buf[:0], 0, 0, 0, 0), t)
	if err != nil {
		return err
	}
	w.buf = buf
	return w.flush()
}

func (w *Writer) flush() error {
	size, limit := int64(len(w.buf)-4), int64(w.Limit)
	if limit == 0 {
		limit = DefaultFrame
	}
	limit = min(max(limit, 0), math.MaxUint32)
	buf := w.buf
	if cap(buf) > frameRetain {
		w.buf = nil
	}
	if size > limit {
		return &FrameError{Size: size, Limit: limit}
	}
	binary.BigEndian.PutUint32(buf, uint32(size))
	_, err := w.w.Write(buf)
	return err
}
