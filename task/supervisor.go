package task

import (
	"context"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/supervisor"
)

// job is what a task supervisor starts.
type job struct {
	opts kista.SpawnOpts
	body kista.Body
}

// jobs is the kind of all task supervisors: their children are never restarted,
// since a task belongs to whoever waits for it.
var jobs = &supervisor.Pool[job]{
	Child:   func(j job) kista.Program { return kista.BodyProgram(j.opts, false, j.body) },
	Restart: supervisor.Temporary,
}

// Supervisor describes a task supervisor, a place in the supervision tree for
// tasks: when it stops, so do they, each having five seconds to come back. It is a
// [supervisor.Pool], so [supervisor.WhichChildren], [supervisor.CountChildren] and
// [supervisor.TerminateProcess] are for it too.
func Supervisor(o supervisor.Opts) kista.Program { return jobs.Program(o) }

// StartSupervisor starts a task supervisor on a node, from outside. Errors as for
// [supervisor.Start].
func StartSupervisor(ctx context.Context, n *kista.Node, o supervisor.Opts) (kista.PID, error) {
	return jobs.Start(ctx, n, o)
}

// under spawns beneath a task supervisor, for the owner that ctx is.
func under(ctx context.Context, sup kista.Addr) spawner {
	return func(o kista.SpawnOpts, body func(kista.PID) kista.Body) (kista.PID, error) {
		return jobs.StartChild(ctx, sup, job{o, body(ownerOf(ctx))})
	}
}

// AsyncNolink starts fn as a task under the supervisor sup, linked with it and not
// with its owner: whatever becomes of the task, the owner hears of it only in the
// result. The owner is the process whose Self ctx is, whose end the task survives;
// else it is the calling goroutine, and the task ends with ctx. It waits for the
// supervisor, as long as ctx lasts; if the task cannot be started, why is the
// result.
func AsyncNolink[R any](ctx context.Context, sup kista.Addr, fn Func[R]) *Task[R] {
	return launch(ctx, under(ctx, sup), nil, label(fn), fn)
}

// AsyncUnder is [Async] with a place under the supervisor sup: the task is linked
// with its owner self, and with the supervisor, whose end ends it.
func AsyncUnder[R any](self *kista.Self, sup kista.Addr, fn Func[R]) *Task[R] {
	return launch(self, linkedUnder(self, sup), self, label(fn), fn)
}

// linkedUnder spawns beneath a supervisor, and links before the task may begin.
func linkedUnder(self *kista.Self, sup kista.Addr) spawner {
	return func(o kista.SpawnOpts, body func(kista.PID) kista.Body) (kista.PID, error) {
		pid, err := under(self, sup)(o, body)
		if err != nil {
			return pid, err
		}
		if err = self.Link(pid); err != nil {
			_ = kista.Exit(pid, kista.Kill) // nobody will tell it to begin
		}
		return pid, err
	}
}

// StartChild starts body under the supervisor sup as a task that nobody waits for:
// its result is lost, and its error is its exit reason. It returns when the task
// runs. The error is a [*supervisor.ChildError] or a [*kista.CallError].
func StartChild(ctx context.Context, sup kista.Addr, body kista.Body) (kista.PID, error) {
	return jobs.StartChild(ctx, sup, job{kista.SpawnOpts{Label: label(body)}, body})
}
