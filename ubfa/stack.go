package ubfa

import (
	"slices"

	"github.com/kista-go/kista/term"
)

// stack is the part of the machine that holds terms.
type stack struct {
	items     []item // of all levels, the outermost first
	levels    []int  // where the items of each open struct begin
	registers *[256]item
	atoms     map[string]term.Term // constants of the message, each in one interface
	terms     int                  // counted so far
	expanded  int
}

// item is a term on the stack or in a register. A list that may still grow is in list, everything else in term.
type item struct {
	term  term.Term
	list  *list
	size  int // with all registers written out
	depth int
}

func (it item) value() term.Term {
	if it.list != nil {
		return it.list.value()
	}
	return it.term
}

func (s *stack) reset() {
	if cap(s.items)*40 > retain {
		s.items = nil
	}
	clear(s.items)
	if s.registers != nil {
		clear(s.registers[:])
	}
	clear(s.atoms)
	if len(s.atoms) > 100 {
		s.atoms = nil
	}
	*s = stack{items: s.items[:0], levels: s.levels[:0], registers: s.registers, atoms: s.atoms}
}

// here is where the items of the innermost level begin.
func (s *stack) here() int {
	if n := len(s.levels); n > 0 {
		return s.levels[n-1]
	}
	return 0
}

// empty reports whether the innermost level has no item.
func (s *stack) empty() bool { return len(s.items) == s.here() }

// count charges terms that are made, and the size of what is pushed.
func (m *Machine) count(terms, size int) bool {
	if terms > m.Terms-m.terms {
		m.fail(ErrLimit, m.at, "more than %d terms", m.Terms)
		return false
	}
	if size > m.Expanded-m.expanded {
		m.fail(ErrLimit, m.at, "larger than %d terms with all registers written out", m.Expanded)
		return false
	}
	m.terms += terms
	m.expanded += size
	return true
}

// push pushes a term that counts one, and as much more as its literal is long.
func (m *Machine) push(it item) {
	if m.count(1, it.size) {
		m.items = append(m.items, it)
	}
}

// perTerm is how many bytes of a literal count as one term more.
const perTerm = 16

func (m *Machine) literal(t term.Term, length int) {
	m.push(item{term: t, size: 1 + length/perTerm})
}

var nameString, nameTag term.Term = term.Atom("#S"), term.Atom("$TYPE")

// byteList makes a list of the text; its length has been counted.
func byteList(text []byte) term.List {
	l := make(term.List, len(text))
	for i, c := range text {
		l[i] = int64(c)
	}
	return l
}

func (m *Machine) string() {
	n := len(m.text) + 1
	if m.count(n, n) {
		m.items = append(m.items, item{term: term.Tuple{nameString, byteList(m.text)}, size: n, depth: 2})
	}
}

func (m *Machine) binary(data []byte) {
	m.mode = closing
	m.literal(term.Binary(data), len(data))
}

// tilde makes a length of the integer on top.
func (m *Machine) tilde() {
	if m.empty() {
		m.fail(ErrMalformed, m.at, "a binary, and no length before it")
		return
	}
	top := len(m.items) - 1
	t := m.items[top].value()
	n, ok := t.(int64)
	if _, big := bigSign(t); !ok && big > 0 || ok && n > int64(m.Bytes) {
		m.fail(ErrLimit, m.at, "binary of %.40s bytes, in a message of at most %d", term.Printer{Limit: 30}.String(t), m.Bytes)
		return
	}
	if !ok || n < 0 {
		m.fail(ErrMalformed, m.at, "the length of a binary is %s", term.Printer{Limit: 60}.String(t))
		return
	}
	m.items[top] = item{}
	m.items = m.items[:top]
	m.mode, m.text, m.left = binary, m.text[:0], int(n)
	if n == 0 {
		m.binary(nil)
	}
}

// open begins a struct.
func (m *Machine) open() {
	if len(m.levels) >= m.Depth {
		m.fail(ErrLimit, m.at, "nested deeper than %d", m.Depth)
		return
	}
	m.levels = append(m.levels, len(m.items))
}

