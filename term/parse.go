package term

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// SyntaxError says where text is no term.
type SyntaxError struct {
	// Offset is the byte at which the offending part begins.
	Offset int
	// Reason says what is wrong there.
	Reason string
}

// Error returns place and reason.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("term: syntax error at byte %d: %s", e.Offset, e.Reason)
}

const (
	maxParseDepth  = 10_000
	maxParseDigits = 100_000 // reading takes time by the square of it
)

// Parse reads a term as Erlang source writes it, such as {deposit,joe,"5 kr",#{<<"at">> => 16#ff}}, with comments and an
// optional full stop. It reads what [Format] and [String] print, except pids, ports, references and local funs, which have no
// source form. Nesting beyond 10000 levels, and numbers of more than 100000 digits, are refused. The error is a *[SyntaxError].
func Parse(text string) (Term, error) {
	p := &parser{s: text}
	t := p.term()
	if p.skip(); p.err == nil && p.peek() == '.' {
		p.pos++
		p.skip()
	}
	if p.err == nil && p.pos < len(p.s) {
		p.fail(p.pos, "%s follows the term", p.seen())
	}
	if p.err != nil {
		return nil, p.err
	}
	return t, nil
}

// parser reads by recursive descent. After a failure err is set and pos is at the end.
type parser struct {
	s     string
	pos   int
	depth int
	err   *SyntaxError
}

func (p *parser) fail(at int, format string, args ...any) Term {
	if p.err == nil {
		p.err = &SyntaxError{at, fmt.Sprintf(format, args...)}
		p.pos = len(p.s)
	}
	return nil
}

// seen names what stands at pos.
func (p *parser) seen() string {
	if p.pos >= len(p.s) {
		return "end of text"
	}
	r, _ := utf8.DecodeRuneInString(p.s[p.pos:])
	return strconv.QuoteRune(r)
}

func (p *parser) peek() byte {
	if p.pos < len(p.s) {
		return p.s[p.pos]
	}
	return 0
}

func (p *parser) skip() {
	for p.pos < len(p.s) {
		switch c := p.s[p.pos]; {
		case c <= ' ':
			p.pos++
		case c == '%':
			n := strings.IndexByte(p.s[p.pos:], '\n')
			if n < 0 {
				n = len(p.s) - p.pos
			}
			p.pos += n
		default:
			return
		}
	}
}

// accept skips blanks and takes tok where it comes next.
func (p *parser) accept(tok string) bool {
	if p.skip(); strings.HasPrefix(p.s[p.pos:], tok) {
		p.pos += len(tok)
		return true
	}
	return false
}

func (p *parser) expect(tok string) bool {
	if p.accept(tok) {
		return true
	}
	p.fail(p.pos, "want %q, not %s", tok, p.seen())
	return false
}

func (p *parser) term() Term {
	p.skip()
	if p.depth++; p.depth > maxParseDepth {
		return p.fail(p.pos, "nested deeper than %d", maxParseDepth)
	}
	defer func() { p.depth-- }()
	at := p.pos
	switch c := p.peek(); {
	case c == '{':
		p.pos++
		return Tuple(p.seq("}"))
	case c == '[':
		p.pos++
		return p.list()
	case c == '"':
		return listOf(p.strings())
	case p.accept("#{"):
		return p.mapping()
	case p.accept("<<"):
		return p.bitstring()
	case c == '$':
		p.pos++
		return int64(p.char())
	case c == '-' || c == '+' || c >= '0' && c <= '9':
		return p.number()
	case c == '\'':
		return p.atom()
	}
	if name := p.name(); name != "" {
		switch {
		case name == "fun":
			return p.external()
		case reserved[name]:
			return p.fail(at, "%s is a reserved word: quote it", name)
		}
		return p.atomOf(at, name)
	}
	return p.fail(at, "a term cannot begin with %s", p.seen())
}

// seq reads terms up to the closing token.
func (p *parser) seq(end string) []Term {
	elems := []Term{}
	if p.accept(end) {
		return elems
	}
	for p.err == nil {
		elems = append(elems, p.term())
		if p.accept(",") {
			continue
		}
		p.expect(end)
		return elems
	}
	return nil
}

func (p *parser) list() Term {
	elems := List{}
	if p.accept("]") {
		return elems
	}
	for p.err == nil {
		elems = append(elems, p.term())
		if p.accept(",") {
			continue
		}
		var tail Term = List{}
		if p.accept("|") {
			tail = p.term()
		}
		p.expect("]")
		if p.err == nil {
			return Cons(elems, tail)
		}
	}
	return nil
}

