package wasm

import (
	"context"

	"github.com/kista-go/kista"
)

// Kind is what [kista.ProcessInfo] calls processes that run modules.
const Kind = "wasm"

// Program describes a process that runs the module, for a supervisor or a start.
// Each start makes an instance of the code that the module has then. A start fails
// with a [*Trap] if the guest traps before it is up, with a [*GuestError] if it
// says that it cannot start, with [ErrClosed] if the module is closed, or because
// Opts make no sense or Args are no data.
func Program(m *Module, o Opts) kista.Program {
	bad := o.validate()
	args, err := kista.Copy(o.Args)
	if bad == nil {
		bad = err
	}
	o.Args = args
	return kista.BehaviourProgram(o.Process, Kind, func() (kista.Behaviour, error) {
		if bad != nil {
			return nil, bad
		}
		return &process{module: m, o: o}, nil
	}).AtLevel("L2")
}

// Spawn starts a process that runs the module, from outside, and waits until the
// guest's init has returned. Nobody is linked. ctx bounds the wait: if it ends
// first, the process is killed. Errors: those of [Program] and of
// [kista.Node.Start]; then the process has ended.
func Spawn(ctx context.Context, n *kista.Node, m *Module, o Opts) (kista.PID, error) {
	return n.Start(ctx, Program(m, o))
}

// SpawnLink is [Spawn] from a process, to which the new one is linked from birth.
func SpawnLink(ctx context.Context, self *kista.Self, m *Module, o Opts) (kista.PID, error) {
	return self.StartLink(ctx, Program(m, o))
}

// SpawnMonitor is [Spawn] from a process, which monitors the new one from birth.
func SpawnMonitor(ctx context.Context, self *kista.Self, m *Module, o Opts) (kista.PID, kista.Ref, error) {
	return self.StartMonitor(ctx, Program(m, o))
}
