package wat

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"
	"strings"
)

// Assemble turns a module in text format into the binary format. The error says
// which line is wrong.
func Assemble(text string) (code []byte, err error) {
	defer func() {
		if e, ok := recover().(syntaxError); ok {
			err = e
		}
	}()
	p := &parser{text: text, line: 1}
	root := p.node()
	if root.head() != "module" {
		fail(root.line, "a module begins with (module")
	}
	m := &module{names: map[string]map[string]uint32{}}
	m.declare(root.list[1:])
	return m.build(), nil
}

// MustAssemble is [Assemble] for tests: it panics where the text is wrong.
func MustAssemble(text string) []byte {
	code, err := Assemble(text)
	if err != nil {
		panic(err)
	}
	return code
}

type function struct {
	n      node
	typ    uint32
	locals map[string]uint32
	count  uint32
}

// module is what is known while it is put together.
type module struct {
	names    map[string]map[string]uint32 // by space
	types    [][]byte
	imports  [][]byte
	funcs    []function
	tables   [][]byte
	memory   []byte
	globals  [][]byte
	exports  [][]byte
	start    []byte
	elems    [][]byte
	data     [][]byte
	imported uint32
	later    []func() // what needs all names
	debug    []string // names of all functions, in order
}

func (m *module) name(space string, n *[]node, i uint32) {
	if len(*n) > 0 && strings.HasPrefix((*n)[0].word, "$") && !(*n)[0].is && !(*n)[0].str {
		if m.names[space] == nil {
			m.names[space] = map[string]uint32{}
		}
		m.names[space][(*n)[0].word] = i
		*n = (*n)[1:]
	}
}

func (m *module) lookup(space string, n node) uint32 {
	if i, ok := m.names[space][n.word]; ok {
		return i
	}
	v, err := strconv.ParseUint(n.word, 0, 32)
	if err != nil {
		fail(n.line, "there is no %s %s", space, n.word)
	}
	return uint32(v)
}

func (m *module) declare(fields []node) {
	for _, f := range fields { // imports come first, in the order of numbers
		if f.head() == "import" {
			m.addImport(f)
		}
	}
	for _, f := range fields {
		rest := append([]node(nil), f.list[1:]...)
		switch f.head() {
		case "import":
		case "type":
			m.name("type", &rest, uint32(len(m.types)))
			m.types = append(m.types, m.signature(rest[0].list[1:], nil))
		case "func":
			m.addFunc(f, rest)
		case "memory":
			rest = m.inlineExports(rest, 2, 0)
			m.memory = append([]byte{1}, limits(rest)...)
		case "table":
			i := uint32(len(m.tables))
			m.name("table", &rest, i)
			rest = m.inlineExports(rest, 1, i)
			last := rest[len(rest)-1]
			m.tables = append(m.tables, append([]byte{valueTypes[last.word]}, limits(rest[:len(rest)-1])...))
		case "global":
			m.addGlobal(rest)
		case "export":
			m.addExport(f)
		case "start":
			m.later = append(m.later, func() { m.start = uleb(nil, m.lookup("func", rest[0])) })
		case "elem":
			m.later = append(m.later, func() { m.addElem(rest) })
		case "data":
			m.addData(rest)
		default:
			fail(f.line, "the field %q is unknown", f.head())
		}
	}
	for _, do := range m.later {
		do()
	}
}

func limits(n []node) []byte {
	if len(n) < 2 {
		return uleb([]byte{0}, number(n[0]))
	}
	return uleb(uleb([]byte{1}, number(n[0])), number(n[1]))
}

func number(n node) uint32 {
	v, err := strconv.ParseUint(n.word, 0, 32)
	if err != nil {
		fail(n.line, "%q is no number", n.word)
	}
	return uint32(v)
}

func (m *module) addImport(f node) {
	desc := f.list[3]
	if desc.head() != "func" {
		kinds := map[string][]byte{"memory": {2, 0, 1}, "global": {3, 0x7f, 0}, "table": {1, 0x70, 0, 1}}
		m.imports = append(m.imports, append(str(str(nil, f.list[1].word), f.list[2].word), kinds[desc.head()]...))
		return
	}
	rest := append([]node(nil), desc.list[1:]...)
	m.debug = append(m.debug, debugName(rest))
	m.name("func", &rest, m.imported)
	m.imported++
	t := m.typeIndex(m.signature(rest, nil))
	b := append(str(str(nil, f.list[1].word), f.list[2].word), 0)
	m.imports = append(m.imports, uleb(b, t))
}

func debugName(n []node) string {
	if len(n) > 0 && strings.HasPrefix(n[0].word, "$") {
		return n[0].word[1:]
	}
	return ""
}

func (m *module) addFunc(f node, rest []node) {
	i := m.imported + uint32(len(m.funcs))
	m.debug = append(m.debug, debugName(rest))
	m.name("func", &rest, i)
	rest = m.inlineExports(rest, 0, i)
	fn := function{locals: map[string]uint32{}}
	fn.typ = m.typeIndex(m.signature(rest, &fn))
	fn.n = node{is: true, list: rest, line: f.line}
	m.funcs = append(m.funcs, fn)
}

func (m *module) inlineExports(rest []node, kind byte, i uint32) []node {
	for len(rest) > 0 && rest[0].head() == "export" {
		m.exports = append(m.exports, uleb(append(str(nil, rest[0].list[1].word), kind), i))
		rest = rest[1:]
	}
	return rest
}

