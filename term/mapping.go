package term

import (
	"reflect"
)

// Mapping is how values of a type that this package does not know stand in terms, for [Registry.With]: identifiers of a
// program's own, which mean something only to one connection or one guest.
type Mapping struct {
	// Sample is a value of the type.
	Sample any
	// From gives the term for a value of the type; its error refuses the whole value.
	From func(v any) (Term, error)
	// To gives the value for a term, or false if it is none of the type's.
	To func(t Term) (v any, ok bool)
	// Term, if not nil, is a value of the type of term that becomes such a value where it is stored in an interface, also
	// inside tuples and lists and as a value of a map: a term for which To says false stays what it is, and so does a key
	// of a map.
	Term any
}

// With returns a registry that knows what r knows, now and later, and these mappings besides. Types are registered with r. A nil
// r knows nothing.
func (r *Registry) With(mappings ...Mapping) *Registry {
	return &Registry{base: r, mappings: append([]Mapping{}, mappings...)}
}

// mapping finds the mapping of a Go type.
func (r *Registry) mapping(t reflect.Type) *Mapping {
	for ; r != nil; r = r.base {
		for i := range r.mappings {
			if m := &r.mappings[i]; reflect.TypeOf(m.Sample) == t {
				return m
			}
		}
	}
	return nil
}

// mapped gives what a term becomes by mappings where it is stored in an interface; the term itself, if there are none.
func (r *Registry) mapped(t Term, depth int) (any, *ConvertError) {
	if r == nil || len(r.mappings) == 0 {
		return t, nil
	}
	if depth++; depth > maxConvertDepth {
		return nil, bad("nested deeper than %d", maxConvertDepth)
	}
	switch v := t.(type) {
	case Tuple:
		out, err := r.mappedAll(v, depth)
		return Tuple(out), err
	case List:
		out, err := r.mappedAll(v, depth)
		return List(out), err
	case Improper:
		out, err := r.mappedAll(v.Elems, depth)
		if err != nil {
			return nil, err
		}
		tail, err := r.mapped(v.Tail, depth)
		return Improper{out, tail}, err
	case Map:
		pairs := make([]Pair, 0, v.Len())
		for k, x := range v.All() {
			x, err := r.mapped(x, depth)
			if err != nil {
				return nil, err
			}
			pairs = append(pairs, Pair{k, x})
		}
		return NewMap(pairs...), nil
	}
	for ; r != nil; r = r.base {
		for i := range r.mappings {
			if m := &r.mappings[i]; m.Term != nil && reflect.TypeOf(m.Term) == reflect.TypeOf(t) {
				if x, ok := m.To(t); ok {
					return x, nil
				}
				return t, nil
			}
		}
	}
	return t, nil
}

func (r *Registry) mappedAll(in []Term, depth int) ([]Term, *ConvertError) {
	out := make([]Term, len(in))
	for i, t := range in {
		x, err := r.mapped(t, depth)
		if err != nil {
			return nil, err
		}
		out[i] = x
	}
	return out, nil
}

func (m *Mapping) from(v reflect.Value) (Term, *ConvertError) {
	t, err := m.From(v.Interface())
	if err != nil {
		return nil, bad("%s", err)
	}
	return t, nil
}

func (m *Mapping) store(t Term, v reflect.Value) *ConvertError {
	x, ok := m.To(t)
	if xv := reflect.ValueOf(x); ok && xv.IsValid() && xv.Type() == v.Type() {
		v.Set(xv)
		return nil
	}
	return mismatch(t, v)
}
