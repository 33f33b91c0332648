package ubfa

import (
	"github.com/kista-go/kista/term"
)

// class is what a byte means outside quoted regions.
type class uint8

const (
	register class = iota // pushes the register of that name
	separator
	number
	quote
	special
)

var classes = func() (t [256]class) {
	for class, bytes := range map[class]string{
		separator: " \n\r\t,",
		number:    "-0123456789",
		quote:     "\"'%`",
		special:   "~{}#&>$",
	} {
		for _, c := range []byte(bytes) {
			t[c] = class
		}
	}
	return t
}()

// digit takes a digit of an integer. Leading zeros are not kept.
func (m *Machine) digit(c byte) {
	m.digits++
	if c != '0' || len(m.text) > 0 {
		m.text = append(m.text, c)
	}
}

// digitsIn takes the digits at the start of b, and pushes the integer if it ends there.
func (m *Machine) digitsIn(b []byte) int {
	for i, c := range b {
		if c < '0' || c > '9' {
			m.integer()
			return i
		}
		if m.digit(c); len(m.text) > m.Digits {
			m.integer() // refuses it
			return i
		}
	}
	return len(b)
}

func (m *Machine) integer() {
	m.mode = between
	if m.digits == 0 && !m.compat {
		m.fail(ErrMalformed, m.at, "a minus sign without digits")
		return
	}
	if len(m.text) > m.Digits {
		m.fail(ErrLimit, m.at, "integer of more than %d digits", m.Digits)
		return
	}
	m.literal(parseInteger(m.text, m.minus), len(m.text))
}

// quotedIn takes what b holds of a quoted region: a string, constant, tag or comment.
func (m *Machine) quotedIn(b []byte) int {
	i := 0
	if m.escaped {
		m.escaped = false
		m.keep(b[:1])
		i = 1
	}
	for i < len(b) {
		j := i
		for j < len(b) && b[j] != m.quote && b[j] != '\\' {
			j++
		}
		if m.keep(b[i:j]); m.err != nil || j == len(b) {
			return j
		}
		i = j + 1
		switch {
		case b[j] == m.quote && m.quote == '`' && m.empty():
			m.keep(b[j:i]) // as UBF 2.2.4: only there does nothing stand before a tag
		case b[j] == m.quote:
			m.region()
			return i
		case i == len(b):
			m.escaped = true
		default:
			m.keep(b[i : i+1])
			i++
		}
	}
	return i
}

// keep adds bytes to the text of a quoted region.
func (m *Machine) keep(p []byte) {
	switch n := len(m.text) + len(p); {
	case m.quote == '%':
		return
	case m.quote == '\'' && n > maxConstant:
		m.fail(ErrMalformed, m.at, "constant of more than %d bytes", maxConstant)
	case m.quote != '\'' && n >= m.Terms-m.terms:
		m.fail(ErrLimit, m.at, "more than %d terms", m.Terms)
	default:
		m.text = append(m.text, p...)
	}
}

// region ends a quoted region.
func (m *Machine) region() {
	m.mode = between
	if m.err != nil {
		return
	}
	switch m.quote {
	case '"':
		m.string()
	case '\'':
		m.constant()
	case '`':
		m.tag()
	}
}

func (m *Machine) constant() {
	if t, ok := m.atoms[string(m.text)]; ok {
		m.literal(t, len(m.text))
		return
	}
	if len(m.atoms) >= m.Atoms {
		m.fail(ErrLimit, m.at, "more than %d different constants", m.Atoms)
		return
	}
	a := atomOf(m.text)
	if m.safe != nil && !m.safe(a) {
		m.fail(ErrUnsafe, m.at, "unknown constant %.60s", a)
		return
	}
	if m.atoms == nil {
		m.atoms = map[string]term.Term{}
	}
	m.atoms[string(m.text)] = a
	m.literal(a, len(m.text))
}

// atomOf gives the atom of a constant's bytes, which are Latin-1.
func atomOf(text []byte) term.Atom {
	for _, c := range text {
		if c >= 0x80 {
			rs := make([]rune, len(text))
			for i, c := range text {
				rs[i] = rune(c)
			}
			return term.Atom(string(rs))
		}
	}
	return term.Atom(text)
}
