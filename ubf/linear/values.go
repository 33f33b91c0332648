package linear

import (
	"errors"

	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubfa"
)

func asViolation(err error, v **contract.Violation) bool { return errors.As(err, v) }

// The functions below turn terms, which a checker has found to be of their type, into Go values. They report whether the value
// fits.

// Int reads an integer.
func Int(t term.Term) (int64, bool) {
	n, ok := t.(int64)
	return n, ok
}

// Float reads a float.
func Float(t term.Term) (float64, bool) {
	f, ok := t.(float64)
	return f, ok
}

// Bool reads true or false.
func Bool(t term.Term) (bool, bool) {
	return t == term.Atom("true"), t == term.Atom("true") || t == term.Atom("false")
}

// Atom reads a constant.
func Atom(t term.Term) (term.Atom, bool) {
	a, ok := t.(term.Atom)
	return a, ok
}

// Binary reads a binary.
func Binary(t term.Term) (term.Binary, bool) {
	b, ok := t.(term.Binary)
	return b, ok
}

// Text reads a string of UBF.
func Text(t term.Term) (string, bool) {
	s, ok := ubfa.StringOf(t)
	return string(s), ok
}

// OfText makes a string of UBF.
func OfText(s string) term.Term { return ubfa.String(s).Term() }

// Any takes anything.
func Any(t term.Term) (term.Term, bool) { return t, true }

// OfAny gives it back.
func OfAny(t term.Term) term.Term { return t }

// List reads a list.
func List[T any](t term.Term, elem func(term.Term) (T, bool)) ([]T, bool) {
	l, ok := t.(term.List)
	if !ok {
		return nil, false
	}
	out := make([]T, len(l))
	for i, x := range l {
		if out[i], ok = elem(x); !ok {
			return nil, false
		}
	}
	return out, true
}

// OfList makes a list.
func OfList[T any](l []T, elem func(T) term.Term) term.Term {
	out := make(term.List, len(l))
	for i, x := range l {
		out[i] = elem(x)
	}
	return out
}

// Fields reads a tuple of so many elements, the first of which is the constant, unless that is empty.
func Fields(t term.Term, name term.Atom, n int) (term.Tuple, bool) {
	tu, ok := t.(term.Tuple)
	if !ok || len(tu) != n || name != "" && tu[0] != name {
		return nil, false
	}
	return tu, true
}
