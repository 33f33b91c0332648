package copier_test

import (
	"bytes"
	"container/list"
	"encoding/json"
	"math/big"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"runtime"
	"structs"
	"testing"
	"time"
	"unique"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/internal/copier"
)

type (
	named      string
	point      struct{ X, Y int }
	box[T any] struct{ V T }
	base       struct{ tags []string }
	derived    struct {
		base
		*point
		name string
	}
	hidden struct {
		m map[string][]int
		p **int
	}
	notComparable struct {
		_ [0]func()
		N int
	}
	selfSlice []selfSlice
	selfMap   map[string]selfMap
	selfPtr   *selfPtr
	ptrKey    struct{ P *int }
)

func TestPassUncopied(t *testing.T) {
	n := 0
	re := regexp.MustCompile("a+")
	for name, v := range map[string]any{
		"bool": true, "int": 7, "uint8": uint8(1), "float64": 1.5, "complex128": 1i, "uintptr": uintptr(9),
		"string": "s", "named string": named("s"), "struct of such": strs{"n", "m", "c", 1},
		"array of such": [3]point{{1, 2}}, "empty struct": struct{}{}, "empty array": [0]int{},
		"empty array of func": [0]func(){}, "struct with [0]func()": notComparable{N: 1},
		"time.Time": time.Now(), "*time.Location": time.Local, "netip.Addr": netip.MustParseAddr("fe80::1%eth0"),
		"netip.AddrPort": netip.MustParseAddrPort("1.2.3.4:5"), "netip.Prefix": netip.MustParsePrefix("1.2.0.0/16"),
		"unique.Handle": unique.Make("s"), "unique.Handle of struct": unique.Make(point{1, 2}),
		"reflect.Type": reflect.TypeOf(n), "*regexp.Regexp": re, "*runtime.Func": runtime.FuncForPC(reflect.ValueOf(TestPassUncopied).Pointer()),
		"generic": box[int]{1}, "time.Duration": time.Second, "HostLayout": struct {
			_ structs.HostLayout
			N int
		}{N: 1},
	} {
		t.Run(name, func(t *testing.T) {
			out, size, err := plain.Copy(v)
			assert.NoError(t, err)
			if !reflect.DeepEqual(out, v) {
				t.Fatalf("got %v, want %v", out, v)
			}
			if size == 0 && reflect.TypeOf(v).Size() > 0 {
				t.Fatalf("size is 0")
			}
			if avg := testing.AllocsPerRun(100, func() { _, _, _ = plain.Copy(v) }); avg != 0 {
				t.Fatalf("passing it allocates %v times", avg)
			}
			// Inside other data it passes too.
			outer, _, err := plain.Copy([]any{v})
			assert.NoError(t, err)
			if k := reflect.TypeOf(v).Kind(); k == reflect.Pointer && outer.([]any)[0] != v {
				t.Fatalf("the pointer was not passed on")
			}
		})
	}
}

