package wat

import (
	"fmt"
	"strconv"
	"strings"
)

// node is a word, a string or a list.
type node struct {
	word string
	str  bool // word is the content of a string
	list []node
	is   bool // a list
	line int
}

// head returns the first word of a list.
func (n node) head() string {
	if !n.is || len(n.list) == 0 || n.list[0].is || n.list[0].str {
		return ""
	}
	return n.list[0].word
}

type syntaxError struct {
	line int
	what string
}

func (e syntaxError) Error() string { return fmt.Sprintf("wat: line %d: %s", e.line, e.what) }

func fail(line int, format string, args ...any) {
	panic(syntaxError{line, fmt.Sprintf(format, args...)})
}

// parser turns text into nodes.
type parser struct {
	text string
	pos  int
	line int
}

func (p *parser) space() {
	for p.pos < len(p.text) {
		switch rest := p.text[p.pos:]; {
		case rest[0] == '\n':
			p.line++
			p.pos++
		case rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\r':
			p.pos++
		case strings.HasPrefix(rest, ";;"):
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				n = len(rest)
			}
			p.pos += n
		case strings.HasPrefix(rest, "(;"):
			n := strings.Index(rest, ";)")
			if n < 0 {
				fail(p.line, "a comment does not end")
			}
			p.line += strings.Count(rest[:n], "\n")
			p.pos += n + 2
		default:
			return
		}
	}
}

func (p *parser) node() node {
	p.space()
	if p.pos >= len(p.text) {
		fail(p.line, "the text ends too early")
	}
	switch c := p.text[p.pos]; c {
	case '(':
		n := node{is: true, line: p.line}
		p.pos++
		for {
			p.space()
			if p.pos < len(p.text) && p.text[p.pos] == ')' {
				p.pos++
				return n
			}
			n.list = append(n.list, p.node())
		}
	case ')':
		fail(p.line, "a parenthesis too many")
	case '"':
		return p.str()
	}
	end := p.pos
	for end < len(p.text) && !strings.ContainsRune(" \t\r\n()\";", rune(p.text[end])) {
		end++
	}
	n := node{word: p.text[p.pos:end], line: p.line}
	if end == p.pos {
		fail(p.line, "unexpected %q", p.text[end])
	}
	p.pos = end
	return n
}

func (p *parser) str() node {
	n := node{str: true, line: p.line}
	var b []byte
	for p.pos++; p.pos < len(p.text); p.pos++ {
		switch c := p.text[p.pos]; c {
		case '"':
			p.pos++
			n.word = string(b)
			return n
		case '\\':
			p.pos++
			c, size := p.escape()
			b = append(b, c)
			p.pos += size - 1
		default:
			b = append(b, c)
		}
	}
	fail(n.line, "a string does not end")
	return n
}

// escape reads what follows a backslash.
func (p *parser) escape() (c byte, size int) {
	rest := p.text[p.pos:]
	if rest == "" {
		fail(p.line, "a string does not end")
	}
	if i := strings.IndexByte(`ntr"'\`, rest[0]); i >= 0 {
		return "\n\t\r\"'\\"[i], 1
	}
	if len(rest) >= 2 {
		if v, err := strconv.ParseUint(rest[:2], 16, 8); err == nil {
			return byte(v), 2
		}
	}
	fail(p.line, "the escape %.2q is unknown", rest)
	return 0, 0
}
