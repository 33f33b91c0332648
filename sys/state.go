package sys

import (
	"context"
	"fmt"
	"reflect"

	"github.com/kista-go/kista"
)

// State returns a copy of a behaviour's state (get_state, statement 218). S is the
// state's type, or any: of a server made by server.Of it is the mux's. The error is
// a [*TypeError] if the state is no S, a [*kista.DataError] if it is not data, a
// [*kista.CallbackError] if the behaviour fails to show it, or one of those that
// the package comment lists.
func State[S any](ctx context.Context, to kista.Addr) (S, error) {
	v, err := kista.System(ctx, to, kista.GetState{})
	if err != nil {
		var zero S
		return zero, err
	}
	return as[S](v)
}

// ReplaceState replaces a behaviour's state by what f makes of it, and returns a
// copy of the new one, or the zero S if it is not data (replace_state, statement
// 218). f runs beside the process, which waits for it, on a copy of the state. If
// f returns an error, panics, calls Goexit or does not return within
// [kista.DefaultHookTimeout], the state stays as it was, and the error is a
// [*kista.CallbackError]. What f returns belongs to the process: data is copied,
// so f may keep it.
//
// It is for mending what has gone wrong in a system that runs, by hand.
func ReplaceState[S any](ctx context.Context, to kista.Addr, f func(S) (S, error)) (S, error) {
	var zero S
	v, err := kista.System(ctx, to, kista.ReplaceState{F: func(state any) (any, error) {
		s, err := as[S](state)
		if err != nil {
			return nil, err
		}
		return f(s)
	}})
	if err != nil || v == nil {
		return zero, err
	}
	return as[S](v)
}

// TypeError says that a state is not of the type that was asked for. Have and Want
// are names of types.
type TypeError struct{ Have, Want string }

func (e *TypeError) Error() string {
	return fmt.Sprintf("sys: the state is a %s, not a %s", e.Have, e.Want)
}

func init() {
	kista.RegisterErrorType(func(e *TypeError, _ func(error) error) error { c := *e; return &c })
}

func as[S any](v any) (S, error) {
	s, ok := v.(S)
	want := reflect.TypeFor[S]()
	if ok || v == nil && want.Kind() == reflect.Interface {
		return s, nil
	}
	have := "nil"
	if v != nil {
		have = reflect.TypeOf(v).String()
	}
	return s, &TypeError{Have: have, Want: want.String()}
}

// Status returns what a behaviour is and does (get_status, statement 219): who it
// is, which version of its code it runs, whether it is suspended, what debugging
// is on, and its state as it lets it be seen.
func Status(ctx context.Context, to kista.Addr) (kista.BehaviourStatus, error) {
	v, err := kista.System(ctx, to, kista.GetStatus{})
	st, _ := v.(kista.BehaviourStatus)
	return st, err
}

// Terminate ends a behaviour with reason, after its Terminate callback (statement
// 221), also one that is suspended, and returns nil once it has ended so. nil is
// the normal reason. If ctx ends first, the behaviour ends nevertheless once it
// comes to it.
func Terminate(ctx context.Context, to kista.Addr, reason error) error {
	_, err := kista.System(ctx, to, kista.Terminate{Reason: reason})
	return err
}
