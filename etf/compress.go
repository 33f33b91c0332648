package etf

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"

	"github.com/kista-go/kista/term"
)

const compressedHeader = 6 // version, tag, size

// decodeCompressed decodes b, which begins with version and COMPRESSED.
func (d Decoder) decodeCompressed(b []byte) (t term.Term, used, loose int, err error) {
	lim := d.Limits.withDefaults()
	fail := func(kind error, format string, args ...any) (term.Term, int, int, error) {
		return nil, 0, 0, &DecodeError{kind, 1, false, fmt.Sprintf(format, args...)}
	}
	s := &decoder{Limits: lim, b: b, pos: 2}
	size := int64(s.u32())
	if s.err != nil {
		return nil, 0, 0, s.err
	}
	if size > int64(lim.Inflated) {
		return fail(ErrLimit, "compressed term of %d bytes, at most %d", size, lim.Inflated)
	}
	in := bytes.NewReader(b[compressedHeader:min(len(b), max(lim.Bytes, compressedHeader))])
	z, err := zlib.NewReader(in)
	if err != nil {
		return fail(ErrMalformed, "compressed term: %v", err)
	}
	defer z.Close()
	// The claimed size reserves nothing: the buffer grows as data arrives. One byte more than claimed shows a lie.
	var out bytes.Buffer
	n, err := io.Copy(&out, io.LimitReader(z, size+1))
	switch {
	case err != nil && in.Len() == 0 && len(b) > lim.Bytes:
		return fail(ErrLimit, "term longer than %d bytes", lim.Bytes)
	case err != nil:
		return fail(ErrMalformed, "compressed term: %v", err)
	case n != size:
		return fail(ErrMalformed, "compressed term claims %d bytes and holds %s", size, map[bool]string{true: "more", false: fmt.Sprint(n)}[n > size])
	}
	s = d.state(out.Bytes())
	s.inflated = true
	if t, err = s.run(); err != nil {
		return nil, 0, 0, err
	}
	return t, len(b[:compressedHeader]) + int(in.Size()) - in.Len(), out.Len() - s.pos, nil
}

// compress returns the compressed form of plain (a term with its version byte) where that is shorter, else plain.
func compress(plain []byte, level int) ([]byte, error) {
	size := len(plain) - 1
	if int64(size) > 1<<32-1 {
		return plain, nil
	}
	var out bytes.Buffer
	out.Write([]byte{version, tagCompressed, byte(size >> 24), byte(size >> 16), byte(size >> 8), byte(size)})
	z, err := zlib.NewWriterLevel(&out, level)
	if err != nil {
		return nil, fmt.Errorf("etf: compression level %d: want 0 to 9: %w", level, err)
	}
	_, err = z.Write(plain[1:])
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("etf: compress: %w", err)
	}
	if out.Len() >= len(plain) {
		return plain, nil
	}
	return out.Bytes(), nil
}
