package frozen

import (
	"errors"
	"reflect"
	"strconv"
	"weak"
)

// Error is a frozen error: immutable, free of anybody's code, comparable by its
// address. It is made by [Freeze]; the zero value is an error without text. All
// methods may be called from any goroutine and do not block.
type Error struct {
	text  string
	links []link // what the chain held, in the order errors.Is goes through it
	size  int
}

// link is one error of the chain.
type link struct {
	// err is set alone: a registered sentinel, a rebuilt error, a frozen one.
	err error

	self  identity
	value any // a comparable value that target may be equal to; never handed out
	part  any // a private [1]T, where T is the error's dynamic type and data
	copy  Copy
}

// identity tells an error known by its address without keeping it alive.
type identity struct {
	t  reflect.Type
	at weak.Pointer[byte]
}

func identityOf(err error) identity {
	v := reflect.ValueOf(err)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return identity{}
	}
	return identity{v.Type(), weak.Make((*byte)(v.UnsafePointer()))}
}

// Error returns the text that the error had when it was frozen.
func (e *Error) Error() string { return e.text }

// GoString keeps %#v from walking through the parts.
func (e *Error) GoString() string { return "frozen.Error(" + strconv.Quote(e.text) + ")" }

// Chain returns those errors of the chain that are frozen errors themselves:
// registered sentinels, rebuilt errors and errors frozen earlier. The slice is
// the caller's own.
func (e *Error) Chain() []error {
	var out []error
	for i := range e.links {
		if err := e.links[i].err; err != nil {
			out = append(out, err)
		}
	}
	return out
}

// Is reports whether target was in the chain; for [errors.Is].
func (e *Error) Is(target error) bool {
	if target == nil {
		return false
	}
	self := identityOf(target)
	for i := range e.links {
		switch l := &e.links[i]; {
		case l.err != nil:
			if errors.Is(l.err, target) {
				return true
			}
		case l.self.t != nil:
			if l.self == self {
				return true
			}
		case l.value != nil:
			if equal(l.value, target) {
				return true
			}
		}
	}
	return false
}

// As sets target to the first error of the chain that fits; for [errors.As].
// What it sets is a copy that nobody else has, or of a registered type. Where
// target is not a pointer to a type it reports false.
func (e *Error) As(target any) bool {
	p := reflect.ValueOf(target)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		return false
	}
	want := p.Type().Elem()
	if want.Kind() != reflect.Interface && !want.Implements(errorType) {
		return false
	}
	for i := range e.links {
		l := &e.links[i]
		if l.err != nil {
			if errors.As(l.err, target) {
				return true
			}
			continue
		}
		if l.part == nil || !reflect.TypeOf(l.part).Elem().AssignableTo(want) {
			continue
		}
		if out, _, err := l.copy(l.part); err == nil {
			p.Elem().Set(reflect.ValueOf(out).Index(0))
			return true
		}
	}
	return false
}

var errorType = reflect.TypeFor[error]()

// equal compares without a panic for values whose fields cannot be compared.
func equal(a, b any) (same bool) {
	defer func() {
		if recover() != nil {
			same = false
		}
	}()
	return a == b
}

// Size returns the approximate number of bytes that a frozen error takes, for
// accounting; 0 for nil.
func Size(err error) int {
	const word = 16
	switch e := err.(type) {
	case nil:
		return 0
	case *Error:
		if e == nil {
			return word
		}
		return e.size
	}
	if current.Load().has(err) {
		return word
	}
	return 2*word + len(text(err))
}
