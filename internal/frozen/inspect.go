package frozen

import (
	"errors"
	"fmt"
	"reflect"
	"syscall"
)

// wrappers are types of the standard library that add nothing but text: nobody
// can name them in errors.As.
var wrappers = map[reflect.Type]bool{
	reflect.TypeOf(errors.New("")):                                                   true,
	reflect.TypeOf(errors.Join(errors.ErrUnsupported)):                               true,
	reflect.TypeOf(fmt.Errorf("%w", errors.ErrUnsupported)):                          true,
	reflect.TypeOf(fmt.Errorf("%w%w", errors.ErrUnsupported, errors.ErrUnsupported)): true,
}

// quiet types are those whose methods only return what is stored.
var quiet = map[reflect.Type]bool{
	reflect.TypeOf(errors.New("")):                                                   true,
	reflect.TypeOf(fmt.Errorf("%w", errors.ErrUnsupported)):                          true,
	reflect.TypeOf(fmt.Errorf("%w%w", errors.ErrUnsupported, errors.ErrUnsupported)): true,
	reflect.TypeFor[syscall.Errno]():                                                 true,
}

// inspection asks one error what only its methods can tell.
type inspection struct {
	err    error // asked for its text, and by Is
	source error // unwrapped: err or its copy
	reg    *registry
	text   bool // whether the text is wanted
	follow bool // whether the chain is

	said      string
	children  []error
	confirmed []error // sentinels that err's Is method matched

	step int
}

// run calls the methods one after the other. A call that panics is passed over;
// one that ends its goroutine is, too, on another goroutine.
func (in *inspection) run() {
	const steps = 3
	if quiet[reflect.TypeOf(in.err)] {
		for in.step < steps {
			in.next()
		}
		return
	}
	if in.text {
		in.said = typeName(in.err) + failing
	}
	for in.step < steps {
		done := make(chan struct{})
		go func() {
			defer close(done)
			for in.step < steps {
				in.next()
			}
		}()
		<-done
	}
}

// next makes the next call. in.step is raised first: whatever the call does,
// it is not made again.
func (in *inspection) next() {
	defer func() { _ = recover() }()
	step := in.step
	in.step++
	switch step {
	case 0:
		if in.text {
			in.said = clean(in.err.Error())
		}
	case 1:
		if in.follow {
			in.unwrap()
		}
	case 2:
		in.confirm()
	}
}

func (in *inspection) unwrap() {
	switch x := in.source.(type) {
	case interface{ Unwrap() error }:
		if child := x.Unwrap(); child != nil {
			in.children = []error{child}
		}
	case interface{ Unwrap() []error }:
		all := x.Unwrap()
		in.children = append(in.children, all[:min(len(all), maxChain)]...)
	}
}

func (in *inspection) confirm() {
	x, ok := in.err.(interface{ Is(error) bool })
	if !ok {
		return
	}
	for _, s := range in.reg.sentinels {
		if x.Is(s) {
			in.confirmed = append(in.confirmed, s)
		}
	}
}

// text returns the text of an error whose methods are trusted not to end the
// goroutine.
func text(err error) (s string) {
	defer func() {
		if recover() != nil {
			s = typeName(err) + failing
		}
	}()
	return err.Error()
}

// failing follows the name of a type in place of the text of an error that has none.
const failing = " (its Error method failed)"

func typeName(err error) string { return reflect.TypeOf(err).String() }
