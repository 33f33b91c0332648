package supervisor

import (
	"context"
	"time"

	"github.com/kista-go/kista"
)

// Pool describes a supervisor of many children of one kind, each started on
// demand with arguments of its own (simple_one_for_one, typed). Its children have
// no IDs, are restarted one for one, and are all told to stop at once in the end
// (statements 193, 194). The same Pool value is the handle by which they are
// started; it must not be changed once it is in use.
//
//	var connections = &supervisor.Pool[Conn]{
//		Child:   func(c Conn) kista.Program { return server.Child(serve, c, server.Opts{}) },
//		Restart: supervisor.Temporary,
//	}
type Pool[A any] struct {
	// Child describes the child for some arguments. It runs in whoever calls
	// StartChild, not in the supervisor. A restart starts the same program again.
	Child func(args A) kista.Program
	// OrElse describes the simpler ways to start it; see [Child.OrElse].
	OrElse []func(args A) kista.Program
	// Restart, Shutdown and StartTimeout are every child's, as in [Child]. One
	// Shutdown time is for all of them together at the end of the supervisor.
	Restart      Restart
	Shutdown     time.Duration // time to stop
	StartTimeout time.Duration // time to come up
	// Intensity, Period and Notify are the supervisor's, as in [Spec].
	Intensity int
	Period    time.Duration // window of Intensity
	Notify    kista.Addr    // gets every Event
}

// Program describes the pool's supervisor. A mistake in the pool fails each of its
// starts, with a [*SpecError].
func (p *Pool[A]) Program(o Opts) kista.Program {
	spec, common := p.parts()
	return program(spec, common, p, o)
}

// parts are the supervisor's flags, and what all children have in common.
func (p *Pool[A]) parts() (Spec, *Child) {
	return Spec{Intensity: p.Intensity, Period: p.Period, Notify: p.Notify},
		&Child{Restart: p.Restart, Shutdown: p.Shutdown, StartTimeout: p.StartTimeout}
}

// Start starts the pool's supervisor on a node, from outside. Errors as for the
// package's [Start].
func (p *Pool[A]) Start(ctx context.Context, n *kista.Node, o Opts) (kista.PID, error) {
	return n.Start(ctx, p.Program(o))
}

// StartChild starts a child with args in the pool's supervisor sup, and waits
// until it is up. It returns its PID, the zero one if it ignored its start. The
// error is a [*ChildError] with the reason for which it did not start, or with
// [ErrNotPool] if sup is not this pool's; or a [*kista.CallError]. Only ctx bounds
// the wait; the child starts also if the caller has given up.
func (p *Pool[A]) StartChild(ctx context.Context, sup kista.Addr, args A) (kista.PID, error) {
	c := Child{Start: p.Child(args)}
	for _, o := range p.OrElse {
		c.OrElse = append(c.OrElse, o(args))
	}
	return call[kista.PID](ctx, sup, startChild{child: c, pool: p})
}
