package kista

import (
	"errors"
	"log/slog"
	"reflect"
	"runtime"
	"time"
	"unsafe"
)

// reportLocked makes the crash report of a process that ends abnormally
// (statements 102, 103); nil for others, and for one that others have ended: that
// is their news.
func (p *proc) reportLocked(e ending) *report {
	if e.silent || !Abnormal(e.reason) || p.quiet == quietAlways || !p.node.Reports(slog.LevelError) {
		return nil
	}
	return p.crashReportLocked(e)
}

// crashReportLocked is apart since it needs much stack, for which that of a new
// goroutine would have to grow.
//
//go:noinline
func (p *proc) crashReportLocked(e ending) *report {
	now := p.node.clock.Now()
	rec := p.node.newReport(slog.LevelError, ReportCrash, "process crashed")
	rec.AddAttrs(slog.String("pid", p.pid().String()))
	if p.x.name != "" {
		rec.AddAttrs(slog.String("name", p.x.name))
	}
	if p.x.label != "" {
		rec.AddAttrs(slog.String("label", p.x.label))
	}
	rec.AddAttrs(slog.String("kind", p.kind.name), slog.String("reason", reasonText(e.reason)),
		slog.Any("ancestors", p.ancestors()), slog.Int("mailbox_len", int(p.count)),
		slog.Int("links", p.x.links.len()), slog.Bool("trap_exits", p.trap),
		slog.Uint64("handled", p.handled), slog.Duration("age", now.Sub(p.node.at(p.born)).Round(time.Microsecond)))
	if p.last != nil {
		rec.AddAttrs(slog.String("last_message", typeOfWord(p.last).String()))
	}
	if v := p.versionLocked(); v != "" {
		rec.AddAttrs(slog.String("version", v))
	}
	var pe *PanicError
	if errors.As(e.reason, &pe) {
		rec.stack = pe
	}
	return rec
}

func reasonText(reason error) string {
	if reason == nil {
		return "normal"
	}
	return reason.Error() // frozen: none of the user's code
}

// typeWord stands for the type of what the user sent: the first word of the
// interface that holds it.
func typeWord(msg any) unsafe.Pointer {
	switch m := msg.(type) {
	case Request:
		msg = m.Msg
	case Casted:
		msg = m.Msg
	}
	return (*[2]unsafe.Pointer)(unsafe.Pointer(&msg))[0]
}

func typeOfWord(word unsafe.Pointer) reflect.Type {
	var v any
	(*[2]unsafe.Pointer)(unsafe.Pointer(&v))[0] = word
	return reflect.TypeOf(v) // looks at nothing else
}

// stillThere reports a process whose code has not returned since its death.
func (p *proc) stillThere() {
	p.mu.Lock()
	zombie, e := p.zombie, p.fate
	label := p.x.label
	p.mu.Unlock()
	if zombie {
		p.node.Report(slog.LevelWarn, "zombie: the code of an ended process does not return",
			slog.String("pid", p.pid().String()), slog.String("kind", p.kind.name), slog.String("label", label),
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
