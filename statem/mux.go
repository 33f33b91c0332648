package statem

import (
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
)

// Mux is the code of a kind of state machine whose states are of type S and
// whose data is a D: for each state, functions for the types of what comes in,
// and one for entering it ('state_functions', statement 137). It has no state of
// its own, and any number of machines share it. Its zero value is ready; it must
// not be copied. [Mux.In] and [Mux.Any] say for which states a function is, and
// [OnCall] and its kin add it, by any goroutine and at any time: running machines
// use it from their next event on.
//
// For an event, the functions of the state it is in are asked first, then those
// for any state. Of either, the one for exactly the type of the message is
// called; if there is none, the first one registered for an interface that it
// implements; else the one that takes any event ([OnEvent]). Where there is none
// at all, a caller gets an [*UnknownError], a cast or an info is logged, and the
// machine lives (differs from OTP, where whoever can send could end the machine).
// An internal event or a timeout, which the machine itself asked for, ends it
// with an UnknownError.
//
// The states named to In are the states that there are: going to another one
// ends the machine with an [*ActionError]. A Mux to whose In none was named goes
// anywhere.
//
// Registering a type twice, one that can never be sent, or nil panics, since it is a
// mistake in the program's text.
type Mux[S comparable, D any] struct {
	// Version names this code, by custom with a number, "lock/1": machines that run
	// it show it, and an [Upgrade] is told it. Set it before the first machine
	// starts. Empty: none.
	Version string

	mu    sync.Mutex // serialises changes; tables are never changed, only replaced
	table atomic.Pointer[table[S, D]]
}

// route is a function for one sort of event.
type route[S comparable, D any] func(c *Ctx[S], d *D, ev Event) error

// routes are the functions for one type of event.
type routes[S comparable, D any] struct {
	exact map[reflect.Type]route[S, D]
	loose []loose[S, D] // for interfaces, in order
}

type loose[S comparable, D any] struct {
	is reflect.Type
	do route[S, D]
}

// place are the functions of one state, or those for any.
type place[S comparable, D any] struct {
	messages map[EventType]routes[S, D]
	timeouts map[Timeout]route[S, D]
	event    route[S, D]
	enter    func(c *Ctx[S], d *D, old S) error
}

type table[S comparable, D any] struct {
	states map[S]*place[S, D]
	any    *place[S, D]

	terminate func(c *Ctx[S], d *D, reason error) error
	report    func(d *D) string
}

func (r routes[S, D]) find(msg any) route[S, D] {
	t := reflect.TypeOf(msg)
	if do := r.exact[t]; do != nil || t == nil {
		return do
	}
	for _, l := range r.loose {
		if t.Implements(l.is) {
			return l.do
		}
	}
	return nil
}

// with returns r with one more function.
func (r routes[S, D]) with(what EventType, t reflect.Type, do route[S, D]) routes[S, D] {
	twice := r.exact[t] != nil
	if t.Kind() == reflect.Interface {
		twice = slices.ContainsFunc(r.loose, func(l loose[S, D]) bool { return l.is == t })
		r.loose = append(slices.Clip(r.loose), loose[S, D]{t, do})
	} else {
		r.exact = maps.Clone(r.exact)
		if r.exact == nil {
			r.exact = map[reflect.Type]route[S, D]{}
		}
		r.exact[t] = do
	}
	if twice {
		panic(fmt.Sprintf("statem: two functions for the %v of a %v", what, t))
	}
	return r
}

// find returns the function of the place for an event.
func (p *place[S, D]) find(ev Event) route[S, D] {
	if p == nil {
		return nil
	}
	var do route[S, D]
	if ev.Type == TimeoutEvent {
		do = p.timeouts[ev.Timeout]
	} else {
		do = p.messages[ev.Type].find(ev.Msg)
	}
	if do == nil {
		do = p.event
	}
	return do
}

func (t *table[S, D]) find(state S, ev Event) route[S, D] {
	if do := t.states[state].find(ev); do != nil {
		return do
	}
	return t.any.find(ev)
}

// change replaces the table by what edit makes of a copy.
func (m *Mux[S, D]) change(edit func(t *table[S, D])) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var t table[S, D]
	if old := m.table.Load(); old != nil {
		t = *old
	}
	edit(&t)
	m.table.Store(&t)
}

