package rewrite

import (
	"bytes"
	"strconv"
)

// typeTable is the types of a module and those that the rewriting adds.
type typeTable struct {
	all   []funcType
	added map[string]int
}

func (t *typeTable) add(params, results []byte) int {
	key := string(params) + ">" + string(results)
	if i, ok := t.added[key]; ok {
		return i
	}
	t.all = append(t.all, funcType{params, results})
	t.added[key] = len(t.all) - 1
	return len(t.all) - 1
}

// write puts the new module together.
func (s *source) write() (*Module, error) {
	types := &typeTable{all: bytesClone(s.types), added: map[string]int{}}
	i32 := []byte{typeI32}
	yieldType := types.add(i32, i32)
	c := &coder{
		source: s, types: types,
		yield: uint32(len(s.imports)),
		fuel:  uint32(len(s.globals)), depth: uint32(len(s.globals)) + 1,
	}
	c.fill = c.moved(uint32(s.funcCount()))
	c.copy = c.fill + 1
	var code [][]byte
	for i := range s.bodies {
		b, err := c.rewrite(&s.bodies[i], len(s.imports)+i)
		if err != nil {
			return nil, err
		}
		code = append(code, b)
	}
	funcs := s.funcs
	if c.helped[0] || c.helped[1] {
		t := uint32(types.add([]byte{typeI32, typeI32, typeI32}, nil))
		funcs = append(funcs[:len(funcs):len(funcs)], t)
		code = append(code, c.helper(1, opBulk, bulkMemoryFill, 0))
		if c.helped[1] {
			funcs = append(funcs, t)
			code = append(code, c.helper(2, opBulk, bulkMemoryCopy, 0, 0))
		}
	}
	m := &Module{
		Imports: s.imports, Funcs: s.funcsExported(), Memory: s.exportsMemory(),
		MinPages: int(s.min), Points: c.points, Start: s.start >= 0, Whole: !s.fluid,
	}
	w := &writer{out: []byte("\x00asm\x01\x00\x00\x00")}
	w.section(1, s.emitTypes(types))
	w.section(2, s.emitImports(uint32(yieldType)))
	w.vector(3, len(funcs), func(b []byte, i int) []byte { return appendU32(b, funcs[i]) })
	w.vector(4, len(s.tables), func(b []byte, i int) []byte {
		t := s.tables[i]
		return appendU32(appendU32(append(b, t.elem, 1), t.min), t.max)
	})
	if s.hasMem {
		w.section(5, append([]byte{1}, s.memory...))
	}
	w.section(6, c.emitGlobals())
	w.section(7, c.emitExports(m))
	w.vector(9, len(s.elems), func(b []byte, i int) []byte { return c.emitElement(b, &s.elems[i]) })
	if s.usesData && s.dataDecl >= 0 {
		w.section(12, appendU32(nil, uint32(s.dataDecl)))
	}
	w.vector(10, len(code), func(b []byte, i int) []byte {
		return append(appendU32(b, uint32(len(code[i]))), code[i]...)
	})
	for _, seg := range s.data {
		if seg.active {
			m.Data = append(m.Data, seg.Data)
		}
	}
	if s.usesData {
		w.vector(11, len(s.data), func(b []byte, i int) []byte { return s.data[i].emit(b) })
	}
	w.section(0, c.emitNames())
	m.Code = w.out
	return m, nil
}

// emit writes a segment as a passive one. What is left of an active one, once it is
// in place, is empty.
func (seg segment) emit(b []byte) []byte {
	if seg.active {
		return append(b, 1, 0)
	}
	return append(appendU32(append(b, 1), uint32(len(seg.Bytes))), seg.Bytes...)
}

func bytesClone(types []funcType) []funcType { return append([]funcType(nil), types...) }

// writer puts sections one behind the other.
type writer struct{ out []byte }

func (w *writer) section(id byte, b []byte) {
	if b == nil {
		return
	}
	w.out = append(appendU32(append(w.out, id), uint32(len(b))), b...)
}

// vector writes a section of n items, none if there are none.
func (w *writer) vector(id byte, n int, emit func(b []byte, i int) []byte) {
	if n == 0 {
		return
	}
	b := appendU32(nil, uint32(n))
	for i := range n {
		b = emit(b, i)
	}
	w.section(id, b)
}

