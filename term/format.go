package term

import (
	"math/big"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// Printer prints terms as Erlang text. The zero value prints as io_lib:format("~tw") does, except that identifiers
// carry the name of their node (see Node). A Printer is a value; it may be used by many goroutines.
//
// Differs from OTP: names in external funs print as atoms do elsewhere, so that they can be read back; the module of a
// local fun prints as UTF-8, with control characters escaped.
type Printer struct {
	// Strings prints lists of printable characters as "joe" and binaries of printable UTF-8 as <<"joe">>, as ~tp does.
	// Differs from OTP: other binaries are never taken for Latin-1.
	Strings bool
	// Limit ends the text with "..." once it is longer than this many bytes; 0 means no limit.
	Limit int
	// Node gives the first number of a printed pid, port or reference. Erlang prints an index into a table of the
	// printing node there, so that text from two nodes must never be compared; nil prints the name of the node, quoted
	// like an atom.
	Node func(node Atom, creation uint32) string
}

// Format returns t as io_lib:format("~tw", [T]) prints it: every list and binary as numbers. It is what Go test
// output and golden files should hold. A value that is no term prints as #Go<type>.
func Format(t Term) string { return string(Printer{}.Append(nil, t)) }

// String returns t for people: as [Format], but with printable lists and binaries as strings. It is what the String
// methods of this package return. [Parse] reads it back, identifiers and funs excepted.
func String(t Term) string { return string(Printer{Strings: true}.Append(nil, t)) }

// String returns the text of t.
func (p Printer) String(t Term) string { return string(p.Append(nil, t)) }

// Append appends the text of t to dst.
func (p Printer) Append(dst []byte, t Term) []byte {
	w := printer{Printer: p, b: dst, start: len(dst)}
	w.term(t, 0)
	if w.cut() {
		end := w.start + p.Limit
		for end > w.start && !utf8.RuneStart(w.b[end]) {
			end--
		}
		w.b = append(w.b[:end], "..."...)
	}
	return w.b
}

type printer struct {
	Printer
	b     []byte
	start int
}

func (w *printer) cut() bool { return w.Limit > 0 && len(w.b)-w.start > w.Limit }

func (w *printer) str(s string) { w.b = append(w.b, s...) }

func (w *printer) term(t Term, depth int) {
	if depth > maxNesting { // it contains itself
		w.str("...")
		return
	}
	if w.cut() {
		return
	}
	switch v := Canonical(t).(type) {
	case int64:
		w.b = strconv.AppendInt(w.b, v, 10)
	case *big.Int:
		if v == nil {
			w.foreign(t)
			return
		}
		w.b = v.Append(w.b, 10)
	case float64:
		w.b = appendFloat(w.b, v)
	case Atom:
		w.b = appendAtom(w.b, string(v))
	case Binary:
		w.binary(v)
	case Bits:
		w.bits(v)
	case Tuple:
		w.str("{")
		w.seq(v, depth)
		w.str("}")
	case List:
		if w.Strings && printableList(v) {
			w.b = appendQuoted(w.b, '"', listRunes(v))
			return
		}
		w.str("[")
		w.seq(v, depth)
		w.str("]")
	case Improper:
		w.str("[")
		w.seq(v.Elems, depth)
		w.str("|")
		w.term(v.Tail, depth+1)
		w.str("]")
	case Map:
		w.mapping(v, depth)
	case PID, Port, Ref, Fun, Export:
		w.identifier(v)
	default:
		w.foreign(t)
	}
}

func (w *printer) seq(elems []Term, depth int) {
	for i, e := range elems {
		if w.cut() {
			return
		}
		if i > 0 {
			w.str(",")
		}
		w.term(e, depth+1)
	}
}

func (w *printer) mapping(m Map, depth int) {
	w.str("#{")
	for i, p := range m.kv {
		if w.cut() {
			return
		}
		if i > 0 {
			w.str(",")
		}
		w.term(p.Key, depth+1)
		w.str(" => ")
		w.term(p.Value, depth+1)
	}
	w.str("}")
}

func (w *printer) binary(v Binary) {
	if w.Strings && len(v) > 0 {
		if ascii, ok := printableText(string(v)); ok {
			w.str("<<")
			w.b = appendQuoted(w.b, '"', []rune(string(v)))
			if !ascii {
				w.str("/utf8")
			}
			w.str(">>")
			return
		}
	}
	w.str("<<")
	w.bytes(string(v))
	w.str(">>")
}

func (w *printer) bits(v Bits) {
	w.str("<<")
	if n := len(v.data); n > 0 {
		w.bytes(string(v.data[:n-1]))
		if n > 1 {
			w.str(",")
		}
		w.b = strconv.AppendUint(w.b, uint64(v.data[n-1]>>(8-v.last)), 10)
		w.str(":")
		w.b = strconv.AppendUint(w.b, uint64(v.last), 10)
	}
	w.str(">>")
}

func (w *printer) bytes(s string) {
	for i := range len(s) {
		if w.cut() {
			return
		}
		if i > 0 {
			w.str(",")
		}
		w.b = strconv.AppendUint(w.b, uint64(s[i]), 10)
	}
}

// listRunes and printableList treat the list as characters.
func listRunes(l List) []rune {
	rs := make([]rune, len(l))
	for i, e := range l {
		rs[i] = rune(Canonical(e).(int64))
	}
	return rs
}

func printableList(l List) bool {
	if len(l) == 0 {
		return false
	}
	for _, e := range l {
		n, ok := Canonical(e).(int64)
		if !ok || n < 0 || n > unicode.MaxRune || !printable(rune(n)) {
			return false
		}
	}
	return true
}

func printableText(s string) (ascii, ok bool) {
	ascii = true
	for i, r := range s {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				return false, false
			}
		}
		if !printable(r) {
			return false, false
		}
		ascii = ascii && r < 0x80
	}
	return ascii, true
}

// printable is io_lib:printable_list with the unicode range.
func printable(r rune) bool {
	switch {
	case r >= ' ' && r <= '~', r >= 0xA0 && r < 0xD800, r > 0xDFFF && r < 0xFFFE, r > 0xFFFF && r <= 0x10FFFF:
		return true
	case r >= '\b' && r <= '\r', r == 0x1B:
		return true
	}
	return false
}
