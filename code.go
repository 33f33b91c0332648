package kista

import (
	"fmt"
	"sync"
)

// Functions are not data (law 1), but a message may name one: a registered
// handle stands for it and means the same function wherever the program runs.

// CodeHandle names a registered function of type F. It is comparable and may be
// sent. The zero handle names nothing: Func returns F's zero value.
type CodeHandle[F any] struct{ entry *codeEntry }

type codeHandle interface {
	codeName() string
	codeNamed(name string) (any, bool) // a handle of the same type
}

type codeEntry struct {
	name string
	f    any
}

var code = struct {
	sync.Mutex
	byName map[string]*codeEntry
}{byName: map[string]*codeEntry{}}

// Code registers f under name and returns its handle. By custom a name ends in
// a version or arity: "triple/1". It is meant for package-level variables and,
// like http.Handle, panics if the name is taken or empty, since that is a
// mistake in the program's text.
func Code[F any](name string, f F) CodeHandle[F] {
	code.Lock()
	defer code.Unlock()
	if name == "" {
		panic("kista: Code needs a name")
	}
	if _, taken := code.byName[name]; taken {
		panic(fmt.Sprintf("kista: code %q is registered twice", name))
	}
	e := &codeEntry{name: name, f: f}
	code.byName[name] = e
	return CodeHandle[F]{e}
}

// CodeNamed finds a handle by its name; ok is false if there is none with that
// name and type.
func CodeNamed[F any](name string) (h CodeHandle[F], ok bool) {
	code.Lock()
	defer code.Unlock()
	e := code.byName[name]
	if e == nil {
		return h, false
	}
	if _, ok = e.f.(F); !ok {
		return h, false
	}
	return CodeHandle[F]{e}, true
}

// Func returns the function.
func (h CodeHandle[F]) Func() F {
	if h.entry == nil {
		var zero F
		return zero
	}
	return h.entry.f.(F)
}

// Name returns the name under which the function is registered.
func (h CodeHandle[F]) Name() string {
	if h.entry == nil {
		return ""
	}
	return h.entry.name
}

// String returns the name.
func (h CodeHandle[F]) String() string { return h.Name() }

func (h CodeHandle[F]) codeName() string { return h.Name() }

func (CodeHandle[F]) codeNamed(name string) (any, bool) {
	if name == "" {
		return CodeHandle[F]{}, true
	}
	return CodeNamed[F](name)
}