// Scope says for which states of a [Mux] functions are to be added. It is made
// by [Mux.In] and [Mux.Any].
type Scope[S comparable, D any] struct {
	mux    *Mux[S, D]
	states []S // nil: any
}

// In returns the scope of the given states, and makes them known to the Mux: a
// state that needs no function of its own is named so too.
func (m *Mux[S, D]) In(states ...S) Scope[S, D] {
	in := Scope[S, D]{m, append([]S{}, states...)}
	in.change(func(*place[S, D]) {})
	return in
}

// Any returns the scope of functions for whatever state has none of its own.
func (m *Mux[S, D]) Any() Scope[S, D] { return Scope[S, D]{mux: m} }

// change edits a copy of each place of the scope.
func (in Scope[S, D]) change(edit func(p *place[S, D])) {
	edited := func(old *place[S, D]) *place[S, D] {
		p := new(place[S, D])
		if old != nil {
			*p = *old
		}
		edit(p)
		return p
	}
	in.mux.change(func(t *table[S, D]) {
		if in.states == nil {
			t.any = edited(t.any)
			return
		}
		t.states = maps.Clone(t.states)
		if t.states == nil {
			t.states = map[S]*place[S, D]{}
		}
		for _, s := range in.states {
			t.states[s] = edited(t.states[s])
		}
	})
}

// Handler makes a [Handler] of the Mux and data, for [Ctx.ChangeHandler] and
// factories; [Of] is the usual way.
func (m *Mux[S, D]) Handler(d *D) Handler[S] { return &instance[S, D]{m, d} }

// Of makes a [Factory] of machines with the code m and the first state and data
// that init makes. init runs in the new process; args is a private copy.
func Of[S comparable, D, A any](m *Mux[S, D], init func(c *Ctx[S], args A) (S, *D, error)) Factory[S, A] {
	mustHave(m != nil && init != nil, "Of")
	return func(c *Ctx[S], args A) (S, Handler[S], error) {
		s, d, err := init(c, args)
		if err != nil {
			return s, nil, err
		}
		return s, m.Handler(d), nil
	}
}

// instance is a Mux with the data of one machine.
type instance[S comparable, D any] struct {
	mux  *Mux[S, D]
	data *D
}

var (
	_ Handler[int]    = (*instance[int, int])(nil)
	_ Enterer[int]    = (*instance[int, int])(nil)
	_ Terminator[int] = (*instance[int, int])(nil)
	_ Knower[int]     = (*instance[int, int])(nil)
	_ Reporter        = (*instance[int, int])(nil)
)

func (h *instance[S, D]) table() *table[S, D] {
	if t := h.mux.table.Load(); t != nil {
		return t
	}
	return new(table[S, D])
}

// Handle finds the function for what came in.
func (h *instance[S, D]) Handle(c *Ctx[S], ev Event) error {
	if do := h.table().find(c.State(), ev); do != nil {
		return do(c, h.data, ev)
	}
	unknown := &UnknownError{Machine: c.PID(), State: show(c.State()), Event: ev.String()}
	switch ev.Type {
	case CallEvent:
		ev.From.Fail(unknown)
	case InternalEvent, TimeoutEvent:
		return unknown
	default:
		c.m.warn("statem: nobody handles this "+ev.Type.String(), slog.String("message", typeName(ev.Msg)))
	}
	return nil
}

// Enter implements Enterer.
func (h *instance[S, D]) Enter(c *Ctx[S], old S) error {
	t := h.table()
	for _, p := range []*place[S, D]{t.states[c.State()], t.any} {
		if p != nil && p.enter != nil {
			return p.enter(c, h.data, old)
		}
	}
	return nil
}

// Knows implements Knower.
func (h *instance[S, D]) Knows(state S) bool {
	states := h.table().states
	return len(states) == 0 || states[state] != nil
}

// Terminate implements Terminator.
func (h *instance[S, D]) Terminate(c *Ctx[S], reason error) error {
	if do := h.table().terminate; do != nil {
		return do(c, h.data, reason)
	}
	return nil
}

// Report implements Reporter.
func (h *instance[S, D]) Report() string {
	if do := h.table().report; do != nil {
		return do(h.data)
	}
	return ""
}
