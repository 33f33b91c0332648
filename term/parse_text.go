package term

import (
	"math"
	"math/big"
	"unicode/utf8"
)

// quoted reads text in the given quotes.
func (p *parser) quoted(quote rune) []rune {
	at := p.pos
	p.pos++
	rs := []rune{}
	for p.pos < len(p.s) {
		r, n := utf8.DecodeRuneInString(p.s[p.pos:])
		if r == quote {
			p.pos += n
			return rs
		}
		rs = append(rs, p.char())
	}
	p.fail(at, "no closing %c", quote)
	return nil
}

// strings reads a string, or several in a row, which are one.
func (p *parser) strings() []rune {
	rs := p.quoted('"')
	for p.skip(); p.peek() == '"'; p.skip() {
		rs = append(rs, p.quoted('"')...)
	}
	return rs
}

var unescapes = map[rune]rune{'n': '\n', 'r': '\r', 't': '\t', 'v': '\v', 'b': '\b', 'f': '\f', 'e': 0x1B, 's': ' ', 'd': 0x7F}

// char reads one character, as in a string or after $.
func (p *parser) char() rune {
	at := p.pos
	r := p.rune()
	if r != '\\' || p.err != nil {
		return r
	}
	r = p.rune()
	switch {
	case r >= '0' && r <= '7':
		n := r - '0'
		for range 2 {
			if c := p.peek(); c < '0' || c > '7' {
				break
			}
			n = n*8 + rune(p.s[p.pos]-'0')
			p.pos++
		}
		return n
	case r == 'x':
		return p.hexChar(at)
	case r == '^':
		return p.rune() & 31
	case unescapes[r] != 0:
		return unescapes[r]
	}
	return r
}

// hexChar reads what follows \x: two digits, or any number in braces.
func (p *parser) hexChar(at int) rune {
	text := ""
	if p.peek() == '{' {
		p.pos++
		start := p.pos
		text = p.digits(16)
		if p.peek() != '}' || len(text) < p.pos-start { // a number, but without underscores
			p.fail(at, "no closing } of a character")
			return 0
		}
		p.pos++
	} else if end := min(p.pos+2, len(p.s)); end-p.pos == 2 && isDigit(p.s[p.pos], 16) && isDigit(p.s[p.pos+1], 16) {
		text = p.s[p.pos:end]
		p.pos = end
	}
	n, ok := new(big.Int).SetString(text, 16)
	if !ok || !n.IsInt64() || n.Int64() > utf8.MaxRune || n.Int64() >= 0xD800 && n.Int64() < 0xE000 {
		p.fail(at, "no character")
		return 0
	}
	return rune(n.Int64())
}

func (p *parser) rune() rune {
	r, n := utf8.DecodeRuneInString(p.s[p.pos:])
	if n == 0 {
		p.fail(p.pos, "want a character, not the end of the text")
		return 0
	}
	if r == utf8.RuneError && n == 1 {
		p.fail(p.pos, "text is not UTF-8")
		return 0
	}
	p.pos += n
	return r
}

func listOf(rs []rune) List {
	l := make(List, len(rs))
	for i, r := range rs {
		l[i] = int64(r)
	}
	return l
}

// bitstring reads what follows <<.
func (p *parser) bitstring() Term {
	b, bits := []byte{}, 0
	for first := true; p.err == nil && !p.accept(">>"); first = false {
		if !first && !p.expect(",") {
			break
		}
		if p.skip(); p.peek() == '"' {
			b, bits = p.stringSegment(b, bits)
			continue
		}
		b, bits = p.integerSegment(b, bits)
	}
	if p.err != nil {
		return nil
	}
	return BitString(Binary(b), bits)
}

// stringSegment reads "text" or "text"/utf8.
func (p *parser) stringSegment(b []byte, bits int) ([]byte, int) {
	at := p.pos
	rs := p.strings()
	var text []byte
	if p.accept("/utf8") {
		text = []byte(string(rs))
	} else {
		for _, r := range rs {
			if r > 255 {
				p.fail(at, "character %#x in a binary: it needs /utf8", r)
				return b, bits
			}
			text = append(text, byte(r))
		}
	}
	if bits%8 == 0 {
		return append(b, text...), bits + 8*len(text)
	}
	for _, c := range text {
		b, bits = appendBits(b, bits, uint64(c), 8)
	}
	return b, bits
}

// integerSegment reads 5 or 5:3. A value wider than its segment loses its upper bits, as in Erlang.
func (p *parser) integerSegment(b []byte, bits int) ([]byte, int) {
	at := p.pos
	var n Term
	if p.peek() == '$' {
		p.pos++
		n = int64(p.char())
	} else {
		n = p.number()
	}
	width := int64(8)
	if p.accept(":") {
		p.skip()
		width, _ = p.number().(int64)
	}
	v, ok := lowBits(n)
	if p.err == nil && (!ok || width < 0 || width > 64) {
		p.fail(at, "segment: want an integer, and at most 64 bits of it")
	}
	if p.err != nil {
		return b, bits
	}
	return appendBits(b, bits, v, int(width))
}

// lowBits are the last 64 bits of an integer.
func lowBits(n Term) (v uint64, ok bool) {
	switch n := n.(type) {
	case int64:
		return uint64(n), true
	case *big.Int:
		return new(big.Int).And(n, new(big.Int).SetUint64(math.MaxUint64)).Uint64(), true
	}
	return 0, false
}

func appendBits(b []byte, bits int, v uint64, width int) ([]byte, int) {
	for i := width - 1; i >= 0; i-- {
		if bits%8 == 0 {
			b = append(b, 0)
		}
		b[bits/8] |= byte(v>>i&1) << (7 - bits%8)
		bits++
	}
	return b, bits
}
