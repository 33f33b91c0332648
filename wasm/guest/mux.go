package guest

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/term"
)

// Mux is the code of a guest whose state is an S: for each type of call, cast and
// plain message a function. Its zero value is ready. Functions are added before
// [Run].
//
// Messages are terms. A struct with a tag (see package term) takes the tuples of
// that form; term.Atom, term.Tuple and the like take what has no struct.
type Mux[S any] struct {
	// Version is the version of the code, which the next one's [OnRestore] is told.
	Version int64

	types               term.Registry
	calls, casts, infos map[reflect.Type]func(c *Ctx, s *S, msg any) error
	down                func(c *Ctx, s *S, d Down) error
	exited              func(c *Ctx, s *S, e Exited) error
	atEnd               func(c *Ctx, s *S, reason error)
	migrate             func(c *Ctx, from int64, state term.Term) (*S, error)
}

// Down tells that a monitored process has ended. Who is as it was named: a PID, or
// a binary with the name.
type Down struct {
	Monitor Monitor
	Who     term.Term
	Reason  term.Term
}

// Exited is an exit signal, in a guest that traps exits.
type Exited struct {
	PID    PID
	Reason term.Term
}

func add[S, M any](m *Mux[S], to *map[reflect.Type]func(*Ctx, *S, any) error, do func(*Ctx, *S, M) error) {
	t := reflect.TypeFor[M]()
	if t.Kind() == reflect.Struct && t.PkgPath() != reflect.TypeFor[term.PID]().PkgPath() {
		var zero M
		if err := m.types.Register("", zero); err != nil {
			panic(fmt.Sprintf("guest: a message needs a tag, such as _ struct{} `term:\"deposit\"`: %v", err))
		}
	}
	if *to == nil {
		*to = map[reflect.Type]func(*Ctx, *S, any) error{}
	}
	if (*to)[t] != nil {
		panic(fmt.Sprintf("guest: two functions for %v", t))
	}
	(*to)[t] = func(c *Ctx, s *S, msg any) error { return do(c, s, msg.(M)) }
}

// OnCall registers the function for calls with a Q. What it returns is the answer;
// an error is one too, which the caller gets as a refusal, but for [Later] and
// [Stop].
func OnCall[S, Q, R any](m *Mux[S], do func(c *Ctx, s *S, q Q) (R, error)) {
	add(m, &m.calls, func(c *Ctx, s *S, q Q) error {
		r, err := do(c, s, q)
		var end stop
		switch {
		case err == Later: //nolint:errorlint // as returned
			return nil
		case errors.As(err, &end):
			_ = c.answer(r)
			return err
		case err != nil:
			return c.Refuse(c.from, err)
		}
		return c.answer(r)
	})
}

// answer replies, or tells the caller why it cannot.
func (c *Ctx) answer(r any) error {
	if err := c.Reply(c.from, r); err != nil {
		_ = c.Refuse(c.from, err)
	}
	return nil
}

// OnCast registers the function for casts of an M. Its error is the exit reason.
func OnCast[S, M any](m *Mux[S], do func(c *Ctx, s *S, msg M) error) { add(m, &m.casts, do) }

// OnInfo registers the function for plain messages, timers' among them, that are an
// M. Its error is the exit reason.
func OnInfo[S, M any](m *Mux[S], do func(c *Ctx, s *S, msg M) error) { add(m, &m.infos, do) }

// OnDown sets the function for ends of monitored processes.
func OnDown[S any](m *Mux[S], do func(c *Ctx, s *S, d Down) error) { m.down = do }

// OnExited sets the function for exit signals, in a guest that traps exits.
func OnExited[S any](m *Mux[S], do func(c *Ctx, s *S, e Exited) error) { m.exited = do }

// OnTerminate sets the function that is called before an orderly end.
func OnTerminate[S any](m *Mux[S], do func(c *Ctx, s *S, reason error)) { m.atEnd = do }

// OnRestore sets the function that makes a state of what version from of the code
// has handed over. An error refuses the upgrade. Without it the state is mapped
// back as it was.
func OnRestore[S any](m *Mux[S], do func(c *Ctx, from int64, state term.Term) (*S, error)) {
	m.migrate = do
}

