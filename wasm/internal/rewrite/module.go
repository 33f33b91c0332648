package rewrite

import (
	"slices"
	"strings"
)

// Import is a function that a module imports.
type Import struct {
	Module, Name    string
	Params, Results []byte // value types as in the binary format
}

// Func is a function that a module exports.
type Func struct{ Params, Results []byte }

// Module is a module that has been read and rewritten.
type Module struct {
	Code     []byte // the rewritten module
	Imports  []Import
	Funcs    map[string]Func // exported functions
	Memory   bool            // it exports its memory as "memory"
	MinPages int             // of memory at its start
	Mutable  []int           // numbers of the mutable globals, exported under GlobalPrefix
	Points   int             // places at which fuel is taken
	Data     []Data          // what the host puts into the memory first
	Start    bool            // it exports StartName, which the host calls then
	// Whole says that memory and mutable globals are all the state there is: nothing in
	// the code changes a table or drops a segment.
	Whole bool
}

// Data is a piece of a memory's first content.
type Data struct {
	Offset uint32
	Bytes  []byte
}

type funcType struct{ params, results []byte }

type table struct {
	elem     byte
	min, max uint32
}

type global struct {
	typ, mut byte
	init     constant
}

type export struct {
	name  string
	kind  byte
	index uint32
}

// constant is an initialiser: bytes as they are, or the number of a function.
type constant struct {
	raw    []byte // with its end; nil: ref.func of
	of     uint32
	isFunc bool
}

type element struct {
	flags  uint32
	table  uint32
	offset constant
	kind   byte // of element kind, or reference type
	funcs  []uint32
	exprs  []constant
}

// segment is a data segment. An active one is put in place by the host.
type segment struct {
	active bool
	Data
}

type body struct {
	at     int // where its bytes stand in the module
	locals []byte
	count  int // of locals, parameters included
	code   []byte
	ats    int // where code stands in the module
}

// source is a module as it was read.
type source struct {
	lim      Limits
	types    []funcType
	imports  []Import
	impTypes []uint32
	funcs    []uint32
	tables   []table
	hasMem   bool
	min      uint32
	memory   []byte // its limits, as they are
	globals  []global
	exports  []export
	start    int // -1: none
	elems    []element
	dataDecl int // -1: no count section
	bodies   []body
	data     []segment
	fluid    bool   // the code changes a table or drops a segment
	usesData bool   // the code names data segments
	names    []byte // the name section's function names, as they are
}

const (
	kindFunc, kindTable, kindMemory, kindGlobal = 0, 1, 2, 3

	typeI32, typeI64, typeF32, typeF64, typeV128, typeFuncref, typeExternref = 0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6f
)

// Rewrite reads src and makes a safe module of it. The error is an [*Error].
func Rewrite(src []byte, lim Limits) (*Module, error) {
	s, err := read(src, lim)
	if err != nil {
		return nil, err
	}
	return s.write()
}

func (s *source) funcCount() int { return len(s.imports) + len(s.funcs) }

func (s *source) typeOf(fn uint32) funcType {
	if int(fn) < len(s.imports) {
		return s.types[s.impTypes[fn]]
	}
	return s.types[s.funcs[int(fn)-len(s.imports)]]
}

// The order in which sections must come; custom ones may stand anywhere.
var order = map[byte]int{1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7, 8: 8, 9: 9, 12: 10, 10: 11, 11: 12}

