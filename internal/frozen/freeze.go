package frozen

import (
	"reflect"
	"strings"
	"unicode/utf8"
)

// Copy makes a private copy of data and tells its size, as copier.Copier.Copy
// does. Errors that interfaces in v hold must come back frozen by this package:
// that is what copier.Options.Freeze is for. It must stay callable, from any
// goroutine, as long as the errors live that were frozen with it.
type Copy = func(v any) (out any, size int, err error)

// Limits of what is kept of one error.
const (
	maxText  = 64 << 10 // bytes
	maxChain = 256      // errors
	maxDepth = 64       // levels
)

// Freeze returns err as an immutable error that runs nobody's code and shares
// no memory that can change; see the package comment. copy makes copies of
// errors that are data; if it is nil, or fails, they are kept as text. nil
// freezes to nil, a frozen error to itself. Freeze runs methods of err and waits
// for them. It may be called from any goroutine.
func Freeze(err error, copy Copy) error {
	f := freezer{reg: current.Load(), copy: copy}
	return f.freeze(err, 0)
}

// tooDeep stands for what is not followed any more. Not even its text is asked
// for: that may take as long as it is deep.
var tooDeep = &Error{text: "(more causes, not kept)", size: 64}

type freezer struct {
	reg   *registry
	copy  Copy
	steps int
	path  []error // pointers on the way to the error in hand
}

func (f *freezer) freeze(err error, depth int) error {
	if err == nil {
		return nil
	}
	if depth > maxDepth {
		return tooDeep
	}
	if done := f.keep(err, depth); done != nil {
		return done
	}
	e := &Error{size: 64}
	e.text = f.add(e, err, depth, true)
	e.size += len(e.text)
	return e
}

// keep returns the error that err becomes without becoming an Error, or nil.
func (f *freezer) keep(err error, depth int) (done error) {
	if e, ok := err.(*Error); ok && e != nil {
		return e
	}
	if f.reg.has(err) {
		return err
	}
	rebuild := f.reg.rebuild[reflect.TypeOf(err)]
	if rebuild == nil {
		return nil
	}
	defer func() {
		if recover() != nil {
			done = nil
		}
	}()
	return rebuild(err, func(part error) error {
		if f.steps++; f.steps > maxChain {
			depth = maxDepth
		}
		return f.freeze(part, depth+1)
	})
}

// add puts err and what it wraps into e's links, and returns its text if asked
// to. An error that is data is unwrapped through its copy, where the errors it
// wraps are frozen already.
func (f *freezer) add(e *Error, err error, depth int, first bool) string {
	if f.steps++; err == nil || f.steps > maxChain && !first || f.circular(err) {
		return ""
	}
	if !first {
		if done := f.keep(err, depth); done != nil {
			e.links = append(e.links, link{err: done})
			e.size += Size(done)
			return ""
		}
	}
	l := link{self: identityOf(err)}
	if v := reflect.ValueOf(err); v.Kind() != reflect.Pointer && hashable(err) {
		l.value = err
	}
	in := inspection{err: err, source: err, reg: f.reg, text: first, follow: depth < maxDepth}
	if part, size := f.part(err); part != nil {
		l.part, l.copy = part, f.copy
		e.size += size
		in.source = reflect.ValueOf(part).Index(0).Interface().(error)
		if l.value != nil {
			l.value = in.source
		}
	} else if l.value != nil && !quiet[reflect.TypeOf(err)] {
		l.value = nil // not data: comparing would read memory of others
	}
	e.links = append(e.links, l)
	in.run()
	for _, s := range in.confirmed {
		e.links = append(e.links, link{err: s})
	}
	f.path = append(f.path, err)
	for _, child := range in.children {
		f.add(e, child, depth+1, false)
	}
	f.path = f.path[:len(f.path)-1]
	return in.said
}

// circular reports whether err is met again on the way down from itself.
func (f *freezer) circular(err error) bool {
	if reflect.TypeOf(err).Kind() != reflect.Pointer {
		return false
	}
	for _, on := range f.path {
		if equal(on, err) {
			return true
		}
	}
	return false
}

// part copies err as data. It goes in an array, since err alone would be frozen
// again, and methods of an element do not matter.
func (f *freezer) part(err error) (part any, size int) {
	t := reflect.TypeOf(err)
	if f.copy == nil || wrappers[t] {
		return nil, 0
	}
	box := reflect.New(reflect.ArrayOf(1, t)).Elem()
	box.Index(0).Set(reflect.ValueOf(err))
	out, size, fail := f.copy(box.Interface())
	if fail != nil {
		return nil, 0
	}
	return out, size
}

// clean makes text fit to be kept. The clone lets go of what text may be a
// part of.
func clean(text string) string {
	const mark = " ... (cut)"
	if len(text) > maxText {
		cut := maxText - len(mark)
		for cut > maxText-len(mark)-utf8.UTFMax && !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut] + mark
	}
	return strings.Clone(strings.ToValidUTF8(text, "\uFFFD"))
}
