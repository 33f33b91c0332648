package term

import (
	"fmt"
	"math/big"
	"reflect"
	"strconv"
	"time"
)

// ConvertError says which part of a Go value has no term, or cannot take the term that is there for it.
type ConvertError struct {
	// Path leads to the part, such as Order.Lines[3].Price, beginning with the name of the outermost type. A very long
	// one has "..." after that.
	Path string
	// Reason says what is wrong with it.
	Reason string
}

// Error returns path and reason.
func (e *ConvertError) Error() string { return "term: " + e.Path + ": " + e.Reason }

// maxPath is where a path loses its middle.
const maxPath = 1000

// at puts a step before the path.
func (e *ConvertError) at(step string) *ConvertError {
	switch {
	case e == nil:
	case len(e.Path) < maxPath:
		e.Path = step + e.Path
	case e.Path[:2] != "..":
		e.Path = "..." + e.Path
	}
	return e
}

func (e *ConvertError) atIndex(i int) *ConvertError { return e.at("[" + strconv.Itoa(i) + "]") }

// in puts the name of the outermost type before the path and makes a plain error of it.
func (e *ConvertError) in(t reflect.Type) error {
	name := "nil"
	if t != nil {
		if name = t.Name(); name == "" {
			name = t.String()
		}
	}
	e.Path = name + e.Path
	return e
}

func bad(format string, args ...any) *ConvertError {
	return &ConvertError{Reason: fmt.Sprintf(format, args...)}
}

// From maps a Go value to a term, as described under [Registry], without registered types.
func From(v any) (Term, error) { return (*Registry)(nil).From(v) }

// To stores t in the Go value that dst points to, as described under [Registry], without registered types.
func To(t Term, dst any) error { return (*Registry)(nil).To(t, dst) }

// From maps the Go value v to a term. The result shares no slice with v. It reads v without a lock: nobody may write to v
// meanwhile. The error is a *[ConvertError]: for a channel, function or other type without a term, for NaN and infinity, for
// text that is no atom, and for values nested beyond 10000 levels or of more than 4194304 parts, as one that contains
// itself is.
func (r *Registry) From(v any) (Term, error) {
	f := fromGo{reg: r}
	t, err := f.value(reflect.ValueOf(v), form{}, 0)
	if err != nil {
		return nil, err.in(reflect.TypeOf(v))
	}
	return t, nil
}

// To stores t in the Go value that dst, a non-nil pointer, points to. Slices, maps and pointers inside are made anew; a field
// whose key is missing in a map term keeps its value. After an error, a *[ConvertError], the value is as it was. What is
// stored unchanged as a term shares memory with t.
func (r *Registry) To(t Term, dst any) error {
	p := reflect.ValueOf(dst)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		return bad("To needs a pointer to store through, not %T", dst).in(reflect.TypeOf(dst))
	}
	v := reflect.New(p.Type().Elem()).Elem()
	v.Set(p.Elem())
	g := toGo{reg: r}
	if err := g.store(t, v, form{}, 0); err != nil {
		return err.in(v.Type())
	}
	p.Elem().Set(v)
	return nil
}

const (
	maxConvertDepth = 10_000
	maxConvertParts = 4 << 20
)

// form says how text is written: it comes from the options of a field's tag.
type form struct{ atom, charlist bool }

const undefined = Atom("undefined")

var (
	typeAtom     = reflect.TypeFor[Atom]()
	typeBinary   = reflect.TypeFor[Binary]()
	typeBits     = reflect.TypeFor[Bits]()
	typeTuple    = reflect.TypeFor[Tuple]()
	typeList     = reflect.TypeFor[List]()
	typeImproper = reflect.TypeFor[Improper]()
	typeMap      = reflect.TypeFor[Map]()
	typePID      = reflect.TypeFor[PID]()
	typePort     = reflect.TypeFor[Port]()
	typeRef      = reflect.TypeFor[Ref]()
	typeFun      = reflect.TypeFor[Fun]()
	typeExport   = reflect.TypeFor[Export]()
	typeBigInt   = reflect.TypeFor[big.Int]()
	typeTime     = reflect.TypeFor[time.Time]()
)

// termType reports whether t is one of this package's own types.
func termType(t reflect.Type) bool {
	switch t {
	case typeAtom, typeBinary, typeBits, typeTuple, typeList, typeImproper, typeMap, typePID, typePort, typeRef, typeFun, typeExport:
		return true
	}
	return false
}
