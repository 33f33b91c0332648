package copier

import (
	"maps"
	"reflect"
	"strconv"
	"unsafe"
)

// mapOverhead is about what an empty map takes, in bytes.
const mapOverhead = 48

// mapping returns a private copy of the map o.
func (s *state) mapping(p *plan, o unsafe.Pointer) (unsafe.Pointer, *failure) {
	if o == nil {
		return nil, nil
	}
	if private, ok := s.deep.find(p, o, 1); ok {
		return private, nil
	}
	n := 0
	if p.table != nil {
		n = p.table.len(o)
	} else {
		n = asMap(p, o).Len()
	}
	if f := s.charge(n+1, mapOverhead+uintptr(n)*(p.key.size+p.elem.size)); f != nil {
		return nil, f
	}
	if p.table != nil && p.elem.op == opFlat {
		private, text := p.table.clone(p, o)
		s.bytes += text
		s.deep.keep(p, o, 1, private)
		return private, nil
	}
	if s.deep != nil {
		private := reflect.MakeMapWithSize(p.t, n).UnsafePointer()
		s.deep.keep(p, o, 1, private)
		return private, s.push(item{p: p, ptr: private, src: o})
	}
	if f := s.down(); f != nil {
		return nil, f
	}
	var private unsafe.Pointer
	var f *failure
	if p.table != nil {
		t := *s // what a func value is given must live on the heap; s need not
		private, f = p.table.walk(&t, p, o)
		*s = t
	} else {
		private = reflect.MakeMapWithSize(p.t, n).UnsafePointer()
		f = s.fill(p, asMap(p, o), asMap(p, private), nil)
	}
	s.depth--
	return private, f
}

// fill puts private copies of the entries of src into dst. In the deep walk it
// tells it where the value being copied lies.
func (s *state) fill(p *plan, src, dst reflect.Value, it *item) *failure {
	key, elem := reflect.New(p.key.t), reflect.New(p.elem.t)
	k, e := key.Elem(), elem.Elem()
	kp, ep := key.UnsafePointer(), elem.UnsafePointer()
	if it != nil {
		s.deep.items[s.deep.cur].ptr = ep
	}
	for iter := src.MapRange(); iter.Next(); {
		k.SetIterKey(iter)
		if it != nil {
			s.deep.entry = k.Interface()
			s.deep.isKey = true
		}
		if f := s.mapKey(p, k, kp); f != nil {
			return f.at("[key]")
		}
		e.SetIterValue(iter)
		if it != nil {
			s.deep.isKey = false
		}
		if f := s.fix(p.elem, ep); f != nil {
			return f.at(keyStep(k))
		}
		dst.SetMapIndex(k, e)
	}
	if p.key.op != opFlat && dst.Len() != src.Len() {
		return &failure{t: p.t, why: "two keys of the map became equal when the errors or identities in them were replaced; use plain values as keys"}
	}
	return nil
}

// mapKey makes the key at kp private, and complete, since it is hashed next.
func (s *state) mapKey(p *plan, k reflect.Value, kp unsafe.Pointer) *failure {
	if p.key.op == opFlat {
		if p.key.text {
			s.bytes += p.key.strings(kp)
		}
		return nil
	}
	was := s.inKey
	s.inKey = true
	f := s.fix(p.key, kp)
	s.inKey = was
	if f == nil && !hashable(k.Interface()) {
		f = &failure{t: k.Type(), why: "the key cannot be compared once the errors in it are frozen; use plain values as keys"}
	}
	return f
}

// hashable asks the runtime, by a look into an empty map. reflect's Comparable
// takes arrays of length zero for comparable whatever their elements.
func hashable(v any) (ok bool) {
	defer func() { ok = recover() == nil }()
	_ = map[any]struct{}(nil)[v]
	return
}

// asMap returns the map o of plan p.
func asMap(p *plan, o unsafe.Pointer) reflect.Value {
	return reflect.NewAt(p.t, unsafe.Pointer(&o)).Elem()
}

// keyStep is the step of a path that names a map entry.
func keyStep(k reflect.Value) string {
	for k.Kind() == reflect.Interface && !k.IsNil() {
		k = k.Elem()
	}
	switch {
	case k.Kind() == reflect.String:
		text := k.String()
		if len(text) > 40 {
			text = text[:40] + "..."
		}
		return "[" + strconv.Quote(text) + "]"
	case k.CanInt():
		return "[" + strconv.FormatInt(k.Int(), 10) + "]"
	case k.CanUint():
		return "[" + strconv.FormatUint(k.Uint(), 10) + "]"
	case k.CanFloat():
		return "[" + strconv.FormatFloat(k.Float(), 'g', -1, 64) + "]"
	case k.Kind() == reflect.Bool:
		return "[" + strconv.FormatBool(k.Bool()) + "]"
	default:
		return "[" + k.Type().String() + "]"
	}
}

// table copies maps of one common type without reflection. It is used for every
// map type with the same key and element types, which Go allows to be converted
// into each other.
type table struct {
	len   func(o unsafe.Pointer) int
	clone func(p *plan, o unsafe.Pointer) (private unsafe.Pointer, text int)
	walk  func(s *state, p *plan, o unsafe.Pointer) (unsafe.Pointer, *failure)
}

type tableKey struct{ key, elem reflect.Type }

var tables = make(map[tableKey]*table)

func init() {
	tablesOf[string]()
	tablesOf[int]()
	tablesOf[int64]()
	tablesOf[uint64]()
}

func tablesOf[K comparable]() {
	common[K, struct{}]()
	common[K, bool]()
	common[K, int]()
	common[K, int64]()
	common[K, uint64]()
	common[K, float64]()
	common[K, string]()
	common[K, any]()
	common[K, []byte]()
	common[K, []string]()
	common[K, []any]()
	common[K, map[string]any]()
}

func common[K comparable, V any]() {
	tables[tableKey{reflect.TypeFor[K](), reflect.TypeFor[V]()}] = &table{
		len: func(o unsafe.Pointer) int { return len(*(*map[K]V)(unsafe.Pointer(&o))) },
		clone: func(p *plan, o unsafe.Pointer) (unsafe.Pointer, int) {
			m := maps.Clone(*(*map[K]V)(unsafe.Pointer(&o)))
			text := 0
			if p.key.text || p.elem.text {
				for k, v := range m {
					if p.key.text {
						text += p.key.strings(unsafe.Pointer(&k))
					}
					if p.elem.text {
						text += p.elem.strings(unsafe.Pointer(&v))
					}
				}
			}
			return *(*unsafe.Pointer)(unsafe.Pointer(&m)), text
		},
		walk: func(s *state, p *plan, o unsafe.Pointer) (unsafe.Pointer, *failure) {
			src := *(*map[K]V)(unsafe.Pointer(&o))
			m := make(map[K]V, len(src))
			elem := new(V)
			for k, v := range src {
				*elem = v
				if f := s.fix(p.elem, unsafe.Pointer(elem)); f != nil {
					return nil, f.at(keyStep(reflect.ValueOf(k)))
				}
				if p.key.text {
					s.bytes += p.key.strings(unsafe.Pointer(&k))
				}
				m[k] = *elem
			}
			return *(*unsafe.Pointer)(unsafe.Pointer(&m)), nil
		},
	}
}
