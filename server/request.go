package server

import (
	"reflect"

	"github.com/kista-go/kista"
)

// Request is a message that is answered with an R. Any type is one that has
// this method, which nobody calls: it only says what comes back. Embed
// [Replies], or write it:
//
//	type Double int
//
//	func (Double) Reply() (n int) { return }
type Request[R any] interface{ Reply() R }

// Replies, embedded in a struct as its first field, makes it a [Request] that is
// answered with an R. It takes no space. For a request whose answer says no more
// than that it was done, use Replies[struct{}].
type Replies[R any] struct{}

// Reply makes what embeds Replies a [Request]. It returns the zero R.
func (Replies[R]) Reply() (r R) { return r }

// ReplyTo is the address of somebody who waits for an R. A server makes it of
// [Ctx.From] to answer later, with [Later]. It is data: it may wait in the
// state, or go to another process, which then answers. Its methods may be used
// by any goroutine and do not block.
type ReplyTo[R any] struct{ From kista.From }

// Reply answers with a copy of v. The first answer counts, later ones and those
// to a caller that has given up vanish (statement 120). The error is a
// [*kista.DataError] if v is not data; the request is then still unanswered.
func (to ReplyTo[R]) Reply(v R) error { return to.From.Reply(v) }

// Refuse answers with an error, which the caller gets as [*Refused].
func (to ReplyTo[R]) Refuse(err error) { to.From.Fail(&Refused{Err: err}) }

// typed turns an answer into what the request was to be answered with.
func typed[R any](to kista.Addr, req, v any) (R, error) {
	r, ok := v.(R)
	if ok {
		return r, nil
	}
	want := reflect.TypeFor[R]()
	if v == nil && nillable(want.Kind()) {
		return r, nil
	}
	return r, &ReplyError{Server: to, Request: typeName(req), Got: typeName(v), Want: want.String()}
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
