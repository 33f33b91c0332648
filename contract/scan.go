package contract

import (
	"bytes"
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"

	"github.com/kista-go/kista/term"
)

// kind is what a token is: one of these, or its own text for punctuation.
type kind string

const (
	tEOF    kind = "end of file"
	tBad    kind = "illegal"
	tAtom   kind = "atom"
	tInt    kind = "integer"
	tFloat  kind = "float"
	tString kind = "string"
	tBinary kind = "binary"
	tTag    kind = "tag"
	tWord   kind = "word" // upper-case: a keyword or a mistake
	tDot    kind = "dot"
)

// token is a token with its place.
type token struct {
	kind kind
	text string    // as it stands in the file; for a bare atom or a word its name
	val  term.Term // of a literal: term.Atom, int64, *big.Int, float64, or string (the bytes)
	pos  Pos
	// glued is true where nothing stands between this token and the one before.
	glued bool
}

const (
	maxSource  = 1 << 20 // bytes of a file
	maxDigits  = 4096    // of an integer
	maxErrors  = 50      // diagnostics of a file, after which reading ends
	maxNesting = 500     // types in types
)

// scanner turns bytes into tokens. Bytes are Latin-1, as in UBF 2.x; a multiplication sign may be UTF-8 as well.
type scanner struct {
	src   []byte
	at    int // where the next token is looked for
	line  int
	start int // where the line begins
	toks  []token

	comments []comment
	fail     func(pos Pos, code Code, text, message, hint string)
}

func (s *scanner) pos() Pos { return Pos{s.line, s.at - s.start + 1} }

// run scans everything. The last token is tEOF.
func (s *scanner) run() []token {
	s.line = 1
	for {
		glued := !s.blanks() && len(s.toks) > 0
		t := token{kind: tEOF, pos: s.pos(), glued: glued}
		if s.at < len(s.src) {
			n := s.token(&t)
			if t.text == "" {
				t.text = string(s.src[s.at : s.at+n])
			}
			s.advance(n)
		}
		s.toks = append(s.toks, t)
		if t.kind == tEOF {
			return s.toks
		}
	}
}

func (s *scanner) advance(n int) {
	for range n {
		if s.src[s.at] == '\n' {
			s.line, s.start = s.line+1, s.at+1
		}
		s.at++
	}
}

// comment keeps the comment that begins here.
func (s *scanner) comment() {
	text, _, _ := bytes.Cut(s.src[s.at:], []byte("\n"))
	s.comments = append(s.comments, comment{s.pos(), string(bytes.TrimRight(text, " \t\r"))})
}

// blanks skips white space and comments.
func (s *scanner) blanks() (any bool) {
	for s.at < len(s.src) {
		switch c := s.src[s.at]; {
		case c <= ' ':
			s.advance(1)
		case c == '%':
			s.comment()
			for s.at < len(s.src) && s.src[s.at] != '\n' {
				s.at++
			}
		default:
			return any
		}
		any = true
	}
	return any
}

var punctuation = []string{
	"=>", "<=", "->", "..", "##", "::",
	";", "&", ",", "=", "+", "(", ")", "[", "]", "|", "<", ">", "{", "}", "#", "?", ":",
}

// token sets kind and value of the token that begins here, and returns its length.
func (s *scanner) token(t *token) int {
	rest := s.src[s.at:]
	c := rest[0]
	switch {
	case isDigit(c), c == '-' && len(rest) > 1 && isDigit(rest[1]):
		return s.number(t, rest)
	case 'a' <= c && c <= 'z':
		n := nameLen(rest)
		t.kind, t.text = tAtom, string(rest[:n])
		t.val = term.Atom(t.text)
		return n
	case 'A' <= c && c <= 'Z':
		t.kind = tWord
		return nameLen(rest)
	case c == '\'', c == '"', c == '`':
		return s.quoted(t, rest, 1, string(c))
	case bytes.HasPrefix(rest, []byte(`<<"`)):
		return s.quoted(t, rest, 3, `">>`)
	case c == '.' && (len(rest) < 2 || rest[1] <= ' ' || rest[1] == '%'):
		t.kind = tDot
		return 1
	case c == 0xd7:
		t.kind = "x"
		return 1
	case c == 0xc3 && len(rest) > 1 && rest[1] == 0x97:
		t.kind = "x"
		return 2
	}
	for _, p := range punctuation {
		if bytes.HasPrefix(rest, []byte(p)) {
			t.kind = kind(p)
			return len(p)
		}
	}
	t.kind = tBad
	n := 1
	if _, size := utf8.DecodeRune(rest); size > 1 {
		n = size
	}
	s.fail(t.pos, CodeLexical, string(rest[:n]), "illegal character "+quote(string(rest[:n])), "")
	return n
}

