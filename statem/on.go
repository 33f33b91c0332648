package statem

import (
	"fmt"
	"maps"
	"reflect"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
)

// OnCall adds the function for calls with a Q in the states of in. What it
// returns is the answer: a copy of the R, or the error, as [*server.Refused].
// server.Later answers later, [Postpone] keeps the call for another state, [Stop]
// and [Crash] end the machine. What it asked for of c is carried out in any
// case but the last two.
func OnCall[S comparable, D any, Q server.Request[R], R any](in Scope[S, D], do func(c *Ctx[S], d *D, q Q) (R, error)) {
	mustHave(do != nil, "OnCall")
	mustBeData[R]("reply")
	add[S, D, Q](in, CallEvent, func(c *Ctx[S], d *D, ev Event) error {
		r, err := do(c, d, ev.Msg.(Q))
		return c.m.answer(r, err)
	})
}

// OnCast adds the function for casts of an M. Its error is the exit reason,
// unless it is [Postpone].
func OnCast[S comparable, D, M any](in Scope[S, D], do func(c *Ctx[S], d *D, msg M) error) {
	mustHave(do != nil, "OnCast")
	add[S, D, M](in, CastEvent, on(do))
}

// OnInfo adds the function for an M that is neither a call nor a cast: plain
// messages, [kista.Down], and, in a machine that traps exits, [kista.Exited] of
// anyone but its parent, whose exit ends it (statements 125, 159). Its error is
// the exit reason, unless it is [Postpone].
func OnInfo[S comparable, D, M any](in Scope[S, D], do func(c *Ctx[S], d *D, msg M) error) {
	mustHave(do != nil, "OnInfo")
	add[S, D, M](in, InfoEvent, on(do))
}

// OnInternal adds the function for an M given to [Ctx.NextInternal]. Its error is
// the exit reason, unless it is [Postpone].
func OnInternal[S comparable, D, M any](in Scope[S, D], do func(c *Ctx[S], d *D, msg M) error) {
	mustHave(do != nil, "OnInternal")
	add[S, D, M](in, InternalEvent, on(do))
}

// OnTimeout adds the function for the end of a timeout, whose message, if it has
// one, must be an M; any will do where it does not matter. Its error is the exit
// reason, unless it is [Postpone].
func OnTimeout[S comparable, D, M any](in Scope[S, D], which Timeout, do func(c *Ctx[S], d *D, msg M) error) {
	mustHave(do != nil, "OnTimeout")
	if why := which.check(); why != "" {
		panic("statem: OnTimeout: " + why)
	}
	in.change(func(p *place[S, D]) {
		once(p.timeouts[which] != nil, which)
		p.timeouts = maps.Clone(p.timeouts)
		if p.timeouts == nil {
			p.timeouts = map[Timeout]route[S, D]{}
		}
		p.timeouts[which] = func(c *Ctx[S], d *D, ev Event) error {
			msg, ok := ev.Msg.(M)
			if !ok && ev.Msg != nil {
				return &UnknownError{Machine: c.PID(), State: show(c.State()), Event: ev.String()}
			}
			return do(c, d, msg)
		}
	})
}

// OnEvent adds the function for every event that no other function of the same
// scope takes: with none beside it, it is the one function of its states. A call
// it answers with [Ctx.Reply]. Its error is the exit reason, unless it is
// [Postpone].
func OnEvent[S comparable, D any](in Scope[S, D], do func(c *Ctx[S], d *D, ev Event) error) {
	mustHave(do != nil, "OnEvent")
	in.change(func(p *place[S, D]) {
		once(p.event != nil, "any event")
		p.event = do
	})
}

// OnEnter adds the function that is called when one of the states is entered,
// from old; see [Enterer]. Its error is the exit reason.
func OnEnter[S comparable, D any](in Scope[S, D], do func(c *Ctx[S], d *D, old S) error) {
	mustHave(do != nil, "OnEnter")
	in.change(func(p *place[S, D]) {
		once(p.enter != nil, "entering a state")
		p.enter = do
	})
}

// OnTerminate sets the function that is called before a machine ends; see
// [Terminator]. The last one set counts.
func OnTerminate[S comparable, D any](m *Mux[S, D], do func(c *Ctx[S], d *D, reason error) error) {
	mustHave(do != nil, "OnTerminate")
	m.change(func(t *table[S, D]) { t.terminate = do })
}

// OnReport sets the function that says what of the data is logged when a machine
// fails; see [Reporter]. The last one set counts.
func OnReport[S comparable, D any](m *Mux[S, D], do func(d *D) string) {
	mustHave(do != nil, "OnReport")
	m.change(func(t *table[S, D]) { t.report = do })
}

// add adds the function for messages of type M that come as what.
func add[S comparable, D, M any](in Scope[S, D], what EventType, do route[S, D]) {
	if what != InternalEvent {
		mustBeData[M](what.String())
	}
	in.change(func(p *place[S, D]) {
		p.messages = maps.Clone(p.messages)
		if p.messages == nil {
			p.messages = map[EventType]routes[S, D]{}
		}
		p.messages[what] = p.messages[what].with(what, reflect.TypeFor[M](), do)
	})
}

func on[S comparable, D, M any](do func(c *Ctx[S], d *D, msg M) error) route[S, D] {
	return func(c *Ctx[S], d *D, ev Event) error { return do(c, d, ev.Msg.(M)) }
}

// once panics if a function is there already.
func once(twice bool, what any) {
	if twice {
		panic(fmt.Sprintf("statem: two functions for %v", what))
	}
}

func mustHave(has bool, what string) {
	if !has {
		panic("statem: " + what + ": an argument is nil")
	}
}

func mustBeData[M any](kind string) {
	if err := kista.IsData[M](); err != nil {
		panic(fmt.Sprintf("statem: %v cannot be a %s: %v", reflect.TypeFor[M](), kind, err))
	}
}
