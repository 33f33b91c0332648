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
func Program(spec Spec, o Opts) kista.Program { return program(spec.clone(), nil, o) }

func program(spec Spec, pool any, o Opts) kista.Program {
	o.TrapExits = true
	if o.Shutdown == 0 {
		o.Shutdown = kista.NoTimeout
	}
	return kista.BehaviourProgram(o, kind, func() (kista.Behaviour, error) {
		if err := Check(spec); err != nil {
			return nil, err
		}
		return &behaviour{spec: spec.clone(), pool: pool}, nil
	})
}

// Start starts a supervisor on a node, from outside, and waits until its last
// child is up (statement 174). If a child does not start, those before it are
// stopped in reverse order, and the error is a [*kista.ShutdownError] with a
// [*ChildError] (175). A mistake in spec is a [*SpecError]. ctx bounds the wait.
func Start(ctx context.Context, n *kista.Node, spec Spec, o Opts) (kista.PID, error) {
	if err := Check(spec); err != nil {
		return kista.PID{}, err
	}
	return n.Start(ctx, Program(spec, o))
}

// StartLink is [Start] from a process, to which the supervisor is linked. When
// that process ends, the supervisor stops its children and ends (statement 198).
func StartLink(ctx context.Context, self *kista.Self, spec Spec, o Opts) (kista.PID, error) {
	if err := Check(spec); err != nil {
		return kista.PID{}, err
	}
	return self.StartLink(ctx, Program(spec, o))
}

// Func makes a child of a plain function. ctx ends when the supervisor stops the
// child; f then has the child's Shutdown time to return before it is killed, and
// what it returns counts as a clean stop. Before that, nil is a normal end, and
// an error or a panic a crash.
func Func(f func(ctx context.Context) error) kista.Program {
	return kista.BodyProgram(kista.SpawnOpts{Grace: kista.NoTimeout}, false, func(s *kista.Self) error { return f(s) })
}

// Body makes a child of a [kista.Body]. It is told to stop as [Func] says, and
// whatever it waits for in the kernel returns.
func Body(b kista.Body) kista.Program {
	return kista.BodyProgram(kista.SpawnOpts{Grace: kista.NoTimeout}, false, b)
}