func (s *source) emitTypes(t *typeTable) []byte {
	b := appendU32(nil, uint32(len(t.all)))
	for _, f := range t.all {
		b = append(appendU32(append(b, 0x60), uint32(len(f.params))), f.params...)
		b = append(appendU32(b, uint32(len(f.results))), f.results...)
	}
	return b
}

// emitImports puts the yield behind the module's own imports.
func (s *source) emitImports(yieldType uint32) []byte {
	b := appendU32(nil, uint32(len(s.imports)+1))
	one := func(module, name string, t uint32) {
		b = appendName(appendName(b, module), name)
		b = appendU32(append(b, kindFunc), t)
	}
	for i, im := range s.imports {
		one(im.Module, im.Name, s.impTypes[i])
	}
	one(YieldModule, YieldName, yieldType)
	return b
}

func (c *coder) emitConstant(b []byte, k constant) []byte {
	if k.isFunc {
		return append(appendU32(append(b, opRefFunc), c.moved(k.of)), opEnd)
	}
	return append(b, k.raw...)
}

func (c *coder) emitGlobals() []byte {
	b := appendU32(nil, uint32(len(c.globals)+2))
	for _, g := range c.globals {
		b = c.emitConstant(append(b, g.typ, g.mut), g.init)
	}
	b = appendS32(append(b, typeI32, 1, opI32Const), int32(c.lim.Interval))
	b = append(b, opEnd)
	return append(b, typeI32, 1, opI32Const, 0, opEnd)
}

func (c *coder) emitExports(m *Module) []byte {
	n := len(c.exports)
	var b []byte
	for _, e := range c.exports {
		if e.kind == kindFunc {
			e.index = c.moved(e.index)
		}
		b = appendU32(append(appendName(b, e.name), e.kind), e.index)
	}
	for i, g := range c.globals {
		if g.mut == 1 && (g.typ < typeF64 || g.typ > typeI32) {
			m.Whole = false // a vector or a reference cannot be read as a number
		}
		if g.mut == 1 {
			b = appendU32(append(appendName(b, GlobalPrefix+strconv.Itoa(i)), kindGlobal), uint32(i))
			m.Mutable = append(m.Mutable, i)
			n++
		}
	}
	if c.start >= 0 {
		b = appendU32(append(appendName(b, StartName), kindFunc), c.moved(uint32(c.start)))
		n++
	}
	return append(appendU32(nil, uint32(n)), b...)
}

func (c *coder) emitElement(b []byte, e *element) []byte {
	b = appendU32(b, e.flags)
	if e.flags&1 == 0 {
		if e.flags&2 != 0 {
			b = appendU32(b, e.table)
		}
		b = c.emitConstant(b, e.offset)
	}
	if e.flags&3 != 0 {
		b = append(b, e.kind)
	}
	b = appendU32(b, uint32(len(e.funcs)+len(e.exprs)))
	for _, f := range e.funcs {
		b = appendU32(b, c.moved(f))
	}
	for _, k := range e.exprs {
		b = c.emitConstant(b, k)
	}
	return b
}

// emitNames carries the names of functions over, and names the helpers. Names that make no sense end
// the list.
func (c *coder) emitNames() []byte {
	q := &reader{b: c.names}
	type named struct {
		fn   uint32
		name string
	}
	var list []named
	last := -1
	for range q.count(c.lim.Functions, "names") {
		n := named{q.u32(), q.name()}
		if q.err != nil || int(n.fn) >= c.funcCount() || int(n.fn) <= last {
			break
		}
		last = int(n.fn)
		n.fn = c.moved(n.fn)
		list = append(list, n)
	}
	if c.helped[0] || c.helped[1] {
		list = append(list, named{c.fill, "memory.fill"})
	}
	if c.helped[1] {
		list = append(list, named{c.copy, "memory.copy"})
	}
	if len(list) == 0 {
		return nil
	}
	sub := appendU32(nil, uint32(len(list)))
	for _, n := range list {
		sub = appendName(appendU32(sub, n.fn), n.name)
	}
	var b bytes.Buffer
	b.Write(appendName(nil, "name"))
	b.WriteByte(1)
	b.Write(appendU32(nil, uint32(len(sub))))
	b.Write(sub)
	return b.Bytes()
}
