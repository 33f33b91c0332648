package kista

import (
	"context"
	"runtime/pprof"
)

// labels are what a goroutine profile shows beside the stack of a process that
// has been seen to run or block for long: kista_kind, kista_name, kista_pid.
type labels struct{ ctx context.Context }

// labelLocked labels the goroutine that is about to run p.
func (p *proc) labelLocked() {
	x := p.own()
	if x.labels == nil {
		name := x.name
		if name == "" {
			name = x.label
		}
		x.labels = &labels{pprof.WithLabels(context.Background(), pprof.Labels(
			"kista_kind", p.kind.name, "kista_name", name, "kista_pid", p.pid().String()))}
	}
	pprof.SetGoroutineLabels(x.labels.ctx)
}
