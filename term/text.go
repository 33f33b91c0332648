package term

import "unicode/utf8"

// Charlist returns s as Erlang's "string": the list of its code points. Bytes that are no UTF-8 become U+FFFD.
func Charlist(s string) List {
	l := make(List, 0, utf8.RuneCountInString(s))
	for _, r := range s {
		l = append(l, int64(r))
	}
	return l
}

// Text returns the text that t holds: of an atom, a binary, or a charlist (a list of code points). ok is false for
// everything else. It is for peers that may name a thing in any of the three ways.
func Text(t Term) (s string, ok bool) {
	switch v := t.(type) {
	case Atom:
		return string(v), true
	case Binary:
		return string(v), true
	case List:
		return charlistText(v)
	}
	return "", false
}

func charlistText(l List) (string, bool) {
	b := make([]byte, 0, len(l))
	for _, e := range l {
		n, ok := Canonical(e).(int64)
		if !ok || n < 0 || n > utf8.MaxRune || !utf8.ValidRune(rune(n)) {
			return "", false
		}
		b = utf8.AppendRune(b, rune(n))
	}
	return string(b), true
}
