package jsf

import (
	"errors"
	"io"
	"slices"

	"github.com/kista-go/kista/term"
)

// Reader reads JSON texts from a stream: one after the other, with white space between them where they need it. It may read
// ahead. Make one with [NewReader]. It is for one goroutine at a time.
type Reader struct {
	// Decoder is the configuration that texts are decoded with.
	Decoder Decoder

	r    io.Reader
	buf  []byte // read and not yet used
	base int64  // of the stream: where buf begins
	err  error
}

// NewReader returns a reader of texts from r, within the default limits.
func NewReader(r io.Reader) *Reader { return &Reader{r: r} }

// bufferSize is what is read at once.
const bufferSize = 8 << 10

// ReadTerm reads the next text. It blocks as the stream does. The error is io.EOF where the stream ends between texts; a
// *[DecodeError] where the bytes are no text, or the stream ends within one ([ErrTruncated]); or the stream's own. Every later
// call returns the same: after bytes that are no text, the position in the stream is lost.
func (r *Reader) ReadTerm() (term.Term, error) {
	if r.err != nil {
		return nil, r.err
	}
	t, err := r.read()
	r.err = err
	return t, err
}

func (r *Reader) read() (term.Term, error) {
	limit := r.Decoder.Limits.withDefaults().Bytes
	var f framer
	idle := 0
	for {
		n, done := f.feed(r.buf)
		if f.begun && f.seen-f.blank > limit {
			return nil, &DecodeError{ErrLimit, r.base + int64(f.blank), "the text is too long"}
		}
		if done {
			return r.take(n)
		}
		if !f.begun { // white space need not be kept
			r.drop(f.seen)
			f = framer{}
		}
		r.buf = slices.Grow(r.buf, bufferSize)
		n, err := r.r.Read(r.buf[len(r.buf):cap(r.buf)])
		r.buf = r.buf[:len(r.buf)+n]
		switch {
		case n > 0:
			idle = 0 // an error that came with the bytes will come again
		case errors.Is(err, io.EOF):
			if !f.begun {
				return nil, io.EOF
			}
			return r.take(len(r.buf))
		case err != nil:
			return nil, err
		default:
			if idle++; idle > 100 {
				return nil, io.ErrNoProgress
			}
		}
	}
}

// take decodes the first n bytes.
func (r *Reader) take(n int) (term.Term, error) {
	t, err := r.Decoder.DecodeAll(r.buf[:n])
	var e *DecodeError
	if errors.As(err, &e) {
		e.Offset += r.base
	}
	r.drop(n)
	return t, err
}

func (r *Reader) drop(n int) {
	r.base += int64(n)
	if r.buf = r.buf[n:]; len(r.buf) == 0 {
		r.buf = nil
	}
}

// framer finds where a text ends, without looking at more of it than is needed for that.
type framer struct {
	seen   int  // bytes that have been looked at
	blank  int  // bytes of white space before the text
	begun  bool // it has begun
	depth  int  // of brackets
	quoted bool // within a string
	escape bool // behind a backslash
	bare   bool // a number or a word, which ends where something else begins
}

// feed looks at what is new in b, which is all there is of the text, and says how long the text is once it is done.
func (f *framer) feed(b []byte) (n int, done bool) {
	for ; f.seen < len(b); f.seen++ {
		c := b[f.seen]
		switch {
		case f.quoted:
			switch {
			case f.escape:
				f.escape = false
			case c == '\\':
				f.escape = true
			case c == '"':
				f.quoted = false
				if f.depth == 0 {
					return f.seen + 1, true
				}
			}
		case !f.begun && isSpace(c):
			f.blank = f.seen + 1
		case f.bare:
			if isSpace(c) || c == '"' || c == '[' || c == '{' {
				return f.seen, true
			}
		default:
			f.begun = true
			switch c {
			case '"':
				f.quoted = true
			case '[', '{':
				f.depth++
			case ']', '}':
				if f.depth--; f.depth <= 0 {
					return f.seen + 1, true
				}
			default:
				f.bare = f.depth == 0
			}
		}
	}
	return 0, false
}

// Writer writes texts to a stream, each with a line end after it, as ubf-jsonrpc does, and each in one Write. Make one with
// [NewWriter]. It is for one goroutine at a time.
type Writer struct {
	// Encoder is the configuration that texts are encoded with.
	Encoder Encoder
	// Limit is the largest text sent, in bytes; 0 means 16 MiB.
	Limit int

	w   io.Writer
	buf []byte
}

// NewWriter returns a writer of texts to w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// retain is the largest buffer that a writer keeps.
const retain = 64 << 10

// WriteTerm encodes t and sends it. It blocks as the stream does. Where the error is an *[EncodeError], which it is also for a
// text beyond the limit, nothing has been sent.
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
		return &EncodeError{Reason: "the text is longer than the writer's limit", Kind: ErrLimit}
	}
	if buf = append(buf, '\n'); cap(buf) <= retain {
		w.buf = buf
	}
	_, err = w.w.Write(buf)
	return err
}
