package app

import (
	"context"
	"fmt"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/supervisor"
)

// Holdup is a process that others wait for, in an application that is starting or
// stopping: who it is, and what it does at the moment.
type Holdup struct {
	App    string
	Step   string    // what the application is at: "runs stop", "waits for the tree to stop"
	Child  string    // the way to it through the supervisors, by their children's IDs: "front/listener"; empty: no child
	PID    kista.PID // zero: the application's step itself
	Name   string    // its registered name or its label
	Kind   string    // what it runs: "server", "body", ...
	Doing  string    // "runs its own code", "waits for call", ...
	Since  time.Duration
	Status supervisor.Status // of a child
}

func (h Holdup) String() string {
	who := h.App
	if h.Child != "" {
		who += "/" + h.Child
	}
	if h.PID.IsZero() {
		return fmt.Sprintf("application %s %s", who, h.Step)
	}
	if h.Name != "" {
		return fmt.Sprintf("%s (%s %q, %v) %s, since %v", who, h.Kind, h.Name, h.PID, h.Doing, h.Since.Round(time.Millisecond))
	}
	return fmt.Sprintf("%s (%s %v) %s, since %v", who, h.Kind, h.PID, h.Doing, h.Since.Round(time.Millisecond))
}

// Holdups tells what the start or the stop of applications waits for: the
// processes at the ends of the chains, found by asking the supervisors. It is for
// the one who stops a node, once the time is over. Who does not answer within a
// second is taken for the end of the chain. The error is a [*kista.CallError].
func Holdups(ctx context.Context, n *kista.Node, ctl kista.Addr) ([]Holdup, error) {
	all, err := LoadedApplications(ctx, ctl)
	var out []Holdup
	for _, a := range all {
		if a.Master.IsZero() {
			continue
		}
		v, err := kista.CallFor(ctx, kista.DefaultCallTimeout, a.Master, askDoing{})
		d, ok := v.(doingNow)
		if err != nil || !ok || d.What == "" || a.Status == Running && !d.Stopped {
			continue // it is at nothing, or has ended meanwhile
		}
		h := Holdup{App: a.Name, Step: d.What, PID: d.PID, Since: d.Since}
		if d.PID.IsZero() {
			out = append(out, h)
			continue
		}
		const deep = 32
		out = append(out, descend(ctx, n, h, deep)...)
	}
	return out, err
}

// descend follows the supervisors down to those who are waited for.
func descend(ctx context.Context, n *kista.Node, h Holdup, deep int) (out []Holdup) {
	info, ok := n.Info(h.PID)
	if !ok {
		return []Holdup{h} // it has just ended
	}
	if info.Kind == kindSupervisor && deep > 0 {
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		children, err := supervisor.WhichChildren(short, h.PID)
		for _, c := range children {
			if err != nil || c.Status != supervisor.Stopping && c.Status != supervisor.Starting {
				continue
			}
			below := h
			below.PID, below.Status, below.Child = c.PID, c.Status, c.ID
			if c.ID == "" {
				below.Child = c.PID.String()
			}
			if h.Child != "" {
				below.Child = h.Child + "/" + below.Child
			}
			out = append(out, descend(ctx, n, below, deep-1)...)
		}
		if len(out) > 0 {
			return out
		}
	}
	h.Name, h.Kind, h.Since = info.Name, info.Kind, info.Since
	if h.Name == "" {
		h.Name = info.Label
	}
	switch info.Status {
	case kista.Running:
		h.Doing = "runs its own code"
	case kista.Waiting:
		h.Doing = "waits for " + info.WaitingFor
	case kista.Suspended:
		h.Doing = "is suspended"
	default:
		h.Doing = "is idle"
	}
	return []Holdup{h}
}

const kindSupervisor = "supervisor"