// quoted reads a quoted token of which the opening is n bytes long.
func (s *scanner) quoted(t *token, rest []byte, n int, closing string) int {
	t.kind = map[string]kind{"'": tAtom, `"`: tString, "`": tTag, `">>`: tBinary}[closing]
	i := bytes.IndexByte(rest[n:], closing[0])
	if i < 0 || !bytes.HasPrefix(rest[n+i:], []byte(closing)) {
		return s.unclosed(t, rest, closing)
	}
	body := rest[n : n+i]
	t.val = string(body)
	if t.kind == tAtom {
		t.val = term.Atom(latin1(body))
		t.text = string(rest[:n+i+1])
		if len(body) > 255 {
			s.fail(t.pos, CodeLimit, t.text, "the atom "+quote(t.text)+" is longer than 255 characters", "")
		}
	}
	return n + i + len(closing)
}

// unclosed reports a quoted token without end, and takes what is left of the line for it.
func (s *scanner) unclosed(t *token, rest []byte, closing string) int {
	n := bytes.IndexByte(rest, '\n')
	if n < 0 {
		n = len(rest)
	}
	hint := "there are no escapes in contracts: a quote cannot stand inside quotes"
	if closing == `">>` {
		hint = `a binary is <<"bytes">>, without a quote or an escape inside`
	}
	text := string(rest[:n])
	s.fail(t.pos, CodeLexical, text, quote(text)+" is never closed by "+closing, hint)
	t.val = ""
	if t.kind == tAtom {
		t.val = term.Atom("")
	}
	return n
}

// number reads an integer or a float.
func (s *scanner) number(t *token, rest []byte) int {
	n := 0
	if rest[0] == '-' {
		n = 1
	}
	n += digits(rest[n:])
	if n+1 < len(rest) && rest[n] == '.' && isDigit(rest[n+1]) {
		n += 1 + digits(rest[n+1:])
		s.float(t, string(rest[:n]))
		return n
	}
	base, text := 10, string(rest[:n])
	if h := hexDigits(rest[min(n+1, len(rest)):]); rest[0] != '-' && n < len(rest) && rest[n] == '#' && h > 0 {
		base, text = radix(text), string(rest[n+1:n+1+h])
		n += 1 + h
	}
	t.kind, t.val = tInt, int64(0)
	whole := string(rest[:n])
	if len(text) > maxDigits {
		s.fail(t.pos, CodeLimit, quote(whole), "an integer has more than "+strconv.Itoa(maxDigits)+" digits", "")
		return n
	}
	v, ok := new(big.Int), false
	if base > 0 {
		v, ok = v.SetString(text, base)
	}
	if !ok {
		s.fail(t.pos, CodeLexical, whole, whole+" is no integer", "a radix is from 2 to 36, and every digit less than it")
		return n
	}
	t.val = integer(v)
	return n
}

func (s *scanner) float(t *token, text string) {
	t.kind = tFloat
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(f, 0) {
		s.fail(t.pos, CodeLexical, text, quote(text)+" is too large for a float", "")
		f = 0
	}
	t.val = f
}

// radix returns the base that text says, or 0.
func radix(text string) int {
	if n, err := strconv.Atoi(text); err == nil && 2 <= n && n <= 36 {
		return n
	}
	return 0
}

// integer returns v as terms hold integers.
func integer(v *big.Int) term.Term {
	if v.IsInt64() {
		return v.Int64()
	}
	return v
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isNameByte(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c == '@'
}

func nameLen(b []byte) int {
	n := 0
	for n < len(b) && isNameByte(b[n]) {
		n++
	}
	return n
}

func digits(b []byte) int {
	n := 0
	for n < len(b) && isDigit(b[n]) {
		n++
	}
	return n
}

func hexDigits(b []byte) int {
	n := 0
	for n < len(b) && (isDigit(b[n]) || 'a' <= b[n]|0x20 && b[n]|0x20 <= 'f') {
		n++
	}
	return n
}

// latin1 returns the text of bytes that are one character each.
func latin1(b []byte) string {
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return string(runes)
}
