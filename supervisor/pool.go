package supervisor

import (
	"context"
	"time"

	"github.com/kista-go/kista"
)

// Pool describes a supervisor of many children of one kind, started on demand
// with arguments (simple_one_for_one, typed). Its children have no IDs, are
// restarted one for one, and are all stopped at once in the end (statements 193,
// 194).
//
//	var connections = &supervisor.Pool[Conn]{
//		Child:   func(c Conn) kista.Program { return server.Child(serve, c, server.Opts{}) },
//		Restart: supervisor.Temporary,
//	}
type Pool[A any] struct {
	// Child describes the child for some arguments. It runs in whoever calls
	// StartChild, not in the supervisor.
	Child func(args A) kista.Program
	// OrElse describes the simpler ways to start it; see [Child.OrElse].
	OrElse []func(args A) kista.Program
	// Restart, Shutdown and StartTimeout are every child's, as in [Child].
	Restart      Restart
	Shutdown     time.Duration
	StartTimeout time.Duration
	// Intensity, Period and Notify are the supervisor's, as in [Spec].
	Intensity int
	Period    time.Duration
	Notify    kista.Addr
}

// Program describes the pool's supervisor.
func (p *Pool[A]) Program(o Opts) kista.Program {
	return program(Spec{Intensity: p.Intensity, Period: p.Period, Notify: p.Notify}, p, o)
}

// Start starts the pool's supervisor on a node, from outside.
func (p *Pool[A]) Start(ctx context.Context, n *kista.Node, o Opts) (kista.PID, error) {
	return n.Start(ctx, p.Program(o))
}

// StartChild starts a child with args in the pool's supervisor sup, and waits
// until it is up. The error is a [*ChildError] with the reason for which it did
// not start, or [ErrNotPool] if sup is not this pool's; or a [*kista.CallError].
// Only ctx bounds the wait.
func (p *Pool[A]) StartChild(ctx context.Context, sup kista.Addr, args A) (kista.PID, error) {
	c := Child{Start: p.Child(args), Restart: p.Restart, Shutdown: p.Shutdown, StartTimeout: p.StartTimeout}
	for _, o := range p.OrElse {
		c.OrElse = append(c.OrElse, o(args))
	}
	return call[kista.PID](ctx, sup, startChild{child: c, pool: p})
}
