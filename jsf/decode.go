package jsf

import (
	"fmt"
	"unicode/utf8"

	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubfa"
)

// Decoder is the configuration of decoding. The zero value takes every text within the default [Limits], and knows no
// records. It is a value without state, and may be used by many goroutines.
type Decoder struct {
	// Limits bound the work; its zero value is the defaults.
	Limits Limits
	// Records are those that a text may hold.
	Records *Records
	// Safe, where not nil, says which constants are known; a text with another one is refused with [ErrUnsafe]. It is called
	// once for every different constant of a text; true, false and undefined are known.
	Safe func(term.Atom) bool
}

// Decode decodes the JSON text at the start of b, after white space, and says how many bytes it took. What follows is not
// looked at. The result shares no memory with b. An error is a *[DecodeError].
func Decode(b []byte) (t term.Term, used int, err error) { return Decoder{}.Decode(b) }

// DecodeAll decodes b, which must be one JSON text and white space. An error is a *[DecodeError].
func DecodeAll(b []byte) (term.Term, error) { return Decoder{}.DecodeAll(b) }

// Decode is [Decode] with the configuration d.
func (d Decoder) Decode(b []byte) (t term.Term, used int, err error) {
	p := parser{d: d, lim: d.Limits.withDefaults(), b: b, atoms: map[term.Atom]struct{}{}}
	if n := len(b); n > p.lim.Bytes { // what follows the text is not counted
		p.b, p.cut = b[:max(p.lim.Bytes, 0)], true
	}
	p.space()
	if p.at == len(p.b) && !p.cut {
		return nil, 0, &DecodeError{ErrTruncated, int64(p.at), "no text at all"}
	}
	if t, err = p.value(0); err != nil {
		return nil, 0, err
	}
	return t, p.at, nil
}

