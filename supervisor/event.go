package supervisor

import (
	"log/slog"
	"time"

	"github.com/kista-go/kista"
)

// EventKind says what happened to a child.
type EventKind uint8

const (
	// ChildStarted: it is up for the first time, or again by request.
	ChildStarted EventKind = iota
	// ChildRestarted: it is up again; Took is the time since its end.
	ChildRestarted
	// ChildStartFailed: it did not come up.
	ChildStartFailed
	// ChildTerminated: it ended by itself, with Reason.
	ChildTerminated
	// ChildStopped: it stopped as told.
	ChildStopped
	// ChildStopFailed: it ended with another reason than it was asked to: killed,
	// for instance, because it did not stop in time (statement 186).
	ChildStopFailed
	// ChildSimpler: it is to be started the next simpler way ([Child.OrElse]).
	ChildSimpler
	// GaveUp: the supervisor ends, more restarts than its intensity allows.
	GaveUp
)

// String names the kind.
func (k EventKind) String() string {
	return name(k, "started", "restarted", "start failed", "terminated", "stopped", "stop failed", "simpler way", "gave up")
}

// Event is what [Spec.Notify] is sent (statement 199).
type Event struct {
	Kind       EventKind
	Supervisor kista.PID
	Name       string // the supervisor's, if it has one
	Child      string // its ID; empty in a pool
	PID        kista.PID
	Type       Type
	Restart    Restart
	Level      int
	Reason     error
	Took       time.Duration
}

func (b *behaviour) report(k EventKind, c *child, reason error, took time.Duration) {
	e := Event{
		Kind: k, Supervisor: b.self.PID(), Name: b.self.Name(), Child: c.id(), PID: c.pid, Type: c.spec.Type(),
		Restart: c.spec.Restart, Level: c.level, Reason: reason, Took: took,
	}
	level := slog.LevelInfo
	switch k {
	case ChildStarted, ChildStopped:
		level = slog.LevelDebug
	case ChildTerminated:
		if kista.Abnormal(reason) {
			level = slog.LevelWarn
		}
	case ChildStartFailed, ChildStopFailed, ChildSimpler:
		level = slog.LevelWarn
	case GaveUp:
		level = slog.LevelError
	}
	attrs := []slog.Attr{
		slog.String("supervisor", e.Supervisor.String()), slog.String("supervisor_name", e.Name), slog.String("child", e.Child), slog.String("pid", e.PID.String()),
		slog.String("type", e.Type.String()), slog.String("restart", e.Restart.String()),
	}
	if k != ChildStarted && k != ChildRestarted {
		attrs = append(attrs, slog.String("reason", reasonText(reason)))
	}
	if took > 0 {
		attrs = append(attrs, slog.Duration("took", took))
	}
	if e.Level > 0 {
		attrs = append(attrs, slog.Int("level", e.Level))
	}
	b.self.Node().Report(level, "child "+k.String(), attrs...)
	if b.notify != nil {
		_ = kista.Send(b.notify, e)
	}
}
