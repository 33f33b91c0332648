package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Setting is one key's value and where it came from.
type Setting struct {
	Key    string // full: shop.db.timeout
	Value  string // as it may be shown
	Source string // the last one that set it; "default"
	Type   string
	Doc    string
	Secret bool
	Env    string // the variable that could set it; empty if none can
}

// secretText stands for what must not be shown.
const secretText = "(secret)"

const byDefault = "default"

// Resolved is a section with its history.
type Resolved struct {
	Settings []Setting
	Ignored  []string          // variables that look like the application's, and are none of its keys
	state    map[string]string // what is there, by key, and by element in a map: for Compare
}

type resolving struct {
	in     *Input
	app    string
	schema *Schema
	v      reflect.Value
	from   map[string]string // key -> source
	said   map[string]string // key -> what it said, to be shown
	wrong  Errors

	ignored []string
}

// Resolve fills into, a pointer to a struct of the schema's type that holds the defaults, with what the sources say about
// app. known are the names of all applications. The error is an [Errors]: values that do not fit, unknown keys, required
// keys that nobody gave, and what the Validate methods of the struct and of those inside it say.
func (in *Input) Resolve(app string, s *Schema, into any, known []string) (Resolved, error) {
	r := &resolving{
		in: in, app: app, schema: s, v: reflect.ValueOf(into).Elem(),
		from: map[string]string{}, said: map[string]string{},
	}
	r.file()
	r.env(known)
	r.flags()
	r.required()
	r.check()
	if len(r.wrong) > 0 {
		return Resolved{}, r.wrong
	}
	return r.result(), nil
}

// set puts one value in its place, or notes why it does not fit.
func (r *resolving) set(k *Key, said, source string, do func(v reflect.Value) error) {
	if k.Secret {
		said = secretText
	}
	if err := do(r.v.FieldByIndex(k.index)); err != nil {
		why := err.Error()
		if k.Secret {
			why = "it does not fit (why is not shown: it may tell the secret); want a " + k.Type
		}
		r.fail(k.Name, said, source, why)
		return
	}
	r.from[k.Name], r.said[k.Name] = source, said
}

func (r *resolving) fail(key, said, source, why string) {
	r.wrong = append(r.wrong, &Error{Key: r.app + "." + key, Value: said, Source: source, Why: why})
}

func (r *resolving) unknown(key, source string) {
	hint := r.schema.suggest(key)
	r.fail(key, "", source, "unknown key"+strings.Replace(hint, "do you mean ", "do you mean "+r.app+".", 1))
}

func (r *resolving) file() {
	if r.in.file == nil || r.in.file.vals[r.app] == nil {
		return
	}
	section := r.in.file.vals[r.app]
	if section.kind != isObject {
		r.wrong = append(r.wrong, &Error{Key: r.app, Value: section.show(), Source: r.in.line(section), Why: "not an object with keys"})
		return
	}
	_ = r.schema.root.each(section, "", func(key string, k *Key, n *node) error {
		switch source := r.in.line(n); {
		case k == nil:
			r.unknown(key, source)
		case k.typ.Kind() == reflect.Struct && !isLeaf(k.typ):
			r.fail(key, n.show(), source, fmt.Sprintf("%v, want an object with keys", n.kind))
		default:
			r.set(k, n.show(), source, func(v reflect.Value) error { return setNode(v, n) })
		}
		return nil
	})
}

func (r *resolving) env(known []string) {
	prefix := r.in.prefix + envName(r.app) + "_"
	byName := map[string]*Key{}
	for _, k := range r.schema.Keys {
		byName[prefix+envName(k.Name)] = k
	}
	for _, name := range r.in.own(r.app, known) {
		text, rest := r.in.env[name], strings.TrimPrefix(name, prefix)
		switch k := byName[name]; {
		case k != nil:
			before := len(r.wrong)
			r.set(k, quote(text), name, func(v reflect.Value) error { return setText(v, text) })
			if len(r.wrong) > before && kubernetes(rest) && strings.Contains(text, "://") {
				r.wrong[before].Why += " (Kubernetes sets it for a service of that name: disable enableServiceLinks, or use a prefix)"
			}
		case kubernetes(rest):
		default:
			r.strange(name, suggest(rest, byName, prefix))
		}
	}
}

