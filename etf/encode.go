package etf

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"strconv"

	"github.com/kista-go/kista/term"
)

// Encoder is the configuration of encoding. The zero value gives what term_to_binary(T, [{minor_version,2},
// deterministic]) gives: the smallest form of every value, atoms in UTF-8, maps sorted by key. Output is always
// deterministic. An Encoder is a value without state, and may be used by many goroutines.
type Encoder struct {
	// Compress is the zlib level, 1 to 9; 0 means no compression. The plain form is kept where it is not longer.
	Compress int
	// Depth is how deep a value may be nested; 0 means 10000, and no value lifts it above 100000.
	Depth int
	// Minor1 writes atoms in Latin-1 where they fit, as OTP 25 and earlier do by default ({minor_version,1}): for peers
	// that know no other.
	Minor1 bool
	// CacheIndex gives the index of an atom in the atom cache references of a distribution frame, where it has one; nil
	// means no cache. Only [Encoder.AppendBare] uses it.
	CacheIndex func(term.Atom) (index uint8, ok bool)
}

// Encode encodes t with its version byte. t is a term; other Go values are refused, see [Marshal]. An error is an
// *[EncodeError].
func Encode(t term.Term) ([]byte, error) { return Encoder{}.Append(nil, t) }

// Encode is [Encode] with the configuration e.
func (e Encoder) Encode(t term.Term) ([]byte, error) { return e.Append(nil, t) }

// Append appends the encoding of t, version byte included, to dst. After an error dst comes back as it was.
func (e Encoder) Append(dst []byte, t term.Term) ([]byte, error) {
	e.CacheIndex = nil
	if e.Compress != 0 {
		plain, err := e.AppendBare([]byte{version}, t)
		if err == nil {
			plain, err = compress(plain, e.Compress)
		}
		if err != nil {
			return dst, err
		}
		return append(dst, plain...), nil
	}
	out, err := e.AppendBare(append(dst, version), t)
	if err != nil {
		return dst, err
	}
	return out, nil
}

// AppendBare appends the encoding of t without a version byte, as it stands in a distribution frame after a header;
// Compress is not used. After an error dst comes back as it was.
func (e Encoder) AppendBare(dst []byte, t term.Term) ([]byte, error) {
	w := encoder{b: dst, depth: min(max(e.Depth, 0), hardDepth), cache: e.CacheIndex, latin1: e.Minor1}
	if e.Depth == 0 {
		w.depth = defaultDepth
	}
	if err := w.term(t); err != nil {
		return dst, err
	}
	return w.b, nil
}

type encoder struct {
	b     []byte
	depth int // levels left
	cache func(term.Atom) (uint8, bool)

	latin1 bool // atoms, where they fit
}

func refuse(format string, args ...any) *EncodeError {
	return &EncodeError{Reason: fmt.Sprintf(format, args...)}
}

// maxPath is where a path loses its beginning.
const maxPath = 1000

// at puts a step before the path of an error.
func (e *EncodeError) at(step string) *EncodeError {
	switch {
	case e == nil:
	case len(e.Path) < maxPath:
		e.Path = step + e.Path
	case e.Path[0] != '.' || e.Path[1] != '.':
		e.Path = "..." + e.Path
	}
	return e
}

func (w *encoder) u16(n int)    { w.b = binary.BigEndian.AppendUint16(w.b, uint16(n)) }
func (w *encoder) u32(n uint32) { w.b = binary.BigEndian.AppendUint32(w.b, n) }
func (w *encoder) tag(t byte)   { w.b = append(w.b, t) }

// count writes a tag and a length of four bytes.
func (w *encoder) count(tag byte, n int) *EncodeError {
	if int64(n) > math.MaxUint32 {
		return refuse("length %d needs more than 32 bits", n)
	}
	w.tag(tag)
	w.u32(uint32(n))
	return nil
}

func (w *encoder) term(t term.Term) *EncodeError {
	switch v := term.Canonical(t).(type) {
	case int64:
		w.integer(v)
	case *big.Int:
		return w.bigInt(v)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return refuse("float %v", v)
		}
		w.tag(tagNewFloat)
		w.b = binary.BigEndian.AppendUint64(w.b, math.Float64bits(v))
	case term.Atom:
		return w.atom(v)
	case term.Binary:
		err := w.count(tagBinary, len(v))
		w.b = append(w.b, v...)
		return err
	case term.Bits:
		return w.bits(v)
	case term.List:
		if len(v) == 0 {
			w.tag(tagNil)
			return nil
		}
		return w.container(v)
	case term.Tuple:
		if len(v) == 0 {
			w.b = append(w.b, tagSmallTuple, 0)
			return nil
		}
		return w.container(v)
	case term.Improper, term.Map, term.Fun:
		return w.container(v)
	case term.PID, term.Port, term.Ref:
		return w.identifier(v)
	case term.Export:
		return w.export(v)
	case nil:
		return refuse("nil is no term")
	default:
		return refuse("%T is no term: convert it with term.From, or use Marshal", t)
	}
	return nil
}

func (w *encoder) container(t term.Term) *EncodeError {
	if w.depth--; w.depth < 0 {
		return &EncodeError{Reason: "nested too deep", Kind: ErrLimit}
	}
	defer func() { w.depth++ }()
	switch v := t.(type) {
	case term.Tuple:
		if len(v) > maxTupleArity {
			return refuse("tuple of %d elements, at most %d", len(v), maxTupleArity)
		}
		if len(v) <= math.MaxUint8 {
			w.b = append(w.b, tagSmallTuple, byte(len(v)))
		} else if err := w.count(tagLargeTuple, len(v)); err != nil {
			return err
		}
		return w.seq(v)
	case term.List:
		return w.list(v)
	case term.Improper:
		if err := w.count(tagList, len(v.Elems)); err != nil {
			return err
		}
		if err := w.seq(v.Elems); err != nil {
			return err
		}
		return w.term(v.Tail).at(".tail")
	case term.Map:
		return w.mapping(v)
	case term.Fun:
		return w.fun(v)
	}
	return nil
}

func (w *encoder) seq(elems []term.Term) *EncodeError {
	for i, e := range elems {
		if err := w.term(e); err != nil {
			return err.at("[" + strconv.Itoa(i) + "]")
		}
	}
	return nil
}

func (w *encoder) list(l term.List) *EncodeError {
	if len(l) <= math.MaxUint16 && w.byteList(l) {
		return nil
	}
	if err := w.count(tagList, len(l)); err != nil {
		return err
	}
	if err := w.seq(l); err != nil {
		return err
	}
	w.tag(tagNil)
	return nil
}

// byteList writes l as STRING where all its elements are bytes; where not, nothing stays written.
func (w *encoder) byteList(l term.List) bool {
	start := len(w.b)
	w.tag(tagString)
	w.u16(len(l))
	for _, e := range l {
		n, ok := e.(int64)
		if !ok {
			n, ok = term.Canonical(e).(int64)
		}
		if !ok || n < 0 || n > math.MaxUint8 {
			w.b = w.b[:start]
			return false
		}
		w.b = append(w.b, byte(n))
	}
	return true
}

func (w *encoder) mapping(m term.Map) *EncodeError {
	if err := w.count(tagMap, m.Len()); err != nil {
		return err
	}
	for k, v := range m.All() {
		if err := w.term(k); err != nil {
			return err.at(".key")
		}
		if err := w.term(v); err != nil {
			return err.at(".value")
		}
	}
	return nil
}
