package term

import (
	"math"
	"math/big"
	"reflect"
	"time"
)

// toGo stores one term in a Go value.
type toGo struct{ reg *Registry }

// brief is a term as it is shown in an error.
func brief(t Term) string { return Printer{Strings: true, Limit: 80}.String(t) }

func mismatch(t Term, v reflect.Value) *ConvertError {
	return bad("%s does not fit %v", brief(t), v.Type())
}

// store sets v, which is settable.
func (c *toGo) store(t Term, v reflect.Value, f form, depth int) *ConvertError {
	if depth++; depth > maxConvertDepth {
		return bad("nested deeper than %d", maxConvertDepth)
	}
	t = Canonical(t)
	if n, ok := t.(*big.Int); ok && n == nil {
		return mismatch(t, v)
	}
	if termType(v.Type()) {
		if tv := reflect.ValueOf(t); tv.IsValid() && tv.Type() == v.Type() {
			v.Set(tv)
			return nil
		}
		return mismatch(t, v)
	}
	if m := c.reg.mapping(v.Type()); m != nil {
		return m.store(t, v)
	}
	switch v.Kind() {
	case reflect.Bool:
		if a, ok := t.(Atom); ok && (a == "true" || a == "false") {
			v.SetBool(a == "true")
			return nil
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return storeInteger(t, v)
	case reflect.Float32, reflect.Float64:
		return storeFloat(t, v)
	case reflect.String:
		return storeText(t, v, f)
	case reflect.Slice:
		return c.slice(t, v, f, depth)
	case reflect.Array:
		return c.array(t, v, f, depth)
	case reflect.Map:
		return c.mapping(t, v, f, depth)
	case reflect.Pointer:
		if t == Term(undefined) {
			v.SetZero()
			return nil
		}
		p := reflect.New(v.Type().Elem())
		err := c.store(t, p.Elem(), f, depth)
		v.Set(p)
		return err
	case reflect.Interface:
		return c.iface(t, v, depth)
	case reflect.Struct:
		return c.structure(t, v, depth)
	default:
		return bad("a %v cannot be a term", v.Type())
	}
	return mismatch(t, v)
}

func storeInteger(t Term, v reflect.Value) *ConvertError {
	switch n := t.(type) {
	case int64:
		if v.CanInt() && !v.OverflowInt(n) {
			v.SetInt(n)
			return nil
		}
		if v.CanUint() && n >= 0 && !v.OverflowUint(uint64(n)) {
			v.SetUint(uint64(n))
			return nil
		}
	case *big.Int:
		if v.CanUint() && n.IsUint64() && !v.OverflowUint(n.Uint64()) {
			v.SetUint(n.Uint64())
			return nil
		}
	}
	return mismatch(t, v)
}

func storeFloat(t Term, v reflect.Value) *ConvertError {
	var x float64
	switch n := t.(type) {
	case float64:
		x = n
	case int64, *big.Int:
		x, _ = new(big.Float).SetInt(bigOf(n)).Float64()
		if math.IsInf(x, 0) || compareIntFloat(n, x) != 0 || v.Kind() == reflect.Float32 && float64(float32(x)) != x {
			return mismatch(t, v)
		}
	default:
		return mismatch(t, v)
	}
	if v.OverflowFloat(x) {
		return mismatch(t, v)
	}
	v.SetFloat(x)
	return nil
}

func storeText(t Term, v reflect.Value, f form) *ConvertError {
	switch x := t.(type) {
	case Atom:
		if f.atom {
			v.SetString(string(x))
			return nil
		}
	case Binary:
		if !f.atom {
			v.SetString(string(x))
			return nil
		}
	case List:
		if s, ok := charlistText(x); ok && !f.atom {
			v.SetString(s)
			return nil
		}
	}
	if f.atom {
		return bad("%s is no atom, which a %v with the option atom needs", brief(t), v.Type())
	}
	return mismatch(t, v)
}

// bytesOf reads a binary, or a list of bytes.
func bytesOf(t Term) ([]byte, bool) {
	switch x := t.(type) {
	case Binary:
		return []byte(x), true
	case List:
		b := make([]byte, len(x))
		for i, e := range x {
			n, ok := Canonical(e).(int64)
			if !ok || n < 0 || n > math.MaxUint8 {
				return nil, false
			}
			b[i] = byte(n)
		}
		return b, true
	}
	return nil, false
}

func (c *toGo) slice(t Term, v reflect.Value, f form, depth int) *ConvertError {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		b, ok := bytesOf(t)
		if !ok {
			return mismatch(t, v)
		}
		v.SetBytes(b)
		return nil
	}
	l, ok := t.(List)
	if !ok {
		return mismatch(t, v)
	}
	// Elements may be far larger in Go than on the wire, so that the slice grows as they turn out to be good.
	out := reflect.MakeSlice(v.Type(), 0, min(len(l), 64))
	zero := reflect.Zero(v.Type().Elem())
	for i, e := range l {
		out = reflect.Append(out, zero)
		if err := c.store(e, out.Index(i), f, depth); err != nil {
			return err.atIndex(i)
		}
	}
	v.Set(out)
	return nil
}

