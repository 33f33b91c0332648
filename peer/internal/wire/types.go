package wire

import (
	"fmt"
	"math/big"
	"net/netip"
	"reflect"
	"sync"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/frozen"
	"github.com/kista-go/kista/internal/known"
	"github.com/kista-go/kista/term"
)

func init() {
	for _, t := range []reflect.Type{
		reflect.TypeFor[bool](), reflect.TypeFor[string](), reflect.TypeFor[any](), reflect.TypeFor[error](), reflect.TypeFor[struct{}](),
		reflect.TypeFor[int](), reflect.TypeFor[int8](), reflect.TypeFor[int16](), reflect.TypeFor[int32](), reflect.TypeFor[int64](),
		reflect.TypeFor[uint](), reflect.TypeFor[uint8](), reflect.TypeFor[uint16](), reflect.TypeFor[uint32](), reflect.TypeFor[uint64](),
		reflect.TypeFor[uintptr](), reflect.TypeFor[float32](), reflect.TypeFor[float64](), reflect.TypeFor[complex64](), reflect.TypeFor[complex128](),
		reflect.TypeFor[time.Time](), reflect.TypeFor[time.Duration](), reflect.TypeFor[time.Month](), reflect.TypeFor[time.Weekday](), reflect.TypeFor[time.Location](),
		reflect.TypeFor[big.Int](), reflect.TypeFor[netip.Addr](), reflect.TypeFor[netip.AddrPort](), reflect.TypeFor[netip.Prefix](),
		reflect.TypeFor[term.Atom](), reflect.TypeFor[term.Binary](), reflect.TypeFor[term.Bits](), reflect.TypeFor[term.Tuple](),
		reflect.TypeFor[term.List](), reflect.TypeFor[term.Improper](), reflect.TypeFor[term.Map](), reflect.TypeFor[term.Pair](),
		reflect.TypeFor[term.PID](), reflect.TypeFor[term.Port](), reflect.TypeFor[term.Ref](), reflect.TypeFor[term.Fun](), reflect.TypeFor[term.Export](),
		reflect.TypeFor[kista.PID](), reflect.TypeFor[kista.Ref](), reflect.TypeFor[kista.From](), reflect.TypeFor[kista.Addr](),
		reflect.TypeFor[kista.Request](), reflect.TypeFor[kista.Casted](), reflect.TypeFor[kista.Down](), reflect.TypeFor[kista.Tagged](),
		reflect.TypeFor[kista.Exited](), reflect.TypeFor[kista.Started](),
	} {
		known.Add(t)
	}
}

// Types is what two sides know of each other's types.
type Types struct {
	mu     sync.RWMutex
	theirs map[string]int // by name, the number that the other side has for it
	ours   []reflect.Type // by the number that we have told; nil: of no use any more
	built  int            // types made for the other side that were not known to this program
}

// Told notes that the other side has told its next names.
func (ts *Types) Told(names ...string) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if ts.theirs == nil {
		ts.theirs = map[string]int{}
	}
	for _, name := range names {
		if _, twice := ts.theirs[name]; !twice {
			ts.theirs[name] = len(ts.theirs)
		}
	}
}

// Tell notes that the other side is being told our next names.
func (ts *Types) Tell(types ...reflect.Type) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.ours = append(ts.ours, types...)
}

// registered makes known the types of errors that packages have registered with the kernel.
func registered() {
	for _, t := range frozen.Types() {
		for t.Kind() == reflect.Pointer && t.Name() == "" {
			t = t.Elem()
		}
		known.Add(t)
	}
}

// Known returns the names of all types that this program knows, and their types; what follows goes to tell. See
// [known.Watch].
func Known(tell func(name string, t reflect.Type)) (names []string, types []reflect.Type, stop func()) {
	registered()
	names, stop = known.Watch(tell)
	for _, name := range names {
		t, _ := known.Type(name)
		types = append(types, t)
	}
	return names, types, stop
}

// The forms of types that are made of others.
const (
	formPointer = iota
	formSlice
	formArray
	formMap
)

const (
	maxForms = 16      // of one type, one in the other
	maxArray = 1 << 20 // bytes of an array that the other side has thought of
	maxBuilt = 10_000
)

// name tells the other side a type: a number, or how it is made of others.
func (ts *Types) name(t reflect.Type, deep int) (term.Term, error) {
	if deep > maxForms {
		return nil, fmt.Errorf("its type is made of too many others")
	}
	if name, ok := known.Name(t); ok {
		ts.mu.RLock()
		defer ts.mu.RUnlock()
		if n, ok := ts.theirs[name]; ok {
			return n, nil
		}
	}
	if t.Name() != "" {
		return nil, fmt.Errorf("the other side does not know the type %s; register it in an init function (peer.RegisterType)", t)
	}
	switch t.Kind() {
	case reflect.Pointer:
		return ts.form(deep, formPointer, t.Elem())
	case reflect.Slice:
		return ts.form(deep, formSlice, t.Elem())
	case reflect.Array:
		e, err := ts.name(t.Elem(), deep+1)
		return term.Tuple{formArray, t.Len(), e}, err
	case reflect.Map:
		return ts.form(deep, formMap, t.Key(), t.Elem())
	}
	return nil, fmt.Errorf("the other side does not know the type %s; register it in an init function (peer.RegisterType)", t)
}

func (ts *Types) form(deep, form int, parts ...reflect.Type) (term.Term, error) {
	out := term.Tuple{form}
	for _, p := range parts {
		e, err := ts.name(p, deep+1)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// find is the type that the other side means.
func (ts *Types) find(t term.Term, deep int) (reflect.Type, error) {
	if deep > maxForms {
		return nil, errType
	}
	if n, ok := t.(int64); ok {
		ts.mu.RLock()
		defer ts.mu.RUnlock()
		if n < 0 || n >= int64(len(ts.ours)) || ts.ours[n] == nil {
			return nil, errType
		}
		return ts.ours[n], nil
	}
	tu, ok := t.(term.Tuple)
	if !ok || len(tu) < 2 {
		return nil, errType
	}
	elem, err := ts.find(tu[len(tu)-1], deep+1)
	if err != nil {
		return nil, err
	}
	switch form, _ := tu[0].(int64); {
	case len(tu) == 2 && form == formPointer:
		return ts.build(func() reflect.Type { return reflect.PointerTo(elem) })
	case len(tu) == 2 && form == formSlice:
		return ts.build(func() reflect.Type { return reflect.SliceOf(elem) })
	case len(tu) == 3 && form == formArray:
		n, ok := tu[1].(int64)
		if !ok || n < 0 || n > maxArray || n*int64(elem.Size()) > maxArray {
			return nil, errType
		}
		return ts.build(func() reflect.Type { return reflect.ArrayOf(int(n), elem) })
	case len(tu) == 3 && form == formMap:
		key, err := ts.find(tu[1], deep+1)
		if err != nil {
			return nil, err
		}
		if !key.Comparable() {
			return nil, errType
		}
		return ts.build(func() reflect.Type { return reflect.MapOf(key, elem) })
	}
	return nil, errType
}

// composed are the types that have been made for others. Go never forgets a type.
var composed sync.Map

func (ts *Types) build(make func() reflect.Type) (reflect.Type, error) {
	t := make()
	if _, seen := composed.Load(t); seen {
		return t, nil
	}
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if ts.built++; ts.built > maxBuilt {
		return nil, errType
	}
	composed.Store(t, true)
	return t, nil
}
