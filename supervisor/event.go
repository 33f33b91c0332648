package supervisor

import (
	"log/slog"
	"time"

	"github.com/kista-go/kista"
)

// EventKind says what happened to a child.
type EventKind uint8

const (
	// ChildStarted: it is up, for the first time or by request.
	ChildStarted EventKind = iota
	// ChildRestarted: it is up again; Took is the time since its end.
	ChildRestarted
	// ChildStartFailed: it did not come up; Reason tells why.
	ChildStartFailed
	// ChildTerminated: it ended by itself, or somebody else ended it, with Reason.
	ChildTerminated
	// ChildStopped: it was told to stop, and did.
	ChildStopped
	// ChildStopFailed: it was told to stop, and ended with another reason: killed,
	// for instance, because it did not stop in time (statement 186).
	ChildStopFailed
	// ChildSimpler: it will be started the next simpler way ([Child.OrElse]), which
	// Level tells, because of Reason.
	ChildSimpler
	// GaveUp: its end was one more than the supervisor's intensity allows: the
	// supervisor stops the other children and ends.
	GaveUp
	// SignificantEnded: it was significant, and the supervisor ends with it.
	SignificantEnded
)

// String names the kind.
func (k EventKind) String() string {
	return name(k, "started", "restarted", "start failed", "terminated", "stopped", "stop failed",
		"simpler way", "gave up", "significant ended")
}

// Event is what [Spec.Notify] is sent, and what the supervisor's reports say
// (statement 199): who died, why, who started it again and how long it took.
type Event struct {
	Kind       EventKind
	Supervisor kista.PID
	Name       string        // the supervisor's, if it has one
	Child      string        // its ID; empty in a pool
	PID        kista.PID     // of the child; zero if it had no process
	Type       Type          // of the child
	Restart    Restart       // of the child
	Level      int           // how it is started: 0 is Start, n is OrElse[n-1]
	Reason     error         // nil: normal
	Took       time.Duration // ChildRestarted: since its end
	Before     kista.PID     // ChildRestarted: the process that ended
}

// level is how loud the report is. What OTP reports as progress is Debug here,
// for it is hidden by default in both. What the supervisor knows how to handle is a
// warning: the crash itself is the error, and has been reported.
func (e Event) level() slog.Level {
	switch e.Kind {
	case ChildStarted, ChildStopped:
		return slog.LevelDebug
	case ChildRestarted, SignificantEnded:
		return slog.LevelInfo
	case ChildTerminated:
		if e.Restart != Permanent && !kista.Abnormal(e.Reason) {
			return slog.LevelDebug
		}
		return slog.LevelWarn
	case ChildStartFailed, ChildSimpler:
		return slog.LevelWarn
	}
	return slog.LevelError // GaveUp, ChildStopFailed: somebody should look
}

func (e Event) kind() kista.ReportKind {
	switch e.Kind {
	case ChildStarted, ChildStopped, ChildRestarted:
		return kista.ReportProgress
	}
	return kista.ReportSupervisor
}

// attrs are the report's attributes, for child c: OTP's, as far as there is such a
// thing here.
func (e Event) attrs(c Child) []slog.Attr {
	sup := e.Name
	if sup == "" {
		sup = e.Supervisor.String()
	}
	out := []slog.Attr{
		slog.String("supervisor", sup), slog.String("child", e.Child),
		slog.String("type", e.Type.String()), slog.String("restart", e.Restart.String()),
		slog.String("shutdown", shutdownText(c.shutdown())),
	}
	if !e.PID.IsZero() {
		out = append(out, slog.String("pid", e.PID.String()))
	}
	if c.Significant {
		out = append(out, slog.Bool("significant", true))
	}
	if e.Level > 0 {
		out = append(out, slog.Int("level", e.Level))
	}
	switch e.Kind {
	case ChildStarted:
	case ChildRestarted:
		out = append(out, slog.Duration("took", e.Took), slog.String("before", e.Before.String()))
	default:
		out = append(out, slog.String("reason", reasonText(e.Reason)))
	}
	return out
}

func shutdownText(d time.Duration) string {
	switch d {
	case BrutalKill:
		return "brutal_kill"
	case kista.NoTimeout:
		return "infinity"
	}
	return d.String()
}

// tell reports and notifies.
func (b *behaviour) tell(c *child, n note) {
	e := Event{
		Kind: n.kind, Supervisor: b.self.PID(), Name: b.self.Name(), Child: c.id(), PID: n.pid, Type: c.spec.Type(),
		Restart: c.spec.Restart, Level: n.level, Reason: n.reason, Took: n.took,
	}
	if n.kind == ChildRestarted {
		e.Before = c.before
	}
	if n := b.self.Node(); n.Reports(e.level()) {
		n.Report(e.level(), "supervisor: child "+e.Kind.String(), append(e.attrs(c.spec), e.kind().Attr())...)
	}
	if to := b.core.spec.Notify; to != nil {
		_ = b.self.Send(to, e)
	}
}