func TestCopied(t *testing.T) {
	one := 1
	pp := &one
	var nilPoint *point
	doc, err := url.Parse("http://u:p@host/path?q=1#f")
	assert.NoError(t, err)
	for name, v := range map[string]any{
		"bytes": []byte("abc"), "[]uint16": []uint16{1, 2, 3}, "[]uint32": []uint32{1, 2, 3}, "[]int64": []int64{1, 2}, "[]bool": []bool{true},
		"[]complex128": []complex128{1i}, "[][3]byte": [][3]byte{{1, 2, 3}, {4, 5, 6}}, "[]struct{uint16,uint8}": []struct {
			A uint16
			B uint8
		}{{1, 2}, {3, 4}},
		"strings": []string{"a", ""}, "named slice": json.RawMessage(`{"a":1}`), "slice of structs": []strs{{Name: "a"}}, "slice of flat with pointers": []time.Time{time.Now()},
		"slice of pointers": []*point{{1, 2}, nil, {3, 4}}, "slice of maps": []map[string]int{{"a": 1}, nil}, "slice of anys": []any{1, "a", nil, []int{1}, &one},
		"slice of slices": [][]int{{1}, nil, {}}, "slice of arrays of slices": [][2][]int{{{1}, {2}}}, "slice of empty structs": make([]struct{}, 5),
		"array of slices": [2][]int{{1}, {2}}, "nil slice": []int(nil), "empty slice": []int{}, "empty slice of pointers": []*int{},
		"nil map": map[string]int(nil), "empty map": map[string]int{}, "map": map[string]int{"a": 1, "b": 2}, "map[int]string": map[int]string{1: "a"},
		"map of anys": map[string]any{"a": 1, "b": []int{2}, "c": nil}, "map of slices": map[int][]byte{1: {2}}, "map of maps": map[string]map[string]any{"a": {"b": &one}},
		"named map": url.Values{"a": {"b"}}, "map of named": map[named]point{"a": {1, 2}}, "map of structs": map[point][]string{{1, 2}: {"a"}},
		"map with array keys": map[[2]string]int{{"a", "b"}: 1}, "map with any keys": map[any]int{1: 1, "a": 2, point{1, 2}: 3}, "map of pointers": map[uint8]*int{3: &one},
		"map of any of pointers": map[uint64]any{3: &one}, "set": map[string]struct{}{"a": {}},
		"pointer": &point{1, 2}, "pointer to pointer": &pp, "pointer to string": new("s"), "pointer to slice": &[]int{1}, "pointer to map": &map[string]int{"a": 1}, "pointer to any": new(any([]int{1})),
		"nil pointer": nilPoint, "pointer to empty struct": &struct{}{}, "pointer to bytes": &[3]byte{1, 2, 3},
		"pointer-shaped struct": struct{ P *int }{&one}, "pointer-shaped array": [1]*int{&one}, "nested pointer-shaped": [1]struct{ P *int }{{&one}}, "struct of map": struct{ M map[string]int }{map[string]int{"a": 1}},
		"nil pointer-shaped struct": struct{ P *int }{}, "pointer-shaped in any": []any{[1]*int{&one}, struct{ M map[int]int }{map[int]int{1: 1}}},
		"struct with an empty field before a pointer": struct {
			_ struct{}
			P *int
		}{P: &one},
		"embedded": derived{base{[]string{"a"}}, &point{1, 2}, "n"}, "unexported": hidden{map[string][]int{"a": {1}}, &pp},
		"generic": box[[]string]{[]string{"a"}}, "generic of any": box[any]{box[*int]{&one}},
		"big.Int": big.NewInt(1 << 40), "big.Rat": big.NewRat(1, 3), "big.Float": big.NewFloat(1.5), "url.URL": doc, "bytes.Buffer": bytes.NewBufferString("abc"),
		"nil func slot": [0]func(){}, "recursive slice": selfSlice{{}, {{}, nil}}, "recursive map": selfMap{"a": {"b": nil}}, "recursive pointer": selfPtr(new(selfPtr)),
		"typed nil in any": []any{(*point)(nil), []int(nil), map[string]int(nil)}, "any in any": []any{[]any{[]any{&one}}},
	} {
		t.Run(name, func(t *testing.T) { mustCopy(t, plain, v) })
	}
}

func TestNil(t *testing.T) {
	out, size, err := plain.Copy(nil)
	if out != nil || size != 0 || err != nil {
		t.Fatalf("Copy(nil) = %v, %d, %v", out, size, err)
	}
	assert.NoError(t, plain.Check(nil))
}

func TestCapacityIsNotLeaked(t *testing.T) {
	buf := []byte("public secret")
	for _, v := range []any{buf[:6], [][]byte{buf[:6]}, struct{ B []byte }{buf[:6]}} {
		out := mustCopy(t, plain, v)
		s := reflect.ValueOf(out)
		for s.Kind() != reflect.Slice || s.Type().Elem().Kind() != reflect.Uint8 {
			if s.Kind() == reflect.Struct {
				s = s.Field(0)
			} else {
				s = s.Index(0)
			}
		}
		if s.Cap() != 6 {
			t.Fatalf("capacity is %d, want the length 6", s.Cap())
		}
	}
	long := []string{"a", "b"}
	if out := mustCopy(t, plain, long[:0]); cap(out) != 0 {
		t.Fatalf("an empty slice has capacity %d", cap(out))
	}
}

func TestMapKeys(t *testing.T) {
	t.Run("pointers in keys", func(t *testing.T) {
		n := 7
		for _, m := range []any{map[*int]string{&n: "a"}, map[ptrKey]string{{&n}: "a"}, map[any]string{&n: "a", ptrKey{&n}: "b", [1]*int{&n}: "c"}} {
			out, _, err := plain.Copy(m)
			assert.NoError(t, err)
			if reflect.ValueOf(out).Len() != reflect.ValueOf(m).Len() {
				t.Fatalf("got %v, want as many entries as in %v", out, m)
			}
			assert.NoError(t, independent(m, out))
			for it := reflect.ValueOf(out).MapRange(); it.Next(); {
				if !reflect.ValueOf(out).MapIndex(it.Key()).IsValid() {
					t.Fatalf("the copy does not find its own key %v", it.Key())
				}
			}
		}
		out, _, err := plain.Copy(map[*int]string{&n: "a"})
		assert.NoError(t, err)
		for k, v := range out.(map[*int]string) {
			assert.Equal(t, *k, 7)
			assert.Equal(t, v, "a")
		}
	})
	t.Run("NaN", func(t *testing.T) {
		nan := func() float64 { z := 0.0; return z / z }
		a := map[float64]int{nan(): 1, nan(): 2, 1: 3}
		b := map[float64][]int{nan(): {1}, nan(): {2}}
		c := map[any]any{nan(): 1, nan(): []int{1}}
		assert.Equal(t, len(first(t, a)), 3)
		assert.Equal(t, len(first(t, b)), 2)
		assert.Equal(t, len(first(t, c)), 2)
	})
}

