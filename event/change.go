package event

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/kista-go/kista"
)

// Code is new code for the handlers of one module that are there already, and the
// way there from the state that they have: [Upgrade] and [UpgradeHandler] make it.
// Package sys gives it to managers; to choose it by name, register it:
//
//	var v2 = kista.Code("tally/2", event.Upgrade("tally", tallies2, fromV1))
//
// All handlers of the module in a manager change, or none (statement 220). A
// manager that has none has nothing to do. The zero Code is refused. It may be used
// for any number of managers.
type Code struct {
	module  string
	version string
	change  func(ch kista.CodeChange, old Handler) (Handler, error)
}

// Version returns the version that handlers have with this code; "" for that of the
// handle it is registered with.
func (c Code) Version() string { return c.version }

// Upgrade makes a [Code] of a mux and a migration, for the handlers of that module,
// made by [Of], whose state is an S1. migrate is code_change: it gets a copy of the
// state, the version that wrote it and what the upgrader gave it, and returns the
// state for m. An error, a panic, or taking too long leaves all handlers with their
// old code and state. A state that is not data is not copied: build a new one, and
// leave the old one alone. A handler whose state is of another type refuses, with a
// [*StateError]. The mux's Version becomes the handlers'.
func Upgrade[S1, S2 any](module string, m *Mux[S2], migrate func(ch kista.CodeChange, old *S1) (*S2, error)) Code {
	return Code{module, m.Version, func(ch kista.CodeChange, old Handler) (Handler, error) {
		from, ok := old.(interface{ get() *S1 })
		if !ok {
			return nil, &StateError{Have: stateType(old), Want: reflect.TypeFor[S1]().String()}
		}
		s, err := migrate(ch, from.get())
		if err == nil && s == nil {
			err = errNoState
		}
		return &instance[S2]{m, s}, err
	}}
}

// Keep, as the migration of an [Upgrade], keeps the state as it is.
func Keep[S any](_ kista.CodeChange, s *S) (*S, error) { return s, nil }

// UpgradeHandler makes a [Code] for handlers of any kind: migrate gets the old
// [Handler], a copy if it is data, and returns the new one. version becomes theirs.
func UpgradeHandler(module, version string, migrate func(ch kista.CodeChange, old Handler) (Handler, error)) Code {
	return Code{module, version, migrate}
}

// StateError says that a handler's state is not of the type that a migration or a
// new state is for. Have and Want are names of types.
type StateError struct {
	Handler    HandlerID
	Have, Want string
}

func (e *StateError) Error() string {
	return fmt.Sprintf("event: the state of handler %q is a %s, want a %s", e.Handler, e.Have, e.Want)
}

var errNoState = errors.New("event: the migration returned neither a state nor an error")

func init() {
	kista.RegisterErrorType(func(e *StateError, _ func(error) error) error { c := *e; return &c })
}

var (
	_ kista.CodeChanger   = (*manager)(nil)
	_ kista.StateReplacer = (*manager)(nil)
	_ kista.StatusReader  = (*manager)(nil)
	_ kista.StateReplacer = (*instance[struct{}])(nil)
)

func (h *instance[S]) get() *S { return h.state }

// copied is the Handler for a migration: the same code with a copy of the state.
func (h *instance[S]) copied() Handler { return &instance[S]{h.mux, kista.Snapshot(h.state)} }

func (h *instance[S]) version() string   { return h.mux.Version }
func (h *instance[S]) stateType() string { return reflect.TypeFor[S]().String() }

// stateType names the type of a handler's state.
func stateType(h Handler) string {
	if i, ok := h.(interface{ stateType() string }); ok {
		return i.stateType()
	}
	return typeName(h)
}