func read(src []byte, lim Limits) (*source, error) {
	r := &reader{b: src}
	s := &source{lim: lim, start: -1, dataDecl: -1}
	if len(src) > lim.Bytes {
		r.tooMany("the module has %d bytes, more than the %d allowed", len(src), lim.Bytes)
		return nil, r.err
	}
	if string(r.bytes(8)) != "\x00asm\x01\x00\x00\x00" {
		r.pos = 0
		r.err = nil
		r.fail("not a WebAssembly module of version 1")
	}
	last := 0
	for r.more() {
		id := r.u8()
		n := int(r.u32())
		at := r.pos
		b := r.bytes(n)
		if r.err != nil {
			break
		}
		q := &reader{b: b, base: at}
		if id != 0 {
			place := order[id]
			if place == 0 {
				q.fail("section %d is unknown", id)
			} else if place <= last {
				q.fail("section %d is out of order or there twice", id)
			}
			last = place
		}
		s.section(q, id)
		if q.err != nil {
			return nil, q.err
		}
	}
	if r.err == nil && len(s.bodies) != len(s.funcs) {
		r.fail("%d functions are declared, %d have code", len(s.funcs), len(s.bodies))
	}
	if r.err == nil && s.dataDecl >= 0 && s.dataDecl != len(s.data) {
		r.fail("%d data segments are declared, %d are there", s.dataDecl, len(s.data))
	}
	if r.err != nil {
		return nil, r.err
	}
	return s, nil
}

func (s *source) section(q *reader, id byte) {
	switch id {
	case 0:
		s.custom(q)
		return
	case 1:
		s.readTypes(q)
	case 2:
		s.readImports(q)
	case 3:
		for range q.count(s.lim.Functions-len(s.imports), "functions") {
			s.funcs = append(s.funcs, q.index(len(s.types), "type"))
		}
	case 4:
		s.readTables(q)
	case 5:
		s.readMemory(q)
	case 6:
		s.readGlobals(q)
	case 7:
		s.readExports(q)
	case 8:
		s.start = int(q.index(s.funcCount(), "function"))
	case 9:
		s.readElements(q)
	case 12:
		s.dataDecl = int(q.u32())
	case 10:
		s.readCode(q)
	case 11:
		s.readData(q)
	}
	q.end("a section")
}

// custom keeps the names of functions, for stack traces; what is wrong with
// them is no fault of the code.
func (s *source) custom(q *reader) {
	if q.name() != "name" || q.err != nil {
		q.err = nil
		return
	}
	for q.more() {
		id := q.u8()
		b := q.bytes(int(q.u32()))
		if id == 1 && q.err == nil {
			s.names = b
		}
	}
	q.err = nil
}

func (s *source) readTypes(q *reader) {
	for range q.count(s.lim.Types, "types") {
		if q.u8() != 0x60 {
			q.fail("a type is not one of functions")
		}
		t := funcType{params: q.valueTypes("parameters"), results: q.valueTypes("results")}
		s.types = append(s.types, t)
		if q.err != nil {
			return
		}
	}
}

const mostValues = 1000 // parameters or results of a function

func (r *reader) valueTypes(what string) []byte {
	b := r.bytes(r.count(mostValues, what))
	for _, t := range b {
		if !valueType(t) {
			r.fail("value type %#x is unknown", t)
		}
	}
	return b
}

func valueType(t byte) bool {
	return t >= typeV128 && t <= typeI32 || t == typeFuncref || t == typeExternref
}

func (s *source) readImports(q *reader) {
	for range q.count(s.lim.Functions, "imports") {
		im := Import{Module: q.name(), Name: q.name()}
		if kind := q.u8(); q.err == nil && kind != kindFunc {
			what := [...]string{"", "table", "memory", "global"}[min(kind, 3)]
			q.fail("it imports the %s %s.%s; only functions may be imported", what, im.Module, im.Name)
		}
		t := q.index(len(s.types), "type")
		if q.err != nil {
			return
		}
		if strings.HasPrefix(im.Module, reserved) {
			q.fail("it imports %s.%s, a reserved name", im.Module, im.Name)
			return
		}
		im.Params, im.Results = s.types[t].params, s.types[t].results
		s.imports = append(s.imports, im)
		s.impTypes = append(s.impTypes, t)
	}
}

