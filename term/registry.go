package term

import (
	"fmt"
	"reflect"
	"sync"
)

// Registry maps Go values to terms and back, and knows by which tagged tuples a program's types go. The zero value has no
// types registered; so does a nil *Registry, which [From] and [To] use. It may be used by many goroutines.
//
// # Mapping
//
//	Go                              term
//	bool                            true, false
//	int..., uint..., big.Int        integer; what does not fit is refused
//	float32, float64                float; an integer is taken where the float holds it exactly
//	string                          binary; a charlist is taken too
//	string, option atom             atom
//	string, option charlist         charlist; a binary is taken too
//	[]byte, [N]byte                 binary; a list of bytes is taken too
//	[]T, [N]T                       list
//	map[K]V                         map
//	*T                              as T; nil is the atom undefined
//	struct                          map with atoms as keys; keys that are binaries are taken too
//	struct with a tag               tuple {tag, Field1, Field2, ...}; without fields the atom tag, and {tag} is taken too
//	time.Time                       integer, nanoseconds since 1970 UTC
//	Atom, Binary, Tuple, PID, ...   itself; elements of containers are mapped
//	any                             what is in it; nil is the atom undefined
//
// A term stored in an any stays what it is, unless it has the form of a registered type: then it becomes a value of that type,
// as it does for an interface that the type implements. Other interfaces take a term only if its own type implements them.
//
// # Structs
//
// A struct says that it is a tagged tuple by a blank field, or by being registered with a tag:
//
//	type Deposit struct {
//		_      struct{} `term:"deposit"`
//		Who    term.Atom
//		Amount int64
//	}
//
// Fields follow in the order of declaration. A map's keys are the names of the fields in snake case, or what the
// field's tag says:
//
//	Name  string   `term:"full_name"`        key full_name
//	State string   `term:",atom"`            the text is an atom; for []string, of every element; for a map, of its keys
//	Note  string   `term:",charlist"`        the text is a charlist
//	Age   int      `term:",omitempty"`       not in the map where it is the zero value
//	Email string   `term:",required"`        To fails where the key is missing
//	Cache []byte   `term:"-"`                not mapped
//
// Unexported fields are not mapped; a struct that has nothing else is refused. Embedded structs count as their fields, unless
// they have a tag. Keys that a struct has no field for are ignored. No method of any mapped type is called.
type Registry struct {
	mu     sync.RWMutex
	byTag  map[tagKey]reflect.Type // a pointer type where values are to be pointers
	byType map[reflect.Type]Atom   // struct types

	base     *Registry // where [Registry.With] began
	mappings []Mapping // few
}

type tagKey struct {
	tag   Atom
	arity int // number of fields
}

// Register makes the type of sample, a struct or a pointer to one, known as the tuple {tag, Fields...}. An empty tag means the
// one of the struct's blank field. A term of that form, stored in an interface, becomes a value of sample's type. It
// fails where the type cannot be mapped, is registered by another tag, or another type has the same tag and number of
// fields.
func (r *Registry) Register(tag Atom, sample any) error {
	t := reflect.TypeOf(sample)
	s := t
	if t != nil && t.Kind() == reflect.Pointer {
		s = t.Elem()
	}
	if s == nil || s.Kind() != reflect.Struct || wholeStruct(s) {
		return fmt.Errorf("term: register %s: %T is no struct of your own", tag, sample)
	}
	plan := planOf(s)
	if tag == "" && plan.tagged {
		tag = plan.tag
	}
	if plan.err != nil {
		return plan.err.copy().in(s)
	}
	if err := checkAtom(string(tag)); err != nil || tag == "" {
		return fmt.Errorf("term: register %v: %q is no tag", s, string(tag))
	}
	if plan.tagged && plan.tag != tag {
		return fmt.Errorf("term: register %v: its own tag is %s, not %s", s, plan.tag, tag)
	}
	key := tagKey{tag, len(plan.fields)}
	for r.base != nil {
		r = r.base
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if other, ok := r.byTag[key]; ok && other != t {
		return fmt.Errorf("term: register %v: %v is {%s,...} with %d fields already", t, other, tag, key.arity)
	}
	if other, ok := r.byType[s]; ok && other != tag {
		return fmt.Errorf("term: register %v: it is %s already, not %s", s, other, tag)
	}
	if r.byTag == nil {
		r.byTag, r.byType = map[tagKey]reflect.Type{}, map[reflect.Type]Atom{}
	}
	r.byTag[key], r.byType[s] = t, tag
	return nil
}

// tagOf gives the tag of a struct type: registered, or its own.
func (r *Registry) tagOf(t reflect.Type, p *structPlan) (Atom, bool) {
	if p.tagged || r == nil {
		return p.tag, p.tagged
	}
	if r.mappings != nil {
		return r.base.tagOf(t, p)
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	tag, ok := r.byType[t]
	return tag, ok
}

// typeFor gives the registered type that has the form of t.
func (r *Registry) typeFor(t Term) (reflect.Type, bool) {
	if r == nil {
		return nil, false
	}
	if r.mappings != nil {
		return r.base.typeFor(t)
	}
	key := tagKey{}
	switch v := t.(type) {
	case Atom:
		key.tag = v
	case Tuple:
		if len(v) == 0 {
			return nil, false
		}
		tag, ok := v[0].(Atom)
		if !ok {
			return nil, false
		}
		key = tagKey{tag, len(v) - 1}
	default:
		return nil, false
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	typ, ok := r.byTag[key]
	return typ, ok
}