func (m *module) addGlobal(rest []node) {
	i := uint32(len(m.globals))
	m.name("global", &rest, i)
	rest = m.inlineExports(rest, 3, i)
	typ, mut := rest[0].word, byte(0)
	if rest[0].head() == "mut" {
		typ, mut = rest[0].list[1].word, 1
	}
	m.globals = append(m.globals, nil)
	m.later = append(m.later, func() {
		m.globals[i] = append([]byte{valueTypes[typ], mut}, m.expr(rest[1:])...)
	})
}

func (m *module) addExport(f node) {
	kinds := map[string]byte{"func": 0, "table": 1, "memory": 2, "global": 3}
	what := f.list[2]
	m.later = append(m.later, func() {
		i := m.lookup(what.head(), what.list[1])
		m.exports = append(m.exports, uleb(append(str(nil, f.list[1].word), kinds[what.head()]), i))
	})
}

func (m *module) addElem(rest []node) {
	flags := uint32(1) // passive
	var b []byte
	if len(rest) > 0 && rest[0].is {
		flags = 0
		b = m.expr(rest[:1])
		rest = rest[1:]
	} else if len(rest) > 0 && rest[0].word == "declare" {
		flags = 3
		rest = rest[1:]
	}
	if len(rest) > 0 && rest[0].word == "func" {
		rest = rest[1:]
	}
	b = append(uleb(nil, flags), b...)
	if flags != 0 {
		b = append(b, 0)
	}
	b = uleb(b, uint32(len(rest)))
	for _, n := range rest {
		b = uleb(b, m.lookup("func", n))
	}
	m.elems = append(m.elems, b)
}

func (m *module) addData(rest []node) {
	b := []byte{1}
	if len(rest) > 0 && rest[0].is {
		b = append([]byte{0}, m.expr(rest[:1])...)
		rest = rest[1:]
	}
	var content string
	for _, n := range rest {
		content += n.word
	}
	m.data = append(m.data, str(b, content))
}

// signature reads parameters, results and, for a function, locals.
func (m *module) signature(n []node, fn *function) []byte {
	var params, results []byte
	for _, x := range n {
		if !x.is {
			break // what follows belongs to an instruction
		}
		switch x.head() {
		case "type":
			i := m.lookup("type", x.list[1])
			t := m.types[i]
			if fn != nil {
				fn.count = uint32(t[1])
			}
			return t
		case "param", "result":
			for _, w := range x.list[1:] {
				if strings.HasPrefix(w.word, "$") {
					if fn != nil {
						fn.locals[w.word] = uint32(len(params))
					}
					continue
				}
				t, ok := valueTypes[w.word]
				if !ok {
					fail(w.line, "the type %q is unknown", w.word)
				}
				if x.head() == "param" {
					params = append(params, t)
				} else {
					results = append(results, t)
				}
			}
		}
	}
	if fn != nil {
		fn.count = uint32(len(params))
	}
	b := append(uleb([]byte{0x60}, uint32(len(params))), params...)
	return append(uleb(b, uint32(len(results))), results...)
}

func (m *module) typeIndex(t []byte) uint32 {
	for i, old := range m.types {
		if bytes.Equal(old, t) {
			return uint32(i)
		}
	}
	m.types = append(m.types, t)
	return uint32(len(m.types) - 1)
}

func (m *module) build() []byte {
	var code [][]byte
	for i := range m.funcs {
		code = append(code, m.body(&m.funcs[i]))
	}
	out := []byte("\x00asm\x01\x00\x00\x00")
	section := func(id byte, b []byte) {
		if b != nil {
			out = append(uleb(append(out, id), uint32(len(b))), b...)
		}
	}
	vector := func(id byte, items [][]byte) {
		if len(items) > 0 {
			section(id, append(uleb(nil, uint32(len(items))), bytes.Join(items, nil)...))
		}
	}
	var funcs [][]byte
	for _, f := range m.funcs {
		funcs = append(funcs, uleb(nil, f.typ))
	}
	vector(1, m.types)
	vector(2, m.imports)
	vector(3, funcs)
	vector(4, m.tables)
	section(5, m.memory)
	vector(6, m.globals)
	vector(7, m.exports)
	section(8, m.start)
	vector(9, m.elems)
	if len(m.data) > 0 {
		section(12, uleb(nil, uint32(len(m.data))))
	}
	vector(10, code)
	vector(11, m.data)
	section(0, m.nameSection())
	return out
}

func (m *module) nameSection() []byte {
	var list []byte
	n := uint32(0)
	for i, name := range m.debug {
		if name != "" {
			list = str(uleb(list, uint32(i)), name)
			n++
		}
	}
	if n == 0 {
		return nil
	}
	list = append(uleb(nil, n), list...)
	b := append(str(nil, "name"), 1)
	return append(uleb(b, uint32(len(list))), list...)
}

func uleb(b []byte, v uint32) []byte { return binary.AppendUvarint(b, uint64(v)) }

func sleb(b []byte, v int64) []byte {
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if v == 0 && c&0x40 == 0 || v == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

func str(b []byte, s string) []byte { return append(uleb(b, uint32(len(s))), s...) }

func float(n node, bits int) uint64 {
	v, err := strconv.ParseFloat(n.word, bits)
	if err != nil {
		fail(n.line, "%q is no number", n.word)
	}
	if bits == 32 {
		return uint64(math.Float32bits(float32(v)))
	}
	return math.Float64bits(v)
}
