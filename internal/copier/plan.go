package copier

import (
	"reflect"
	"unsafe"
)

// op is the one thing a plan does with a value that has been copied shallowly.
type op uint8

const (
	opFlat op = iota // nothing
	opIdentity
	opArray
	opStruct
	opSlice
	opPointer
	opMap
	opInterface
)

// plan says how values of t become private. Immutable once published.
type plan struct {
	t      reflect.Type
	op     op
	text   bool // flat, and holds strings, whose bytes count
	isErr  bool // an interface that holds one holds an error to freeze
	opaque bool
	direct bool // an interface's data word holds the value itself, not its address
	words  int8 // slice element of 1 or 2 pointer words: may be allocated as such; 0 otherwise
	data   bool // slice element without pointers: may be allocated as plain memory
	size   uintptr
	align  int
	bad    *failure // why no value of t can be sent; at(...) only on clones
	key    *plan
	elem   *plan
	n      int     // length of an array
	fields []field // of a struct: those that are not flat, or hold text
	table  *table  // of a map of a common type

	why string // bad, by the rules and not by its parts
}

type field struct {
	off  uintptr
	name string
	*plan
}

func (p *plan) flat() bool { return p.op == opFlat }

// refused returns a fresh failure for p's type.
func (p *plan) refused() *failure {
	return &failure{t: p.bad.t, why: p.bad.why, steps: append([]string(nil), p.bad.steps...)}
}

// builder makes the plans of one type and all types it is made of. Plans refer
// to each other while they are incomplete, so nothing is published before all
// of it is finished.
type builder struct {
	*planner
	fresh map[reflect.Type]*plan
	order []*plan
}

func (b *builder) plan(t reflect.Type) *plan {
	if p, ok := b.known.Load(t); ok {
		return p.(*plan)
	}
	if p, ok := b.fresh[t]; ok {
		return p
	}
	p := &plan{t: t, size: t.Size(), align: t.Align()}
	b.fresh[t] = p
	b.order = append(b.order, p)
	p.direct = isDirect(t)
	p.data, p.words = layout(t)
	p.isErr = b.o.Freeze != nil && t.Implements(errorType)
	if b.carry && b.o.Identity != nil && b.o.Identity(t) {
		p.op, p.opaque = opIdentity, true
		return p
	}
	if b.o.Opaque != nil && b.o.Opaque(t) || !b.carry && b.o.Identity != nil && b.o.Identity(t) {
		p.opaque = true
		if !b.carry || !b.holdsIdentity(t, map[reflect.Type]bool{}) {
			return p
		}
	}
	v := judge(t)
	if v.why != "" {
		p.why = v.why
		return p
	}
	if v.pass {
		return p
	}
	b.compile(p)
	return p
}

// compile fills in p from its parts. Only arrays and structs can be flat, and
// they cannot contain themselves, so a part's flatness is known when asked.
func (b *builder) compile(p *plan) {
	t := p.t
	switch t.Kind() {
	case reflect.String:
		p.text = true
	case reflect.Array:
		if p.n = t.Len(); p.n == 0 {
			return
		}
		p.elem = b.plan(t.Elem())
		p.text = p.elem.text
		if !p.elem.flat() || p.elem.why != "" {
			p.op = opArray
		}
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			fp := b.plan(f.Type)
			if fp.flat() && fp.why == "" && !fp.text {
				continue
			}
			p.fields = append(p.fields, field{f.Offset, f.Name, fp})
			if fp.flat() && fp.why == "" {
				p.text = true
			} else {
				p.op = opStruct
			}
		}
		if p.op == opStruct {
			p.text = false
		}
	case reflect.Slice:
		p.op = opSlice
		p.elem = b.plan(t.Elem())
	case reflect.Pointer:
		p.op = opPointer
		p.elem = b.plan(t.Elem())
	case reflect.Map:
		p.op = opMap
		p.key, p.elem = b.plan(t.Key()), b.plan(t.Elem())
		if p.key.flat() {
			p.table = tables[tableKey{t.Key(), t.Elem()}]
		}
	case reflect.Interface:
		p.op = opInterface
	}
}

// refuse looks, from every fresh plan, for a refused type among its parts.
// It is a search of its own, after all plans exist, because types may be
// mutually recursive.
func (b *builder) refuse() {
	bad := make(map[*plan]*failure)
	for _, p := range b.order {
		if f := search(p, map[*plan]bool{}); f != nil {
			bad[p] = f
		}
	}
	for p, f := range bad {
		p.bad = f
	}
}

// search returns the first refused part in the order of the fields. Published
// plans know their answer already.
func search(p *plan, seen map[*plan]bool) *failure {
	if seen[p] {
		return nil
	}
	seen[p] = true
	if p.bad != nil {
		return p.refused()
	}
	if p.why != "" {
		return &failure{t: p.t, why: p.why}
	}
	for _, f := range p.fields {
		if bad := search(f.plan, seen); bad != nil {
			return bad.at("." + f.name)
		}
	}
	if p.key != nil {
		if bad := search(p.key, seen); bad != nil {
			return bad.at("[key]")
		}
	}
	if p.elem != nil {
		if bad := search(p.elem, seen); bad != nil {
			if p.op == opPointer {
				return bad
			}
			return bad.at("[]")
		}
	}
	return nil
}

// holdsIdentity reports whether a value of t, by its type alone, holds an
// identity. Such a type must be opened when it leaves the node even if its
// author declared it immutable.
func (b *builder) holdsIdentity(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	if b.o.Identity != nil && b.o.Identity(t) {
		return true
	}
	switch t.Kind() {
	case reflect.Array, reflect.Slice, reflect.Pointer:
		return b.holdsIdentity(t.Elem(), seen)
	case reflect.Map:
		return b.holdsIdentity(t.Key(), seen) || b.holdsIdentity(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			if b.holdsIdentity(t.Field(i).Type, seen) {
				return true
			}
		}
	}
	return false
}

// isDirect asks the running program, and not a rule that may change with the
// compiler, how interfaces hold a t: the zero value's data word is nil exactly
// if the word is the value.
func isDirect(t reflect.Type) bool {
	if t.Kind() == reflect.Interface || t.Size() != unsafe.Sizeof(uintptr(0)) {
		return false
	}
	v := reflect.New(t).Elem().Interface()
	return (*eface)(unsafe.Pointer(&v)).data == nil
}

// layout tells how a slice of t may be allocated other than by its type: as
// plain memory (no pointers in it), or as one or two pointer words each.
func layout(t reflect.Type) (data bool, words int8) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return false, 1
	case reflect.Interface:
		return false, 2
	}
	return !hasPointers(t), 0
}

// hasPointers reports whether the garbage collector may find pointers in a t.
func hasPointers(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Array:
		return t.Len() > 0 && hasPointers(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if hasPointers(t.Field(i).Type) {
				return true
			}
		}
		return false
	default:
		return t.Kind() > reflect.Complex128
	}
}
