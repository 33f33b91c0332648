package parent

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kista-go/kista/heart/internal/wire"
)

// History is what the heart knows of the deaths so far. It is a state machine
// without a clock: [History.Next] decides.
type History struct {
	cfg     Config
	deaths  []past
	without map[string]int // how often each subtree was sent away
}

type past struct {
	at   time.Time
	sign string
}

// NewHistory returns one without deaths.
func NewHistory(cfg Config) *History {
	return &History{cfg: cfg, without: map[string]int{}}
}

// Verdict is what follows from a death.
type Verdict struct {
	// End: the heart ends as well.
	End bool
	// GiveUp: it does since there were too many deaths.
	GiveUp bool
	// Pause is how long to wait before the next life.
	Pause time.Duration
	// Away is the subtree that stays away from now on, if this death decided it.
	Away string
	// Bare: what was kept is thrown away.
	Bare bool
	// Same is how often this death has come within the period.
	Same int
}

// The subtrees that are remembered are told to the next life in one packet.
const (
	maxSubtrees = 100
	maxName     = 255
)

// Next decides what follows from d; frames are the stack that did it.
func (h *History) Next(d wire.Death, frames []string) (v Verdict) {
	switch d.Kind {
	case "stopped":
		return Verdict{End: true}
	case "ended": // it has said so; 0 is done, 2 bad usage: both would be so again
		if d.Status == 0 || d.Status == 2 {
			return Verdict{End: true}
		}
	case "renewed": // by its own will, and not because of an error
		for _, name := range d.Without {
			h.away(name)
		}
	}
	sign := sign(d, frames)
	h.deaths = slices.DeleteFunc(h.deaths, func(p past) bool { return d.At.Sub(p.at) >= h.cfg.Period })
	if h.cfg.Restarts >= 0 && len(h.deaths) >= h.cfg.Restarts {
		return Verdict{End: true, GiveUp: true}
	}
	const most = 1000
	h.deaths = append(h.deaths[max(0, len(h.deaths)+1-most):], past{d.At, sign})
	for _, p := range h.deaths {
		if p.sign == sign {
			v.Same++
		}
	}
	v.Pause = h.pause(len(h.deaths))
	switch {
	case d.Kind == "renewed":
	case d.Subtree != "" && v.Same >= h.cfg.Same:
		v.Away = d.Subtree
		h.away(d.Subtree)
		h.forget(sign) // the next simpler way is another one
	case v.Same >= h.cfg.Bare:
		v.Bare = true
		h.forget(sign)
	}
	return v
}

// pause is nothing after the first death within the period: whoever waits for an
// answer waits for us.
func (h *History) pause(deaths int) time.Duration {
	if deaths < 2 {
		return 0
	}
	p := h.cfg.Pause
	for range deaths - 2 {
		if p *= 2; p >= h.cfg.MaxPause || p <= 0 {
			return h.cfg.MaxPause
		}
	}
	return min(p, h.cfg.MaxPause)
}

// forget begins to count a death anew, without losing it for the intensity.
func (h *History) forget(sign string) {
	for i := range h.deaths {
		if h.deaths[i].sign == sign {
			h.deaths[i].sign = ""
		}
	}
}

func (h *History) away(name string) {
	if len(name) > maxName {
		return
	}
	if _, there := h.without[name]; there || len(h.without) < maxSubtrees {
		h.without[name]++
	}
}

// Restore lets a subtree come back.
func (h *History) Restore(name string) { delete(h.without, name) }

// RestoreAll lets all of them come back.
func (h *History) RestoreAll() { clear(h.without) }

// Without returns how often each subtree was sent away.
func (h *History) Without() map[string]int { return h.without }

// sign is what deaths of the same fault have in common.
func sign(d wire.Death, frames []string) string {
	return fmt.Sprint(d.Kind, " ", d.Status, " ", d.Signal, " ", d.Subtree, " ", withoutNumbers(d.Text), " ", strings.Join(frames, " "))
}

// withoutNumbers leaves out what differs from death to death: addresses, sizes.
func withoutNumbers(s string) string {
	words := strings.Fields(s)
	for i, w := range words {
		if strings.ContainsAny(w, "0123456789") {
			words[i] = "#"
		}
	}
	return strings.Join(words, " ")
}
