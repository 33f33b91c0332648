package rewrite

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// reader reads the binary format. The first thing wrong is kept in err, and
// from then on everything reads as zero: callers check at the end of a step.
// Nothing is allocated ahead of the bytes that are there.
type reader struct {
	b    []byte
	pos  int
	base int // of b in the module, for errors
	err  *Error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = &Error{Offset: r.base + r.pos, Reason: fmt.Sprintf(format, args...)}
	}
}

func (r *reader) tooMany(format string, args ...any) {
	if r.err == nil {
		r.fail(format, args...)
		r.err.Limit = true
	}
}

func (r *reader) more() bool { return r.err == nil && r.pos < len(r.b) }

func (r *reader) u8() byte {
	if r.err != nil || r.pos >= len(r.b) {
		r.fail("cut short")
		return 0
	}
	c := r.b[r.pos]
	r.pos++
	return c
}

func (r *reader) bytes(n int) []byte {
	if r.err != nil || n < 0 || n > len(r.b)-r.pos {
		r.fail("cut short: %d bytes wanted", n)
		return nil
	}
	b := r.b[r.pos : r.pos+n : r.pos+n]
	r.pos += n
	return b
}

// u32 reads an unsigned LEB128 number of at most 32 bits.
func (r *reader) u32() uint32 {
	var v uint32
	for shift := 0; ; shift += 7 {
		c := r.u8()
		if r.err != nil {
			return 0
		}
		if shift == 28 && c > 0x0f {
			r.fail("a number has more than 32 bits")
			return 0
		}
		v |= uint32(c&0x7f) << shift
		if c&0x80 == 0 {
			return v
		}
	}
}

// signed skips a signed LEB128 number of at most n bytes.
func (r *reader) signed(n int) {
	for i := range n {
		c := r.u8()
		if c&0x80 == 0 {
			return
		}
		if i == n-1 {
			r.fail("a number is too long")
		}
	}
}

// s33 reads the type of a block: a negative number is a value type or none.
func (r *reader) s33() int64 {
	var v int64
	for shift := 0; shift < 35; shift += 7 {
		c := r.u8()
		v |= int64(c&0x7f) << shift
		if c&0x80 == 0 {
			if c&0x40 != 0 {
				v |= -1 << (shift + 7)
			}
			return v
		}
	}
	r.fail("a number is too long")
	return 0
}

func (r *reader) name() string {
	b := r.bytes(int(r.u32()))
	if !utf8.Valid(b) {
		r.fail("a name is not UTF-8")
	}
	return string(b)
}

// count reads the length of a vector and refuses one beyond most.
func (r *reader) count(most int, what string) int {
	n := r.u32()
	if int64(n) > int64(most) {
		r.tooMany("%d %s, more than the %d allowed", n, what, most)
		return 0
	}
	if int(n) > len(r.b)-r.pos { // each takes a byte at least
		r.fail("cut short: %d %s announced", n, what)
		return 0
	}
	return int(n)
}

// index reads an index and checks it.
func (r *reader) index(n int, what string) uint32 {
	i := r.u32()
	if r.err == nil && int64(i) >= int64(n) {
		r.fail("there is no %s %d", what, i)
	}
	return i
}

func (r *reader) end(what string) {
	if r.err == nil && r.pos != len(r.b) {
		r.fail("%d bytes too many in %s", len(r.b)-r.pos, what)
	}
}

func appendU32(b []byte, v uint32) []byte { return binary.AppendUvarint(b, uint64(v)) }

func appendS32(b []byte, v int32) []byte {
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if v == 0 && c&0x40 == 0 || v == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

func appendName(b []byte, s string) []byte { return append(appendU32(b, uint32(len(s))), s...) }
