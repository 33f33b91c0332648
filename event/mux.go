package event

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/kista-go/kista"
)

// Mux is the code of a kind of handler whose state is an S: for each type of
// event, request and info a function. It has no state of its own, and any number
// of handlers share it. Its zero value is ready; it must not be copied. Functions
// are added with [OnEvent] and its kin, by any goroutine and at any time: running
// handlers use them from their next message on.
//
// The function for exactly the type of what came in is called; if there is none,
// the first one registered for an interface that it implements. Events and infos
// of other types pass the handler by: a handler listens to what it knows. A
// caller gets an [*UnknownError].
//
// Registering a type twice, one that can never be sent, or nil panics, since it is a
// mistake in the program's text.
type Mux[S any] struct {
	// Version names this code, by custom with a number, "tally/1": handlers that
	// start with it have that version, until new code replaces it ([Upgrade]). It
	// must not be changed once the Mux is in use. Zero: they have none.
	Version string

	mu    sync.Mutex // serialises changes; tables are never changed, only replaced
	table atomic.Pointer[table[S]]
}

// route is a function for one type of message.
type route[S any] func(c *Ctx, s *S, msg any) (reply any, err error)

// routes are the functions for one kind of message.
type routes[S any] struct {
	exact map[reflect.Type]route[S]
	loose []loose[S] // for interfaces, in order
}

type loose[S any] struct {
	is reflect.Type
	do route[S]
}

type table[S any] struct {
	events, calls, infos routes[S]

	terminate func(c *Ctx, s *S, why Leaving) any
	report    func(s *S) string
}

func (r *routes[S]) find(msg any) route[S] {
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
func (r routes[S]) with(kind string, t reflect.Type, do route[S]) routes[S] {
	twice := r.exact[t] != nil
	if t.Kind() == reflect.Interface {
		twice = slices.ContainsFunc(r.loose, func(l loose[S]) bool { return l.is == t })
		r.loose = append(slices.Clip(r.loose), loose[S]{t, do})
	} else {
		r.exact = maps.Clone(r.exact)
		if r.exact == nil {
			r.exact = map[reflect.Type]route[S]{}
		}
		r.exact[t] = do
	}
	if twice {
		panic(fmt.Sprintf("event: two functions for the %s of a %v", kind, t))
	}
	return r
}

// change replaces the table by what edit makes of a copy.
func (m *Mux[S]) change(edit func(t *table[S])) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := *m.now()
	edit(&t)
	m.table.Store(&t)
}

// now returns the table as it is.
func (m *Mux[S]) now() *table[S] {
	if t := m.table.Load(); t != nil {
		return t
	}
	return new(table[S])
}

// OnEvent registers the function for events that are an E. Its error is a
// decision, [Remove] or [SwapFor], or why the handler has failed.
func OnEvent[S, E any](m *Mux[S], do func(c *Ctx, s *S, ev E) error) {
	mustHave(do != nil, "OnEvent")
	mustBeData[E](kindEvent)
	m.change(func(t *table[S]) { t.events = t.events.with(kindEvent, reflect.TypeFor[E](), on(do)) })
}

// OnInfo registers the function for an M that reaches the manager otherwise:
// plain messages, timers, [kista.Down], [kista.Exited] of anyone but the
// manager's parent. Its error means what [OnEvent] says.
func OnInfo[S, M any](m *Mux[S], do func(c *Ctx, s *S, msg M) error) {
	mustHave(do != nil, "OnInfo")
	mustBeData[M](kindInfo)
	m.change(func(t *table[S]) { t.infos = t.infos.with(kindInfo, reflect.TypeFor[M](), on(do)) })
}

