package statem

import (
	"fmt"
	"reflect"

	"github.com/kista-go/kista"
)

// Snapshot is what [kista.GetState] tells of a machine, and what a
// [kista.ReplaceState] replaces (statement 156). Data is a copy.
type Snapshot[S comparable] struct {
	State S
	Data  any
}

// StateError says that a machine's state or data is not of the type that a
// migration or a new state is for. Have and Want are names of types.
type StateError struct{ Have, Want string }

func (e *StateError) Error() string {
	return fmt.Sprintf("statem: there is a %s, want a %s", e.Have, e.Want)
}

var (
	_ kista.StateReplacer = (*machine[int])(nil)
	_ kista.StatusReader  = (*machine[int])(nil)
	_ kista.StateReplacer = (*instance[int, int])(nil)
)

// State is what GetState returns.
func (m *machine[S]) State() any { return Snapshot[S]{State: m.state, Data: m.data()} }

// data is what a Handler says that its data is: itself, if it says nothing.
func (m *machine[S]) data() any {
	if r, ok := m.handler().(kista.StateReader); ok {
		return r.State()
	}
	return m.handler()
}

// SetState replaces the state and the data. It is no transition: there is no
// entry call, nothing postponed comes back, and timeouts run on.
func (m *machine[S]) SetState(state any) error {
	s, ok := state.(Snapshot[S])
	if !ok {
		return &StateError{Have: typeName(state), Want: typeName(s)}
	}
	if !m.knows(s.State) {
		return m.actionError("a new state", "the state "+show(s.State)+" is unknown")
	}
	if err := m.setData(s.Data); err != nil {
		return err
	}
	m.state = s.State
	return nil
}

func (m *machine[S]) setData(data any) error {
	if r, ok := m.handler().(kista.StateReplacer); ok {
		return r.SetState(data)
	}
	h, ok := data.(Handler[S])
	if _, reads := m.handler().(kista.StateReader); reads || !ok {
		return &StateError{Have: typeName(m.handler()), Want: "Handler that is a kista.StateReplacer"}
	}
	m.stack[len(m.stack)-1] = h
	return nil
}

// State implements kista.StateReader.
func (h *instance[S, D]) State() any {
	if h.data == nil {
		return nil
	}
	return *h.data
}

// SetState implements kista.StateReplacer.
func (h *instance[S, D]) SetState(data any) error {
	d, ok := data.(D)
	if !ok {
		return &StateError{Have: typeName(data), Want: reflect.TypeFor[D]().String()}
	}
	if h.data == nil {
		h.data = new(D)
	}
	*h.data = d
	return nil
}

// FormatStatus shows the state, the data, and what waits. What the machine says
// of its data for the log, it says here too.
func (m *machine[S]) FormatStatus() kista.Formatted {
	f := kista.Formatted{Misc: map[string]any{
		"queue":     names(m.queue.waiting()),
		"postponed": names(m.queue.postponed),
		"timeouts":  m.timeouts.names(),
		"handlers":  len(m.stack),
	}}
	s := Snapshot[S]{State: m.state}
	if r, ok := m.handler().(Reporter); ok {
		if text := r.Report(); text != "" {
			s.Data = text
			f.State = s
			return f
		}
	}
	s.Data = m.data()
	if _, err := kista.Copy(s.Data); err != nil {
		s.Data = typeName(s.Data) + " (not data)"
	}
	f.State = s
	return f
}
