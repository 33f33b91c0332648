package kista

import (
	"context"
	"runtime/pprof"
)

// labelLocked labels the goroutine, which is about to run p, for profiles.
func (p *proc) labelLocked() {
	x := p.own()
	if x.labels == nil {
		labels := []string{"kista_kind", p.kind.name, "kista_name", x.title(), "kista_pid", p.pid().String()}
		if p.how.subtree != "" {
			labels = append(labels, "kista_subtree", p.how.subtree)
		}
		x.labels = pprof.WithLabels(context.Background(), pprof.Labels(labels...))
	}
	pprof.SetGoroutineLabels(x.labels)
}

// unlabel takes the labels from a goroutine that goes on with others.
func unlabel() { pprof.SetGoroutineLabels(context.Background()) }
