package kista

import (
	"context"
	"runtime/pprof"
)

// labelLocked labels the goroutine, which is about to run p, for profiles.
func (p *proc) labelLocked() {
	x := p.own()
	if x.labels == nil {
		x.labels = pprof.WithLabels(context.Background(), pprof.Labels(
			"kista_kind", p.kind.name, "kista_name", x.title(), "kista_pid", p.pid().String()))
	}
	pprof.SetGoroutineLabels(x.labels)
}

// unlabel takes the labels from a goroutine that goes on with others.
func unlabel() { pprof.SetGoroutineLabels(context.Background()) }
