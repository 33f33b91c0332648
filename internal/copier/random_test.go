package copier_test

import (
	"encoding/binary"
	"fmt"
	"math/big"
	"net/url"
	"reflect"
	"testing"
	"time"

	"github.com/brunoga/deep"
	"github.com/huandu/go-clone"
	"pgregory.net/rapid"

	"github.com/kista-go/kista/internal/copier"
)

// source makes choices: from rapid, or from the bytes of a fuzz input.
type source interface{ pick(n int) int }

type bytesSource struct{ b []byte }

func (s *bytesSource) pick(n int) int {
	if len(s.b) == 0 || n <= 1 {
		return 0
	}
	if n > 256 && len(s.b) >= 2 {
		x := binary.BigEndian.Uint16(s.b)
		s.b = s.b[2:]
		return int(x) % n
	}
	x := s.b[0]
	s.b = s.b[1:]
	return int(x) % n
}

type rapidSource struct{ t *rapid.T }

func (s rapidSource) pick(n int) int { return rapid.IntRange(0, max(n-1, 0)).Draw(s.t, "pick") }

// Named types with what reflect.StructOf cannot make: unexported and embedded
// fields, recursion, names.
type (
	mixed struct {
		base
		id    named
		next  *mixed
		kids  []mixed
		by    map[string]*mixed
		any   any
		raw   rawDoc
		when  time.Time
		big   *big.Int
		empty [0]func()
	}
	rawDoc  []byte
	generic struct {
		A box[[]int]
		B box[map[named]*int]
		C *box[any]
	}
	onePtr struct{ p *mixed }
)

var leaves = []reflect.Type{
	reflect.TypeFor[bool](), reflect.TypeFor[int](), reflect.TypeFor[int8](), reflect.TypeFor[uint16](), reflect.TypeFor[uint32](),
	reflect.TypeFor[float64](), reflect.TypeFor[complex64](), reflect.TypeFor[string](), reflect.TypeFor[named](), reflect.TypeFor[time.Time](),
	reflect.TypeFor[any](), reflect.TypeFor[[]byte](), reflect.TypeFor[rawDoc](), reflect.TypeFor[mixed](), reflect.TypeFor[*mixed](),
	reflect.TypeFor[generic](), reflect.TypeFor[onePtr](), reflect.TypeFor[[1]onePtr](), reflect.TypeFor[derived](), reflect.TypeFor[hidden](),
	reflect.TypeFor[*big.Int](), reflect.TypeFor[url.URL](), reflect.TypeFor[selfMap](), reflect.TypeFor[selfSlice](), reflect.TypeFor[struct{}](),
	reflect.TypeFor[map[string]any](), reflect.TypeFor[map[int][]byte](), reflect.TypeFor[ring](),
}

// randomType makes a type that may be sent.
func randomType(s source, depth int) reflect.Type {
	if depth <= 0 {
		return leaves[s.pick(len(leaves))]
	}
	switch s.pick(7) {
	case 0:
		return reflect.PointerTo(randomType(s, depth-1))
	case 1:
		return reflect.SliceOf(randomType(s, depth-1))
	case 2:
		return reflect.ArrayOf(s.pick(4), randomType(s, depth-1))
	case 3:
		k := randomType(s, depth-1)
		if !k.Comparable() {
			k = reflect.PointerTo(k)
		}
		return reflect.MapOf(k, randomType(s, depth-1))
	case 4:
		fields := make([]reflect.StructField, s.pick(4))
		for i := range fields {
			fields[i] = reflect.StructField{Name: fmt.Sprint("F", i), Type: randomType(s, depth-1)}
		}
		return reflect.StructOf(fields)
	default:
		return leaves[s.pick(len(leaves))]
	}
}

