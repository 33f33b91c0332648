package copier

import (
	"reflect"
	"unsafe"
)

const (
	// nested is how many errors deep, one within the data of the other, parts
	// are kept as data; beyond it only texts are.
	nested = 16
	// family is how many errors may be frozen within one error before only
	// their texts are kept.
	family = 256
)

// within is an error being frozen: what copies of its parts count against until
// that is done.
type within struct {
	pl    *planner
	err   eface // by its words: whether errors are equal is not asked, it could panic
	up    *within
	max   limits
	nodes int
	left  *int // of family
	done  bool
}

// freeze replaces the error that the interface value of plan p at q holds. It
// is not done if the frozen error does not have the methods of p.
func (s *state) freeze(p *plan, q unsafe.Pointer) (done bool, _ *failure) {
	slot := reflect.NewAt(p.t, q).Elem()
	frozen, f := s.freezing(slot.Elem().Interface().(error))
	if f != nil {
		return false, f
	}
	switch {
	case frozen == nil:
		slot.SetZero()
	case p.t == errorType:
		*(*error)(q) = frozen
	case p.t.NumMethod() == 0 || reflect.TypeOf(frozen).Implements(p.t):
		slot.Set(reflect.ValueOf(frozen))
	default:
		return false, nil
	}
	return true, nil
}

// freezing has e frozen, and counts.
func (s *state) freezing(e error) (error, *failure) {
	held := any(e)
	in := &within{pl: &s.pl.plain, err: *(*eface)(unsafe.Pointer(&held)), up: s.within}
	part := in.copy
	depth := 0
	for w := in.up; w != nil; w = w.up {
		if depth++; depth >= nested || w.err == in.err {
			part = nil
		}
	}
	if in.up == nil {
		in.left = new(int)
		*in.left = family
	} else {
		in.left = in.up.left
		if *in.left--; *in.left < 0 {
			part = nil
		}
	}
	in.max = limits{s.max.depth, s.max.nodes - s.nodes, s.max.bytes - s.bytes}
	frozen, size, err := s.pl.o.Freeze(e, part)
	in.done, in.err, in.up = true, eface{}, nil // in may live on in what Freeze made
	if err != nil {
		return nil, &failure{cause: err}
	}
	return frozen, s.charge(in.nodes+1, uintptr(max(size, 0)))
}

// copy copies v, a part of the error, as data. Once the error is frozen it is
// shared, and so is w: from then on w is only read.
func (w *within) copy(v any) (any, int, error) {
	if v == nil || w.done {
		return w.pl.run(v, nil)
	}
	p := w.pl.of(reflect.TypeOf(v))
	if p.op == opFlat && p.bad == nil && (!p.isErr || p.opaque) {
		return w.pl.run(v, nil)
	}
	s := state{pl: w.pl, max: w.max, within: w}
	s.max.nodes -= w.nodes
	out, size, err := s.message(p, v)
	w.nodes += s.nodes
	return out, size, err
}
