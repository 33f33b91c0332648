package etf

import (
	"fmt"
	"math"

	"github.com/kista-go/kista/term"
)

// Decoder is the configuration of decoding. The zero value takes everything Erlang takes, within the default
// [Limits]. It is a value without state, and may be used by many goroutines.
type Decoder struct {
	// Limits bound the work; its zero value is the defaults.
	Limits Limits
	// Safe, where not nil, refuses terms with unknown atoms and external funs.
	Safe *Safe
	// Cache holds the atoms that tag ATOM_CACHE_REF refers to in frames of the distribution; used by [Decoder.DecodeBare]
	// only. Elsewhere the tag is refused.
	Cache []term.Atom
}

// Decode decodes the term at the start of b, like binary_to_term(B, [used]), and says how many bytes it took. What
// follows is not looked at. The result shares no memory with b. An error is a *[DecodeError].
func Decode(b []byte) (t term.Term, used int, err error) { return Decoder{}.Decode(b) }

// DecodeAll decodes b, which must be one term and nothing else. An error is a *[DecodeError].
func DecodeAll(b []byte) (term.Term, error) { return Decoder{}.DecodeAll(b) }

// Decode is [Decode] with the configuration d.
func (d Decoder) Decode(b []byte) (t term.Term, used int, err error) {
	t, used, _, err = d.decode(b)
	return t, used, err
}

// DecodeAll is [DecodeAll] with the configuration d.
func (d Decoder) DecodeAll(b []byte) (term.Term, error) {
	t, used, loose, err := d.decode(b)
	if err != nil {
		return nil, err
	}
	if loose > 0 {
		return nil, &DecodeError{ErrTrailing, used, true, fmt.Sprintf("%d bytes follow the compressed term", loose)}
	}
	if used < len(b) {
		return nil, &DecodeError{ErrTrailing, used, false, fmt.Sprintf("%d bytes follow the term", len(b)-used)}
	}
	return t, nil
}

// DecodeBare decodes a term without its version byte, as it stands in a distribution frame after a header. Atom cache
// references are looked up in d.Cache; a compressed term is refused.
func (d Decoder) DecodeBare(b []byte) (t term.Term, used int, err error) {
	s := d.state(b)
	s.cache = d.Cache
	if t, err = s.run(); err != nil {
		return nil, 0, err
	}
	return t, s.pos, nil
}

// decode also returns how many bytes followed the term inside compressed data.
func (d Decoder) decode(b []byte) (t term.Term, used, loose int, err error) {
	if len(b) == 0 {
		return nil, 0, 0, &DecodeError{ErrTruncated, 0, false, "no bytes at all"}
	}
	if b[0] != version {
		return nil, 0, 0, &DecodeError{ErrMalformed, 0, false, fmt.Sprintf("version byte %d, want %d", b[0], version)}
	}
	if len(b) > 1 && b[1] == tagCompressed {
		return d.decodeCompressed(b)
	}
	s := d.state(b)
	s.pos = 1
	if t, err = s.run(); err != nil {
		return nil, 0, 0, err
	}
	return t, s.pos, 0, nil
}

func (d Decoder) state(b []byte) *decoder {
	return &decoder{Limits: d.Limits.withDefaults(), safe: d.Safe, b: b}
}

// decoder is the state of decoding one term. Methods report failure by setting err and returning a zero value; after
// that pos is at the end, so that every loop ends.
type decoder struct {
	Limits
	safe     *Safe
	cache    []term.Atom
	b        []byte
	pos      int
	inflated bool

	depth int
	terms int // counted so far, those that open containers still owe included
	owed  int // terms that open containers still owe; each needs a byte at least
	atoms atomTable
	err   *DecodeError
}

func (d *decoder) run() (term.Term, error) {
	if !d.inflated && len(d.b) > d.Bytes {
		// Bytes after the term are none of ours, so cut the view down: a term that needs more fails with ErrLimit.
		d.b = d.b[:max(d.Bytes, 0)]
		t, err := d.runAll()
		if e, ok := err.(*DecodeError); ok && e.Kind == ErrTruncated {
			return nil, &DecodeError{ErrLimit, e.Offset, false, fmt.Sprintf("term longer than %d bytes", d.Bytes)}
		}
		return t, err
	}
	return d.runAll()
}

func (d *decoder) runAll() (term.Term, error) {
	d.open(1)
	t := d.next()
	if d.err != nil {
		return nil, d.err
	}
	return t, nil
}