func (c *toGo) array(t Term, v reflect.Value, f form, depth int) *ConvertError {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		b, ok := bytesOf(t)
		if !ok || len(b) != v.Len() {
			return mismatch(t, v)
		}
		for i, x := range b {
			v.Index(i).SetUint(uint64(x))
		}
		return nil
	}
	l, ok := t.(List)
	if !ok || len(l) != v.Len() {
		return mismatch(t, v)
	}
	for i, e := range l {
		if err := c.store(e, v.Index(i), f, depth); err != nil {
			return err.atIndex(i)
		}
	}
	return nil
}

func (c *toGo) mapping(t Term, v reflect.Value, f form, depth int) *ConvertError {
	m, ok := t.(Map)
	if !ok {
		return mismatch(t, v)
	}
	typ := v.Type()
	out := reflect.MakeMap(typ)
	for kt, xt := range m.All() {
		k, x := reflect.New(typ.Key()).Elem(), reflect.New(typ.Elem()).Elem()
		if err := c.store(kt, k, f, depth); err != nil {
			return err.at("[key]")
		}
		if !k.Comparable() {
			return bad("%s cannot be a key of a Go map", brief(kt))
		}
		if out.MapIndex(k).IsValid() {
			return bad("two keys give the same %v; the second is %s", typ.Key(), brief(kt))
		}
		if err := c.store(xt, x, form{}, depth); err != nil {
			return err.at("[" + brief(kt) + "]")
		}
		out.SetMapIndex(k, x)
	}
	v.Set(out)
	return nil
}

func (c *toGo) iface(t Term, v reflect.Value, depth int) *ConvertError {
	if typ, ok := c.reg.typeFor(t); ok && typ.Implements(v.Type()) {
		x := reflect.New(typ).Elem()
		if err := c.store(t, x, form{}, depth); err != nil {
			return err.at(".(" + typ.String() + ")")
		}
		v.Set(x)
		return nil
	}
	x, err := c.reg.mapped(t, depth)
	if err != nil {
		return err
	}
	tv := reflect.ValueOf(x)
	if !tv.IsValid() || !tv.Type().Implements(v.Type()) {
		return bad("%s does not fit %v, and no registered type does", brief(t), v.Type())
	}
	v.Set(tv)
	return nil
}

func (c *toGo) structure(t Term, v reflect.Value, depth int) *ConvertError {
	switch v.Type() {
	case typeTime:
		return storeTime(t, v)
	case typeBigInt:
		switch n := t.(type) {
		case int64, *big.Int:
			v.Addr().Interface().(*big.Int).Set(bigOf(n))
			return nil
		}
		return mismatch(t, v)
	}
	plan := planOf(v.Type())
	if plan.err != nil {
		return plan.err.copy()
	}
	tag, tagged := c.reg.tagOf(v.Type(), plan)
	if !tagged {
		return c.record(t, v, plan, depth)
	}
	if len(plan.fields) == 0 && t == Term(tag) {
		return nil
	}
	tuple, ok := t.(Tuple)
	if !ok || len(tuple) != len(plan.fields)+1 || !Identical(tuple[0], tag) {
		return bad("%s does not fit %v: want {%s,...} with %d fields", brief(t), v.Type(), tag, len(plan.fields))
	}
	for i, f := range plan.fields {
		if err := c.store(tuple[i+1], v.FieldByIndex(f.index), f.form, depth); err != nil {
			return err.at("." + f.goName)
		}
	}
	return nil
}

func storeTime(t Term, v reflect.Value) *ConvertError {
	switch t.(type) {
	case int64, *big.Int:
	default:
		return mismatch(t, v)
	}
	sec, nsec := new(big.Int).DivMod(bigOf(t), big.NewInt(1e9), new(big.Int))
	if !sec.IsInt64() || math.Abs(float64(sec.Int64())) > 1<<58 {
		return mismatch(t, v)
	}
	v.Set(reflect.ValueOf(time.Unix(sec.Int64(), nsec.Int64()).UTC()))
	return nil
}

// record stores a map in a struct.
func (c *toGo) record(t Term, v reflect.Value, plan *structPlan, depth int) *ConvertError {
	m, ok := t.(Map)
	if !ok {
		return mismatch(t, v)
	}
	for _, f := range plan.fields {
		x, ok := m.Get(Atom(f.name))
		if !ok {
			x, ok = m.Get(Binary(f.name))
		}
		if !ok {
			if f.mandatory {
				return bad("the key %s is missing", Atom(f.name)).at("." + f.goName)
			}
			continue
		}
		if err := c.store(x, v.FieldByIndex(f.index), f.form, depth); err != nil {
			return err.at("." + f.goName)
		}
	}
	return nil
}
