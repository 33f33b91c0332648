// Package known keeps the types that values may have which leave this OS process inside an interface.
//
// Where a message is encoded, a field of type any must say which type its value has, and the other side must find that type
// by what was said. Go cannot find a type by its name, so both sides *register* it, under the name that it has in both: the
// path of its package and its own. Types that are built of others ([]T, map[K]V, *T) need no registration of their own.
//
// Packages of this module register what they send; programs do it through the packages that carry messages. Registering is
// cheap, may be done twice, and fails for nothing: a name that two types share (two functions may each have a type of
// that name) is *ambiguous* from then on, and so of no use to either.
package known

import (
	"reflect"
	"slices"
	"sync"
)

var all = struct {
	sync.RWMutex
	names   map[string]reflect.Type // nil: ambiguous
	types   map[reflect.Type]string
	order   []string
	waiting map[*func(string, reflect.Type)]struct{}
}{names: map[string]reflect.Type{}, types: map[reflect.Type]string{}, waiting: map[*func(string, reflect.Type)]struct{}{}}

// Add registers a type. It reports whether its name is its alone. It may be called from any goroutine, before or after
// connections are made.
func Add(t reflect.Type) (unique bool) {
	all.Lock()
	defer all.Unlock()
	name := nameOf(t)
	old, taken := all.names[name]
	switch {
	case taken && old == t:
		return true
	case taken:
		if old != nil {
			delete(all.types, old)
		}
		all.names[name] = nil
		return false
	}
	all.names[name], all.types[t] = t, name
	all.order = append(all.order, name)
	for tell := range all.waiting {
		(*tell)(name, t)
	}
	return true
}

// nameOf names a type as both sides do.
func nameOf(t reflect.Type) string {
	if t.Name() == "" || t.PkgPath() == "" {
		return t.String()
	}
	return t.PkgPath() + "." + t.Name()
}

// Name returns the name under which a type is registered, if it is, and is the only one of that name.
func Name(t reflect.Type) (name string, ok bool) {
	all.RLock()
	defer all.RUnlock()
	name, ok = all.types[t]
	return name, ok
}

// Type returns the type registered under a name, if it is the only one.
func Type(name string) (t reflect.Type, ok bool) {
	all.RLock()
	defer all.RUnlock()
	t = all.names[name]
	return t, t != nil
}

// Watch returns the names registered so far, in order, and has tell called for each that follows, until stop is. tell must
// not block, nor use this package.
func Watch(tell func(name string, t reflect.Type)) (names []string, stop func()) {
	all.Lock()
	defer all.Unlock()
	key := &tell
	all.waiting[key] = struct{}{}
	return slices.Clone(all.order), func() {
		all.Lock()
		defer all.Unlock()
		delete(all.waiting, key)
	}
}