// Run makes m, with the state that init makes of the arguments, the behaviour of
// this guest. Call it from a package's init function. An error of init fails the
// start.
func Run[S, A any](m *Mux[S], init func(c *Ctx, args A) (*S, error)) { running = of(m, init) }

func of[S, A any](m *Mux[S], init func(c *Ctx, args A) (*S, error)) behaviour {
	return &instance[S]{mux: m, init: func(c *Ctx, t term.Term) (*S, error) {
		var args A
		if err := c.reg.To(t, &args); err != nil {
			return nil, err
		}
		return init(c, args)
	}}
}

// instance is a Mux with its state.
type instance[S any] struct {
	mux  *Mux[S]
	s    *S
	init func(c *Ctx, args term.Term) (*S, error)
}

func (g *instance[S]) ctx(h host) *Ctx { return &Ctx{h: h, reg: &g.mux.types} }

// ended leaves the reason for the host.
func ended(h host, err error) int32 {
	var end stop
	if errors.As(err, &end) {
		err = end.reason
		if err == nil {
			return statusStop
		}
	}
	b, encErr := etf.Encode(reasonTerm(err))
	if encErr != nil {
		b, _ = etf.Encode(term.Binary(err.Error()))
	}
	h.write(b)
	return statusStop
}

func (g *instance[S]) start(h host) int32 {
	t, err := decode(h.read())
	if err == nil {
		g.s, err = g.init(g.ctx(h), t)
	}
	if err != nil {
		return ended(h, err)
	}
	return statusOn
}

func (g *instance[S]) handle(h host, kind int32, from uint64) int32 {
	c := g.ctx(h)
	t, err := decode(h.read())
	if err == nil {
		err = g.dispatch(c, kind, from, t)
	}
	if err != nil {
		return ended(h, err)
	}
	return statusOn
}

func (g *instance[S]) dispatch(c *Ctx, kind int32, from uint64, t term.Term) error {
	m := g.mux
	switch kind {
	case kindDown:
		if tuple, ok := t.(term.Tuple); ok && len(tuple) == 3 && m.down != nil {
			return m.down(c, g.s, Down{Monitor{from}, tuple[1], tuple[2]})
		}
		return nil
	case kindExited:
		if tuple, ok := t.(term.Tuple); ok && len(tuple) == 3 && m.exited != nil {
			pid, _ := tuple[1].(PID)
			return m.exited(c, g.s, Exited{pid, tuple[2]})
		}
		return nil
	}
	var msg any
	if err := c.reg.To(t, &msg); err != nil {
		msg = t
	}
	routes := m.infos
	switch kind {
	case kindCall:
		routes = m.calls
	case kindCast:
		routes = m.casts
	}
	c.from = From{from}
	do := routes[reflect.TypeOf(msg)]
	switch {
	case do != nil:
		return do(c, g.s, msg)
	case kind == kindCall:
		return c.Refuse(c.from, &Error{term.Tuple{term.Atom("unknown"), t}})
	}
	c.Log(Warn, "nobody handles "+term.Printer{Strings: true, Limit: 200}.String(t))
	return nil
}

func (g *instance[S]) terminate(h host) {
	if g.mux.atEnd == nil || g.s == nil {
		return
	}
	t, err := decode(h.read())
	if err != nil {
		t = term.Atom("unknown")
	}
	var reason error
	if t != term.Term(term.Atom("normal")) {
		reason = &Error{t}
	}
	g.mux.atEnd(g.ctx(h), g.s, reason)
}

func (g *instance[S]) state(h host) {
	c := g.ctx(h)
	b, err := c.encode(g.s)
	if err != nil {
		panic(err)
	}
	h.write(b)
}

func (g *instance[S]) restore(h host, from int64) int32 {
	c := g.ctx(h)
	t, err := decode(h.read())
	if err != nil {
		return ended(h, err)
	}
	if g.mux.migrate != nil {
		g.s, err = g.mux.migrate(c, from, t)
	} else {
		g.s = new(S)
		err = c.reg.To(t, g.s)
	}
	if err != nil {
		return ended(h, err)
	}
	return statusOn
}

func (g *instance[S]) version() int64 { return g.mux.Version }
