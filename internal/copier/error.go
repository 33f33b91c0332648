package copier

import (
	"reflect"
	"strings"
)

// Error says why a value cannot be sent. Its text names what, where, and what
// to do instead.
type Error struct {
	// Type is the refused type: the one at the end of Path.
	Type reflect.Type
	// Path leads from the message to the refused place in Go's notation, with
	// pointers followed and interfaces opened: Order.Items[3].Done,
	// Order.Meta["k"]. Indices are empty where the type alone decided:
	// Order.Items[].Done. It begins with the message type's name, or with
	// "message" if that type has none.
	Path string
	// Why tells what is wrong with the type or which limit was passed, and what
	// to do.
	Why string
	// Limit reports that nothing is wrong with the type: the message is too
	// deep or too large.
	Limit bool
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("copier: cannot send ")
	b.WriteString(e.Path)
	if e.Type != nil {
		b.WriteString(" (")
		b.WriteString(e.Type.String())
		b.WriteString(")")
	}
	b.WriteString(": ")
	b.WriteString(e.Why)
	return b.String()
}

// failure is an error under construction: it travels up the walk and collects
// the path on its way, innermost step first.
type failure struct {
	t       reflect.Type
	why     string
	limit   bool
	cause   error // not a refusal: what Freeze or swap returned
	restart bool  // the fast walk gives up; the deep walk decides
	steps   []string
}

var restart = &failure{restart: true}

func (f *failure) at(step string) *failure {
	if !f.restart {
		f.steps = append(f.steps, step)
	}
	return f
}

// longest is the number of path steps shown at either end of a long path.
const longest = 8

func (f *failure) err(root reflect.Type) error {
	if f.cause != nil {
		return f.cause
	}
	var b strings.Builder
	b.WriteString(rootName(root))
	for i := len(f.steps) - 1; i >= 0; i-- {
		if len(f.steps) > 2*longest+1 && i == len(f.steps)-1-longest {
			b.WriteString("...")
			i = longest
			continue
		}
		b.WriteString(f.steps[i])
	}
	return &Error{Type: f.t, Path: b.String(), Why: f.why, Limit: f.limit}
}

// rootName names the message at the head of a path.
func rootName(t reflect.Type) string {
	for t != nil && t.Kind() == reflect.Pointer && t.Name() == "" {
		t = t.Elem()
	}
	if t == nil || t.Name() == "" {
		return "message"
	}
	return t.Name()
}
