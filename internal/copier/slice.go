package copier

import (
	"reflect"
	"unsafe"
)

// header is the layout of a slice.
type header struct {
	data     unsafe.Pointer
	len, cap int
}

// nothing is what empty slices and pointers to nothing refer to.
var nothing uint64

// slice makes the slice at q private.
func (s *state) slice(p *plan, q unsafe.Pointer) *failure {
	h := (*header)(q)
	if h.data == nil {
		return nil
	}
	e, src, n := p.elem, h.data, h.len
	if n == 0 {
		*h = header{data: unsafe.Pointer(&nothing)}
		return nil
	}
	if private, ok := s.deep.find(p, src, n); ok {
		*h = header{private, n, n}
		return nil
	}
	if f := s.charge(1, uintptr(n)*e.size); f != nil {
		return f
	}
	private := elements(p, q)
	s.deep.keep(p, src, n, private)
	*h = header{private, n, n}
	if e.op == opFlat {
		if e.text {
			for i := range n {
				s.bytes += e.strings(unsafe.Add(private, uintptr(i)*e.size))
			}
		}
		return nil
	}
	if s.deep != nil {
		return s.push(item{p: e, ptr: private, n: n, many: true})
	}
	if f := s.down(); f != nil {
		return f
	}
	f := s.elements(e, private, n)
	s.depth--
	return f
}

// elements returns new memory with the elements of the slice at q, which is not
// empty. append neither clears what it is about to fill nor needs to know the
// type, so it is used wherever the memory can be described without reflection.
func elements(p *plan, q unsafe.Pointer) unsafe.Pointer {
	e, h := p.elem, (*header)(q)
	switch {
	case e.data:
		return plain(e, h.data, h.len)
	case e.words == 1:
		return fresh[unsafe.Pointer](h.data, h.len)
	case e.words == 2:
		return fresh[[2]unsafe.Pointer](h.data, h.len)
	case e.t.Kind() == reflect.String:
		return fresh[string](h.data, h.len)
	default:
		v := reflect.MakeSlice(p.t, h.len, h.len)
		reflect.Copy(v, reflect.NewAt(p.t, q).Elem())
		return v.UnsafePointer()
	}
}

// plain copies n values without pointers. A size is a multiple of its
// alignment, so that the words of the alignment's size cover the values.
func plain(e *plan, src unsafe.Pointer, n int) unsafe.Pointer {
	bytes := n * int(e.size)
	switch {
	case bytes == 0:
		return unsafe.Pointer(&nothing)
	case e.align == 8:
		return fresh[uint64](src, bytes/8)
	case e.align == 4:
		return fresh[uint32](src, bytes/4)
	case e.align == 2:
		return fresh[uint16](src, bytes/2)
	default:
		return fresh[byte](src, bytes)
	}
}

func fresh[T any](src unsafe.Pointer, n int) unsafe.Pointer {
	return unsafe.Pointer(unsafe.SliceData(append([]T(nil), unsafe.Slice((*T)(src), n)...)))
}

// shallow returns new memory with the value of plan e at src.
func shallow(e *plan, src unsafe.Pointer) unsafe.Pointer {
	if e.data {
		return plain(e, src, 1)
	}
	v := reflect.New(e.t)
	v.Elem().Set(reflect.NewAt(e.t, src).Elem())
	return v.UnsafePointer()
}
