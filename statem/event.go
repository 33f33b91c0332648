package statem

import (
	"fmt"
	"reflect"

	"github.com/kista-go/kista"
)

// EventType says what sort of event came in (statement 138).
type EventType uint8

const (
	// CallEvent is a request that somebody waits for: answer through [Event.From].
	CallEvent EventType = iota + 1
	// CastEvent is a message of package server's Cast.
	CastEvent
	// InfoEvent is anything else that reached the mailbox: plain messages,
	// [kista.Down], [kista.Exited].
	InfoEvent
	// InternalEvent is what the machine told itself with [Ctx.NextInternal]. It
	// comes from nowhere else.
	InternalEvent
	// TimeoutEvent is the end of the time that [Event.Timeout] had.
	TimeoutEvent
)

// String returns "call", "cast", "info", "internal" or "timeout".
func (t EventType) String() string {
	names := [...]string{"no event", "call", "cast", "info", "internal", "timeout"}
	if int(t) < len(names) {
		return names[t]
	}
	return fmt.Sprintf("EventType(%d)", uint8(t))
}

// Event is what a state machine handles: one call, cast, message, timeout, or
// word of its own. Its zero value is no event.
type Event struct {
	// Type is what sort of event it is.
	Type EventType
	// From is who waits for the answer to a call; in other events, one whose
	// answers vanish.
	From kista.From
	// Timeout is which timeout it was, in a TimeoutEvent.
	Timeout Timeout
	// Msg is what was called, cast, sent, inserted, or given to the timeout.
	Msg any
}

// String names the event for people: its type, and the type of its message,
// none of whose code runs.
func (e Event) String() string {
	switch {
	case e.Type != TimeoutEvent:
		return e.Type.String() + " " + typeName(e.Msg)
	case e.Msg == nil:
		return e.Timeout.String()
	}
	return e.Timeout.String() + " " + typeName(e.Msg)
}

// check says what is wrong with an event that is to be inserted.
func (e Event) check() string {
	switch {
	case e.Type < CallEvent || e.Type > TimeoutEvent:
		return fmt.Sprintf("there is no event of type %d", e.Type)
	case e.Type == TimeoutEvent:
		return e.Timeout.check()
	}
	return ""
}

// typeName names the type of a message without running any of its code.
func typeName(v any) string {
	if v == nil {
		return "nil"
	}
	return reflect.TypeOf(v).String()
}
