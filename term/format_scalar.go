package term

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// identifier prints what has no source form of its own, and external funs.
func (w *printer) identifier(t Term) {
	switch v := t.(type) {
	case PID:
		w.str("<")
		w.node(v.Node, v.Creation)
		w.numbers(uint64(v.ID), uint64(v.Serial))
		w.str(">")
	case Port:
		w.str("#Port<")
		w.node(v.Node, v.Creation)
		w.numbers(v.ID)
		w.str(">")
	case Ref:
		w.str("#Ref<")
		w.node(v.Node, v.Creation)
		words := v.Words()
		for i := len(words) - 1; i >= 0; i-- {
			w.numbers(uint64(words[i]))
		}
		w.str(">")
	case Fun:
		w.str("#Fun<")
		w.b = appendEscaped(w.b, noQuote, []rune(v.Module)) // as in Erlang
		w.str(".")
		w.b = strconv.AppendInt(w.b, v.OldIndex, 10)
		w.str(".")
		w.b = strconv.AppendInt(w.b, v.OldUniq, 10)
		w.str(">")
	case Export:
		w.str("fun ")
		w.b = appendAtom(w.b, string(v.Module))
		w.str(":")
		w.b = appendAtom(w.b, string(v.Function))
		w.str("/")
		w.b = strconv.AppendInt(w.b, int64(v.Arity), 10)
	}
}

func (w *printer) node(name Atom, creation uint32) {
	if w.Node != nil {
		w.str(w.Node(name, creation))
		return
	}
	w.b = appendAtom(w.b, string(name))
}

func (w *printer) numbers(ns ...uint64) {
	for _, n := range ns {
		w.str(".")
		w.b = strconv.AppendUint(w.b, n, 10)
	}
}

func (w *printer) foreign(t any) {
	if t == nil {
		w.str("#Go<nil>")
		return
	}
	w.str(fmt.Sprintf("#Go<%T>", t))
}

// appendFloat prints the shortest decimal that gives f again: in the notation with fewer characters within (-2^53,
// 2^53), in scientific notation beyond, as float_to_list(F, [short]) does.
func appendFloat(dst []byte, f float64) []byte {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return fmt.Appendf(dst, "#Go<%v>", f)
	}
	if math.Signbit(f) {
		dst = append(dst, '-')
		f = -f
	}
	if f == 0 {
		return append(dst, "0.0"...)
	}
	sci := strconv.FormatFloat(f, 'e', -1, 64)
	mantissa, exponent, _ := strings.Cut(sci, "e")
	e, _ := strconv.Atoi(exponent)
	digits := strings.Replace(mantissa, ".", "", 1)
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	sci = mantissa + "e" + strconv.Itoa(e)
	var plain string
	switch n := len(digits); {
	case e < 0:
		plain = "0." + strings.Repeat("0", -e-1) + digits
	case e+1 < n:
		plain = digits[:e+1] + "." + digits[e+1:]
	default:
		plain = digits + strings.Repeat("0", e+1-n) + ".0"
	}
	if f >= 1<<53 || len(sci) < len(plain) {
		return append(dst, sci...)
	}
	return append(dst, plain...)
}

var reserved = map[string]bool{
	"after": true, "and": true, "andalso": true, "band": true, "begin": true, "bnot": true, "bor": true, "bsl": true,
	"bsr": true, "bxor": true, "case": true, "catch": true, "cond": true, "div": true, "end": true, "fun": true,
	"if": true, "let": true, "not": true, "of": true, "or": true, "orelse": true, "receive": true, "rem": true,
	"try": true, "when": true, "xor": true,
}

func appendAtom(dst []byte, a string) []byte {
	if plainAtom(a) && !reserved[a] {
		return append(dst, a...)
	}
	return appendQuoted(dst, '\'', []rune(a))
}

// plainAtom reports whether a needs no quotes: a lower case letter of Latin-1, then letters, digits, _ and @.
func plainAtom(a string) bool {
	for i, r := range a {
		if !lower(r) && (i == 0 || !nameRune(r)) {
			return false
		}
	}
	return a != ""
}

func lower(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'ß' && r <= 'ÿ' && r != '÷' }

func nameRune(r rune) bool {
	return lower(r) || r >= 'A' && r <= 'Z' || r >= 'À' && r <= 'Þ' && r != '×' || r >= '0' && r <= '9' || r == '_' || r == '@'
}

func appendQuoted(dst []byte, quote rune, s []rune) []byte {
	return append(appendEscaped(append(dst, byte(quote)), quote, s), byte(quote))
}

const noQuote = -1 // no character

func appendEscaped(dst []byte, quote rune, s []rune) []byte {
	for _, r := range s {
		switch {
		case r == quote, r == '\\':
			dst = append(dst, '\\', byte(r))
		case escapes[r] != 0:
			dst = append(dst, '\\', escapes[r])
		case r < ' ', r >= 0x7F && r < 0xA0:
			dst = fmt.Appendf(dst, "\\%03o", r)
		default:
			dst = append(dst, string(r)...)
		}
	}
	return dst
}

var escapes = map[rune]byte{'\n': 'n', '\r': 'r', '\t': 't', '\v': 'v', '\b': 'b', '\f': 'f', 0x1B: 'e', 0x7F: 'd'}
