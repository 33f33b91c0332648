package server

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/kista-go/kista"
)

// Mux is the code of a kind of server whose state is an S: for each type of
// call, cast, info and continuation a function. It has no state of its own, and
// any number of servers share it. Its zero value is ready; it must not be
// copied. Functions are added with [OnCall] and its kin, by any goroutine and at
// any time: running servers use them from their next message on.
//
// The function for exactly the type of what came in is called; if there is
// none, the first one registered for an interface that it implements. Where
// there is none at all, a caller gets an [*UnknownError] and a cast or an info
// is logged, and the server lives (statement 127; differs from OTP for calls and
// casts, where whoever can send could end the server). A continuation, which
// the server itself asked for, ends it with an UnknownError.
//
// Registering a type twice, one that can never be sent, or nil panics, since it is a
// mistake in the program's text.
type Mux[S any] struct {
	// Version names this code, by custom with a number, "counter/1": servers that
	// run it show it, and an [Upgrade] is told it. Set it before the first server
	// starts. Empty: none.
	Version string

	mu    sync.Mutex // serialises changes; tables are never changed, only replaced
	table atomic.Pointer[table[S]]
}

// route is a function for one type of message.
type route[S any] func(c *Ctx, s *S, msg any) error

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
	calls, casts, infos, continues routes[S]

	timeout   func(c *Ctx, s *S) error
	terminate func(c *Ctx, s *S, reason error) error
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
		panic(fmt.Sprintf("server: two functions for the %s of a %v", kind, t))
	}
	return r
}

// change replaces the table by what edit makes of a copy.
func (m *Mux[S]) change(edit func(t *table[S])) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var t table[S]
	if old := m.table.Load(); old != nil {
		t = *old
	}
	edit(&t)
	m.table.Store(&t)
}

// OnCall registers the function for calls with a Q. What it returns is the
// answer: a copy of the R, or the error, as [*Refused]. [Later] answers later,
// [Stop] and [Crash] end the server.
func OnCall[S any, Q Request[R], R any](m *Mux[S], do func(c *Ctx, s *S, q Q) (R, error)) {
	mustHave(do != nil, "OnCall")
	mustBeData[Q]("call")
	mustBeData[R]("reply")
	m.change(func(t *table[S]) {
		t.calls = t.calls.with("call", reflect.TypeFor[Q](), func(c *Ctx, s *S, msg any) error {
			r, err := do(c, s, msg.(Q))
			return c.answer(r, err)
		})
	})
}

// OnCast registers the function for casts of an M. Its error is the exit reason.
func OnCast[S, M any](m *Mux[S], do func(c *Ctx, s *S, msg M) error) {
	mustHave(do != nil, "OnCast")
	mustBeData[M]("cast")
	m.change(func(t *table[S]) {
		t.casts = t.casts.with("cast", reflect.TypeFor[M](), on(do))
	})
}

// OnInfo registers the function for an M that is neither a call nor a cast:
// plain messages, [kista.Down], and, in a server that traps exits,
// [kista.Exited] of anyone but its parent, whose exit ends it (statement 125).
// Its error is the exit reason.
func OnInfo[S, M any](m *Mux[S], do func(c *Ctx, s *S, msg M) error) {
	mustHave(do != nil, "OnInfo")
	mustBeData[M]("info")
	m.change(func(t *table[S]) {
		t.infos = t.infos.with("info", reflect.TypeFor[M](), on(do))
	})
}

// OnContinue registers the function for an M given to [Ctx.Continue]. Its error
// is the exit reason.
func OnContinue[S, M any](m *Mux[S], do func(c *Ctx, s *S, x M) error) {
	mustHave(do != nil, "OnContinue")
	m.change(func(t *table[S]) {
		t.continues = t.continues.with("continue", reflect.TypeFor[M](), on(do))
	})
}

// OnTimeout sets the function that is called when a [Ctx.Timeout] is over. Its
// error is the exit reason. The last one set counts.
func OnTimeout[S any](m *Mux[S], do func(c *Ctx, s *S) error) {
	mustHave(do != nil, "OnTimeout")
	m.change(func(t *table[S]) { t.timeout = do })
}

// OnTerminate sets the function that is called before a server ends; see
// [Terminator]. The last one set counts.
func OnTerminate[S any](m *Mux[S], do func(c *Ctx, s *S, reason error) error) {
	mustHave(do != nil, "OnTerminate")
	m.change(func(t *table[S]) { t.terminate = do })
}

// OnReport sets the function that says what of the state is logged when a server
// fails; see [Reporter]. The last one set counts.
func OnReport[S any](m *Mux[S], do func(s *S) string) {
	mustHave(do != nil, "OnReport")
	m.change(func(t *table[S]) { t.report = do })
}

func on[S, M any](do func(c *Ctx, s *S, msg M) error) route[S] {
	return func(c *Ctx, s *S, msg any) error { return do(c, s, msg.(M)) }
}

func mustHave(has bool, what string) {
	if !has {
		panic("server: " + what + ": an argument is nil")
	}
}

func mustBeData[M any](kind string) {
	if err := kista.IsData[M](); err != nil {
		panic(fmt.Sprintf("server: %v cannot be a %s: %v", reflect.TypeFor[M](), kind, err))
	}
}

// Of makes a [Factory] of servers with the code m and the state that init makes.
// init runs in the new process; args is a private copy. m keeps the functions,
// init the state: a server is a pair of both.
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

// instance is a Mux with the state of one server.
type instance[S any] struct {
	mux   *Mux[S]
	state *S
}

var (
	_ Handler           = (*instance[struct{}])(nil)
	_ Terminator        = (*instance[struct{}])(nil)
	_ Reporter          = (*instance[struct{}])(nil)
	_ kista.StateReader = (*instance[struct{}])(nil)
)

func (h *instance[S]) table() *table[S] {
	if t := h.mux.table.Load(); t != nil {
		return t
	}
	return new(table[S])
}

// Handle finds the function for what came in.
func (h *instance[S]) Handle(c *Ctx, msg any) error {
	t := h.table()
	switch m := msg.(type) {
	case kista.Request:
		if do := t.calls.find(m.Msg); do != nil {
			return do(c, h.state, m.Msg)
		}
		m.From.Fail(&UnknownError{Server: c.PID(), Kind: "call", Type: typeName(m.Msg)})
	case Casted:
		if do := t.casts.find(m.Msg); do != nil {
			return do(c, h.state, m.Msg)
		}
		c.warn("server: nobody handles this cast", m.Msg, nil)
	case Continued:
		if do := t.continues.find(m.Msg); do != nil {
			return do(c, h.state, m.Msg)
		}
		return &UnknownError{Server: c.PID(), Kind: "continue", Type: typeName(m.Msg)}
	case TimedOut:
		if t.timeout != nil {
			return t.timeout(c, h.state)
		}
		c.warn("server: nobody handles this timeout", m, nil)
	default:
		if do := t.infos.find(msg); do != nil {
			return do(c, h.state, msg)
		}
		c.warn("server: nobody handles this info", msg, nil)
	}
	return nil
}

// Terminate implements Terminator.
func (h *instance[S]) Terminate(c *Ctx, reason error) error {
	if do := h.table().terminate; do != nil {
		return do(c, h.state, reason)
	}
	return nil
}

// Report implements Reporter.
func (h *instance[S]) Report() string {
	if do := h.table().report; do != nil {
		return do(h.state)
	}
	return ""
}

func (h *instance[S]) version() string { return h.mux.Version }

// State implements kista.StateReader.
func (h *instance[S]) State() any {
	if h.state == nil {
		return nil
	}
	return *h.state
}