// randomValue fills v, unexported fields included.
func randomValue(s source, v reflect.Value, depth int) {
	t := v.Type()
	switch t {
	case reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Unix(int64(s.pick(1<<15)), 0)))
		return
	case reflect.TypeFor[*big.Int]():
		v.Set(reflect.ValueOf(new(big.Int).Lsh(big.NewInt(int64(s.pick(1000))), uint(s.pick(200)))))
		return
	}
	small := 0
	if depth > 0 {
		small = s.pick(4)
	}
	switch t.Kind() {
	case reflect.Bool:
		v.SetBool(s.pick(2) == 1)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(s.pick(1 << 10)))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		v.SetUint(uint64(s.pick(1 << 10)))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(float64(s.pick(1<<10)) / 8)
	case reflect.Complex64, reflect.Complex128:
		v.SetComplex(complex(float64(s.pick(9)), 1))
	case reflect.String:
		v.SetString("string number 123456"[:s.pick(21)])
	case reflect.Pointer:
		if small > 0 {
			v.Set(reflect.New(t.Elem()))
			randomValue(s, v.Elem(), depth-1)
		}
	case reflect.Slice:
		if small > 0 {
			v.Set(reflect.MakeSlice(t, small-1, small+1))
			for i := range v.Len() {
				randomValue(s, v.Index(i), depth-1)
			}
		}
	case reflect.Array:
		for i := range v.Len() {
			randomValue(s, v.Index(i), depth-1)
		}
	case reflect.Map:
		if small > 0 {
			v.Set(reflect.MakeMap(t))
			for range small - 1 {
				k, e := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
				randomValue(s, k, depth-1)
				randomValue(s, e, depth-1)
				if hashable(k) {
					v.SetMapIndex(k, e)
				}
			}
		}
	case reflect.Interface:
		if small > 0 {
			x := reflect.New(randomType(s, 1)).Elem()
			randomValue(s, x, depth-1)
			v.Set(x)
		}
	case reflect.Struct:
		for i := range t.NumField() {
			f := v.Field(i)
			randomValue(s, reflect.NewAt(f.Type(), f.Addr().UnsafePointer()).Elem(), depth-1)
		}
	}
}

// hashable is not Value.Comparable, which takes [0]func() for comparable.
func hashable(k reflect.Value) (ok bool) {
	defer func() { ok = recover() == nil }()
	_ = map[any]int{}[k.Interface()]
	return
}

// tie makes v cyclic where it can: a recursive value refers to an earlier one.
func tie(s source, v any) {
	if m, ok := v.(*mixed); ok && m != nil && s.pick(3) == 0 {
		m.next = m
		m.any = []any{m, map[string]any{"m": m}}
		m.by = map[string]*mixed{"m": m}
	}
}

// agree copies a random value, and holds the copy against the original, against
// two libraries that were written by others, and against a frozen picture of
// the original after the copy has been overwritten.
func agree(t interface{ Fatalf(string, ...any) }, s source) {
	typ := randomType(s, 2)
	p := reflect.New(typ)
	randomValue(s, p.Elem(), 5)
	v := p.Elem().Interface()
	tie(s, v)
	out, size, err := plain.Copy(v)
	if err != nil {
		t.Fatalf("Copy(%v): %v", typ, err)
	}
	if reflect.TypeOf(out) != reflect.TypeOf(v) {
		t.Fatalf("Copy(%v) is a %T", typ, out)
	}
	if size < 0 {
		t.Fatalf("Copy(%v) has size %d", typ, size)
	}
	pointersAsKeys := keyedByPointers(reflect.ValueOf(v), map[any]bool{})
	if !pointersAsKeys && !reflect.DeepEqual(out, v) {
		t.Fatalf("Copy(%v) = %#v\nwant %#v", typ, out, v)
	}
	if err := independent(v, out); err != nil {
		t.Fatalf("Copy(%v): %v", typ, err)
	}
	if pointersAsKeys {
		return
	}
	if theirs := clone.Slowly(v); !reflect.DeepEqual(out, theirs) {
		t.Fatalf("Copy(%v) = %#v\ngo-clone: %#v", typ, out, theirs)
	}
	if theirs, err := deep.Copy(v); err == nil && !reflect.DeepEqual(out, theirs) {
		t.Fatalf("Copy(%v) = %#v\ndeep: %#v", typ, out, theirs)
	}
	// The deep walk makes the same of it.
	around := &loop{}
	around.Next = []any{around, v}
	far, _, err := plain.Copy(around)
	if err != nil {
		t.Fatalf("Copy(%v) in a cycle: %v", typ, err)
	}
	if err := independent(around, far); err != nil {
		t.Fatalf("Copy(%v) in a cycle: %v", typ, err)
	}
	if got := far.(*loop).Next.([]any)[1]; !reflect.DeepEqual(got, v) {
		t.Fatalf("Copy(%v) in a cycle = %#v\nwant %#v", typ, got, v)
	}
}

