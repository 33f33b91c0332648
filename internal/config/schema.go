package config

import (
	"encoding"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Schema is what is known of a section's type. It is made once and never changes.
type Schema struct {
	Type reflect.Type
	Keys []*Key
	root *group

	within []reflect.Type // whose elements this struct is, for types that contain themselves
}

// Key is one key of a section.
type Key struct {
	Name     string // db.timeout
	Doc      string
	Type     string // for people
	Secret   bool
	Required bool

	index []int // of the field
	typ   reflect.Type
}

// group is a struct, of which others are part.
type group struct {
	name  string
	typ   reflect.Type
	index []int
	keys  map[string]*Key
	subs  map[string]*group
	order []*group
}

// Sealed is what types of secrets implement: they print themselves as such.
type Sealed interface{ Sealed() }

var (
	durationType = reflect.TypeFor[time.Duration]()
	textType     = reflect.TypeFor[encoding.TextUnmarshaler]()
	sealedType   = reflect.TypeFor[Sealed]()
	word         = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
)

// Word reports whether s may be the name of an application or one part of a key: lower-case letters, digits and underscores,
// beginning with a letter.
func Word(s string) bool { return word.MatchString(s) }

// Of looks at a type, which must be a struct. Its fields' keys are their names in lower case (MaxConns: max_conns), or what
// the tag config says; further words of that tag, after commas, are secret and required. The tag doc explains the key to
// people. A field tagged config:"-" is not part of it. The error names the field that cannot be configured.
func Of(t reflect.Type) (*Schema, error) { return of(t, nil) }

func of(t reflect.Type, within []reflect.Type) (*Schema, error) {
	if t == nil || t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("the configuration is of type %v, want a struct", t)
	}
	if slices.Contains(within, t) {
		return nil, fmt.Errorf("the type %v contains itself", t)
	}
	s := &Schema{Type: t, within: append(slices.Clone(within), t)}
	var err error
	if s.root, err = s.group(t, "", nil); err != nil {
		return nil, err
	}
	envs := map[string]string{}
	for _, k := range s.Keys {
		e := envName(k.Name)
		if other, taken := envs[e]; taken {
			return nil, fmt.Errorf("the keys %s and %s have the same name in the environment: rename one", other, k.Name)
		}
		envs[e] = k.Name
	}
	return s, nil
}

func (s *Schema) group(t reflect.Type, name string, index []int) (*group, error) {
	g := &group{name: name, typ: t, index: index, keys: map[string]*Key{}, subs: map[string]*group{}}
	if len(index) > maxDepth {
		return nil, fmt.Errorf("%s: nested more than %d deep", name, maxDepth)
	}
	return g, s.fields(g, t, name, index)
}

func (s *Schema) fields(g *group, t reflect.Type, prefix string, index []int) error {
	for i := range t.NumField() {
		f := t.Field(i)
		tag := strings.Split(f.Tag.Get("config"), ",")
		if tag[0] == "-" || !f.IsExported() && !f.Anonymous {
			continue
		}
		at := append(index[:len(index):len(index)], i)
		if f.Anonymous && tag[0] == "" && f.Type.Kind() == reflect.Struct && !isLeaf(f.Type) {
			if err := s.fields(g, f.Type, prefix, at); err != nil {
				return err
			}
			continue
		}
		if !f.IsExported() {
			continue
		}
		part := tag[0]
		if part == "" {
			part = snake(f.Name)
		}
		switch {
		case !Word(part):
			return fmt.Errorf("field %s.%s: %q is no key: lower-case letters, digits and _, beginning with a letter", t, f.Name, part)
		case g.keys[part] != nil || g.subs[part] != nil:
			return fmt.Errorf("field %s.%s: the key %s is there twice", t, f.Name, part)
		}
		full := strings.TrimPrefix(prefix+"."+part, ".")
		if f.Type.Kind() == reflect.Struct && !isLeaf(f.Type) {
			sub, err := s.group(f.Type, full, at)
			if err != nil {
				return err
			}
			g.subs[part], g.order = sub, append(g.order, sub)
			continue
		}
		k := &Key{Name: full, Doc: f.Tag.Get("doc"), index: at, typ: f.Type, Secret: isSealed(f.Type)}
		for _, word := range tag[1:] {
			switch word {
			case "secret":
				k.Secret = true
			case "required":
				k.Required = true
			default:
				return fmt.Errorf("field %s.%s: config tag %q: want secret or required after the comma", t, f.Name, word)
			}
		}
		why := ""
		if k.Type, why = s.describe(f.Type); why != "" {
			return fmt.Errorf("field %s.%s: %s", t, f.Name, why)
		}
		g.keys[part] = k
		s.Keys = append(s.Keys, k)
	}
	return nil
}

// isLeaf reports whether a struct is one value.
func isLeaf(t reflect.Type) bool { return reflect.PointerTo(t).Implements(textType) || isSealed(t) }

func isSealed(t reflect.Type) bool { return t.Implements(sealedType) }

// describe names a type for people, or says why no value of it can be configured.
func (s *Schema) describe(t reflect.Type) (name, why string) {
	switch {
	case isSealed(t):
		return "secret", ""
	case t == durationType:
		return "duration", ""
	case reflect.PointerTo(t).Implements(textType):
		return "text", ""
	}
	switch t.Kind() {
	case reflect.String:
		return "string", ""
	case reflect.Bool:
		return "boolean", ""
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "integer", ""
	case reflect.Float32, reflect.Float64:
		return "number", ""
	case reflect.Pointer:
		if t.Elem().Kind() == reflect.Struct && !isLeaf(t.Elem()) {
			return "", "a pointer to a struct: use the struct"
		}
		return s.describe(t.Elem())
	case reflect.Slice:
		name, why = s.describe(t.Elem())
		return "list of " + name, why
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			return "", "a map whose keys are not strings"
		}
		name, why = s.describe(t.Elem())
		return "map of " + name, why
	case reflect.Struct: // inside a list or a map
		if _, err := of(t, s.within); err != nil {
			return "", err.Error()
		}
		return "object", ""
	}
	return "", fmt.Sprintf("a %v cannot be configured; config:\"-\" leaves it out", t)
}

// snake writes MaxConns as max_conns, HTTPPort as http_port.
func snake(name string) string {
	var b strings.Builder
	rs := []rune(name)
	for i, r := range rs {
		if unicode.IsUpper(r) && i > 0 &&
			(!unicode.IsUpper(rs[i-1]) || i+1 < len(rs) && unicode.IsLower(rs[i+1])) && rs[i-1] != '_' {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// envName writes shop.db.timeout as SHOP_DB_TIMEOUT.
func envName(key string) string { return strings.ToUpper(strings.ReplaceAll(key, ".", "_")) }
