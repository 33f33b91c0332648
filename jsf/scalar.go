package jsf

import (
	"math/big"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/kista-go/kista/term"
)

// text reads a string, from its quote on.
func (p *parser) text() (string, error) {
	p.at++
	begin := p.at
	for p.at < len(p.b) { // most have no escapes
		switch c := p.b[p.at]; {
		case c == '"':
			s := p.b[begin:p.at]
			p.at++
			return string(s), nil
		case c == '\\':
			return p.escaped(append([]byte(nil), p.b[begin:p.at]...))
		case c < utf8.RuneSelf:
			p.at++
		default:
			if err := p.rune(); err != nil {
				return "", err
			}
		}
	}
	return "", p.end()
}

// rune passes over a character of several bytes.
func (p *parser) rune() error {
	r, n := utf8.DecodeRune(p.b[p.at:])
	if r == utf8.RuneError && n <= 1 {
		if p.cut && !utf8.FullRune(p.b[p.at:]) {
			return p.end()
		}
		return p.fail(ErrMalformed, p.at, "byte 16#%02X is not UTF-8", p.b[p.at])
	}
	p.at += n
	return nil
}

// escaped reads on in a string that has escapes.
func (p *parser) escaped(s []byte) (string, error) {
	for p.at < len(p.b) {
		switch c := p.b[p.at]; {
		case c == '"':
			p.at++
			return string(s), nil
		case c == '\\':
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			s = utf8.AppendRune(s, r)
		case c < utf8.RuneSelf:
			s = append(s, c)
			p.at++
		default:
			from := p.at
			if err := p.rune(); err != nil {
				return "", err
			}
			s = append(s, p.b[from:p.at]...)
		}
	}
	return "", p.end()
}

var escapes = map[byte]rune{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escape reads what follows a backslash, and that.
func (p *parser) escape() (rune, error) {
	from := p.at
	p.at++
	if p.at >= len(p.b) {
		return 0, p.end()
	}
	c := p.b[p.at]
	if r, ok := escapes[c]; ok {
		p.at++
		return r, nil
	}
	if c != 'u' {
		return 0, p.fail(ErrMalformed, from, "an escape that is none")
	}
	p.at++
	r, err := p.hex(from)
	if err != nil || !utf16.IsSurrogate(r) {
		return r, err
	}
	pair := r < 0xDC00
	for _, c := range []byte(`\u`) {
		if pair && p.at >= len(p.b) {
			return 0, p.end()
		}
		if pair = pair && p.b[p.at] == c; pair {
			p.at++
		}
	}
	if pair {
		low, err := p.hex(from)
		if err != nil {
			return 0, err
		}
		if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
			return both, nil
		}
	}
	return 0, p.fail(ErrMalformed, from, "half of a surrogate pair")
}

// hex reads four hexadecimal digits.
func (p *parser) hex(from int) (rune, error) {
	if p.at+4 > len(p.b) {
		p.at = len(p.b)
		return 0, p.end()
	}
	n, err := strconv.ParseUint(string(p.b[p.at:p.at+4]), 16, 16)
	if err != nil {
		return 0, p.fail(ErrMalformed, from, "\\u without four hexadecimal digits")
	}
	p.at += 4
	return rune(n), nil
}

// digits passes over digits, and says how many there were.
func (p *parser) digits() int {
	from := p.at
	for p.at < len(p.b) && p.b[p.at] >= '0' && p.b[p.at] <= '9' {
		p.at++
	}
	return p.at - from
}

// number reads an integer or a float.
func (p *parser) number() (term.Term, error) {
	from := p.at
	if p.b[p.at] == '-' {
		p.at++
	}
	first := p.at
	whole := p.digits()
	switch {
	case whole == 0:
		return nil, p.unexpected("a digit")
	case whole > 1 && p.b[first] == '0':
		return nil, p.fail(ErrMalformed, from, "a number that begins with 0")
	}
	float := false
	if p.at < len(p.b) && p.b[p.at] == '.' {
		float = true
		p.at++
		if p.digits() == 0 {
			return nil, p.unexpected("a digit")
		}
	}
	if p.at < len(p.b) && (p.b[p.at] == 'e' || p.b[p.at] == 'E') {
		float = true
		p.at++
		if p.at < len(p.b) && (p.b[p.at] == '+' || p.b[p.at] == '-') {
			p.at++
		}
		if p.digits() == 0 {
			return nil, p.unexpected("a digit")
		}
	}
	if p.at == len(p.b) && p.cut {
		return nil, p.end()
	}
	text := string(p.b[from:p.at])
	if p.at-from > p.lim.Digits {
		return nil, p.fail(ErrLimit, from, "a number of more than %d digits", p.lim.Digits)
	}
	if float {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, p.fail(ErrMalformed, from, "%.40s is no float of 64 bits", text)
		}
		return f, nil
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, nil
	}
	n, _ := new(big.Int).SetString(text, 10)
	return n, nil
}
