package term

import (
	"math"
	"math/big"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"
)

// fromGo maps one Go value.
type fromGo struct {
	reg   *Registry
	parts int
}

func (c *fromGo) value(v reflect.Value, f form, depth int) (Term, *ConvertError) {
	if c.parts++; c.parts > maxConvertParts {
		return nil, bad("more than %d parts: does the value contain itself?", maxConvertParts)
	}
	if depth++; depth > maxConvertDepth {
		return nil, bad("nested deeper than %d: does the value contain itself?", maxConvertDepth)
	}
	if !v.IsValid() {
		return undefined, nil
	}
	if termType(v.Type()) {
		return c.own(v.Interface(), depth)
	}
	if m := c.reg.mapping(v.Type()); m != nil {
		return m.from(v)
	}
	switch v.Kind() {
	case reflect.Bool:
		return Canonical(v.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int(), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return fromUint64(v.Uint()), nil
	case reflect.Float32, reflect.Float64:
		x := v.Float()
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return nil, bad("%v is no term", x)
		}
		return x, nil
	case reflect.String:
		return text(v.String(), f)
	case reflect.Slice, reflect.Array:
		return c.sequence(v, f, depth)
	case reflect.Map:
		return c.mapping(v, f, depth)
	case reflect.Interface:
		if v.IsNil() {
			return undefined, nil
		}
		return c.value(v.Elem(), f, depth)
	case reflect.Pointer:
		if v.IsNil() {
			return undefined, nil
		}
		return c.value(v.Elem(), f, depth)
	case reflect.Struct:
		return c.structure(v, depth)
	}
	return nil, bad("a %v cannot be a term", v.Type())
}

func text(s string, f form) (Term, *ConvertError) {
	switch {
	case f.atom:
		return Atom(s), checkAtom(s)
	case f.charlist:
		if !utf8.ValidString(s) {
			return nil, bad("%.60q is no charlist: not UTF-8", s)
		}
		return Charlist(s), nil
	}
	return Binary(strings.Clone(s)), nil
}

func (c *fromGo) sequence(v reflect.Value, f form, depth int) (Term, *ConvertError) {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		if v.Kind() == reflect.Slice {
			return Binary(v.Bytes()), nil
		}
		b := make([]byte, v.Len())
		reflect.Copy(reflect.ValueOf(b), v)
		return Binary(b), nil
	}
	l := make(List, v.Len())
	for i := range l {
		t, err := c.value(v.Index(i), f, depth)
		if err != nil {
			return nil, err.atIndex(i)
		}
		l[i] = t
	}
	return l, nil
}

func (c *fromGo) mapping(v reflect.Value, f form, depth int) (Term, *ConvertError) {
	pairs := make([]Pair, 0, v.Len())
	for it := v.MapRange(); it.Next(); {
		k, err := c.value(it.Key(), f, depth)
		if err != nil {
			return nil, err.at("[key]")
		}
		x, err := c.value(it.Value(), form{}, depth)
		if err != nil {
			return nil, err.at("[" + Printer{Strings: true, Limit: 60}.String(k) + "]")
		}
		pairs = append(pairs, Pair{k, x})
	}
	m, ok := NewMapStrict(pairs)
	if !ok {
		return nil, bad("two keys of the map give the same term")
	}
	return m, nil
}

func (c *fromGo) structure(v reflect.Value, depth int) (Term, *ConvertError) {
	switch v.Type() {
	case typeTime:
		return unixNano(v.Interface().(time.Time))
	case typeBigInt:
		n := v.Interface().(big.Int)
		return Canonical(new(big.Int).Set(&n)), nil
	}
	plan := planOf(v.Type())
	if plan.err != nil {
		return nil, plan.err.copy()
	}
	tag, tagged := c.reg.tagOf(v.Type(), plan)
	if !tagged {
		return c.record(v, plan, depth)
	}
	if len(plan.fields) == 0 {
		return tag, nil
	}
	tuple := append(make(Tuple, 0, len(plan.fields)+1), tag)
	for _, f := range plan.fields {
		t, err := c.value(v.FieldByIndex(f.index), f.form, depth)
		if err != nil {
			return nil, err.at("." + f.goName)
		}
		tuple = append(tuple, t)
	}
	return tuple, nil
}

// record maps a struct to a map.
func (c *fromGo) record(v reflect.Value, plan *structPlan, depth int) (Term, *ConvertError) {
	pairs := make([]Pair, 0, len(plan.fields))
	for _, f := range plan.fields {
		field := v.FieldByIndex(f.index)
		if f.omit && field.IsZero() {
			continue
		}
		t, err := c.value(field, f.form, depth)
		if err != nil {
			return nil, err.at("." + f.goName)
		}
		pairs = append(pairs, Pair{Atom(f.name), t})
	}
	return NewMap(pairs...), nil
}

func (e *ConvertError) copy() *ConvertError { c := *e; return &c }

func unixNano(t time.Time) (Term, *ConvertError) {
	n := new(big.Int).Mul(big.NewInt(t.Unix()), big.NewInt(1e9))
	return Canonical(n.Add(n, big.NewInt(int64(t.Nanosecond())))), nil
}

// own maps what is a term of this package already: its elements.
func (c *fromGo) own(t Term, depth int) (Term, *ConvertError) {
	switch v := t.(type) {
	case Atom:
		return v, checkAtom(string(v))
	case Tuple:
		elems, err := c.elems(v, depth)
		return Tuple(elems), err
	case List:
		elems, err := c.elems(v, depth)
		return List(elems), err
	case Improper:
		elems, err := c.elems(v.Elems, depth)
		if err != nil {
			return nil, err
		}
		tail, err := c.value(reflect.ValueOf(v.Tail), form{}, depth)
		return Cons(elems, tail), err.at("[tail]")
	case Map:
		return c.ownMap(v, depth)
	case Fun:
		free, err := c.elems(v.Free, depth)
		v.Free = free
		return v, err.at(".Free")
	}
	return t, nil
}

func (c *fromGo) elems(in []Term, depth int) ([]Term, *ConvertError) {
	out := make([]Term, len(in))
	for i, e := range in {
		t, err := c.value(reflect.ValueOf(e), form{}, depth)
		if err != nil {
			return nil, err.atIndex(i)
		}
		out[i] = t
	}
	return out, nil
}

func (c *fromGo) ownMap(m Map, depth int) (Term, *ConvertError) {
	pairs := make([]Pair, 0, m.Len())
	for k, v := range m.All() {
		key, err := c.value(reflect.ValueOf(k), form{}, depth)
		if err != nil {
			return nil, err.at("[key]")
		}
		value, err := c.value(reflect.ValueOf(v), form{}, depth)
		if err != nil {
			return nil, err.at("[" + Printer{Strings: true, Limit: 60}.String(key) + "]")
		}
		pairs = append(pairs, Pair{key, value})
	}
	out, ok := NewMapStrict(pairs)
	if !ok {
		return nil, bad("two keys of the map give the same term")
	}
	return out, nil
}
