package kista

import (
	"errors"
	"log/slog"
	"reflect"
	"runtime"
	"time"
)

// reportLocked makes the crash report of a process that ends abnormally
// (statements 102, 103); nil for others, and for one that others have ended: that
// is their news.
func (p *proc) reportLocked(e ending) *report {
	if e.silent || !Abnormal(e.reason) || p.quiet == quietAlways {
		return nil
	}
	now := p.node.clock.Now()
	rec := slog.NewRecord(now, slog.LevelError, "process crashed", 0)
	rec.AddAttrs(slog.String("node", p.node.name), slog.String("pid", p.pid().String()))
	if p.name != "" {
		rec.AddAttrs(slog.String("name", p.name))
	}
	if p.label != "" {
		rec.AddAttrs(slog.String("label", p.label))
	}
	rec.AddAttrs(slog.String("kind", p.kind), slog.String("reason", reasonText(e.reason)),
		slog.Any("ancestors", p.ancestors()), slog.Int("mailbox_len", p.count),
		slog.Int("links", len(p.links)), slog.Bool("trap_exits", p.trap),
		slog.Uint64("handled", p.handled), slog.Duration("age", now.Sub(p.born).Round(time.Microsecond)))
	if p.last != nil {
		rec.AddAttrs(slog.String("last_message", p.last.String()))
	}
	out := &report{Record: rec}
	var pe *PanicError
	if errors.As(e.reason, &pe) {
		out.stack = pe
	}
	return out
}

func reasonText(reason error) string {
	if reason == nil {
		return "normal"
	}
	return reason.Error() // frozen: none of the user's code
}

// sentType is the type of what the user sent.
func sentType(msg any) reflect.Type {
	switch m := msg.(type) {
	case Request:
		msg = m.Msg
	case Casted:
		msg = m.Msg
	}
	return reflect.TypeOf(msg)
}

// ancestors names who spawned the process, nearest first (statement 101).
func (p *proc) ancestors() []string {
	const enough = 16
	var out []string
	for a := p.line; a != nil && len(out) < enough; a = a.up {
		if a.name != "" {
			out = append(out, a.name)
		} else {
			out = append(out, a.pid.String())
		}
	}
	return out
}

// stillThere reports a process whose code has not returned since its death.
func (p *proc) stillThere() {
	p.mu.Lock()
	zombie, e := p.zombie, p.ended
	label := p.label
	p.mu.Unlock()
	if zombie {
		p.node.Report(slog.LevelWarn, "zombie: the code of an ended process does not return",
			slog.String("pid", p.pid().String()), slog.String("kind", p.kind), slog.String("label", label),
			slog.String("reason", reasonText(e.reason)))
	}
}

// newPanic makes an exit reason of a recovered value, on the panicking
// goroutine.
func newPanic(v any) error {
	pcs := make([]uintptr, 128)
	e := &PanicError{Value: freezeValue(v), Stack: pcs[:runtime.Callers(3, pcs)]}
	e.text = textOf("", e.Value)
	return e
}
