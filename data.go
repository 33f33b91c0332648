package kista

import (
	"reflect"

	"github.com/kista-go/kista/internal/copier"
	"github.com/kista-go/kista/internal/frozen"
)

// Immutable, embedded in a struct, declares that values of that struct (and
// pointers to it) never change once they are made, so that a message may share
// them instead of copying (law 1). The kernel takes the author's word for it.
//
//	type Catalogue struct {
//		kista.Immutable
//		prices map[string]int
//	}
type Immutable struct{ _ struct{} }

var messages = copier.New(copier.Options{
	Opaque:   opaque,
	Identity: identity,
	Freeze: func(err error, copy func(any) (any, int, error)) (error, int, error) {
		f := frozen.Freeze(err, copy)
		return f, frozen.Size(f), nil
	},
})

var (
	immutableType = reflect.TypeFor[Immutable]()
	handleType    = reflect.TypeFor[codeHandle]()
	identities    = map[reflect.Type]bool{
		reflect.TypeFor[PID](): true, reflect.TypeFor[Ref](): true, reflect.TypeFor[From](): true,
	}
	opaques = map[reflect.Type]bool{
		reflect.TypeFor[localName](): true, reflect.TypeFor[remoteName](): true,
		reflect.TypeFor[*frozen.Error](): true, reflect.TypeFor[*Node](): true,
	}
)

func identity(t reflect.Type) bool { return identities[t] }

func opaque(t reflect.Type) bool {
	if identities[t] || opaques[t] || t.Implements(handleType) {
		return true
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return false
	}
	for i := range t.NumField() {
		if f := t.Field(i); f.Anonymous && f.Type == immutableType {
			return true
		}
	}
	return false
}

// IsData reports, for a message type, whether values of it can be sent: nil,
// or a [*DataError] that names the field in the way. What an interface field
// holds is known only at send.
func IsData[M any]() error {
	if err := messages.Check(reflect.TypeFor[M]()); err != nil {
		return dataError(err)
	}
	return nil
}

// Copy returns the private copy that a send of v would deliver, or why v is
// not data. Behaviours use it for what they keep and hand out.
func Copy[M any](v M) (M, error) {
	out, _, err := messages.Copy(v)
	if err != nil {
		var zero M
		return zero, dataError(err)
	}
	m, _ := out.(M) // a nil interface stays the zero M
	return m, nil
}
