package supervisor

import (
	"context"

	"github.com/kista-go/kista"
)

// Opts say how a supervisor's own process starts: its name, its label, its
// mailbox. It traps exits whatever they say.
type Opts = kista.SpawnOpts

// Program describes a supervisor, for the children of another one. A mistake in
// spec fails each of its starts, with a [*SpecError].
func Program(spec Spec, o Opts) kista.Program { return program(spec.clone(), nil, nil, o) }

func program(spec Spec, pool *Child, owner any, o Opts) kista.Program {
	o.TrapExits = true
	if o.Shutdown == 0 {
		o.Shutdown = kista.NoTimeout
	}
	o.Priority = kista.PriorityHigh // control stays possible under overload
	return kista.BehaviourProgram(o, kind, func() (kista.Behaviour, error) {
		err := Check(spec)
		if err == nil && pool != nil {
			err = pool.validateFlags(Never)
		}
		if err != nil {
			return nil, err
		}
		return &behaviour{spec: spec.clone(), pool: pool, owner: owner}, nil
	})
}

// Start starts a supervisor on a node, from outside, and waits until its last
// child is up (statement 174). If a child does not start, those before it are
// stopped in reverse order, and the error is a [*kista.ShutdownError] with a
// [*ChildError] (175). A mistake in spec is a [*SpecError]. ctx bounds the wait.
func Start(ctx context.Context, n *kista.Node, spec Spec, o Opts) (kista.PID, error) {
	return n.Start(ctx, Program(spec, o))
}

// StartLink is [Start] from a process, to which the supervisor is linked. When
// that process ends, the supervisor stops its children and ends (statement 198).
func StartLink(ctx context.Context, self *kista.Self, spec Spec, o Opts) (kista.PID, error) {
	return self.StartLink(ctx, Program(spec, o))
}

// Func makes a child of a plain function. ctx ends when the child is told to stop,
// with the reason as its cause; f then has the child's [Child.Shutdown] time to
// return before it is killed, and whatever it returns is a clean stop. Before
// that, nil is a normal end, and an error or a panic a crash. The child is up as
// soon as it runs. ctx is the child's [kista.Self], so calls to other processes
// that are given it come from this one.
func Func(f func(ctx context.Context) error) kista.Program {
	if f == nil {
		return kista.Program{}
	}
	return Body(func(s *kista.Self) error { return f(s) })
}

// Body makes a child of a [kista.Body]. It is told to stop as [Func] says, and
// whatever it waits for in the kernel returns. For a child that says itself when
// it is up, or starts with options, see [kista.BodyProgram].
func Body(b kista.Body) kista.Program {
	return kista.BodyProgram(kista.SpawnOpts{}, false, b)
}