func first[T any](t *testing.T, v T) T {
	t.Helper()
	out, _, err := plain.Copy(v)
	assert.NoError(t, err)
	return out.(T)
}

func TestList(t *testing.T) {
	l := list.New()
	for i := range 3 {
		l.PushBack([]int{i})
	}
	out := mustCopy(t, plain, l)
	out.Remove(out.Front())
	out.PushBack("x")
	assert.Equal(t, out.Len(), 3)
	assert.Equal(t, l.Len(), 3)
	assert.Equal(t, l.Back().Value, any([]int{2}))
}

func TestMutationStaysPrivate(t *testing.T) {
	src := tree100()
	before := tree100()
	out := first(t, src)
	var spoil func(n *tree)
	spoil = func(n *tree) {
		n.ID, n.Name = -1, "spoiled"
		for i := range n.Tags {
			n.Tags[i] = "spoiled"
		}
		for i := range n.Score {
			n.Score[i] = -1
		}
		for i := range n.Kids {
			spoil(&n.Kids[i])
		}
	}
	spoil(&out)
	assert.Equal(t, src, before)
	kept := first(t, src)
	spoil(&src)
	assert.Equal(t, kept, before)
}

// angry has every method that copying might be tempted to call.
type angry struct{ P *int }

func (angry) String() string               { panic("String called") }
func (angry) GoString() string             { panic("GoString called") }
func (angry) Equal(angry) bool             { panic("Equal called") }
func (angry) Clone() angry                 { panic("Clone called") }
func (angry) DeepCopy() angry              { panic("DeepCopy called") }
func (angry) MarshalJSON() ([]byte, error) { panic("MarshalJSON called") }
func (angry) MarshalText() ([]byte, error) { panic("MarshalText called") }
func (angry) GobEncode() ([]byte, error)   { panic("GobEncode called") }
func (angry) IsZero() bool                 { panic("IsZero called") }
func (angry) Error() string                { panic("Error called") }

func TestNoMethodIsCalled(t *testing.T) {
	one := 1
	for _, v := range []any{angry{&one}, &angry{&one}, []angry{{&one}}, map[angry]angry{{&one}: {&one}}, []any{angry{&one}}, []error{angry{&one}}} {
		out, _, err := plain.Copy(v)
		assert.NoError(t, err)
		assert.NoError(t, independent(v, out))
	}
	// A refusal next to such a key names the key's type and asks it nothing.
	e := refusal(t, plain, map[any]any{angry{}: make(chan int)})
	assert.Equal(t, e.Path, "message[copier_test.angry]")
}

func TestOpaque(t *testing.T) {
	type handle struct{ c chan int }
	asked := map[reflect.Type]int{}
	c := copier.New(copier.Options{Opaque: func(t reflect.Type) bool {
		asked[t]++
		return t == reflect.TypeFor[*handle]() || t == reflect.TypeFor[handle]()
	}})
	h := &handle{make(chan int)}
	for range 3 {
		out, _, err := c.Copy(map[string]any{"h": h, "s": []*handle{h}, "v": *h})
		assert.NoError(t, err)
		m := out.(map[string]any)
		if m["h"] != h || m["s"].([]*handle)[0] != h || m["v"] != *h {
			t.Fatal("an opaque value was not passed as it is")
		}
	}
	for typ, n := range asked {
		assert.True(t, n == 1, "asked %d times about %v", n, typ)
	}
}

func TestSize(t *testing.T) {
	for _, c := range []struct {
		v    any
		want int
	}{
		{int64(1), 8},
		{"hello", 16 + 5},
		{strs{"ab", "c", "", 1}, 56 + 3},
		{[2]string{"ab", "c"}, 32 + 3},
		{make([]byte, 100), 24 + 100},
		{[]string{"ab", "c"}, 24 + 32 + 3},
		{&point{}, 8 + 16},
		{map[string]string{"k": "vv"}, 8 + 48 + 32 + 3},
		{map[string]any{"k": "vv"}, 8 + 48 + 32 + 1 + 16 + 2},
		{map[named][]byte{"k": {1}}, 8 + 48 + 40 + 1 + 1},
		{[]any{"ab"}, 24 + 16 + 16 + 2},
	} {
		_, size, err := plain.Copy(c.v)
		assert.NoError(t, err)
		assert.True(t, size == c.want, "size of %#v is %d, want %d", c.v, size, c.want)
	}
}
