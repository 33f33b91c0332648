package ubfa

import (
	"errors"
	"io"

	"github.com/kista-go/kista/term"
)

// Reader reads messages from a stream. It may read ahead. Make one with [NewReader]. It is for one goroutine at a time.
type Reader struct {
	// Decoder is the configuration that messages are decoded with; changes after the first [Reader.ReadTerm] have no effect.
	Decoder Decoder

	r    io.Reader
	m    *Machine
	buf  []byte
	rest []byte // of buf
	err  error
}

// NewReader returns a reader of messages from r, within the default limits.
func NewReader(r io.Reader) *Reader { return &Reader{r: r} }

// bufferSize is what is read at once.
const bufferSize = 8 << 10

// ReadTerm reads the next message. It blocks as the stream does. The error is io.EOF where the stream ends between
// messages; a *[DecodeError] where the bytes are no message, or the stream ends within one ([ErrTruncated]); or the stream's own. Every later call returns the same: after bytes that are no
// message, the position in the stream is lost.
func (r *Reader) ReadTerm() (term.Term, error) {
	if r.err != nil {
		return nil, r.err
	}
	t, err := r.read()
	r.err = err
	return t, err
}

func (r *Reader) read() (term.Term, error) {
	if r.m == nil {
		r.m = r.Decoder.Machine()
		r.buf = make([]byte, bufferSize)
	}
	for idle := 0; ; {
		used, done, err := r.m.Feed(r.rest)
		r.rest = r.rest[used:]
		if err != nil {
			return nil, err
		}
		if done {
			return r.m.Term(), nil
		}
		n, err := r.r.Read(r.buf)
		r.rest = r.buf[:n]
		switch {
		case n > 0:
			idle = 0 // an error that came with the bytes will come again
		case errors.Is(err, io.EOF):
			if cut := r.m.End(); cut != nil {
				return nil, cut
			}
			return nil, io.EOF
		case err != nil:
			return nil, err
		default:
			if idle++; idle > 100 {
				return nil, io.ErrNoProgress
			}
		}
	}
}

// Writer writes messages to a stream, each with a line end after it, as UBF 2.2.4 does, and each in one Write. Make one with
// [NewWriter]. It is for one goroutine at a time.
type Writer struct {
	// Encoder is the configuration that messages are encoded with.
	Encoder Encoder
	// Limit is the largest message sent, in bytes; 0 means 16 MiB.
	Limit int

	w   io.Writer
	buf []byte
}

// NewWriter returns a writer of messages to w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// WriteTerm encodes t and sends it. It blocks as the stream does. Where the error is an *[EncodeError], which it is also for a
// message beyond the limit, nothing has been sent.
func (w *Writer) WriteTerm(t term.Term) error {
	buf, err := w.Encoder.Append(w.buf[:0], t)
	if err != nil {
		return err
	}
	limit := w.Limit
	if limit == 0 {
		limit = Limits{}.withDefaults().Bytes
	}
	if len(buf) > limit {
		return &EncodeError{Reason: "message longer than the writer's limit", Kind: ErrLimit}
	}
	if buf = append(buf, '\n'); cap(buf) <= retain {
		w.buf = buf
	}
	_, err = w.w.Write(buf)
	return err
}
