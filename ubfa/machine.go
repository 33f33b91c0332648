package ubfa

import (
	"fmt"

	"github.com/kista-go/kista/term"
)

// Machine is the recognition machine of UBF(A): it executes the bytes of messages as they arrive, in pieces of any size. Its
// memory is in proportion to what it has been given of the message, whatever lengths that claims. Make one with
// [Decoder.Machine]. It is for one goroutine at a time.
type Machine struct {
	Limits
	safe   func(term.Atom) bool
	compat bool

	pos   int64 // of the next byte, from the first one ever
	begun bool  // within a message, which began at first
	first int64
	done  bool // the message is complete; it is items[0]
	err   *DecodeError

	// The lexical part.
	mode    mode
	at      int64  // where the present operation began
	text    []byte // of it, so far
	quote   byte   // ends a quoted region
	escaped bool   // the last byte was a backslash
	minus   bool
	digits  int // of an integer, leading zeros included
	left    int // bytes that a binary still lacks

	stack
}

type mode uint8

const (
	between mode = iota // two operations
	integer
	quoted
	binary
	closing // the tilde after a binary
	storing // the name of a register
)

// Machine returns a machine at the beginning of a message.
func (d Decoder) Machine() *Machine {
	return &Machine{Limits: d.Limits.withDefaults(), safe: d.Safe, compat: d.Compat}
}

// Feed executes b up to the end of the first message that ends in it. It says how many bytes it took, and whether a message is
// done, which [Machine.Term] then gives; the rest of b is for the next call. Without an error and without a message it took
// all of b. An error is a *[DecodeError]; the position in the stream is lost with it, and every later call gives it again.
func (m *Machine) Feed(b []byte) (used int, done bool, err error) {
	if m.done {
		m.reset()
	}
	if m.err != nil {
		return 0, false, m.err
	}
	if !m.begun {
		for used < len(b) && classes[b[used]] == separator {
			used++
		}
		m.pos += int64(used)
		if used == len(b) {
			return used, false, nil
		}
		m.begun, m.first = true, m.pos
	}
	part := b[used:]
	room := max(int64(m.Bytes)-(m.pos-m.first), 0)
	over := int64(len(part)) > room
	if over {
		part = part[:room]
	}
	n := m.run(part)
	used += n
	m.pos += int64(n)
	if over && !m.done && m.err == nil {
		m.fail(ErrLimit, m.pos, "message longer than %d bytes", m.Bytes)
	}
	if m.err != nil {
		return used, false, m.err
	}
	return used, m.done, nil
}

// Term returns the message that the last call of [Machine.Feed] has completed, and nil if that has completed none.
func (m *Machine) Term() term.Term {
	if !m.done {
		return nil
	}
	return m.items[0].value()
}

// End says that no more bytes follow. The error is a *[DecodeError] of kind [ErrTruncated] where that cuts a message short, or
// what an earlier [Machine.Feed] has said.
func (m *Machine) End() error {
	if m.err != nil {
		return m.err
	}
	if !m.begun || m.done {
		return nil
	}
	m.fail(ErrTruncated, m.pos, "%s", m.missing())
	return m.err
}

func (m *Machine) missing() string {
	switch m.mode {
	case quoted:
		return fmt.Sprintf("want %q, for the one at byte %d", m.quote, m.at)
	case binary:
		return fmt.Sprintf("%d bytes missing of the binary at byte %d", m.left, m.at)
	case closing:
		return fmt.Sprintf("want '~' after the binary at byte %d", m.at)
	case storing:
		return "want the name of a register"
	}
	if n := len(m.levels); n > 0 {
		return fmt.Sprintf("want '}' and '$': %d structs are open", n)
	}
	return "want '$'"
}

func (m *Machine) reset() {
	m.begun, m.done, m.mode, m.escaped = false, false, between, false
	if cap(m.text) > retain {
		m.text = nil
	}
	m.stack.reset()
}

// retain is what of a buffer is kept for the next message.
const retain = 64 << 10

func (m *Machine) fail(kind error, at int64, format string, args ...any) {
	if m.err == nil {
		m.err = &DecodeError{kind, at, fmt.Sprintf(format, args...)}
		m.stack = stack{}
		m.text = nil
	}
}

// run executes bytes until the message is done or fails, and says how many it took.
func (m *Machine) run(b []byte) int {
	i := 0
	for i < len(b) && !m.done && m.err == nil {
		switch m.mode {
		case between:
			m.at = m.pos + int64(i)
			m.operation(b[i])
			i++
		case integer:
			i += m.digitsIn(b[i:])
		case quoted:
			i += m.quotedIn(b[i:])
		case binary:
			n := min(m.left, len(b)-i)
			if n == m.left && len(m.text) == 0 {
				m.binary(b[i : i+n])
			} else if m.text, m.left = append(m.text, b[i:i+n]...), m.left-n; m.left == 0 {
				m.binary(m.text)
			}
			i += n
		case closing:
			if b[i] != '~' {
				m.fail(ErrMalformed, m.pos+int64(i), "want '~' after the binary at byte %d, not %q", m.at, b[i])
			}
			m.mode = between
			i++
		case storing:
			m.store(b[i])
			m.mode = between
			i++
		}
	}
	return i
}

// operation executes the byte that begins an operation.
func (m *Machine) operation(c byte) {
	switch classes[c] {
	case separator:
	case number:
		m.mode, m.text, m.digits, m.minus = integer, m.text[:0], 0, c == '-'
		if c != '-' {
			m.digit(c)
		}
	case quote:
		m.mode, m.text, m.quote = quoted, m.text[:0], c
		if c == '`' && !m.compat && m.empty() {
			m.fail(ErrMalformed, m.at, "a tag, and nothing before it")
		}
	case special:
		m.special(c)
	default:
		m.load(c)
	}
}

func (m *Machine) special(c byte) {
	switch c {
	case '~':
		m.tilde()
	case '#':
		m.push(item{list: new(list), size: 1})
	case '&':
		m.cons()
	case '{':
		m.open()
	case '}':
		m.close()
	case '>':
		switch {
		case !m.empty():
			m.mode = storing
		case !m.compat:
			m.fail(ErrMalformed, m.at, "a store, and nothing to be stored")
		}
	case '$':
		m.end()
	}
}

func (m *Machine) end() {
	n := len(m.items)
	switch {
	case len(m.levels) == 0 && n == 1:
		m.done = true
	case m.compat: // ignored: more may come
	case len(m.levels) > 0:
		m.fail(ErrMalformed, m.at, "end of message, and %d structs are open", len(m.levels))
	case n == 0:
		m.fail(ErrMalformed, m.at, "end of message, and there is no item")
	default:
		m.fail(ErrMalformed, m.at, "end of message, and there are %d items, not one", n)
	}
}
