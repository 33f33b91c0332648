package ubfa

import (
	"fmt"

	"github.com/kista-go/kista/term"
)

// String is a string of UBF: bytes, of which the protocol does not say what they mean. Its term is {'#S',Bytes}, the bytes as a
// list. In messages that [Marshal] and [Unmarshal] map, a field of this type is a string, while one of Go's own string
// is a binary.
type String string

// Term returns the string as a term.
func (s String) Term() term.Term { return term.Tuple{nameString, byteList([]byte(s))} }

// StringOf returns the string that t stands for; ok is false where it is none.
func StringOf(t term.Term) (s String, ok bool) {
	v, ok := t.(term.Tuple)
	if !ok {
		return "", false
	}
	l, ok := stringOf(v)
	if !ok {
		return "", false
	}
	text, ok := bytesOf(l)
	return String(text), ok
}

// PropList is a property list of UBF: names and values in an order, where a name may be there more than once. Its
// term is {'#P',[{Key,Value},...]}. Keys and values are terms.
type PropList []term.Pair

var nameProps term.Term = term.Atom("#P")

// Term returns the property list as a term.
func (p PropList) Term() term.Term {
	l := make(term.List, len(p))
	for i, pair := range p {
		l[i] = term.Tuple{pair.Key, pair.Value}
	}
	return term.Tuple{nameProps, l}
}

// PropListOf returns the property list that t stands for; ok is false where it is none.
func PropListOf(t term.Term) (p PropList, ok bool) {
	v, ok := t.(term.Tuple)
	if !ok || len(v) != 2 || v[0] != nameProps {
		return nil, false
	}
	l, ok := v[1].(term.List)
	if !ok {
		return nil, false
	}
	p = make(PropList, len(l))
	for i, e := range l {
		pair, ok := e.(term.Tuple)
		if !ok || len(pair) != 2 {
			return nil, false
		}
		p[i] = term.Pair{Key: pair[0], Value: pair[1]}
	}
	return p, true
}

// Tagged is a tagged item of UBF: an Item, a term, and a Tag that says what it means. Its term is {'$TYPE',Tag,Item}, the tag as
// a list of bytes.
type Tagged struct {
	Tag  string
	Item term.Term
}

// Term returns the tagged item as a term.
func (t Tagged) Term() term.Term { return term.Tuple{nameTag, byteList([]byte(t.Tag)), t.Item} }

// TaggedOf returns the tagged item that t stands for; ok is false where it is none.
func TaggedOf(t term.Term) (tagged Tagged, ok bool) {
	v, ok := t.(term.Tuple)
	if !ok {
		return Tagged{}, false
	}
	l, ok := tagOf(v)
	if !ok {
		return Tagged{}, false
	}
	text, _ := bytesOf(l)
	return Tagged{text, v[2]}, true
}

// Registry returns a registry that maps [String], [PropList] and [Tagged] besides what r knows, which may be nil.
func Registry(r *term.Registry) *term.Registry {
	return r.With(
		mapping(String.term, StringOf),
		mapping(PropList.term, PropListOf),
		mapping(Tagged.term, TaggedOf),
	)
}

func mapping[T any](from func(T) (term.Term, error), to func(term.Term) (T, bool)) term.Mapping {
	var sample T
	return term.Mapping{
		Sample: sample,
		From:   func(v any) (term.Term, error) { return from(v.(T)) },
		To:     func(t term.Term) (any, bool) { return to(t) },
	}
}

func (s String) term() (term.Term, error)   { return s.Term(), nil }
func (p PropList) term() (term.Term, error) { return term.From(p.Term()) }
func (t Tagged) term() (term.Term, error)   { return term.From(t.Term()) }

var registry = Registry(nil)

// Marshal maps the Go value v to a term, as [term.From] does, and encodes it. A struct must have a tag to be a struct of
// UBF: without one it is a map, which UBF(A) does not have.
func Marshal(v any) ([]byte, error) {
	t, err := registry.From(v)
	if err != nil {
		return nil, fmt.Errorf("ubfa: %w", err)
	}
	return Encode(t)
}

// Unmarshal decodes b, which must be one message and nothing else, and stores it as [term.To] does where dst points. The error
// is a *[DecodeError], or that of [term.To].
func Unmarshal(b []byte, dst any) error {
	t, err := DecodeAll(b)
	if err != nil {
		return err
	}
	if err := registry.To(t, dst); err != nil {
		return fmt.Errorf("ubfa: %w", err)
	}
	return nil
}