func (p *parser) mapping() Term {
	at := p.pos
	pairs := []Pair{}
	for first := true; p.err == nil && !p.accept("}"); first = false {
		if !first && !p.expect(",") {
			break
		}
		k := p.term()
		p.expect("=>")
		v := p.term()
		pairs = append(pairs, Pair{k, v})
	}
	if p.err != nil {
		return nil
	}
	m, ok := NewMapStrict(pairs)
	if !ok {
		return p.fail(at, "map with a key twice")
	}
	return m
}

// name reads an unquoted atom, or a word that looks like one; "" where there is none.
func (p *parser) name() string {
	start := p.pos
	for i, r := range p.s[start:] {
		if i == 0 && !lower(r) || !nameRune(r) {
			break
		}
		p.pos += utf8.RuneLen(r)
	}
	return p.s[start:p.pos]
}

func (p *parser) atom() Term {
	at := p.pos
	var a string
	if p.peek() == '\'' {
		rs := p.quoted('\'')
		a = string(rs)
		for _, r := range rs {
			if !utf8.ValidRune(r) {
				return p.fail(at, "character %#x in an atom", r)
			}
		}
	} else if a = p.name(); a == "" {
		return p.fail(at, "want an atom, not %s", p.seen())
	}
	return p.atomOf(at, a)
}

func (p *parser) atomOf(at int, a string) Term {
	if utf8.RuneCountInString(a) > 255 {
		return p.fail(at, "atom of more than 255 characters")
	}
	return Atom(a)
}

// external reads what follows fun.
func (p *parser) external() Term {
	p.skip()
	m, _ := p.atom().(Atom)
	p.expect(":")
	p.skip()
	f, _ := p.atom().(Atom)
	p.expect("/")
	p.skip()
	at := p.pos
	n, ok := p.number().(int64)
	if p.err == nil && (!ok || n < 0 || n > 1<<31-1) {
		p.fail(at, "arity %d", n)
	}
	if p.err != nil {
		return nil
	}
	return Export{m, f, int(n)}
}

func (p *parser) number() Term {
	at := p.pos
	negative := p.peek() == '-'
	if negative || p.peek() == '+' {
		p.pos++
		p.skip()
	}
	digits := p.digits(10)
	if digits == "" {
		return p.fail(at, "want a number, not %s", p.seen())
	}
	base := 10
	switch {
	case p.peek() == '#':
		b, err := strconv.Atoi(digits)
		if err != nil || b < 2 || b > 36 {
			return p.fail(at, "base %s: want 2 to 36", digits)
		}
		p.pos++
		if base, digits = b, p.digits(b); digits == "" {
			return p.fail(p.pos, "want digits of base %d, not %s", base, p.seen())
		}
	case p.peek() == '.' && p.pos+1 < len(p.s) && isDigit(p.s[p.pos+1], 10):
		return p.float(at, digits, negative)
	}
	if len(digits) > maxParseDigits {
		return p.fail(at, "number of %d digits, at most %d", len(digits), maxParseDigits)
	}
	n, ok := new(big.Int).SetString(digits, base)
	if !ok {
		return p.fail(at, "number %.40q", digits)
	}
	if negative {
		n.Neg(n)
	}
	return Canonical(n)
}

func (p *parser) float(at int, whole string, negative bool) Term {
	p.pos++
	text := whole + "." + p.digits(10)
	if c := p.peek(); c == 'e' || c == 'E' {
		p.pos++
		text += "e"
		if c := p.peek(); c == '-' || c == '+' {
			p.pos++
			text += string(c)
		}
		text += p.digits(10)
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return p.fail(at, "float %.40q", text)
	}
	if negative {
		f = -f
	}
	return f
}

// digits reads digits, which single underscores may separate.
func (p *parser) digits(base int) string {
	start := p.pos
	for p.pos < len(p.s) {
		c := p.s[p.pos]
		under := c == '_' && p.pos > start && p.pos+1 < len(p.s) && isDigit(p.s[p.pos+1], base)
		if !under && !isDigit(c, base) {
			break
		}
		p.pos++
	}
	return strings.ReplaceAll(p.s[start:p.pos], "_", "")
}

func isDigit(c byte, base int) bool {
	d := 99
	switch {
	case c >= '0' && c <= '9':
		d = int(c - '0')
	case c >= 'a' && c <= 'z':
		d = int(c-'a') + 10
	case c >= 'A' && c <= 'Z':
		d = int(c-'A') + 10
	}
	return d < base
}