// keyedByPointers reports whether v has a map whose keys hold pointers: a copy
// has other keys then, which DeepEqual takes for a difference.
func keyedByPointers(v reflect.Value, seen map[any]bool) bool {
	if !v.IsValid() {
		return false
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice:
		if v.IsNil() {
			return false
		}
		key := [2]any{v.Type(), v.UnsafePointer()}
		if seen[key] {
			return false
		}
		seen[key] = true
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return keyedByPointers(v.Elem(), seen)
	case reflect.Struct:
		for i := range v.NumField() {
			if keyedByPointers(v.Field(i), seen) {
				return true
			}
		}
	case reflect.Array, reflect.Slice:
		for i := range v.Len() {
			if keyedByPointers(v.Index(i), seen) {
				return true
			}
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if hasPointer(it.Key()) || keyedByPointers(it.Value(), seen) {
				return true
			}
		}
	}
	return false
}

func hasPointer(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer:
		return !v.IsNil()
	case reflect.Interface:
		return v.Elem().IsValid() && hasPointer(v.Elem())
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return false
		}
		for i := range v.NumField() {
			if hasPointer(v.Field(i)) {
				return true
			}
		}
	case reflect.Array:
		for i := range v.Len() {
			if hasPointer(v.Index(i)) {
				return true
			}
		}
	}
	return false
}

func TestRandomValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { agree(t, rapidSource{t}) })
}

func FuzzCopy(f *testing.F) {
	f.Add([]byte("a few choices to begin with"))
	f.Add([]byte{4, 3, 13, 3, 3, 3, 3, 3, 2, 1, 0, 3, 2, 1, 255, 254, 3, 3, 0, 0, 0, 1, 2, 3})
	f.Add([]byte{3, 1, 7, 3, 3, 10, 3, 3, 3, 14, 2, 3, 1, 0, 3, 10, 3, 16, 3, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		late := time.AfterFunc(20*time.Second, func() { panic(fmt.Sprintf("no end for %q", b)) })
		defer late.Stop()
		agree(t, &bytesSource{b})
	})
}

// TestRandomRefusals plants a channel anywhere in a random value: the copy must
// be refused, whatever surrounds it.
func TestRandomRefusals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapidSource{t}
		var v any = struct{ C chan int }{}
		for range s.pick(6) {
			x := reflect.ValueOf(&v).Elem().Elem()
			switch s.pick(5) {
			case 0:
				p := reflect.New(x.Type())
				p.Elem().Set(x)
				v = p.Interface()
			case 1:
				v = []any{1, v}
			case 2:
				sl := reflect.MakeSlice(reflect.SliceOf(x.Type()), 1, 1)
				sl.Index(0).Set(x)
				v = sl.Interface()
			case 3:
				v = map[string]any{"k": v}
			case 4:
				m := reflect.MakeMap(reflect.MapOf(reflect.TypeFor[int](), x.Type()))
				m.SetMapIndex(reflect.ValueOf(1), x)
				v = m.Interface()
			}
		}
		_, _, err := plain.Copy(v)
		e, ok := err.(*copier.Error)
		if !ok || e.Type != reflect.TypeFor[chan int]() {
			t.Fatalf("Copy(%T): %v", v, err)
		}
	})
}
