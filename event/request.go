package event

import (
	"reflect"

	"github.com/kista-go/kista"
)

// Request is a message that is answered with an R. Any type is one that has
// the method Reply, which nobody calls: it only says what comes back. Embed
// [Replies], or write it. Requests of package server fit too.
type Request[R any] interface{ Reply() R }

// Replies, embedded in a struct as its first field, makes it a [Request] that is
// answered with an R. It takes no space.
type Replies[R any] struct{}

// Reply makes what embeds Replies a [Request]. It returns the zero R.
func (Replies[R]) Reply() (r R) { return r }

// What a manager is sent. Descriptions of handlers hold code, which is no data:
// they are passed as they are and never changed.
type (
	notify struct{ Event any }

	syncNotify struct{ Event any }
	callOne    struct {
		ID  HandlerID
		Req any
	}
	addOne struct {
		kista.Immutable
		spec  Spec
		owner kista.PID
	}
	deleteOne struct {
		ID   HandlerID
		Args any
	}
	swapOne struct {
		kista.Immutable
		old   HandlerID
		args  any
		next  Spec
		owner kista.PID // zero: the old one's
	}
	whichHandlers struct{}
)

// What answers some of them.
type (
	done struct{}
	term struct{ Term any }
)

// typed turns an answer into what the request was to be answered with.
func typed[R any](id HandlerID, req, v any) (R, error) {
	r, ok := v.(R)
	if ok {
		return r, nil
	}
	want := reflect.TypeFor[R]()
	if v == nil && nillable(want.Kind()) {
		return r, nil
	}
	return r, &ReplyError{Handler: id, Request: typeName(req), Got: typeName(v), Want: want.String()}
}

func nillable(k reflect.Kind) bool {
	switch k {
	case reflect.Interface, reflect.Pointer, reflect.Slice, reflect.Map:
		return true
	}
	return false
}

// typeName names the type of a message without running any of its code.
func typeName(v any) string {
	if v == nil {
		return "nil"
	}
	return reflect.TypeOf(v).String()
}
