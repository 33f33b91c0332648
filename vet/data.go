package vet

import (
	"go/types"
	"reflect"

	"github.com/kista-go/kista/internal/copier"
)

// refusal is why values of a type cannot be sent: where in it, what is there, and
// what to do instead.
type refusal struct {
	path, typ, why string
}

// notData applies the rules of the copier to a type, as the kernel will apply
// them to its values: nil if it can be sent, as far as its type tells. What an
// interface will hold is known only then.
func notData(t types.Type) *refusal {
	if t == nil || implementsError(t) {
		return nil // frozen when it is sent
	}
	s := search{seen: map[types.Type]bool{}}
	r := s.look(t)
	if r != nil {
		r.path = rootName(t) + r.path
	}
	return r
}

// search looks through one type.
type search struct{ seen map[types.Type]bool }

func (s *search) look(t types.Type) *refusal {
	t = types.Unalias(t)
	if s.seen[t] {
		return nil
	}
	s.seen[t] = true
	if opaque(t) {
		return nil
	}
	if why, pass := judge(t); why != "" || pass {
		if pass {
			return nil
		}
		return &refusal{typ: types.TypeString(t, (*types.Package).Name), why: why}
	}
	switch u := t.Underlying().(type) {
	case *types.Struct:
		for f := range u.Fields() {
			if r := s.look(f.Type()); r != nil {
				return r.at("." + f.Name())
			}
		}
	case *types.Array:
		if u.Len() > 0 {
			return s.look(u.Elem()).at("[]")
		}
	case *types.Slice:
		return s.look(u.Elem()).at("[]")
	case *types.Pointer:
		return s.look(u.Elem())
	case *types.Map:
		if r := s.look(u.Key()); r != nil {
			return r.at("[key]")
		}
		return s.look(u.Elem()).at("[]")
	}
	return nil
}

// at puts a step in front of the path.
func (r *refusal) at(step string) *refusal {
	if r != nil {
		r.path = step + r.path
	}
	return r
}

// rootName names the message at the head of a path.
func rootName(t types.Type) string {
	for {
		switch u := types.Unalias(t).(type) {
		case *types.Pointer:
			t = u.Elem()
			continue
		case *types.Named:
			return u.Obj().Name()
		}
		return "message"
	}
}

// opaque reports whether values of t pass as they are, by the kernel's word or
// their author's.
func opaque(t types.Type) bool {
	if ptr, ok := t.(*types.Pointer); ok {
		if is(ptr.Elem(), kernel, "Node") || is(ptr.Elem(), kernel+"/internal/frozen", "Error") {
			return true
		}
		t = types.Unalias(ptr.Elem())
	}
	for _, name := range []string{"PID", "Ref", "From", "localName", "remoteName", "CodeHandle"} {
		if is(t, kernel, name) {
			return true
		}
	}
	st, ok := t.Underlying().(*types.Struct)
	if !ok {
		return false
	}
	for f := range st.Fields() {
		if f.Embedded() && (is(f.Type(), kernel, "Immutable") || is(f.Type(), kernel, "CodeHandle")) {
			return true
		}
	}
	return false
}

// judge applies the rules that look at a type as a whole.
func judge(t types.Type) (why string, pass bool) {
	if path, name, ok := named(t); ok {
		if why, pass := copier.ByName(path, name); why != "" || pass {
			return why, pass
		}
	}
	if ptr, ok := t.(*types.Pointer); ok {
		if path, name, ok := named(types.Unalias(ptr.Elem())); ok && copier.PointerPasses(path, name) {
			return "", true
		}
	}
	switch u := t.Underlying().(type) {
	case *types.Chan:
		return copier.ByKind(reflect.Chan), false
	case *types.Signature:
		return copier.ByKind(reflect.Func), false
	case *types.Basic:
		if u.Kind() == types.UnsafePointer {
			return copier.ByKind(reflect.UnsafePointer), false
		}
	}
	return copier.ByMethods(func(name, sig string) bool { return hasMethod(t, name, sig) }), false
}

func named(t types.Type) (path, name string, ok bool) {
	n, ok := t.(*types.Named)
	if !ok || n.Obj().Pkg() == nil {
		return "", "", false
	}
	return n.Obj().Pkg().Path(), n.Obj().Name(), true
}

// hasMethod reports whether t, as it is, has a method of that signature.
func hasMethod(t types.Type, name, sig string) bool {
	if _, ok := t.(*types.TypeParam); ok {
		return false
	}
	obj, _, _ := types.LookupFieldOrMethod(t, false, nil, name)
	f, ok := obj.(*types.Func)
	return ok && signature(f.Signature()) == sig
}

// signature writes a signature without names: "([]byte) (int, error)".
func signature(s *types.Signature) string {
	tuple := func(t *types.Tuple) string {
		text := "("
		for i := range t.Len() {
			if i > 0 {
				text += ", "
			}
			text += types.TypeString(t.At(i).Type(), nil)
		}
		return text + ")"
	}
	if s.Variadic() {
		return "..."
	}
	return tuple(s.Params()) + " " + tuple(s.Results())
}

func implementsError(t types.Type) bool { return hasMethod(types.Unalias(t), "Error", "() (string)") }
