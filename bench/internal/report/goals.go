package report

import (
	"fmt"
	"math"
)

// against is a figure that a goal compares with.
type against struct{ column, metric string }

// Goal is something that Kista wants to reach.
type Goal struct {
	Title string
	Key
	Unit string // shown with what is compared to a limit
	// Rivals are compared with: the best of them counts. Their workload is Key's.
	Rivals []against
	// AtLeast is how many times as fast Kista wants to be; or
	AtLeast float64
	// Within is how many times as long it may take; or
	Within float64
	// AtMost is the limit of the figure itself; with Whole, rounded to a whole
	// number, since what the snapshot itself holds is shared out among the things.
	AtMost float64
	Whole  bool
}

// Outcome is what came of a goal.
type Outcome struct {
	Want, Measured string
	Known, Reached bool
}

func goPeers(metric string) []against {
	return []against{{"protoactor", metric}, {"hollywood", metric}}
}

func everyPeer(metric string) []against { return append(goPeers(metric), against{"erlang", metric}) }

func only(column, metric string) []against { return []against{{column, metric}} }

// ahead is the least ratio at which one is ahead.
const ahead = 1

// Goals are all goals, in order.
var Goals = []Goal{
	{Title: "callback hop, ring: Erlang", Key: Key{"W7", "hop_native"}, Rivals: only("erlang", "hop"), AtLeast: 4},
	{Title: "blocking hop (Body): Erlang", Key: Key{"W14", "blocking_hop"}, Rivals: only("erlang", "blocking_hop"), AtLeast: 1.2},
	{Title: "blocking hop (Body): rawq", Key: Key{"W14", "blocking_hop"}, Rivals: only("rawq", "blocking_hop"), Within: 1.1},
	{Title: "call, process (Body) to server: Erlang", Key: Key{"W8", "call_1"}, Rivals: only("erlang", "call_1"), AtLeast: 4},
	{Title: "call, process (Body) to server: best Go peer", Key: Key{"W8", "call_1"}, Rivals: goPeers("call_1"), AtLeast: 5},
	{Title: "call, handler to server: Erlang", Key: Key{"W8", "call_handler"}, Rivals: only("erlang", "call_1"), AtLeast: 4},
	{Title: "call, handler to server: best Go peer", Key: Key{"W8", "call_handler"}, Rivals: goPeers("call_1"), AtLeast: 5},
	{Title: "call, plain goroutine: best Go peer", Key: Key{"W8", "call_goroutine"}, Rivals: goPeers("call_goroutine"), AtLeast: 2},
	{Title: "send, 1 to 1: Erlang", Key: Key{"W3", "msg_native"}, Rivals: only("erlang", "msg"), AtLeast: 2},
	{Title: "send, 1 to 1: best Go peer", Key: Key{"W3", "msg"}, Rivals: goPeers("msg"), AtLeast: ahead},
	{Title: "fan-in of 8: Erlang", Key: Key{"W4", "msg_native"}, Rivals: only("erlang", "msg"), AtLeast: ahead},
	{Title: "fan-in of 8: best Go peer", Key: Key{"W4", "msg"}, Rivals: goPeers("msg"), AtLeast: ahead},
	{Title: "pairs at once: Erlang", Key: Key{"W5", "msgs_per_s_native"}, Rivals: only("erlang", "msgs_per_s"), AtLeast: ahead},
	{Title: "pairs at once: best Go peer", Key: Key{"W5", "msgs_per_s"}, Rivals: goPeers("msgs_per_s"), AtLeast: ahead},
	{Title: "pairs at once: rawq", Key: Key{"W5", "msgs_per_s"}, Rivals: only("rawq", "msgs_per_s"), AtLeast: ahead},
	{Title: "spawn, end (behaviour): Erlang", Key: Key{"W1", "spawn_exit"}, Rivals: only("erlang", "spawn_exit"), AtLeast: 4},
	{Title: "spawn, end (behaviour): best Go peer", Key: Key{"W1", "spawn_exit"}, Rivals: goPeers("spawn_exit"), AtLeast: 10},
	{Title: "spawn, end (Body): the go statement", Key: Key{"W1", "body_spawn_exit"}, Rivals: only("raw", "spawn_exit"), Within: 1.3},
	{Title: "spawn, message, end (behaviour): Erlang", Key: Key{"W1", "spawn_msg_exit"}, Rivals: only("erlang", "spawn_msg_exit"), AtLeast: 4},
	{Title: "spawn, message, end (behaviour): best Go peer", Key: Key{"W1", "spawn_msg_exit"}, Rivals: goPeers("spawn_msg_exit"), AtLeast: 10},
	{Title: "spawn, message, end (Body): go and a channel", Key: Key{"W1", "body_spawn_msg_exit"}, Rivals: only("raw", "spawn_msg_exit"), Within: 1.3},
	{Title: "idle behaviour, heap and stack", Key: Key{"W17", "heap_per_proc"}, Unit: "B", AtMost: 300},
	{Title: "idle behaviour, RSS: a million in 0.5 GB", Key: Key{"W17", "rss_per_proc"}, Unit: "B", AtMost: 500},
	{Title: "memory after the crowd, RSS", Key: Key{"W17", "burst_rss_ratio"}, Unit: "times before", AtMost: 1.2},
	{Title: "memory after the crowd, heap and stack", Key: Key{"W17", "burst_heap_ratio"}, Unit: "times before", AtMost: 1.2},
	{Title: "queued message, node 48 B and payload 16 B", Key: Key{"W11", "live_per_msg"}, Unit: "B", AtMost: 64, Whole: true},
	{Title: "crash to answer: best peer", Key: Key{"W10", "restart"}, Rivals: everyPeer("restart"), AtLeast: ahead},
	{Title: "crash to answer, log discarded", Key: Key{"W10", "restart"}, Unit: "ns", AtMost: 10_000},
	{Title: "told of a crash during a call", Key: Key{"W8", "told_of_crash_during_call"}, Unit: "ms", AtMost: 0.1},
	{Title: "timer set and cancelled at a million: time.AfterFunc", Key: Key{"W16", "set_cancel"}, Rivals: only("raw", "set_cancel"), AtLeast: 4},
	{Title: "copy of the tree: cloned by hand", Key: Key{"W18", "copy_tree"}, Rivals: only("kista", "clone_tree"), Within: 1.2},
	{Title: "64 KiB as a term.Binary", Key: Key{"W9", "binary_64k_copied"}, Unit: "copies", AtMost: 0},
	{Title: "64 KiB as a term.Binary: best peer", Key: Key{"W9", "binary_64k"}, Rivals: everyPeer("bytes_64k"), AtLeast: ahead},
	{Title: "64 KiB slice: bytes.Clone", Key: Key{"W18", "copy_64k_slice"}, Rivals: only("kista", "clone_64k_slice"), Within: 1.1},
	{Title: "longest collector pause in the crowd", Key: Key{"W17", "gc_pause_max"}, Unit: "ms", AtMost: 0.5},
}

