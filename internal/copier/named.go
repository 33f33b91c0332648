package copier

import (
	"reflect"
	"strings"
)

// The rules that look at a type as a whole, for those who know types by their
// text and not by reflection: the checker of programs (package vet). It must
// say what the copier will do, so it asks here.

// ByName applies the rules for a type by its package's path and its name, without
// type arguments: why it is refused, or that it passes as it is. Neither: its
// name decides nothing.
func ByName(path, name string) (why string, pass bool) {
	if why := packages[path]; why != "" {
		return why, false
	}
	v := types[path+"."+name]
	return v.why, v.pass
}

// PointerPasses reports whether a pointer to the named type passes, whatever is
// behind it.
func PointerPasses(path, name string) bool { return pointers[path+"."+name] }

// ByKind says why types of a kind are refused, "" if the kind decides nothing.
func ByKind(k reflect.Kind) string {
	switch k {
	case reflect.Chan:
		return whyChan
	case reflect.Func:
		return whyFunc
	case reflect.UnsafePointer:
		return whyUnsafe
	}
	return ""
}

// ByMethods says why a type with certain methods is refused, "" if they decide
// nothing. has reports whether its method set has a method of that name and
// signature, which is written without the names of parameters, and with
// parentheses around parameters and around results: "([]byte) (int, error)".
func ByMethods(has func(name, signature string) bool) string {
	for _, r := range [...]struct {
		is  reflect.Type
		why string
	}{{contextType, whyContext}, {connType, whyFile}, {packetType, whyFile}} {
		all := true
		for m := range r.is.Methods() {
			all = all && has(m.Name, signature(m.Type))
		}
		if all {
			return r.why
		}
	}
	return ""
}

func signature(t reflect.Type) string {
	var in, out []string
	for p := range t.Ins() {
		in = append(in, spell(p))
	}
	for r := range t.Outs() {
		out = append(out, spell(r))
	}
	return "(" + strings.Join(in, ", ") + ") (" + strings.Join(out, ", ") + ")"
}

// spell writes a type as go/types does.
func spell(t reflect.Type) string {
	return strings.NewReplacer("interface {}", "any", "[]uint8", "[]byte", "struct {}", "struct{}").Replace(t.String())
}
