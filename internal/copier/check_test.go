package copier_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"
	"unsafe"

	"github.com/kista-go/kista/internal/copier"
)

var plain = copier.New(copier.Options{})

// span is a piece of memory that a value can change through a reference.
type span struct {
	from, to uintptr
	what     string
}

// spans walks everything that v reaches and lists the memory that it could be
// changed through. Types in shared are not entered.
func spans(v any, shared ...reflect.Type) []span {
	w := walker{seen: map[string]bool{}, shared: shared}
	w.walk(reflect.ValueOf(v), "v")
	slices.SortFunc(w.out, func(a, b span) int {
		if a.from < b.from {
			return -1
		}
		return 1
	})
	return w.out
}

type walker struct {
	out    []span
	seen   map[string]bool
	shared []reflect.Type
}

func (w *walker) note(t reflect.Type, p unsafe.Pointer, size uintptr, n int, path string) (fresh bool) {
	key := fmt.Sprintf("%v %p %d", t, p, n)
	if p == nil || w.seen[key] {
		return false
	}
	w.seen[key] = true
	if size > 0 {
		w.out = append(w.out, span{uintptr(p), uintptr(p) + size, path})
	}
	return true
}

func (w *walker) walk(v reflect.Value, path string) {
	if !v.IsValid() || v.Type() == reflect.TypeFor[*time.Location]() || slices.Contains(w.shared, v.Type()) {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if w.note(v.Type(), v.UnsafePointer(), v.Type().Elem().Size(), 1, path) {
			w.walk(v.Elem(), path)
		}
	case reflect.Interface:
		w.walk(v.Elem(), path)
	case reflect.Struct:
		for i := range v.NumField() {
			w.walk(v.Field(i), path+"."+v.Type().Field(i).Name)
		}
	case reflect.Array:
		for i := range v.Len() {
			w.walk(v.Index(i), fmt.Sprintf("%s[%d]", path, i))
		}
	case reflect.Slice:
		if w.note(v.Type(), v.UnsafePointer(), v.Type().Elem().Size()*uintptr(v.Cap()), v.Len(), path) {
			for i := range v.Len() {
				w.walk(v.Index(i), fmt.Sprintf("%s[%d]", path, i))
			}
		}
	case reflect.Map:
		if w.note(v.Type(), v.UnsafePointer(), 8, 1, path) {
			for it := v.MapRange(); it.Next(); {
				w.walk(it.Key(), path+"[key]")
				w.walk(it.Value(), path+"[value]")
			}
		}
	}
}

// independent returns an error if a and b share memory that can change.
func independent(a, b any, shared ...reflect.Type) error {
	as, bs := spans(a, shared...), spans(b, shared...)
	for _, x := range as {
		for _, y := range bs {
			if x.from < y.to && y.from < x.to {
				return fmt.Errorf("%s of one and %s of the other share memory", x.what, y.what)
			}
		}
	}
	return nil
}

// mustCopy copies v and checks that the copy is equal, of the same type and
// independent.
func mustCopy[T any](t testing.TB, c *copier.Copier, v T) T {
	t.Helper()
	out, size, err := c.Copy(v)
	if err != nil {
		t.Fatalf("Copy(%T): %v", v, err)
	}
	if reflect.TypeOf(out) != reflect.TypeOf(any(v)) {
		t.Fatalf("Copy(%T) has type %T", v, out)
	}
	if !reflect.DeepEqual(out, any(v)) {
		t.Fatalf("Copy differs\n got %#v\nwant %#v", out, v)
	}
	if size < 0 || size == 0 && reflect.TypeOf(any(v)) != nil && reflect.TypeOf(any(v)).Size() > 0 {
		t.Fatalf("Copy(%T) has size %d", v, size)
	}
	if err := independent(any(v), out); err != nil {
		t.Fatalf("Copy(%T): %v", v, err)
	}
	m, _ := out.(T)
	return m
}

// refusal returns the error of a copy that must be refused.
func refusal(t testing.TB, c *copier.Copier, v any) *copier.Error {
	t.Helper()
	out, size, err := c.Copy(v)
	var e *copier.Error
	if !errors.As(err, &e) {
		t.Fatalf("Copy(%T) = %v, %d, %v; want a refusal", v, out, size, err)
	}
	if out != nil || size != 0 {
		t.Fatalf("a refused copy returned %v, %d", out, size)
	}
	return e
}
