package ubfa

import (
	"math/big"
	"strconv"
	"unicode/utf8"

	"github.com/kista-go/kista/term"
)

// Registers says which constants and integers an encoder stores in registers, to name them by one byte instead of writing
// them out each time.
type Registers uint8

const (
	// Standard stores what UBF 2.2.4 stores: a constant or integer of more than one character that structs (outside lists) hold
	// more than once. The bytes are the same, except that the register named by a back-quote is never used, since no
	// decoder can read it.
	Standard Registers = iota
	// Paying stores a constant or integer only where the message becomes shorter by it, wherever it occurs.
	Paying
	// Never stores nothing: for logs that people read.
	Never
)

// Encoder is the configuration of encoding. The zero value gives the bytes that UBF 2.2.4 gives. An Encoder is a value without
// state, and may be used by many goroutines.
type Encoder struct {
	// Registers says what is stored in registers.
	Registers Registers
	// Depth is how deep a value may be nested; 0 means 10000, and no value lifts it above 100000.
	Depth int
	// Tags writes {'$TYPE',Tag,Item} as a tagged item. UBF 2.2.4 reads those and writes the struct.
	Tags bool
	// Compat writes what UBF 2.2.4 writes where no decoder reads it back: the back-quote as a register, the 45th, and improper
	// lists.
	Compat bool
}

// Encode encodes t as one message, up to its dollar sign. t is a term; other Go values are refused, see [Marshal], and so are the
// terms that UBF(A) cannot say: floats, maps, identifiers, improper lists, atoms beyond Latin-1. An error is an *[EncodeError].
func Encode(t term.Term) ([]byte, error) { return Encoder{}.Append(nil, t) }

// Encode is [Encode] with the configuration e.
func (e Encoder) Encode(t term.Term) ([]byte, error) { return e.Append(nil, t) }

// Append appends the message to dst. After an error dst comes back as it was.
func (e Encoder) Append(dst []byte, t term.Term) ([]byte, error) {
	w := encoder{Encoder: e, b: dst, depth: min(max(e.Depth, 0), hardDepth)}
	if e.Depth == 0 {
		w.depth = defaultDepth
	}
	if err := w.define(t); err != nil {
		return dst, err
	}
	if err := w.term(t); err != nil {
		return dst, err
	}
	return append(w.b, '$'), nil
}

type encoder struct {
	Encoder
	b         []byte
	depth     int // levels left
	registers map[any]byte
}

func (w *encoder) term(t term.Term) *EncodeError {
	switch v := term.Canonical(t).(type) {
	case int64:
		if !w.stored(v) {
			w.b = strconv.AppendInt(w.b, v, 10)
		}
	case *big.Int:
		if v == nil {
			return refuse("nil *big.Int")
		}
		if from := len(w.b); !w.registered() {
			w.b = v.Append(w.b, 10)
		} else {
			w.b = v.Append(w.b, 10)
			if r, ok := w.registers[string(w.b[from:])]; ok {
				w.b = append(w.b[:from], r)
			}
		}
	case term.Atom:
		if !w.stored(v) {
			return w.constant(v)
		}
	case term.Binary:
		w.b = append(strconv.AppendInt(w.b, int64(len(v)), 10), '~')
		w.b = append(append(w.b, v...), '~')
	case term.Tuple:
		return w.tuple(v)
	case term.List:
		w.b = append(w.b, '#')
		return w.list(v)
	case term.Improper:
		if !w.Compat {
			return refuse("improper list")
		}
		if err := w.term(v.Tail); err != nil {
			return err.at(".tail")
		}
		return w.list(v.Elems)
	case nil:
		return refuse("nil is no term")
	case float64, term.Bits, term.Map, term.PID, term.Port, term.Ref, term.Fun, term.Export:
		return refuse("UBF(A) has no %s", kindOf(v))
	default:
		return refuse("%T is no term: convert it with term.From, or use Marshal", t)
	}
	return nil
}

func kindOf(t term.Term) string {
	switch t.(type) {
	case float64:
		return "floats"
	case term.Bits:
		return "bitstrings"
	case term.Map:
		return "maps"
	case term.Fun, term.Export:
		return "funs"
	}
	return "identifiers"
}

func (w *encoder) registered() bool { return len(w.registers) > 0 }

// stored writes the register that holds a constant or small integer, if one does.
func (w *encoder) stored(key any) bool {
	if !w.registered() {
		return false
	}
	r, ok := w.registers[key]
	if ok {
		w.b = append(w.b, r)
	}
	return ok
}

