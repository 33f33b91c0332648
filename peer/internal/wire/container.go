package wire

import (
	"fmt"
	"reflect"
	"strconv"
	"unsafe"

	"github.com/kista-go/kista/term"
)

// none stands for a nil slice, map, pointer or interface.
const none = term.Atom("undefined")

func octets(p *plan) {
	p.enc = func(e *encoder, q unsafe.Pointer) (term.Term, *fault) {
		b := *(*[]byte)(q)
		if b == nil {
			return none, nil
		}
		return term.Binary(b), e.charge(len(b))
	}
	p.dec = func(_ *decoder, t term.Term, q unsafe.Pointer) error {
		if t == none {
			return nil
		}
		b, ok := t.(term.Binary)
		if !ok {
			return errShape
		}
		own := make([]byte, len(b))
		copy(own, b)
		*(*[]byte)(q) = own
		return nil
	}
}

func octetArray(p *plan) {
	n := p.t.Len()
	p.enc = func(e *encoder, q unsafe.Pointer) (term.Term, *fault) {
		return term.Binary(unsafe.Slice((*byte)(q), n)), e.charge(n)
	}
	p.dec = func(_ *decoder, t term.Term, q unsafe.Pointer) error {
		b, ok := t.(term.Binary)
		if !ok || len(b) != n {
			return errShape
		}
		copy(unsafe.Slice((*byte)(q), n), b)
		return nil
	}
}

// elements encodes n values that lie one after the other.
func elements(e *encoder, elem *plan, at unsafe.Pointer, n int) (term.Term, *fault) {
	if f := e.down(1 + n); f != nil {
		return nil, f
	}
	defer e.up()
	out := make(term.List, n)
	for i := range n {
		v, f := elem.enc(e, unsafe.Add(at, uintptr(i)*elem.t.Size()))
		if f != nil {
			return nil, f.at("[" + strconv.Itoa(i) + "]")
		}
		out[i] = v
	}
	return out, nil
}

func slice(p, elem *plan) {
	p.enc = func(e *encoder, q unsafe.Pointer) (term.Term, *fault) {
		s := reflect.NewAt(p.t, q).Elem()
		if s.IsNil() {
			return none, nil
		}
		return elements(e, elem, s.UnsafePointer(), s.Len())
	}
	p.dec = func(d *decoder, t term.Term, q unsafe.Pointer) error {
		if t == none {
			return nil
		}
		l, ok := t.(term.List)
		if !ok {
			return errShape
		}
		// Room is made as elements turn out to be what they should be, not for as many as there seem to be.
		s := reflect.NewAt(p.t, q).Elem()
		s.Set(reflect.MakeSlice(p.t, 0, min(len(l), 1+firstRoom/(1+int(elem.t.Size())))))
		for _, x := range l {
			n := s.Len()
			s.Grow(1)
			s.SetLen(n + 1)
			if err := elem.dec(d, x, s.Index(n).Addr().UnsafePointer()); err != nil {
				return err
			}
		}
		return nil
	}
}

const firstRoom = 64 << 10 // bytes

func array(p, elem *plan) {
	n := p.t.Len()
	p.enc = func(e *encoder, q unsafe.Pointer) (term.Term, *fault) { return elements(e, elem, q, n) }
	p.dec = func(d *decoder, t term.Term, q unsafe.Pointer) error {
		l, ok := t.(term.List)
		if !ok || len(l) != n {
			return errShape
		}
		for i, x := range l {
			if err := elem.dec(d, x, unsafe.Add(q, uintptr(i)*elem.t.Size())); err != nil {
				return err
			}
		}
		return nil
	}
}

// mapping: a list of pairs.
func mapping(p, key, elem *plan) {
	p.enc = func(e *encoder, q unsafe.Pointer) (term.Term, *fault) {
		m := reflect.NewAt(p.t, q).Elem()
		if m.IsNil() {
			return none, nil
		}
		if f := e.down(1 + 3*m.Len()); f != nil {
			return nil, f
		}
		defer e.up()
		out := make(term.List, 0, m.Len())
		k, v := reflect.New(key.t), reflect.New(elem.t)
		for it := m.MapRange(); it.Next(); {
			k.Elem().SetIterKey(it)
			v.Elem().SetIterValue(it)
			kt, f := key.enc(e, k.UnsafePointer())
			if f != nil {
				return nil, f.at("[key]")
			}
			vt, f := elem.enc(e, v.UnsafePointer())
			if f != nil {
				return nil, f.at(fmt.Sprintf("[%s]", keyText(k.Elem())))
			}
			out = append(out, term.Tuple{kt, vt})
		}
		return out, nil
	}
	p.dec = func(d *decoder, t term.Term, q unsafe.Pointer) error {
		if t == none {
			return nil
		}
		l, ok := t.(term.List)
		if !ok {
			return errShape
		}
		m := reflect.MakeMap(p.t)
		for _, x := range l {
			pair, ok := x.(term.Tuple)
			if !ok || len(pair) != 2 {
				return errShape
			}
			k, v := reflect.New(key.t), reflect.New(elem.t)
			if err := key.dec(d, pair[0], k.UnsafePointer()); err != nil {
				return err
			}
			if err := elem.dec(d, pair[1], v.UnsafePointer()); err != nil {
				return err
			}
			if !hashable(k.Elem().Interface()) {
				return errShape
			}
			m.SetMapIndex(k.Elem(), v.Elem())
		}
		reflect.NewAt(p.t, q).Elem().Set(m)
		return nil
	}
}

// keyText shows a key without running any of its code.
func keyText(k reflect.Value) string {
	switch {
	case k.Kind() == reflect.String:
		return strconv.Quote(k.String()[:min(k.Len(), 40)])
	case k.CanInt():
		return strconv.FormatInt(k.Int(), 10)
	case k.CanUint():
		return strconv.FormatUint(k.Uint(), 10)
	}
	return k.Type().String()
}

// hashable asks the runtime, by a look into an empty map.
func hashable(v any) (ok bool) {
	defer func() { ok = recover() == nil }()
	_ = map[any]struct{}(nil)[v]
	return
}

// pointer: a tuple of what it points to.
func pointer(p, elem *plan) {
	p.enc = func(e *encoder, q unsafe.Pointer) (term.Term, *fault) {
		to := *(*unsafe.Pointer)(q)
		if to == nil {
			return none, nil
		}
		if f := e.down(1); f != nil {
			return nil, f
		}
		defer e.up()
		v, f := elem.enc(e, to)
		return term.Tuple{v}, f
	}
	p.dec = func(d *decoder, t term.Term, q unsafe.Pointer) error {
		if t == none {
			return nil
		}
		tu, ok := t.(term.Tuple)
		if !ok || len(tu) != 1 {
			return errShape
		}
		to := reflect.New(elem.t)
		if err := elem.dec(d, tu[0], to.UnsafePointer()); err != nil {
			return err
		}
		reflect.NewAt(p.t, q).Elem().Set(to.Convert(p.t))
		return nil
	}
}