// close ends a struct.
func (m *Machine) close() {
	if len(m.levels) == 0 {
		m.fail(ErrMalformed, m.at, "a struct is closed, and none is open")
		return
	}
	from := m.here()
	fields := m.items[from:]
	if len(fields) > maxArity {
		m.fail(ErrMalformed, m.at, "struct of more than %d fields", maxArity)
		return
	}
	it := item{size: 1}
	t := make(term.Tuple, len(fields))
	for i, f := range fields {
		t[i] = f.value()
		it.size += f.size
		it.depth = max(it.depth, f.depth)
	}
	it.depth++
	it.term = t
	clear(fields)
	m.items, m.levels = m.items[:from], m.levels[:len(m.levels)-1]
	if m.nested(it.depth) && m.count(1, 1) {
		m.items = append(m.items, it)
	}
}

func (m *Machine) nested(depth int) bool {
	if depth > m.Depth {
		m.fail(ErrLimit, m.at, "nested deeper than %d", m.Depth)
		return false
	}
	return true
}

// tag replaces the top by the tagged item.
func (m *Machine) tag() {
	top := len(m.items) - 1
	it := m.items[top]
	n := len(m.text) + 2
	depth := max(it.depth, 1) + 1
	if m.nested(depth) && m.count(n, n) {
		m.items[top] = item{term: term.Tuple{nameTag, byteList(m.text), it.value()}, size: it.size + n, depth: depth}
	}
}

// store moves the top to a register.
func (m *Machine) store(name byte) {
	if classes[name] != register && !m.compat {
		m.fail(ErrMalformed, m.at, "a store to %q, which is no register", name)
		return
	}
	top := len(m.items) - 1
	it := m.items[top]
	m.items[top] = item{}
	m.items = m.items[:top]
	if it.list != nil {
		it.list.shared = true
	}
	if m.registers == nil {
		m.registers = new([256]item)
	}
	m.registers[name] = it
}

// load pushes a register.
func (m *Machine) load(name byte) {
	if m.registers == nil || m.registers[name].size == 0 {
		m.fail(ErrMalformed, m.at, "register %q has no value", name)
		return
	}
	it := m.registers[name]
	if m.count(1, it.size) {
		m.items = append(m.items, it)
	}
}

// cons puts the top before the list beneath it.
func (m *Machine) cons() {
	if len(m.items)-m.here() < 2 {
		if !m.compat {
			m.fail(ErrMalformed, m.at, "a cons, and %d items to work on", len(m.items)-m.here())
		}
		return
	}
	top := len(m.items) - 1
	head, it := m.items[top], m.items[top-1]
	if it.list == nil {
		if !m.compat {
			m.fail(ErrMalformed, m.at, "a cons onto %s, which is no list", term.Printer{Limit: 60}.String(it.term))
			return
		}
		it = item{list: &list{tail: it.term}, size: it.size, depth: it.depth + 1}
	}
	if it.list.shared {
		if n := it.list.len(); !m.count(n, 0) {
			return
		}
		it.list = it.list.clone()
	}
	it.size += head.size
	it.depth = max(it.depth, head.depth+1)
	if !m.nested(it.depth) || !m.count(1, 0) {
		return
	}
	it.list.back = append(it.list.back, head.value())
	m.items[top] = item{}
	m.items[top-1] = it
	m.items = m.items[:top]
}

// list is a list that is built from its end. Nobody else has it unless it is shared; a shared one does not change.
type list struct {
	back   []term.Term // elements, the last first; nil once made is not
	made   term.Term   // the whole list
	tail   term.Term   // of an improper one
	shared bool
}

func (l *list) len() int {
	switch v := l.made.(type) {
	case term.List:
		return len(v)
	case term.Improper:
		return len(v.Elems)
	}
	return len(l.back)
}

// value makes the list; it may not grow after that.
func (l *list) value() term.Term {
	if l.made == nil {
		elems := l.back
		if cap(elems)-len(elems) > len(elems)/4 {
			elems = slices.Clone(elems)
		}
		slices.Reverse(elems)
		l.made, l.back, l.shared = term.Term(term.List(slices.Clip(elems))), nil, true
		if l.tail != nil {
			l.made = term.Cons(l.made.(term.List), l.tail)
		} else if len(elems) == 0 {
			l.made = emptyList
		}
	}
	return l.made
}

var emptyList term.Term = term.List{}

func (l *list) clone() *list {
	c := &list{tail: l.tail}
	switch v := l.made.(type) {
	case term.List:
		c.back = slices.Clone(v)
		slices.Reverse(c.back)
	case term.Improper:
		c.back = slices.Clone(v.Elems)
		slices.Reverse(c.back)
	default:
		c.back = slices.Clone(l.back)
	}
	return c
}
