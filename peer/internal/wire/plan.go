package wire

import (
	"reflect"
	"strings"
	"sync"
	"unsafe"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/term"
)

// plan says how values of one type become terms, and terms such values.
type plan struct {
	t   reflect.Type
	bad string // why no value of the type can travel
	enc func(e *encoder, p unsafe.Pointer) (term.Term, *fault)
	dec func(d *decoder, t term.Term, p unsafe.Pointer) error
}

var (
	plans    sync.Map // reflect.Type to *plan
	planning sync.Mutex
)

// planOf returns the plan of t.
func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	planning.Lock()
	defer planning.Unlock()
	b := builder{fresh: map[reflect.Type]*plan{}}
	p := b.plan(t)
	for t, p := range b.fresh {
		plans.Store(t, p)
	}
	return p
}

// builder makes the plans of a type and of those that it is made of, which refer to each other.
type builder struct{ fresh map[reflect.Type]*plan }

func (b *builder) plan(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	if p := b.fresh[t]; p != nil {
		return p
	}
	p := &plan{t: t}
	b.fresh[t] = p
	switch special := specials[t]; {
	case special != nil:
		special(p)
	case kista.IsIdentity(t):
		identity(p)
	case refused(t) != "":
		p.refuse(refused(t))
	default:
		b.compile(p)
	}
	return p
}

// refused are types that mean something only where they are.
func refused(t reflect.Type) string {
	switch path := t.PkgPath(); {
	case t.Kind() == reflect.Interface:
		return ""
	case path == "sync", path == "sync/atomic", path == "weak", path == "unique", path == "reflect", path == "runtime",
		path == "context", path == "internal", strings.HasPrefix(path, "internal/"), strings.HasPrefix(path, "runtime/"):
		return "a " + t.String() + " means something only in the OS process that it is in"
	case path == "os" && t.Name() == "File", path == "os/exec", path == "regexp", path == "log/slog" && t.Name() == "Logger":
		return "a " + t.String() + " cannot leave its OS process"
	}
	return ""
}

func (p *plan) refuse(why string) {
	p.bad = why
	p.enc = func(*encoder, unsafe.Pointer) (term.Term, *fault) { return nil, &fault{t: p.t, why: why} }
	p.dec = func(*decoder, term.Term, unsafe.Pointer) error { return errType }
}

func (b *builder) compile(p *plan) {
	switch t := p.t; t.Kind() {
	case reflect.Bool:
		p.enc = func(_ *encoder, q unsafe.Pointer) (term.Term, *fault) { return *(*bool)(q), nil }
		p.dec = func(_ *decoder, t term.Term, q unsafe.Pointer) error {
			a, _ := t.(term.Atom)
			*(*bool)(q) = a == "true"
			if a != "true" && a != "false" {
				return errShape
			}
			return nil
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		signed(p)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		unsigned(p)
	case reflect.Float32, reflect.Float64:
		floating(p)
	case reflect.Complex64, reflect.Complex128:
		complexes(p)
	case reflect.String:
		p.enc = func(e *encoder, q unsafe.Pointer) (term.Term, *fault) {
			s := *(*string)(q)
			return term.Binary(s), e.charge(len(s))
		}
		p.dec = func(_ *decoder, t term.Term, q unsafe.Pointer) error {
			s, ok := t.(term.Binary)
			if !ok {
				return errShape
			}
			*(*string)(q) = string(s)
			return nil
		}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			octets(p)
			return
		}
		slice(p, b.plan(t.Elem()))
	case reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			octetArray(p)
			return
		}
		array(p, b.plan(t.Elem()))
	case reflect.Map:
		mapping(p, b.plan(t.Key()), b.plan(t.Elem()))
	case reflect.Pointer:
		pointer(p, b.plan(t.Elem()))
	case reflect.Struct:
		b.structure(p)
	case reflect.Interface:
		p.enc = func(e *encoder, q unsafe.Pointer) (term.Term, *fault) {
			return e.dynamic(reflect.NewAt(p.t, q).Elem())
		}
		p.dec = func(d *decoder, t term.Term, q unsafe.Pointer) error {
			return d.dynamic(t, reflect.NewAt(p.t, q).Elem())
		}
	default:
		p.refuse("a " + t.Kind().String() + " is no data")
	}
}

// structure: a tuple of the fields, unexported ones included, in their order. Blank ones are left out.
func (b *builder) structure(p *plan) {
	type field struct {
		off  uintptr
		name string
		*plan
	}
	var fields []field
	for i := range p.t.NumField() {
		if f := p.t.Field(i); f.Name != "_" {
			fields = append(fields, field{f.Offset, f.Name, b.plan(f.Type)})
		}
	}
	p.enc = func(e *encoder, q unsafe.Pointer) (term.Term, *fault) {
		if f := e.down(1 + len(fields)); f != nil {
			return nil, f
		}
		defer e.up()
		out := make(term.Tuple, len(fields))
		for i := range fields {
			f := &fields[i]
			v, bad := f.enc(e, unsafe.Add(q, f.off))
			if bad != nil {
				return nil, bad.at("." + f.name)
			}
			out[i] = v
		}
		return out, nil
	}
	p.dec = func(d *decoder, t term.Term, q unsafe.Pointer) error {
		tu, ok := t.(term.Tuple)
		if !ok || len(tu) != len(fields) {
			return errShape
		}
		for i := range fields {
			f := &fields[i]
			if err := f.dec(d, tu[i], unsafe.Add(q, f.off)); err != nil {
				return err
			}
		}
		return nil
	}
}