// limits reads the least and the greatest size; without the latter it is most.
func (r *reader) limits(most int, what string) (lo, hi uint32) {
	flags := r.u8()
	if flags > 1 {
		r.fail("shared or 64-bit %s (flags %#x) is not supported", what, flags)
		return 0, 0
	}
	lo, hi = r.u32(), uint32(most)
	if flags == 1 {
		hi = r.u32()
		if hi < lo {
			r.fail("the %s's maximum %d is below its minimum %d", what, hi, lo)
		}
	}
	if int64(lo) > int64(most) {
		r.tooMany("the %s begins with a size of %d, more than the %d allowed", what, lo, most)
	}
	return lo, min(hi, uint32(most))
}

func (s *source) readTables(q *reader) {
	left := s.lim.Table
	for range q.count(s.lim.Items, "tables") {
		t := table{elem: q.u8()}
		if q.err == nil && t.elem != typeFuncref && t.elem != typeExternref {
			q.fail("reference type %#x is unknown", t.elem)
		}
		t.min, t.max = q.limits(left, "table")
		left -= int(t.max)
		s.tables = append(s.tables, t)
		if q.err != nil {
			return
		}
	}
}

func (s *source) readMemory(q *reader) {
	if n := q.count(s.lim.Items, "memories"); n > 1 {
		q.fail("it has %d memories; one is supported", n)
	} else if n == 1 {
		s.hasMem = true
		at := q.pos
		s.min, _ = q.limits(s.lim.Pages, "memory")
		s.memory = q.b[at:q.pos]
	}
}

func (s *source) readGlobals(q *reader) {
	for range q.count(s.lim.Items, "globals") {
		g := global{typ: q.u8(), mut: q.u8()}
		if q.err == nil && (!valueType(g.typ) || g.mut > 1) {
			q.fail("a global of type %#x, mutable %d", g.typ, g.mut)
		}
		g.init = s.constant(q)
		s.globals = append(s.globals, g)
		if q.err != nil {
			return
		}
	}
}

// constant reads an initialiser of one instruction.
func (s *source) constant(q *reader) constant {
	at := q.pos
	var c constant
	switch op := q.u8(); op {
	case 0x41:
		q.signed(5)
	case 0x42:
		q.signed(10)
	case 0x43:
		q.bytes(4)
	case 0x44:
		q.bytes(8)
	case 0xd0:
		q.u8()
	case 0xd2:
		c.isFunc, c.of = true, q.index(s.funcCount(), "function")
	case 0xfd:
		if q.u32() != 12 {
			q.fail("an initialiser is not a constant")
		}
		q.bytes(16)
	default:
		q.fail("an initialiser begins with %#x: only constants are supported", op)
	}
	if q.u8() != 0x0b {
		q.fail("an initialiser has more than one instruction: only constants are supported")
	}
	if q.err == nil {
		c.raw = q.b[at:q.pos]
	}
	return c
}

