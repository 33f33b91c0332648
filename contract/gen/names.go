package gen

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kista-go/kista/contract"
)

// exported makes an exported Go name of a name in a contract: read_line becomes ReadLine.
func exported(name string) string {
	var b strings.Builder
	up := true
	for _, r := range name {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			up = true
		case up && b.Len() == 0 && unicode.IsDigit(r):
			b.WriteString("N")
			b.WriteRune(r)
			up = false
		case up:
			b.WriteRune(unicode.ToUpper(r))
			up = false
		default:
			b.WriteRune(r)
		}
	}
	if b.Len() == 0 {
		return "X"
	}
	if first := []rune(b.String())[0]; !unicode.IsUpper(first) { // a script without capitals
		return "X" + b.String()
	}
	return b.String()
}

// taken keeps names apart.
type taken map[string]bool

// pick returns a name that nobody has: name itself, or with one of the suffixes behind it, or a number.
func (t taken) pick(name string, suffixes ...string) string {
	for _, s := range append([]string{""}, suffixes...) {
		if !t[name+s] {
			t[name+s] = true
			return name + s
		}
	}
	for n := 2; ; n++ {
		if s := name + strings.Repeat("_", 1) + itoa(n); !t[s] {
			t[s] = true
			return s
		}
	}
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + string(rune('0'+n%10))
}

// noteOf is the annotation of a type, as the text of a comment.
func noteOf(d *contract.TypeDef) string {
	if d.Note == nil {
		return ""
	}
	return plain(strings.Join(strings.Fields(d.Note.Text), " "))
}

// plain is a text of a contract, which may be any bytes, as it may stand in a comment of Go: nothing in it ends the line.
func plain(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 {
			r = rune(s[0]) // Latin-1
		}
		if unicode.IsPrint(r) || r == '\t' {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\x%02x`, r)
		}
		s = s[n:]
	}
	return b.String()
}

// shown is a type as it may stand in a comment.
func shown(t contract.Type) string { return plain(contract.TypeString(t)) }