func (w *encoder) enter() *EncodeError {
	if w.depth--; w.depth < 0 {
		return &EncodeError{Reason: "nested too deep", Kind: ErrLimit}
	}
	return nil
}

func (w *encoder) tuple(t term.Tuple) *EncodeError {
	if s, ok := stringOf(t); ok {
		return w.string(s)
	}
	if err := w.enter(); err != nil {
		return err
	}
	defer func() { w.depth++ }()
	if tag, ok := tagOf(t); ok && w.Tags {
		if err := w.term(t[2]); err != nil {
			return err.at("[2]")
		}
		return w.quoted('`', tag).at("[1]")
	}
	w.b = append(w.b, '{')
	for i, f := range t {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		if err := w.term(f); err != nil {
			return err.at("[" + strconv.Itoa(i) + "]")
		}
	}
	w.b = append(w.b, '}')
	return nil
}

// list writes the elements, the last first, and conses them onto what is written.
func (w *encoder) list(l term.List) *EncodeError {
	if len(l) == 0 {
		return nil
	}
	if err := w.enter(); err != nil {
		return err
	}
	defer func() { w.depth++ }()
	for i := len(l) - 1; i >= 0; i-- {
		if err := w.term(l[i]); err != nil {
			return err.at("[" + strconv.Itoa(i) + "]")
		}
		w.b = append(w.b, '&')
	}
	return nil
}

// stringOf gives the second field of a struct that stands for a string, {'#S',_}.
func stringOf(t term.Tuple) (term.Term, bool) {
	if len(t) != 2 || t[0] != nameString {
		return nil, false
	}
	return t[1], true
}

// tagOf gives the tag of a struct that stands for a tagged item, {'$TYPE',Bytes,Item}.
func tagOf(t term.Tuple) (term.Term, bool) {
	if len(t) != 3 || t[0] != nameTag {
		return nil, false
	}
	_, ok := bytesOf(t[1])
	return t[1], ok
}

// bytesOf gives the text of a list of bytes.
func bytesOf(t term.Term) (string, bool) {
	l, ok := t.(term.List)
	if !ok {
		return "", false
	}
	b := make([]byte, len(l))
	for i, e := range l {
		n, ok := term.Canonical(e).(int64)
		if !ok || n < 0 || n > 255 {
			return "", false
		}
		b[i] = byte(n)
	}
	return string(b), true
}

func (w *encoder) string(t term.Term) *EncodeError { return w.quoted('"', t).at("[1]") }

// quoted writes a list of bytes between quotes.
func (w *encoder) quoted(quote byte, t term.Term) *EncodeError {
	l, ok := t.(term.List)
	if !ok {
		return refuse("a string is {'#S',Bytes}, and this is no list: %s", term.Printer{Limit: 60}.String(t))
	}
	w.b = append(w.b, quote)
	for i, e := range l {
		n, ok := e.(int64)
		if !ok {
			n, ok = term.Canonical(e).(int64)
		}
		if !ok || n < 0 || n > 255 {
			return refuse("%s is no byte of a string", term.Printer{Limit: 60}.String(e)).at("[" + strconv.Itoa(i) + "]")
		}
		if byte(n) == quote || n == '\\' {
			w.b = append(w.b, '\\')
		}
		w.b = append(w.b, byte(n))
	}
	w.b = append(w.b, quote)
	return nil
}

// constant writes an atom out: its characters are bytes.
func (w *encoder) constant(a term.Atom) *EncodeError {
	if _, err := constantLen(a); err != nil {
		return err
	}
	w.b = append(w.b, '\'')
	for _, r := range string(a) {
		if r == '\'' || r == '\\' {
			w.b = append(w.b, '\\')
		}
		w.b = append(w.b, byte(r))
	}
	w.b = append(w.b, '\'')
	return nil
}

// constantLen gives the number of bytes of a constant.
func constantLen(a term.Atom) (int, *EncodeError) {
	n := 0
	for i, r := range string(a) {
		if r > 255 {
			if r == utf8.RuneError {
				if _, size := utf8.DecodeRuneInString(string(a[i:])); size == 1 {
					return 0, refuse("atom %.60q is not UTF-8", string(a))
				}
			}
			return 0, refuse("atom %.60s has a character beyond Latin-1: %q", a, r)
		}
		n++
	}
	if n > maxConstant {
		return 0, refuse("atom of more than %d characters", maxConstant)
	}
	return n, nil
}