// DecodeAll is [DecodeAll] with the configuration d.
func (d Decoder) DecodeAll(b []byte) (term.Term, error) {
	t, used, err := d.Decode(b)
	if err != nil {
		return nil, err
	}
	for i := used; i < len(b); i++ {
		if !isSpace(b[i]) {
			return nil, &DecodeError{ErrTrailing, int64(i), fmt.Sprintf("%d bytes follow the text", len(b)-i)}
		}
	}
	return t, nil
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// parser is the state of one decoding.
type parser struct {
	d     Decoder
	lim   Limits
	b     []byte
	cut   bool // b is longer than allowed, and the rest left out
	at    int
	terms int
	atoms map[term.Atom]struct{}
}

func (p *parser) fail(kind error, at int, format string, args ...any) error {
	return &DecodeError{kind, int64(at), fmt.Sprintf(format, args...)}
}

// end is the error where the bytes end too early.
func (p *parser) end() error {
	if p.cut {
		return p.fail(ErrLimit, p.at, "the text is longer than %d bytes", p.lim.Bytes)
	}
	return p.fail(ErrTruncated, p.at, "the bytes end here")
}

// unexpected is the error for a byte that may not stand where it does.
func (p *parser) unexpected(want string) error {
	if p.at >= len(p.b) {
		return p.end()
	}
	r, _ := utf8.DecodeRune(p.b[p.at:])
	if r == utf8.RuneError {
		return p.fail(ErrMalformed, p.at, "byte 16#%02X where %s is wanted", p.b[p.at], want)
	}
	return p.fail(ErrMalformed, p.at, "%q where %s is wanted", r, want)
}

func (p *parser) space() {
	for p.at < len(p.b) && isSpace(p.b[p.at]) {
		p.at++
	}
}

// charge counts terms.
func (p *parser) charge(at, n int) error {
	if p.terms += n; p.terms > p.lim.Terms {
		return p.fail(ErrLimit, at, "more than %d terms", p.lim.Terms)
	}
	return nil
}

// value reads a value at the place where it begins.
func (p *parser) value(depth int) (term.Term, error) {
	if p.at >= len(p.b) {
		return nil, p.end()
	}
	if err := p.charge(p.at, 1); err != nil {
		return nil, err
	}
	switch c := p.b[p.at]; {
	case c == '"':
		s, err := p.text()
		return term.Binary(s), err
	case c == '[':
		return p.array(depth + 1)
	case c == '{':
		return p.object(depth + 1)
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	case c == 't':
		return p.word("true", "true")
	case c == 'f':
		return p.word("false", "false")
	case c == 'n':
		return p.word("null", "undefined")
	}
	return nil, p.unexpected("a value")
}

func (p *parser) word(word string, means term.Atom) (term.Term, error) {
	for i := range len(word) {
		if p.at+i >= len(p.b) {
			p.at = len(p.b)
			return nil, p.end()
		}
		if p.b[p.at+i] != word[i] {
			return nil, p.fail(ErrMalformed, p.at, "a word that is not %s", word)
		}
	}
	p.at += len(word)
	return means, nil
}

func (p *parser) level(depth int) error {
	if depth > p.lim.Depth {
		return p.fail(ErrLimit, p.at, "nested deeper than %d levels", p.lim.Depth)
	}
	return nil
}

// next goes on to the next element before the byte close, behind a comma unless it is the first; done is true at the end.
func (p *parser) next(first bool, closing byte) (done bool, err error) {
	p.space()
	if !first && p.at < len(p.b) && p.b[p.at] == ',' {
		p.at++
		p.space() // the closing bracket may follow, as in the original
	} else if !first && (p.at >= len(p.b) || p.b[p.at] != closing) {
		return false, p.unexpected(fmt.Sprintf("',' or '%c'", closing))
	}
	if p.at < len(p.b) && p.b[p.at] == closing {
		p.at++
		return true, nil
	}
	return false, nil
}

func (p *parser) array(depth int) (term.Term, error) {
	if err := p.level(depth); err != nil {
		return nil, err
	}
	p.at++
	l := term.List{}
	for {
		done, err := p.next(len(l) == 0, ']')
		if err != nil || done {
			return l, err
		}
		v, err := p.value(depth)
		if err != nil {
			return nil, err
		}
		l = append(l, v)
	}
}

func (p *parser) object(depth int) (term.Term, error) {
	if err := p.level(depth); err != nil {
		return nil, err
	}
	from := p.at
	p.at++
	var members []term.Pair
	record := -1
	for {
		done, err := p.next(len(members) == 0, '}')
		if err != nil {
			return nil, err
		}
		if done {
			break
		}
		if p.at >= len(p.b) || p.b[p.at] != '"' {
			return nil, p.unexpected("a key")
		}
		key, err := p.text()
		if err != nil {
			return nil, err
		}
		p.space()
		if p.at >= len(p.b) || p.b[p.at] != ':' {
			return nil, p.unexpected("':'")
		}
		p.at++
		p.space()
		v, err := p.value(depth)
		if err != nil {
			return nil, err
		}
		if err := p.charge(p.at, 2); err != nil {
			return nil, err
		}
		if key == keyRecord && record < 0 {
			record = len(members)
		}
		members = append(members, term.Pair{Key: term.Binary(key), Value: v})
	}
	switch {
	case record >= 0:
		return p.record(from, members, members[record].Value)
	case len(members) == 1:
		if t, is, err := p.special(from, string(members[0].Key.(term.Binary)), members[0].Value); is || err != nil {
			return t, err
		}
	}
	return ubfa.PropList(members).Term(), nil
}

// special is what an object with just one member stands for, if it is no property list.
func (p *parser) special(from int, key string, v term.Term) (t term.Term, is bool, err error) {
	switch key {
	case keyAtom:
		name, ok := v.(term.Binary)
		if !ok {
			return nil, false, p.fail(ErrMalformed, from, "a constant ($A) whose name is no string")
		}
		t, err := p.atom(from, string(name))
		return t, true, err
	case keyString:
		text, ok := v.(term.Binary)
		if !ok {
			return nil, false, p.fail(ErrMalformed, from, "a string ($S) that is no string")
		}
		if err := p.charge(from, len(text)+1); err != nil {
			return nil, false, err
		}
		return ubfa.String(text).Term(), true, nil
	case keyTuple:
		l, ok := v.(term.List)
		if !ok {
			return nil, false, p.fail(ErrMalformed, from, "a struct ($T) that is no array")
		}
		return term.Tuple(l), true, nil
	}
	return nil, false, nil
}

// atom is a constant that may be one.
func (p *parser) atom(from int, name string) (term.Atom, error) {
	a := term.Atom(name)
	if _, seen := p.atoms[a]; seen {
		return a, nil
	}
	switch {
	case utf8.RuneCountInString(name) > maxConstant:
		return "", p.fail(ErrMalformed, from, "a constant of %d characters: no more than %d are allowed", utf8.RuneCountInString(name), maxConstant)
	case len(p.atoms) >= p.lim.Atoms:
		return "", p.fail(ErrLimit, from, "more than %d constants", p.lim.Atoms)
	case p.d.Safe != nil && a != "true" && a != "false" && a != "undefined" && !p.d.Safe(a):
		return "", p.fail(ErrUnsafe, from, "unknown constant %.60s", a)
	}
	p.atoms[a] = struct{}{}
	return a, nil
}

func (p *parser) record(from int, members []term.Pair, name term.Term) (term.Term, error) {
	text, ok := name.(term.Binary)
	if !ok {
		return nil, p.fail(ErrMalformed, from, "a record ($R) whose name is no string")
	}
	known := p.d.Records.named(string(text))
	if len(known) == 0 {
		return nil, p.fail(ErrMalformed, from, "no record %s is known here", quoted(string(text)))
	}
	if _, err := p.atom(from, string(text)); err != nil {
		return nil, err
	}
	var why string
	for _, r := range known {
		t, reason := r.tuple(members)
		if reason == "" {
			return t, nil
		}
		if why == "" || len(r.Fields) == len(members)-1 {
			why = reason
		}
	}
	return nil, p.fail(ErrMalformed, from, "%s", why)
}

// quoted is a name from elsewhere, for an error.
func quoted(name string) string { return fmt.Sprintf("%.60q", name) }