// Judge compares a goal with what was measured, by the medians.
func (g Goal) Judge(s *Set) Outcome {
	ours, known := s.Median(g.Key, "kista")
	if g.Rivals == nil {
		o := Outcome{Want: "<= " + Num(g.AtMost) + " " + g.Unit, Measured: "-", Known: known}
		if g.Whole {
			ours = math.Round(ours)
		}
		if known {
			o.Measured, o.Reached = Num(ours)+" "+g.Unit, ours <= g.AtMost
		}
		return o
	}
	o := Outcome{Measured: "-"}
	switch {
	case g.Within != 0:
		o.Want = fmt.Sprintf("within %gx", g.Within)
	case g.AtLeast == ahead:
		o.Want = "ahead"
	default:
		o.Want = fmt.Sprintf(">= %gx", g.AtLeast)
	}
	best := 0.0
	for _, a := range g.Rivals {
		theirs, ok := s.Median(Key{g.Workload, a.metric}, a.column)
		if !ok || !known {
			continue
		}
		q, ok := faster(ours, theirs, s.rate(g.Key))
		if ok && (!o.Known || q < best) {
			best, o.Known = q, true
		}
	}
	switch {
	case !o.Known:
	case g.Within != 0:
		o.Measured, o.Reached = "takes "+Ratio(1/best), 1/best <= g.Within
	default:
		o.Measured, o.Reached = Ratio(best), best >= g.AtLeast && (g.AtLeast != ahead || best > ahead)
	}
	return o
}

// GoalTable judges all goals.
func GoalTable(s *Set) string {
	var t table
	t.head(1, "goal", "wanted", "measured", "reached")
	for _, g := range Goals {
		o := g.Judge(s)
		reached := "not measured"
		if o.Known {
			reached = map[bool]string{true: "yes", false: "**no**"}[o.Reached]
		}
		t.row(g.Title, o.Want, o.Measured, reached)
	}
	return t.String()
}
