package term

import (
	"reflect"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// structPlan is how a struct type is written; made once per type.
type structPlan struct {
	tag    Atom // of the blank field
	tagged bool
	fields []fieldPlan
	err    *ConvertError
}

type fieldPlan struct {
	index           []int
	goName          string
	name            string // the key in a map
	form            form
	omit, mandatory bool
}

var plans sync.Map // reflect.Type -> *structPlan; as many as the program has struct types

func planOf(t reflect.Type) *structPlan {
	if p, ok := plans.Load(t); ok {
		return p.(*structPlan)
	}
	p := new(structPlan)
	hidden := p.collect(t, nil)
	if p.err == nil && len(p.fields) == 0 && hidden {
		p.err = bad("%v has no exported field", t)
	}
	if !p.tagged {
		p.checkNames(t)
	}
	got, _ := plans.LoadOrStore(t, p)
	return got.(*structPlan)
}

// collect adds the fields of t; hidden says that there are unexported ones.
func (p *structPlan) collect(t reflect.Type, at []int) (hidden bool) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag, has := f.Tag.Lookup("term")
		index := append(at[:len(at):len(at)], i)
		switch {
		case f.Name == "_" && has && len(at) == 0:
			p.tag, p.tagged = Atom(tag), true
			if err := checkAtom(tag); err != nil {
				p.err = err.at("._")
			}
		case tag == "-", f.Name == "_":
		case f.Anonymous && !has && f.Type.Kind() == reflect.Struct && !wholeStruct(f.Type):
			hidden = p.collect(f.Type, index) || hidden
		case !f.IsExported():
			hidden = true
		default:
			p.add(f, tag, index)
		}
	}
	return hidden
}

// wholeStruct reports whether a struct type stands for a term by itself.
func wholeStruct(t reflect.Type) bool { return t == typeTime || t == typeBigInt || termType(t) }

func (p *structPlan) add(f reflect.StructField, tag string, index []int) {
	name, options, _ := strings.Cut(tag, ",")
	plan := fieldPlan{index: index, goName: f.Name, name: name}
	if name == "" {
		plan.name = snake(f.Name)
	}
	for _, o := range strings.Split(options, ",") {
		switch o {
		case "":
		case "atom":
			plan.form = form{atom: true}
		case "charlist":
			plan.form = form{charlist: true}
		case "omitempty":
			plan.omit = true
		case "required":
			plan.mandatory = true
		default:
			p.err = bad("unknown option %q in the tag: want atom, charlist, omitempty or required", o).at("." + f.Name)
		}
	}
	if err := checkAtom(plan.name); err != nil {
		p.err = err.at("." + f.Name)
	}
	p.fields = append(p.fields, plan)
}

func (p *structPlan) checkNames(t reflect.Type) {
	seen := map[string]string{}
	for _, f := range p.fields {
		if other, twice := seen[f.name]; twice && p.err == nil {
			p.err = bad("%v has two fields with the key %s: %s and %s", t, Atom(f.name), other, f.goName)
		}
		seen[f.name] = f.goName
	}
}

func checkAtom(s string) *ConvertError {
	if !utf8.ValidString(s) {
		return bad("%.60q is no atom: not UTF-8", s)
	}
	if len(s) > 255 && utf8.RuneCountInString(s) > 255 {
		return bad("%.60q... is no atom: more than 255 characters", s)
	}
	return nil
}

// snake turns UserID into user_id.
func snake(name string) string {
	rs := []rune(name)
	var b strings.Builder
	for i, r := range rs {
		if unicode.IsUpper(r) && i > 0 &&
			(!unicode.IsUpper(rs[i-1]) && rs[i-1] != '_' || i+1 < len(rs) && unicode.IsLower(rs[i+1])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
