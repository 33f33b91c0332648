package server

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/kista-go/kista"
)

// Code is new code for servers that run already, and the way there from the state
// that they have: [Upgrade] and [UpgradeHandler] make it. Package sys gives it to
// them; to choose it by name, register it:
//
//	var v2 = kista.Code("counter/2", server.Upgrade(counter2, fromV1))
//
// The zero Code is refused. It may be used for any number of servers.
type Code struct {
	version string
	change  func(ch kista.CodeChange, old Handler) (Handler, error)
}

// Version returns the version that servers have with this code; "" for that of the
// handle it is registered with.
func (c Code) Version() string { return c.version }

// Upgrade makes a [Code] of a mux and a migration, for servers made by [Of] whose
// state is an S1. migrate is code_change: it gets a copy of the state, the version
// that wrote it and what the upgrader gave it, and returns the state for m. An
// error, a panic, or taking too long leaves the server with its old code and state
// (statement 220). A state that is not data, as one with a database handle, is not
// copied: build a new one, and leave the old one alone.
//
// Requests that wait in the mailbox are handled by m, so it should know those of
// the old code too. A server whose state is of another type refuses, with a
// [*StateError]. The mux's Version becomes the server's. To go back to the old
// code is the same with the two exchanged (statement 241).
func Upgrade[S1, S2 any](m *Mux[S2], migrate func(ch kista.CodeChange, old *S1) (*S2, error)) Code {
	return Code{m.Version, func(ch kista.CodeChange, old Handler) (Handler, error) {
		from, ok := old.(holds[S1])
		if !ok {
			return nil, &StateError{Have: stateType(old), Want: reflect.TypeFor[S1]().String()}
		}
		s, err := migrate(ch, from.get())
		if err != nil {
			return nil, err
		}
		return &instance[S2]{m, s}, nil
	}}
}

// Keep, as the migration of an [Upgrade], keeps the state as it is.
func Keep[S any](_ kista.CodeChange, s *S) (*S, error) { return s, nil }

// UpgradeHandler makes a [Code] for servers of any kind: migrate gets the old
// [Handler], a copy if it is data, and returns the new one. version becomes the
// server's.
func UpgradeHandler(version string, migrate func(ch kista.CodeChange, old Handler) (Handler, error)) Code {
	return Code{version, migrate}
}

// StateError says that a server's state is not of the type that a migration or a
// new state is for. Have and Want are names of types.
type StateError struct{ Have, Want string }

func (e *StateError) Error() string {
	return fmt.Sprintf("server: the state is a %s, want a %s", e.Have, e.Want)
}

var (
	errNoNew   = errors.New("server: the migration returned neither a Handler nor an error")
	errNoState = errors.New("server: the migration returned neither a state nor an error")
)

func init() {
	kista.RegisterErrorType(func(e *StateError, _ func(error) error) error { c := *e; return &c })
}

// holds is an instance as seen by those who know the type of its state.
type holds[S any] interface{ get() *S }

func (h *instance[S]) get() *S { return h.state }

// copied is the Handler for a migration: the same code with a copy of the state.
type copier interface{ copied() Handler }

func (h *instance[S]) copied() Handler { return &instance[S]{h.mux, kista.Snapshot(h.state)} }

func (h *instance[S]) empty() bool { return h.state == nil }

func stateType(h Handler) string {
	if i, ok := h.(interface{ stateType() string }); ok {
		return i.stateType()
	}
	return typeName(h)
}

func (h *instance[S]) stateType() string { return reflect.TypeFor[S]().String() }

// ChangeCode implements kista.CodeChanger.
func (l *loop) ChangeCode(ch kista.CodeChange) (kista.Migration, error) {
	code, ok := ch.Code.(Code)
	if !ok || code.change == nil {
		return nil, kista.WrongCode(ch.Code, "a server.Code, as server.Upgrade makes it")
	}
	var old Handler
	if h, is := l.h.(copier); is {
		old = h.copied()
	} else {
		old = kista.Snapshot(l.h)
	}
	version := code.version
	if version == "" {
		version = ch.To
	}
	return func() (func(), error) {
		h, err := code.change(ch, old)
		switch e := h.(type) {
		case nil:
			if err == nil {
				err = errNoNew
			}
		case interface{ empty() bool }:
			if err == nil && e.empty() {
				err = errNoState
			}
		}
		if err != nil {
			return nil, err
		}
		return func() {
			l.h = h
			l.c.SetVersion(version)
		}, nil
	}, nil
}

// SetState implements kista.StateReplacer.
func (l *loop) SetState(state any) error {
	if r, ok := l.h.(kista.StateReplacer); ok {
		return r.SetState(state)
	}
	h, ok := state.(Handler)
	if _, reads := l.h.(kista.StateReader); reads || !ok {
		return &StateError{Have: typeName(l.h), Want: "Handler that is a kista.StateReplacer"}
	}
	l.h = h
	return nil
}

// SetState implements kista.StateReplacer.
func (h *instance[S]) SetState(state any) error {
	s, ok := state.(S)
	if !ok {
		return &StateError{Have: typeName(state), Want: reflect.TypeFor[S]().String()}
	}
	if h.state == nil {
		h.state = new(S)
	}
	*h.state = s
	return nil
}

// FormatStatus implements kista.StatusReader. What the server says of its state for
// the log, it says here too (statement 136).
func (l *loop) FormatStatus() kista.Formatted {
	f := kista.Formatted{Misc: map[string]any{"handler": typeName(l.h), "to_continue": len(l.c.next)}}
	if _, is := l.h.(copier); is {
		f.Misc["handler"] = "mux of " + stateType(l.h)
	}
	if r, ok := l.h.(Reporter); ok {
		if text := r.Report(); text != "" {
			f.State = text
			return f
		}
	}
	f.State = l.State()
	return f
}

var (
	_ kista.CodeChanger   = (*loop)(nil)
	_ kista.StateReplacer = (*loop)(nil)
	_ kista.StatusReader  = (*loop)(nil)
	_ kista.StateReplacer = (*instance[struct{}])(nil)
)
