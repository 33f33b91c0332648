package contract

import (
	"math/big"
	"strings"

	"github.com/kista-go/kista/term"
)

func rangeMatcher(t *Range) matcher {
	small := func(n *big.Int) bool { return n == nil || n.IsInt64() }
	if !small(t.Lo) || !small(t.Hi) {
		return func(_ *run, v term.Term, _ int) bool { return isInteger(v) && within(bigOf(v), t) }
	}
	lo, hi, open := int64(-1<<63), int64(1<<63-1), t.Lo == nil || t.Hi == nil
	if t.Lo != nil {
		lo = t.Lo.Int64()
	}
	if t.Hi != nil {
		hi = t.Hi.Int64()
	}
	return func(_ *run, v term.Term, _ int) bool {
		n, ok := v.(int64)
		if !ok {
			if n, ok = term.Canonical(v).(int64); !ok {
				return open && isInteger(v) && within(bigOf(v), t)
			}
		}
		return lo <= n && n <= hi
	}
}

// within reports whether n lies in the range.
func within(n *big.Int, t *Range) bool {
	return (t.Lo == nil || n.Cmp(t.Lo) >= 0) && (t.Hi == nil || n.Cmp(t.Hi) <= 0)
}

func bigOf(v term.Term) *big.Int { return bigInt(term.Canonical(v)) }

func isInteger(v term.Term) bool {
	switch v := v.(type) {
	case int64:
		return true
	case *big.Int:
		return v != nil
	}
	switch term.Canonical(v).(type) {
	case int64, *big.Int:
		return true
	}
	return false
}

// atomOf returns v as an atom.
func atomOf(v term.Term) (term.Atom, bool) {
	if a, ok := v.(term.Atom); ok {
		return a, true
	}
	if b, ok := v.(bool); ok {
		if b {
			return "true", true
		}
		return "false", true
	}
	return "", false
}

func literalMatcher(t *Literal) matcher {
	switch want := t.Value.(type) {
	case term.Atom:
		return func(_ *run, v term.Term, _ int) bool {
			a, ok := atomOf(v)
			return ok && a == want
		}
	case term.Binary:
		return func(_ *run, v term.Term, _ int) bool { return v == term.Term(want) }
	case float64:
		return func(_ *run, v term.Term, _ int) bool {
			f, ok := term.Canonical(v).(float64)
			return ok && f == want
		}
	case term.Tuple:
		text := make([]byte, 0, len(want[1].(term.List)))
		for _, c := range want[1].(term.List) {
			text = append(text, byte(c.(int64)))
		}
		return textMatcher(string(text))
	case *big.Int:
		return func(_ *run, v term.Term, _ int) bool { return isInteger(v) && bigOf(v).Cmp(want) == 0 }
	case int64:
		return func(_ *run, v term.Term, _ int) bool {
			n, ok := v.(int64)
			if !ok {
				n, ok = term.Canonical(v).(int64)
			}
			return ok && n == want
		}
	}
	return func(*run, term.Term, int) bool { return false }
}

// textMatcher matches the UBF string of those bytes.
func textMatcher(text string) matcher {
	return func(_ *run, v term.Term, _ int) bool {
		t, ok := v.(term.Tuple)
		if !ok || len(t) != 2 || t[0] != term.Term(term.Atom("#S")) {
			return false
		}
		l, ok := listOf(t[1])
		if !ok || len(l) != len(text) {
			return false
		}
		for i, e := range l {
			if n, ok := term.Canonical(e).(int64); !ok || n != int64(text[i]) {
				return false
			}
		}
		return true
	}
}

// predefinedMatcher returns the test for a predefined type and its attributes.
func predefinedMatcher(name string, attrs []string) func(term.Term) bool {
	tests := make([]func(term.Term) bool, len(attrs))
	for i, a := range attrs {
		tests[i] = attributeTests[a]
	}
	is := predefinedTests[name]
	if len(tests) == 0 {
		return is
	}
	return func(v term.Term) bool {
		if !is(v) {
			return false
		}
		for _, test := range tests {
			if !test(v) {
				return false
			}
		}
		return true
	}
}

var predefinedTests = map[string]func(term.Term) bool{
	"any":     func(term.Term) bool { return true },
	"none":    func(term.Term) bool { return true },
	"integer": isInteger,
	"atom": func(v term.Term) bool {
		_, ok := atomOf(v)
		return ok
	},
	"binary": func(v term.Term) bool {
		_, ok := v.(term.Binary)
		return ok
	},
	"float": func(v term.Term) bool {
		_, ok := term.Canonical(v).(float64)
		return ok
	},
	"list": func(v term.Term) bool {
		switch v.(type) {
		case term.List, term.Improper:
			return true
		}
		return false
	},
	"tuple": func(v term.Term) bool {
		_, ok := v.(term.Tuple)
		return ok
	},
}

var attributeTests = map[string]func(term.Term) bool{
	"ascii":          func(v term.Term) bool { return allBytes(v, 0, 127) },
	"asciiprintable": func(v term.Term) bool { return allBytes(v, 32, 126) },
	"nonundefined":   func(v term.Term) bool { return v != term.Term(undefined) },
	"nonempty": func(v term.Term) bool {
		switch v := v.(type) {
		case term.Atom:
			return v != ""
		case term.Binary:
			return v != ""
		case term.List:
			return len(v) > 0
		case term.Tuple:
			return len(v) > 0
		}
		return true
	},
}

// allBytes reports whether the text of an atom or binary is of such bytes only.
func allBytes(v term.Term, lo, hi byte) bool {
	var s string
	switch v := v.(type) {
	case term.Binary:
		s = string(v)
	default:
		a, _ := atomOf(v)
		s = string(a)
	}
	return strings.IndexFunc(s, func(r rune) bool { return r < rune(lo) || r > rune(hi) }) < 0
}