// strange is for a variable that begins with the application's name and is none of its keys. The environment belongs to
// nobody: HTTP_PROXY is no mistake of an application http. It is one if it looks like a key, or if a prefix makes all of
// them ours.
func (r *resolving) strange(name, hint string) {
	if hint == "" && r.in.prefix == "" {
		r.ignored = append(r.ignored, name)
		return
	}
	r.wrong = append(r.wrong, &Error{Source: name, Why: fmt.Sprintf("%s has no such key%s", r.app, hint)})
}

// suggest says which variable may have been meant.
func suggest(rest string, byName map[string]*Key, prefix string) string {
	var names []string
	for name := range byName {
		names = append(names, strings.TrimPrefix(name, prefix))
	}
	slices.Sort(names)
	hint := nearest(rest, names)
	return strings.Replace(hint, "do you mean ", "do you mean "+prefix, 1)
}

func (r *resolving) flags() {
	for _, f := range r.in.flags {
		key, mine := strings.CutPrefix(f.key, r.app+".")
		if !mine {
			continue
		}
		source := "--" + f.key
		k, element := r.schema.find(key)
		switch {
		case k == nil:
			r.unknown(key, source)
		case f.bare && k.typ.Kind() != reflect.Bool:
			r.fail(key, "", source, "it has no value: want "+source+"=value")
		case element != "":
			r.set(k, quote(f.text), source, func(v reflect.Value) error {
				e := reflect.New(v.Type().Elem()).Elem()
				if err := setText(e, f.text); err != nil {
					return err
				}
				putMap(v, element, e)
				return nil
			})
		default:
			text := f.text
			if f.bare {
				text = "true"
			}
			r.set(k, quote(text), source, func(v reflect.Value) error { return setText(v, text) })
		}
	}
}

// find returns the key of that name, or the map that the name is an element of.
func (s *Schema) find(name string) (k *Key, element string) {
	for _, k := range s.Keys {
		if k.Name == name {
			return k, ""
		}
		if rest, in := strings.CutPrefix(name, k.Name+"."); in && k.typ.Kind() == reflect.Map {
			return k, rest
		}
	}
	return nil, ""
}

func (s *Schema) suggest(key string) string {
	var names []string
	for _, k := range s.Keys {
		names = append(names, k.Name)
	}
	return nearest(key, names)
}

func (r *resolving) required() {
	for _, k := range r.schema.Keys {
		if !k.Required || r.from[k.Name] != "" || !r.v.FieldByIndex(k.index).IsZero() {
			continue
		}
		full := r.app + "." + k.Name
		given := slices.ContainsFunc(r.wrong, func(e *Error) bool { return e.Key == full })
		if !given {
			r.fail(k.Name, "", "", fmt.Sprintf("it is required: set it in the file, as %s%s, or with --%s", r.in.prefix, envName(full), full))
		}
	}
}

// check asks the Validate methods. Where values are missing or do not fit, what the methods say of other keys counts all the
// same, so that every mistake is told at once; what they say of those keys, or of the whole, and that they panic, may come of
// what is missing.
func (r *resolving) check() {
	before := len(r.wrong)
	if before > 0 {
		defer func() {
			if recover() != nil {
				r.wrong = r.wrong[:before]
			}
		}()
	}
	r.validate(r.schema.root)
	if err := call(r.v); err != nil {
		r.invalid("", err)
	}
	if before > 0 {
		told := map[string]bool{r.app: true}
		for _, e := range r.wrong[:before] {
			told[e.Key] = true
		}
		kept := r.wrong[:before:before]
		for _, e := range r.wrong[before:] {
			if k, _ := r.schema.find(strings.TrimPrefix(e.Key, r.app+".")); k != nil && !told[e.Key] {
				kept = append(kept, e)
			}
		}
		r.wrong = kept
	}
}

// validate asks the structs inside, innermost first.
func (r *resolving) validate(g *group) {
	for _, sub := range g.order {
		r.validate(sub)
		if err := call(r.v.FieldByIndex(sub.index)); err != nil {
			r.invalid(sub.name, err)
		}
	}
}

// call calls a struct's Validate, if it has one.
func call(v reflect.Value) error {
	if c, ok := v.Addr().Interface().(interface{ Validate() error }); ok {
		return c.Validate()
	}
	return nil
}

