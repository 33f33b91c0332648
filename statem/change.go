package statem

import (
	"errors"
	"reflect"

	"github.com/kista-go/kista"
)

// Code is new code for machines that run already, and the way there from the
// state and data that they have: [Upgrade] and [UpgradeHandler] make it. Package
// sys gives it to them; to choose it by name, register it:
//
//	var v2 = kista.Code("lock/2", statem.Upgrade(lock2, fromV1))
//
// A code change is no transition: there is no entry call, nothing postponed comes
// back, and timeouts run on. The type of the states stays what it is. Of handlers
// that were pushed, only the last one changes. The zero Code is refused. It may be
// used for any number of machines.
type Code[S comparable] struct {
	version string
	change  func(ch kista.CodeChange, state S, old Handler[S]) (S, Handler[S], error)
}

// Version returns the version that machines have with this code; "" for that of
// the handle it is registered with.
func (c Code[S]) Version() string { return c.version }

// Upgrade makes a [Code] of a mux and a migration, for machines of a [Mux] whose
// data is a D1. migrate is code_change: it gets the state and a copy of the data,
// the version that wrote it and what the upgrader gave it, and returns those for
// m. An error, a panic, or taking too long leaves the machine with its old code,
// state and data (statement 220). Data that is not data in the sense of messages,
// as with a database handle in it, is not copied: build a new one, and leave the
// old one alone.
//
// Events that wait or are postponed, and timeouts that run, are handled by m, so
// it should know those of the old code too. A machine whose data is of another
// type refuses, with a [*StateError]; a state that m does not know is an
// [*ActionError]. The mux's Version becomes the machine's. To go back to the old
// code is the same with the two exchanged (statement 241).
func Upgrade[S comparable, D1, D2 any](m *Mux[S, D2], migrate func(ch kista.CodeChange, state S, old *D1) (S, *D2, error)) Code[S] {
	return Code[S]{m.Version, func(ch kista.CodeChange, state S, old Handler[S]) (S, Handler[S], error) {
		from, ok := old.(holds[D1])
		if !ok {
			return state, nil, &StateError{Have: dataType(old), Want: reflect.TypeFor[D1]().String()}
		}
		state, d, err := migrate(ch, state, from.get())
		if err == nil && d == nil {
			err = errNoData
		}
		return state, m.Handler(d), err
	}}
}

// Keep, as the migration of an [Upgrade], keeps state and data as they are.
func Keep[S comparable, D any](_ kista.CodeChange, state S, d *D) (S, *D, error) {
	return state, d, nil
}

// UpgradeHandler makes a [Code] for machines of any kind: migrate gets the state
// and the old [Handler], a copy if it is data, and returns the new ones. version
// becomes the machine's.
func UpgradeHandler[S comparable](version string, migrate func(ch kista.CodeChange, state S, old Handler[S]) (S, Handler[S], error)) Code[S] {
	return Code[S]{version, migrate}
}

var (
	_ kista.CodeChanger = (*machine[int])(nil)

	errNoData = errors.New("statem: the migration returned neither data nor an error")
	errNoNew  = errors.New("statem: the migration returned neither a Handler nor an error")
)

// holds is an instance as seen by those who know the type of its data.
type holds[D any] interface{ get() *D }

func (h *instance[S, D]) get() *D { return h.data }

// copied is the Handler for a migration: the same code with a copy of the data.
func (h *instance[S, D]) copied() Handler[S] { return &instance[S, D]{h.mux, kista.Snapshot(h.data)} }

func (h *instance[S, D]) version() string  { return h.mux.Version }
func (h *instance[S, D]) dataType() string { return reflect.TypeFor[D]().String() }

// dataType names the type of a Handler's data.
func dataType(h any) string {
	if i, ok := h.(interface{ dataType() string }); ok {
		return i.dataType()
	}
	return typeName(h)
}

// ChangeCode makes the migration to new code.
func (m *machine[S]) ChangeCode(ch kista.CodeChange) (kista.Migration, error) {
	code, ok := ch.Code.(Code[S])
	if !ok || code.change == nil {
		return nil, kista.WrongCode(ch.Code, "a "+reflect.TypeFor[Code[S]]().String()+", as statem.Upgrade makes it")
	}
	var old Handler[S]
	if h, is := m.handler().(interface{ copied() Handler[S] }); is {
		old = h.copied()
	} else {
		old = kista.Snapshot(m.handler())
	}
	version := code.version
	if version == "" {
		version = ch.To
	}
	was := kista.Snapshot(m.state)
	return func() (func(), error) {
		state, h, err := code.change(ch, was, old)
		if err == nil && h == nil {
			err = errNoNew
		}
		if err != nil {
			return nil, err
		}
		if k, is := h.(Knower[S]); is && !k.Knows(state) {
			return nil, m.actionError("a code change", "the new code does not know the state "+show(state))
		}
		return func() {
			m.state = state
			m.stack[len(m.stack)-1] = h
			m.c.SetVersion(version)
		}, nil
	}, nil
}