func (d *decoder) fail(kind error, at int, format string, args ...any) {
	if d.err == nil {
		d.err = &DecodeError{kind, at, d.inflated, fmt.Sprintf(format, args...)}
		d.pos = len(d.b)
	}
}

// take returns the next n bytes. The bytes that are owed to open containers need not be there yet for it.
func (d *decoder) take(n int) []byte {
	if n > len(d.b)-d.pos || n < 0 {
		d.fail(ErrTruncated, d.pos, "%d bytes wanted, %d left", n, len(d.b)-d.pos)
		return nil
	}
	p := d.b[d.pos : d.pos+n : d.pos+n]
	d.pos += n
	return p
}

func (d *decoder) u8() int {
	if p := d.take(1); p != nil {
		return int(p[0])
	}
	return 0
}

func (d *decoder) u16() int {
	if p := d.take(2); p != nil {
		return int(p[0])<<8 | int(p[1])
	}
	return 0
}

func (d *decoder) u32() uint32 {
	if p := d.take(4); p != nil {
		return uint32(p[0])<<24 | uint32(p[1])<<16 | uint32(p[2])<<8 | uint32(p[3])
	}
	return 0
}

// length reads a 4-byte length of something that takes at least that many bytes.
func (d *decoder) length(what string) int {
	at := d.pos
	n := d.u32()
	if d.err == nil && uint64(n) > uint64(len(d.b)-d.pos) {
		d.fail(ErrTruncated, at, "%s of %d bytes, %d left", what, n, len(d.b)-d.pos)
		return 0
	}
	return int(n)
}

// open says that n more terms follow. It fails where the bytes left cannot hold all the terms that all open containers
// still wait for, so that memory reserved for them is at most proportional to the input.
func (d *decoder) open(n int) bool {
	if d.err != nil {
		return false
	}
	if n > len(d.b)-d.pos-d.owed {
		d.fail(ErrTruncated, d.pos, "%d terms wanted, %d bytes left", n+d.owed, len(d.b)-d.pos)
		return false
	}
	if n > d.Terms-d.terms {
		d.fail(ErrLimit, d.pos, "more than %d terms", d.Terms)
		return false
	}
	d.owed += n
	d.terms += n
	return true
}

// slots makes room for n announced terms, little at first where n is large: append grows it as they arrive.
func slots[T any](n int) []T { return make([]T, 0, min(n, slotsAtFirst)) }

const slotsAtFirst = 1024

var emptyList, emptyTuple, emptyBinary term.Term = term.List{}, term.Tuple{}, term.Binary("")

// next decodes one announced term.
func (d *decoder) next() term.Term {
	if d.err != nil {
		return nil
	}
	d.owed--
	at := d.pos
	switch tag := d.u8(); tag {
	case tagSmallInteger:
		return int64(d.u8())
	case tagInteger:
		return int64(int32(d.u32()))
	case tagNewFloat:
		return d.newFloat(at)
	case tagFloat:
		return d.textFloat(at)
	case tagSmallBig:
		return d.bigInt(d.u8())
	case tagLargeBig:
		return d.bigInt(d.length("integer"))
	case tagAtom, tagSmallAtom, tagAtomUTF8, tagSmallAtomUTF8, tagAtomCacheRef:
		_, t := d.atomOf(at, tag)
		return t
	case tagNil:
		return emptyList
	case tagString:
		return d.byteList()
	case tagList:
		return d.list(at)
	case tagSmallTuple:
		return d.tuple(at, d.u8())
	case tagLargeTuple:
		return d.tuple(at, int(min(d.u32(), math.MaxInt32)))
	case tagMap:
		return d.mapping(at)
	case tagBinary:
		p := d.take(d.length("binary"))
		if len(p) == 0 {
			return emptyBinary
		}
		return term.Binary(p)
	case tagBitBinary:
		return d.bits(at)
	case tagNewPID, tagPID:
		return d.pid(at, tag)
	case tagNewPort, tagPort, tagV4Port:
		return d.port(at, tag)
	case tagNewerRef, tagNewReference, tagReference:
		return d.ref(at, tag)
	case tagNewFun:
		return d.fun(at)
	case tagExport:
		return d.export(at)
	default:
		d.fail(ErrMalformed, at, "tag %d", tag)
		return nil
	}
}
