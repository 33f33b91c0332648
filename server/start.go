package server

import (
	"context"

	"github.com/kista-go/kista"
)

// Opts say how a server starts: name, label, mailbox limit, whether it traps
// exits, how long its Terminate has. Link and Monitor are ignored: the function
// that starts says it. The zero value is a plain server.
type Opts = kista.SpawnOpts

// Start starts a server on a node, from outside, and waits until its factory has
// returned. Nobody is linked. ctx bounds the wait: if it ends first, the server
// is killed and the error is ctx's (statement 111). Otherwise the error is the
// factory's, frozen; a [*kista.NameTakenError] (109); what [kista.Node.SpawnWith]
// fails with; or a [*kista.DataError] for args. When it returns an error the
// server has ended and its name is free (110).
func Start[A any](ctx context.Context, n *kista.Node, f Factory[A], args A, o Opts) (kista.PID, error) {
	pr := Child(f, args, o)
	return n.Start(ctx, pr)
}

// StartLink is [Start] from a process, to which the server is linked from birth.
// If the start fails, a process that does not trap exits ends with that reason
// (statement 108).
func StartLink[A any](ctx context.Context, self *kista.Self, f Factory[A], args A, o Opts) (kista.PID, error) {
	return self.StartLink(ctx, Child(f, args, o))
}

// StartMonitor is [Start] from a process, which monitors the server from birth
// (statement 112): one [kista.Down] with the Ref comes when it ends. If the start
// fails none comes.
func StartMonitor[A any](ctx context.Context, self *kista.Self, f Factory[A], args A, o Opts) (kista.PID, kista.Ref, error) {
	return self.StartMonitor(ctx, Child(f, args, o))
}

// Child describes a server for a supervisor. args are copied now, and again for
// each start, so that no two incarnations share anything. If they are not data,
// every start fails with a [*kista.DataError].
func Child[A any](f Factory[A], args A, o Opts) kista.Program {
	kept, err := kista.Copy(args)
	if f == nil {
		err = errNoFactory
	}
	return kista.BehaviourProgram(o, "server", func() (kista.Behaviour, error) {
		if err != nil {
			return nil, err
		}
		own, err := kista.Copy(kept)
		if err != nil {
			return nil, err
		}
		return &loop{make: func(c *Ctx) (Handler, error) { return f(c, own) }}, nil
	})
}

// Shutdown stops a server from outside: its Terminate runs, it ends with reason,
// nil being the normal one, and then Shutdown returns nil (statement 129). The
// error is a [*kista.CallError] if there is no server, if it ended with another
// reason, or if ctx (or five seconds, if it has no deadline) ended first; the
// server then stops nevertheless once it comes to it. A server of another node
// cannot be stopped so: [kista.ErrRemote].
func Shutdown(ctx context.Context, to kista.Addr, reason error) error {
	_, err := kista.System(ctx, to, kista.Terminate{Reason: reason})
	return err
}
