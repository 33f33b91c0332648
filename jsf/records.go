package jsf

import (
	"slices"
	"sync/atomic"

	"github.com/kista-go/kista/term"
)

// Record is a struct whose fields have names: {Name,Field1,Field2,...}. In UBF, a contract says which there are.
type Record struct {
	Name   string
	Fields []string
}

// Records are the records that a decoder and an encoder know. The zero value and nil know none. Make one with [NewRecords].
// It may be used by many goroutines.
type Records struct {
	byName atomic.Pointer[map[string][]Record]
}

// NewRecords returns a set of records. A name may be there with several numbers of fields; the first one of a name and
// number counts.
func NewRecords(records ...Record) *Records {
	rs := &Records{}
	rs.Set(records...)
	return rs
}

// Set puts other records in the place of those that are there. It may be called while the set is in use: by a decoder that waits for
// a text, for instance, whose records the text before has decided.
func (rs *Records) Set(records ...Record) {
	byName := map[string][]Record{}
	for _, r := range records {
		if !slices.ContainsFunc(byName[r.Name], func(o Record) bool { return len(o.Fields) == len(r.Fields) }) {
			byName[r.Name] = append(byName[r.Name], Record{r.Name, slices.Clone(r.Fields)})
		}
	}
	rs.byName.Store(&byName)
}

// named are the records of that name.
func (rs *Records) named(name string) []Record {
	if rs == nil {
		return nil
	}
	byName := rs.byName.Load()
	if byName == nil {
		return nil
	}
	return (*byName)[name]
}

// of is the record of that name with so many fields.
func (rs *Records) of(name string, fields int) (Record, bool) {
	for _, r := range rs.named(name) {
		if len(r.Fields) == fields {
			return r, true
		}
	}
	return Record{}, false
}

// match is the record that a tuple is one of.
func (rs *Records) match(t term.Tuple) (Record, bool) {
	if rs == nil || len(t) == 0 {
		return Record{}, false
	}
	name, ok := t[0].(term.Atom)
	if !ok {
		return Record{}, false
	}
	return rs.of(string(name), len(t)-1)
}

// tuple makes the record of its members, in whatever order they are. The reason says why they are none.
func (r Record) tuple(members []term.Pair) (t term.Tuple, reason string) {
	t = make(term.Tuple, 1+len(r.Fields))
	t[0] = term.Atom(r.Name)
	for _, m := range members {
		key := string(m.Key.(term.Binary))
		if key == keyRecord {
			continue
		}
		i := slices.Index(r.Fields, key)
		switch {
		case i < 0:
			return nil, "record " + r.Name + " has no field " + quoted(key)
		case t[i+1] != nil:
			return nil, "field " + quoted(key) + " of record " + r.Name + " is there twice"
		}
		t[i+1] = m.Value
	}
	for i, name := range r.Fields {
		if t[i+1] == nil {
			return nil, "record " + r.Name + " lacks the field " + quoted(name)
		}
	}
	return t, ""
}
