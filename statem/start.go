package statem

import (
	"context"

	"github.com/kista-go/kista"
)

// Opts say how a machine starts: name, label, mailbox limit, whether it traps
// exits, how long its Terminate has. Link and Monitor are ignored: the function
// that starts says it. The zero value is a plain machine.
type Opts = kista.SpawnOpts

// Start starts a machine on a node, from outside, and waits until its factory
// has returned; the first entry call comes afterwards. Nobody is linked. ctx
// bounds the wait: if it ends first, the machine is killed and the error is
// ctx's. Otherwise the error is the factory's, frozen; an [*ActionError] if the
// factory asked for what cannot be; a [*kista.NameTakenError]; what
// [kista.Node.SpawnWith] fails with; or a [*kista.DataError] for args. When it
// returns an error the machine has ended and its name is free (statement 159).
func Start[S comparable, A any](ctx context.Context, n *kista.Node, f Factory[S, A], args A, o Opts) (kista.PID, error) {
	return n.Start(ctx, Child(f, args, o))
}

// StartLink is [Start] from a process, to which the machine is linked from
// birth. If the start fails, a process that does not trap exits ends with that
// reason.
func StartLink[S comparable, A any](ctx context.Context, self *kista.Self, f Factory[S, A], args A, o Opts) (kista.PID, error) {
	return self.StartLink(ctx, Child(f, args, o))
}

// StartMonitor is [Start] from a process, which monitors the machine from
// birth: one [kista.Down] with the Ref comes when it ends. If the start fails
// none comes.
func StartMonitor[S comparable, A any](ctx context.Context, self *kista.Self, f Factory[S, A], args A, o Opts) (kista.PID, kista.Ref, error) {
	return self.StartMonitor(ctx, Child(f, args, o))
}

// Child describes a machine for a supervisor. args are copied now, and again
// for each start, so that no two incarnations share anything. If they are not
// data, every start fails with a [*kista.DataError].
func Child[S comparable, A any](f Factory[S, A], args A, o Opts) kista.Program {
	kept, err := kista.Copy(args)
	if f == nil {
		err = errNoFactory
	}
	return kista.BehaviourProgram(o, "statem", func() (kista.Behaviour, error) {
		if err != nil {
			return nil, err
		}
		own, err := kista.Copy(kept)
		if err != nil {
			return nil, err
		}
		return &machine[S]{make: func(c *Ctx[S]) (S, Handler[S], error) { return f(c, own) }}, nil
	})
}

// Shutdown stops a machine from outside: its Terminate runs, it ends with
// reason, nil being the normal one, and then Shutdown returns nil. The error is a
// [*kista.CallError] if there is no machine, if it ended with another reason, or
// if ctx (or five seconds, if it has no deadline) ended first; the machine then
// stops nevertheless once it comes to it. A machine of another node cannot be
// stopped so: [kista.ErrRemote].
func Shutdown(ctx context.Context, to kista.Addr, reason error) error {
	_, err := kista.System(ctx, to, kista.Terminate{Reason: reason})
	return err
}
