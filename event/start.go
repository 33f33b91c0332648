package event

import (
	"context"
	"slices"

	"github.com/kista-go/kista"
)

// Opts say how a manager's process starts: its name, its label, its mailbox, how
// long it has to stop. It traps exits whatever they say, and Dedicated changes
// nothing for handlers. The zero value is a plain manager.
type Opts = kista.SpawnOpts

// Start starts a manager on a node, from outside, with these handlers, added in
// this order, and waits until they are there. Nobody is linked. ctx bounds the
// wait: if it ends first, the manager is killed and the error is ctx's. Otherwise
// the error is a [*HandlerError] for the first handler that could not be made,
// and those before it have terminated; a [*kista.NameTakenError]; what
// [kista.Node.SpawnWith] fails with.
func Start(ctx context.Context, n *kista.Node, o Opts, handlers ...Spec) (kista.PID, error) {
	return n.Start(ctx, Child(o, handlers...))
}

// StartLink is [Start] from a process, to which the manager is linked from birth.
// When that process ends, the manager stops (statement 172).
func StartLink(ctx context.Context, self *kista.Self, o Opts, handlers ...Spec) (kista.PID, error) {
	return self.StartLink(ctx, Child(o, handlers...))
}

// StartMonitor is [Start] from a process, which monitors the manager from birth:
// one [kista.Down] with the Ref comes when it ends.
func StartMonitor(ctx context.Context, self *kista.Self, o Opts, handlers ...Spec) (kista.PID, kista.Ref, error) {
	return self.StartMonitor(ctx, Child(o, handlers...))
}

// Child describes a manager for a supervisor. The handlers are made anew at each
// start; those that were added later are not: their owners, who hear of the
// manager's end through their link, add them again ([AddSup]). In OTP a manager
// always starts without handlers.
func Child(o Opts, handlers ...Spec) kista.Program {
	o.TrapExits = true
	first := slices.Clone(handlers)
	return kista.BehaviourProgram(o, "event", func() (kista.Behaviour, error) {
		return &manager{first: first}, nil
	})
}

// Shutdown stops a manager from outside: each handler terminates ([Stopped]), the
// newest first, the manager ends with reason, nil being the normal one, and then
// Shutdown returns nil (statement 172). The error is a [*kista.CallError] if there
// is no manager, if it ended with another reason, or if ctx (or five seconds, if
// it has no deadline) ended first; the manager then stops nevertheless once it
// comes to it. One of another node cannot be stopped so: [kista.ErrRemote].
func Shutdown(ctx context.Context, mgr kista.Addr, reason error) error {
	_, err := kista.System(ctx, mgr, kista.Terminate{Reason: reason})
	return err
}