// invalid notes what the Validate of the struct at prefix said.
func (r *resolving) invalid(prefix string, err error) {
	for _, e := range leaves(err) {
		var at *Invalid
		if !errors.As(e, &at) {
			key := strings.TrimSuffix(r.app+"."+prefix, ".")
			r.wrong = append(r.wrong, &Error{Key: key, Why: e.Error()})
			continue
		}
		key := strings.TrimPrefix(prefix+"."+at.Key, ".")
		k, _ := r.schema.find(key)
		if k == nil {
			r.fail(key, "", "", at.Why)
			continue
		}
		said, source := r.said[k.Name], r.from[k.Name]
		if source == "" {
			said, source = secretText, "its default"
			if !k.Secret {
				said = quote(show(r.v.FieldByIndex(k.index)))
			}
		}
		r.fail(key, said, source, at.Why)
	}
}

// Describe lists the keys of an application with the values in v, a struct of the schema's type: its defaults.
func (s *Schema) Describe(app, prefix string, v any) []Setting {
	fresh := reflect.New(s.Type).Elem()
	fresh.Set(reflect.ValueOf(v))
	r := &resolving{in: &Input{prefix: prefix}, app: app, schema: s, v: fresh, from: map[string]string{}}
	return r.result().Settings
}

func (r *resolving) result() Resolved {
	out := Resolved{state: map[string]string{}, Ignored: r.ignored}
	for _, k := range r.schema.Keys {
		v := r.v.FieldByIndex(k.index)
		set := Setting{
			Key: r.app + "." + k.Name, Type: k.Type, Doc: k.Doc, Secret: k.Secret,
			Source: r.from[k.Name], Value: secretText,
		}
		if !k.Secret || v.IsZero() {
			set.Value = show(v)
		}
		if set.Source == "" {
			set.Source = byDefault
		}
		if k.typ.Kind() != reflect.Map {
			set.Env = r.in.prefix + envName(set.Key)
		}
		out.Settings = append(out.Settings, set)
		r.remember(out.state, k, v)
	}
	return out
}

// remember notes what is there: keys that a source has set, or whose default says something, and the elements of maps.
func (r *resolving) remember(state map[string]string, k *Key, v reflect.Value) {
	switch {
	case k.typ.Kind() == reflect.Map && !isLeaf(k.typ):
		for _, e := range v.MapKeys() {
			state[k.Name+"."+e.String()] = fingerprint(v.MapIndex(e))
		}
	case r.from[k.Name] != "" || !v.IsZero():
		state[k.Name] = fingerprint(v)
	}
}

// fingerprint tells values apart, secrets too. It never leaves the program.
func fingerprint(v reflect.Value) string {
	if s, ok := v.Interface().(interface{ Reveal() string }); ok {
		return s.Reveal()
	}
	t := v.Type()
	switch {
	case t.Kind() == reflect.Pointer && !v.IsNil() && !t.Implements(textType):
		return fingerprint(v.Elem())
	case t.Kind() == reflect.Slice:
		var b strings.Builder
		for i := range v.Len() {
			fmt.Fprintf(&b, "%q ", fingerprint(v.Index(i)))
		}
		return b.String()
	case t.Kind() == reflect.Struct && !isLeaf(t):
		var b strings.Builder
		for i := range v.NumField() {
			if t.Field(i).IsExported() {
				fmt.Fprintf(&b, "%q ", fingerprint(v.Field(i)))
			}
		}
		return b.String()
	case t.Kind() == reflect.Map:
		var parts []string
		for _, key := range v.MapKeys() {
			parts = append(parts, fmt.Sprintf("%q=%q", key.String(), fingerprint(v.MapIndex(key))))
		}
		slices.Sort(parts)
		return strings.Join(parts, " ")
	}
	return show(v)
}

// Compare tells what has become of the keys between two states of a section: changed, new, removed, each sorted.
func Compare(old, now Resolved) (changed, added, removed []string) {
	for key, v := range now.state {
		switch was, had := old.state[key]; {
		case !had:
			added = append(added, key)
		case was != v:
			changed = append(changed, key)
		}
	}
	for key := range old.state {
		if _, has := now.state[key]; !has {
			removed = append(removed, key)
		}
	}
	slices.Sort(changed)
	slices.Sort(added)
	slices.Sort(removed)
	return changed, added, removed
}