func (s *source) readExports(q *reader) {
	seen := map[string]bool{}
	for range q.count(s.lim.Items, "exports") {
		e := export{name: q.name(), kind: q.u8()}
		switch e.kind {
		case kindFunc:
			e.index = q.index(s.funcCount(), "function")
		case kindTable:
			e.index = q.index(len(s.tables), "table")
		case kindMemory:
			e.index = q.index(btoi(s.hasMem), "memory")
		case kindGlobal:
			e.index = q.index(len(s.globals), "global")
		default:
			q.fail("an export of kind %d", e.kind)
		}
		if strings.HasPrefix(e.name, reserved) {
			q.fail("it exports %q, a reserved name", e.name)
		}
		if seen[e.name] {
			q.fail("it exports %q twice", e.name)
		}
		if q.err != nil {
			return
		}
		seen[e.name] = true
		s.exports = append(s.exports, e)
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (s *source) readElements(q *reader) {
	for range q.count(s.lim.Items, "element segments") {
		e := element{flags: q.u32()}
		if e.flags > 7 {
			q.fail("an element segment with flags %#x", e.flags)
		}
		if e.flags&1 == 0 {
			if e.flags&2 != 0 {
				e.table = q.u32()
			}
			if int64(e.table) >= int64(len(s.tables)) {
				q.fail("there is no table %d", e.table)
			}
			e.offset = s.constant(q)
		}
		if e.flags&3 != 0 {
			e.kind = q.u8()
		}
		n := q.count(s.lim.Table, "elements")
		for range n {
			if e.flags&4 == 0 {
				e.funcs = append(e.funcs, q.index(s.funcCount(), "function"))
			} else {
				e.exprs = append(e.exprs, s.constant(q))
			}
			if q.err != nil {
				return
			}
		}
		s.elems = append(s.elems, e)
	}
}

func (s *source) readCode(q *reader) {
	n := q.count(s.lim.Functions, "functions")
	if n != len(s.funcs) {
		q.fail("%d functions are declared, %d have code", len(s.funcs), n)
	}
	for i := range n {
		size := int(q.u32())
		if size > s.lim.Body {
			q.tooMany("function %d has %d bytes, more than the %d allowed", len(s.imports)+i, size, s.lim.Body)
		}
		f := body{at: q.base + q.pos}
		b := &reader{b: q.bytes(size), base: f.at}
		if q.err != nil {
			return
		}
		f.count = len(s.types[s.funcs[i]].params)
		for range b.count(s.lim.Locals, "groups of locals") {
			n := b.u32()
			if t := b.u8(); b.err == nil && !valueType(t) {
				b.fail("value type %#x is unknown", t)
			}
			if int64(f.count)+int64(n) > int64(s.lim.Locals) {
				b.tooMany("function %d has more than the %d locals allowed", len(s.imports)+i, s.lim.Locals)
				break
			}
			f.count += int(n)
		}
		if b.err != nil {
			q.err = b.err
			return
		}
		f.locals, f.code, f.ats = b.b[:b.pos], b.b[b.pos:], f.at+b.pos
		s.bodies = append(s.bodies, f)
	}
}

func (s *source) readData(q *reader) {
	for range q.count(s.lim.Items, "data segments") {
		var seg segment
		switch flags := q.u32(); flags {
		case 0:
			seg.active = true
		case 1:
		case 2:
			seg.active = true
			q.index(btoi(s.hasMem), "memory")
		default:
			q.fail("a data segment with flags %#x", flags)
		}
		if seg.active {
			seg.Offset = q.place()
			if !s.hasMem {
				q.fail("a data segment without a memory")
			}
		}
		seg.Bytes = q.bytes(int(q.u32()))
		if q.err != nil {
			return
		}
		s.data = append(s.data, seg)
	}
}

// place reads where a segment goes: a constant of 32 bits.
func (r *reader) place() uint32 {
	if r.u8() != opI32Const {
		r.fail("a data segment's place is not a constant")
	}
	at := r.pos
	r.signed(5)
	var v uint32
	if r.err == nil {
		for i, c := range r.b[at:r.pos] {
			v |= uint32(c&0x7f) << (7 * i)
			if last := at+i == r.pos-1; last && c&0x40 != 0 && i < 4 {
				v |= ^uint32(0) << (7 * (i + 1))
			}
		}
	}
	if r.u8() != opEnd {
		r.fail("a data segment's place is not a constant")
	}
	return v
}

// funcsExported lists what functions the module exports.
func (s *source) funcsExported() map[string]Func {
	m := map[string]Func{}
	for _, e := range s.exports {
		if e.kind == kindFunc {
			t := s.typeOf(e.index)
			m[e.name] = Func{Params: t.params, Results: t.results}
		}
	}
	return m
}

func (s *source) exportsMemory() bool {
	return slices.ContainsFunc(s.exports, func(e export) bool { return e.kind == kindMemory && e.name == "memory" })
}