// OnCall registers the function for requests that are a Q. What it returns is the
// answer: a copy of the R, or the error, as [*Refused]. With [Remove] and
// [SwapFor] the R is the answer too; [Crash] ends the handler.
func OnCall[S any, Q Request[R], R any](m *Mux[S], do func(c *Ctx, s *S, q Q) (R, error)) {
	mustHave(do != nil, "OnCall")
	mustBeData[Q](kindCall)
	mustBeData[R]("reply")
	m.change(func(t *table[S]) {
		t.calls = t.calls.with(kindCall, reflect.TypeFor[Q](), func(c *Ctx, s *S, msg any) (any, error) {
			return do(c, s, msg.(Q))
		})
	})
}

// OnTerminate sets the function that is called before a handler goes; see
// [Terminator]. The last one set counts.
func OnTerminate[S any](m *Mux[S], do func(c *Ctx, s *S, why Leaving) any) {
	mustHave(do != nil, "OnTerminate")
	m.change(func(t *table[S]) { t.terminate = do })
}

// OnReport sets the function that says what of the state is logged when a handler
// has failed; see [Reporter]. The last one set counts.
func OnReport[S any](m *Mux[S], do func(s *S) string) {
	mustHave(do != nil, "OnReport")
	m.change(func(t *table[S]) { t.report = do })
}

func on[S, M any](do func(c *Ctx, s *S, msg M) error) route[S] {
	return func(c *Ctx, s *S, msg any) (any, error) { return nil, do(c, s, msg.(M)) }
}

func mustHave(has bool, what string) {
	if !has {
		panic("event: " + what + ": an argument is nil")
	}
}

func mustBeData[M any](kind string) {
	if err := kista.IsData[M](); err != nil {
		panic(fmt.Sprintf("event: %v cannot be a message for %s: %v", reflect.TypeFor[M](), kind, err))
	}
}

// Of makes a [Factory] of handlers with the code m and the state that init makes.
// init runs in the manager's process; args is a private copy.
func Of[S, A any](m *Mux[S], init func(c *Ctx, args A) (*S, error)) Factory[A] {
	mustHave(m != nil && init != nil, "Of")
	return func(c *Ctx, args A) (Handler, error) {
		s, err := init(c, args)
		if err != nil {
			return nil, err
		}
		return &instance[S]{m, s}, nil
	}
}

// instance is a Mux with the state of one handler.
type instance[S any] struct {
	mux   *Mux[S]
	state *S
}

var (
	_ Handler           = (*instance[struct{}])(nil)
	_ Caller            = (*instance[struct{}])(nil)
	_ Informer          = (*instance[struct{}])(nil)
	_ Terminator        = (*instance[struct{}])(nil)
	_ Reporter          = (*instance[struct{}])(nil)
	_ kista.StateReader = (*instance[struct{}])(nil)
)

// HandleEvent implements Handler.
func (h *instance[S]) HandleEvent(c *Ctx, ev any) error {
	if do := h.mux.now().events.find(ev); do != nil {
		_, err := do(c, h.state, ev)
		return err
	}
	return nil
}

// HandleCall implements Caller.
func (h *instance[S]) HandleCall(c *Ctx, req any) (any, error) {
	if do := h.mux.now().calls.find(req); do != nil {
		return do(c, h.state, req)
	}
	return nil, &UnknownError{Handler: c.id, Type: typeName(req)}
}

// wants tells whether there is a function for an info.
func (h *instance[S]) wants(msg any) bool { return h.mux.now().infos.find(msg) != nil }

// HandleInfo implements Informer.
func (h *instance[S]) HandleInfo(c *Ctx, msg any) error {
	if do := h.mux.now().infos.find(msg); do != nil {
		_, err := do(c, h.state, msg)
		return err
	}
	return nil
}

// Terminate implements Terminator.
func (h *instance[S]) Terminate(c *Ctx, why Leaving) any {
	if do := h.mux.now().terminate; do != nil {
		return do(c, h.state, why)
	}
	return nil
}

// Report implements Reporter.
func (h *instance[S]) Report() string {
	if do := h.mux.now().report; do != nil {
		return do(h.state)
	}
	return ""
}

// State implements kista.StateReader.
func (h *instance[S]) State() any {
	if h.state == nil {
		return nil
	}
	return *h.state
}
