package config

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"time"
)

// setText puts what a flag or a variable says into v. Lists are given with commas between their elements.
func setText(v reflect.Value, text string) error {
	t := v.Type()
	if t.Kind() == reflect.Pointer && !t.Implements(textType) {
		p := reflect.New(t.Elem())
		if err := setText(p.Elem(), text); err != nil {
			return err
		}
		v.Set(p)
		return nil
	}
	if t.Kind() == reflect.Slice && !reflect.PointerTo(t).Implements(textType) {
		var parts []string
		if text != "" {
			parts = strings.Split(text, ",")
		}
		list := reflect.MakeSlice(t, len(parts), len(parts))
		for i, part := range parts {
			if err := setText(list.Index(i), strings.TrimSpace(part)); err != nil {
				return fmt.Errorf("element %d: %w", i+1, err)
			}
		}
		v.Set(list)
		return nil
	}
	return setScalar(v, text)
}

func setScalar(v reflect.Value, text string) error {
	t := v.Type()
	if t == durationType {
		d, err := time.ParseDuration(text)
		if err != nil {
			if _, bare := strconv.ParseFloat(text, 64); bare == nil {
				return fmt.Errorf("not a duration: it has no unit; want %ss, for instance", text)
			}
			return errors.New("not a duration, such as 1m30s or 250ms")
		}
		v.SetInt(int64(d))
		return nil
	}
	if reflect.PointerTo(t).Implements(textType) {
		fresh := reflect.New(t)
		if err := unmarshal(fresh.Interface().(encoding.TextUnmarshaler), text); err != nil {
			return err
		}
		v.Set(fresh.Elem())
		return nil
	}
	switch t.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return errors.New("neither true nor false")
		}
		v.SetBool(b)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(text, 10, t.Bits())
		if err != nil {
			return numberError(err, t, "an integer")
		}
		v.SetInt(n)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, err := strconv.ParseUint(text, 10, t.Bits())
		if err != nil {
			return numberError(err, t, "an integer that is not negative")
		}
		v.SetUint(n)
	case reflect.Float32, reflect.Float64:
		f, err := strconv.ParseFloat(text, t.Bits())
		if err != nil {
			return numberError(err, t, "a number")
		}
		v.SetFloat(f)
	default:
		return fmt.Errorf("only a file can give it: it is a %v", kindName(t))
	}
	return nil
}

// unmarshal calls code of the user's. A panic there is a mistake in it, and belongs to the key.
func unmarshal(u encoding.TextUnmarshaler, text string) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("(%T).UnmarshalText panics: %v", u, v)
		}
	}()
	return u.UnmarshalText([]byte(text))
}

func numberError(err error, t reflect.Type, want string) error {
	if errors.Is(err, strconv.ErrRange) {
		return fmt.Errorf("out of range for %v", t.Kind())
	}
	return errors.New("not " + want)
}

func kindName(t reflect.Type) string {
	if t.Kind() == reflect.Struct {
		return "structure"
	}
	return t.Kind().String()
}

// setNode puts what a file says into v. in is the way from the key to here, for errors.
func setNode(v reflect.Value, n *node) error {
	t := v.Type()
	switch {
	case n.kind == isNull:
		return errors.New("null is no value: leave the key out")
	case t.Kind() == reflect.Pointer && !t.Implements(textType):
		p := reflect.New(t.Elem())
		if err := setNode(p.Elem(), n); err != nil {
			return err
		}
		v.Set(p)
		return nil
	}
	want := isString
	if t != durationType && !reflect.PointerTo(t).Implements(textType) && !isSealed(t) {
		switch t.Kind() {
		case reflect.Bool:
			want = isBool
		case reflect.Slice:
			want = isList
		case reflect.Map, reflect.Struct:
			want = isObject
		case reflect.String:
		default:
			want = isNumber
		}
	}
	if n.kind != want {
		if t == durationType && n.kind == isNumber {
			return fmt.Errorf("a number, want a duration in quotes: \"%ss\", for instance", n.text)
		}
		return fmt.Errorf("%v, want %v", n.kind, want)
	}
	switch want {
	case isList:
		list := reflect.MakeSlice(t, len(n.list), len(n.list))
		for i, e := range n.list {
			if err := setNode(list.Index(i), e); err != nil {
				return fmt.Errorf("element %d: %w", i+1, err)
			}
		}
		v.Set(list)
		return nil
	case isObject:
		if t.Kind() == reflect.Map {
			return setMap(v, n)
		}
		return setStruct(v, n)
	}
	return setScalar(v, n.text)
}

func setMap(v reflect.Value, n *node) error {
	for _, key := range n.keys {
		e := reflect.New(v.Type().Elem()).Elem()
		if err := setNode(e, n.vals[key]); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		putMap(v, key, e)
	}
	return nil
}

func putMap(m reflect.Value, key string, e reflect.Value) {
	if m.IsNil() {
		m.Set(reflect.MakeMap(m.Type()))
	}
	m.SetMapIndex(reflect.ValueOf(key).Convert(m.Type().Key()), e)
}

// setStruct fills an object inside a list or a map.
func setStruct(v reflect.Value, n *node) error {
	s, err := Of(v.Type())
	if err != nil {
		return err
	}
	return s.root.each(n, "", func(key string, k *Key, n *node) error {
		if k == nil {
			return fmt.Errorf("%s: unknown key%s", key, s.suggest(key))
		}
		if err := setNode(v.FieldByIndex(k.index), n); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		return nil
	})
}

// each calls do for every key of an object, nested ones included; k is nil for one that the group does not have. It ends
// with the first error.
func (g *group) each(n *node, prefix string, do func(key string, k *Key, n *node) error) error {
	for _, part := range n.keys {
		v, full := n.vals[part], strings.TrimPrefix(prefix+"."+part, ".")
		sub, err := g.subs[part], error(nil)
		switch {
		case sub != nil && v.kind == isObject:
			err = sub.each(v, full, do)
		case sub != nil:
			err = do(full, &Key{Name: full, typ: sub.typ, index: sub.index}, v)
		default:
			err = do(full, g.keys[part], v)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// show prints a value as it could be written for a flag.
func show(v reflect.Value) string {
	t := v.Type()
	switch {
	case t.Kind() == reflect.Pointer && v.IsNil():
		return ""
	case t == durationType:
		return time.Duration(v.Int()).String()
	case t.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		if text, err := v.Interface().(encoding.TextMarshaler).MarshalText(); err == nil {
			return string(text)
		}
	case t.Implements(reflect.TypeFor[fmt.Stringer]()):
		return v.Interface().(fmt.Stringer).String()
	}
	switch t.Kind() {
	case reflect.Pointer:
		return show(v.Elem())
	case reflect.Slice:
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = show(v.Index(i))
		}
		return strings.Join(parts, ",")
	case reflect.Map:
		var parts []string
		for _, key := range v.MapKeys() {
			parts = append(parts, key.String()+"="+show(v.MapIndex(key)))
		}
		sort.Strings(parts)
		return strings.Join(parts, ",")
	case reflect.Struct:
		s, err := Of(t)
		if err != nil {
			return "{...}"
		}
		var parts []string
		for _, k := range s.Keys {
			text := secretText
			if !k.Secret {
				text = show(v.FieldByIndex(k.index))
			}
			parts = append(parts, k.Name+"="+text)
		}
		return "{" + strings.Join(parts, " ") + "}"
	}
	return fmt.Sprint(v.Interface())
}