// ChangeCode implements kista.CodeChanger.
func (m *manager) ChangeCode(ch kista.CodeChange) (kista.Migration, error) {
	code, ok := ch.Code.(Code)
	if !ok || code.change == nil {
		return nil, kista.WrongCode(ch.Code, "an event.Code, as event.Upgrade makes it")
	}
	version := code.version
	if version == "" {
		version = ch.To
	}
	type change struct {
		of   *handler
		from string
		code Handler // a copy of the old one, then the new one
	}
	var all []change
	for _, h := range m.list {
		if h.id.Module == code.module {
			all = append(all, change{h, h.version, snapshot(h.code)})
		}
	}
	return func() (func(), error) {
		for i := range all {
			c := &all[i]
			own := ch
			own.From = c.from
			next, err := code.change(own, c.code)
			var other *StateError
			switch {
			case errors.As(err, &other):
				other.Handler = c.of.id
				return nil, err
			case err != nil:
				return nil, err
			case next == nil:
				return nil, errNoCode
			}
			c.code = next
		}
		return func() {
			for _, c := range all {
				c.of.code, c.of.version = c.code, version
			}
		}, nil
	}, nil
}

// snapshot is the copy of a handler that a migration gets.
func snapshot(h Handler) Handler {
	if i, ok := h.(interface{ copied() Handler }); ok {
		return i.copied()
	}
	return kista.Snapshot(h)
}

// SetState implements kista.StateReplacer: each handler gets the state that is in
// its place. One that is as it was, or that cannot be shown, is left alone.
func (m *manager) SetState(state any) error {
	all, ok := state.([]HandlerState)
	if !ok || len(all) != len(m.list) {
		return &StateError{Have: typeName(state), Want: "[]event.HandlerState of the same handlers"}
	}
	var todo []func() error
	for i, h := range m.list {
		if all[i].Handler != h.id {
			return &StateError{Handler: h.id, Have: "state of " + all[i].Handler.String(), Want: "state of its own"}
		}
		old, err := h.state()
		if err != nil || reflect.DeepEqual(old, all[i].State) {
			continue
		}
		set, err := h.setter(all[i].State)
		if err != nil {
			return err
		}
		todo = append(todo, set)
	}
	for _, set := range todo {
		if err := set(); err != nil {
			return err
		}
	}
	return nil
}

// setter checks a new state, and returns what puts it in place.
func (h *handler) setter(state any) (func() error, error) {
	switch code := h.code.(type) {
	case interface{ fits(state any) *StateError }:
		if err := code.fits(state); err != nil {
			err.Handler = h.id
			return nil, err
		}
	case kista.StateReplacer:
	case kista.StateReader:
		return nil, &StateError{Handler: h.id, Have: typeName(code), Want: "Handler that is a kista.StateReplacer"}
	default: // it is its own state
		next, ok := state.(Handler)
		if !ok {
			return nil, &StateError{Handler: h.id, Have: typeName(state), Want: "Handler"}
		}
		return func() error {
			h.code = next
			return nil
		}, nil
	}
	return func() error { return h.code.(kista.StateReplacer).SetState(state) }, nil
}

func (h *instance[S]) fits(state any) *StateError {
	if _, ok := state.(S); !ok {
		return &StateError{Have: typeName(state), Want: h.stateType()}
	}
	return nil
}

// SetState implements kista.StateReplacer.
func (h *instance[S]) SetState(state any) error {
	if err := h.fits(state); err != nil {
		return err
	}
	if h.state == nil {
		h.state = new(S)
	}
	*h.state = state.(S)
	return nil
}

// HandlerStatus is what the status of a manager shows of a handler ([kista.GetStatus]):
// what it says of its state for the log ([Reporter]), it says here too, in place of
// the state (statement 136).
type HandlerStatus struct {
	Handler HandlerID
	Code    string // the type of its state or its Handler
	Version string // of its code
	Owner   kista.PID
	State   any
}

// FormatStatus implements kista.StatusReader.
func (m *manager) FormatStatus() kista.Formatted {
	all := make([]HandlerStatus, len(m.list))
	for i, h := range m.list {
		s := HandlerStatus{Handler: h.id, Code: stateType(h.code), Version: h.version, Owner: h.owner}
		if text := h.report(); text != "" {
			s.State = text
		} else if state, err := h.state(); err == nil {
			s.State = state
		} else {
			s.State = "(" + err.Error() + ")"
		}
		all[i] = s
	}
	return kista.Formatted{State: all}
}
