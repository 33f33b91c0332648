package report

import (
	"fmt"
	"strings"

	"github.com/kista-go/kista/bench/internal/plot"
)

// Growth is one plot: a cost for each operation at 1, 10 and 100 times a size.
type Growth struct {
	Workload string
	// Name is the plot's file name without its ending; Title says what grows.
	Name, Title string
	// X names the size.
	X string
	// Sizes returns the sizes of the point: of is its factor in a hundredth part of
	// the largest: 1, 10, 100.
	Sizes func(of int) string
	// At is the value on the x axis.
	At func(of int) int
	// Metrics are drawn.
	Metrics []string
	// Reason says why the cost grows, where it does.
	Reason string
	// Alone leaves Erlang out, which does not have that size.
	Alone bool
}

// Factors are the points of a plot.
var Factors = []int{1, 10, 100}

// one is a Growth in which one size grows.
func one(w, name, title, x, param string, base int, metrics []string, reason string) Growth {
	return Growth{
		Workload: w, Name: name, Title: title, X: x, Metrics: metrics, Reason: reason,
		Sizes: func(of int) string { return fmt.Sprintf("%s=%d", param, base*of) },
		At:    func(of int) int { return base * of },
	}
}

const (
	reasonCache = "more processes than the caches of the CPU hold: each operation waits for memory"
	reasonGC    = "a longer run pays for the collector, where a short one ends before its first cycle"
	reasonWarm  = "the first operations pay for the start: code and memory that are not warm yet"
	reasonTree  = "one operation copies the whole tree: the cost is in proportion to its nodes, as by hand"
	reasonQueue = "a longer queue does not fit into the caches, and the collector marks all of it"
)

// Growths are all plots. The sizes are 100 times base at most, so that the largest
// is what the main table has, or near.
var Growths = []Growth{
	one("W1", "spawn", "spawn and end", "processes", "Spawn", 1000, []string{"spawn_exit", "spawn_msg_exit", "body_spawn_exit"}, reasonGC),
	one("W2", "idle", "memory of an idle process", "processes", "Idle", 2000, []string{"heap_per_proc", "rss_per_proc"}, reasonGC),
	one("W3", "send", "send, 1 to 1", "messages", "Send", 10_000, []string{"msg", "msg_native"}, reasonGC),
	one("W4", "fanin", "fan-in, 8 to 1", "messages", "FanIn", 10_000, []string{"msg", "msg_native"}, reasonGC),
	{
		Workload: "W5", Name: "pairs", Title: "pairs at once, a message", X: "pairs", Metrics: []string{"msg", "msg_native"}, Reason: reasonCache,
		Sizes: func(of int) string { return fmt.Sprintf("Pairs=%d,PairTrips=%d", 100*of, 2000/of) },
		At:    func(of int) int { return 100 * of },
	},
	one("W6", "pingpong", "ping-pong, round trip", "round trips", "PingPong", 2000, []string{"round_trip", "round_trip_native"}, reasonGC),
	{
		Workload: "W7", Name: "ring", Title: "ring, hop", X: "processes", Metrics: []string{"hop", "hop_native"}, Reason: reasonCache,
		Sizes: func(of int) string { return fmt.Sprintf("RingSize=%d,RingLaps=%d", 1000*of, 200/of) },
		At:    func(of int) int { return 1000 * of },
	},
	{
		Workload: "W8", Name: "calls", Title: "call, many callers at once", X: "callers", Metrics: []string{"call_1000"}, Reason: reasonCache,
		Sizes: func(of int) string { return fmt.Sprintf("Call=1000,Callers=%d,CallsEach=%d", 100*of, 1000/of) },
		At:    func(of int) int { return 100 * of },
	},
	{
		Workload: "W9", Name: "payloads", Title: "tree, sent", X: "nodes", Metrics: []string{"tree_100"}, Alone: true,
		Reason: reasonTree,
		Sizes: func(of int) string {
			return fmt.Sprintf("Pay1k=100,Pay64k=100,TreeNodes=%d,PayTree=%d", 10*of, 20_000/of)
		},
		At: func(of int) int { return 10 * of },
	},
	one("W10", "restarts", "crash to answer", "restarts", "Restarts", 30, []string{"restart"}, reasonGC),
	one("W11", "mailbox", "queueing and taking a message", "queued messages", "BigBox", 5000, []string{"fill", "drain"}, reasonQueue),
	one("W12", "due", "timers that come due", "timers", "Timers", 1000, []string{"create", "cpu"}, reasonGC),
	{
		Workload: "W14", Name: "bodies", Title: "ring of bodies, hop", X: "processes", Metrics: []string{"blocking_hop", "bare_hop"}, Reason: reasonCache,
		Sizes: func(of int) string { return fmt.Sprintf("PingPong=1000,RingSize=%d,RingLaps=%d", 1000*of, 200/of) },
		At:    func(of int) int { return 1000 * of },
	},
	{
		Workload: "W15", Name: "links", Title: "spawn_link, and the end of all at once", X: "linked processes", Metrics: []string{"spawn_link", "mass_kill"}, Reason: reasonCache,
		Sizes: func(of int) string { return fmt.Sprintf("Monitors=1000,Links=%d,MassKill=%d", 1000*of, 1000*of) },
		At:    func(of int) int { return 1000 * of },
	},
	{
		Workload: "W16", Name: "timers", Title: "timer set and cancelled", X: "timers under way", Metrics: []string{"set_cancel", "set"},
		Reason: "more timers than the caches of the CPU hold: each operation waits for memory",
		Sizes:  func(of int) string { return fmt.Sprintf("SetCancel=50000,Outstanding=%d", 10_000*of) },
		At:     func(of int) int { return 10_000 * of },
	},
	one("W17", "crowd", "collector in the crowd, a cycle and its pause", "processes", "Crowd", 2000, []string{"gc_full", "gc_pause_max"},
		"a collection marks every process that lives: its time is in proportion, its pause should not be"),
	{
		Workload: "W18", Name: "copies", Title: "copy of a tree", X: "nodes", Metrics: []string{"copy_tree", "clone_tree"},
		Reason: reasonTree,
		Sizes:  func(of int) string { return fmt.Sprintf("Copies=1000,TreeNodes=%d,PayTree=%d", 10*of, 20_000/of) },
		At:     func(of int) int { return 10 * of },
	},
	{
		Workload: "W19", Name: "select", Title: "selective receive, for each message passed over", X: "messages in the mailbox", Metrics: []string{"passed_over"}, Reason: reasonQueue,
		Sizes: func(of int) string { return fmt.Sprintf("Selects=%d,Mailbox=%d", 2000/of, 1000*of) },
		At:    func(of int) int { return 1000 * of },
	},
	one("W20", "children", "children of one supervisor", "children", "Children", 1000, []string{"start_child", "restart", "stop_child"}, reasonCache),
	one("W21", "blockers", "others' round trip while handlers sleep 1 ms in every call", "processes that block", "Blockers", 2,
		[]string{"sleep_1ms_all_p50", "sleep_1ms_all_p99"}, "those who block need the CPU as well, for a few microseconds each millisecond"),
}

// SetName names the set of a point of a plot.
func (g Growth) SetName(of int) string { return fmt.Sprintf("growth-%s-%d", g.Name, of) }

// Columns returns whom the plot shows.
func (g Growth) Columns() []string {
	if g.Alone {
		return []string{"kista"}
	}
	return []string{"kista", "erlang"}
}

// flat is how many times the cost may grow from the first point to the last and
// still count as flat.
const flat = 1.5

// Plot draws the growth and says in words how it is. ok is false if nothing was
// measured.
func (g Growth) Plot(r *Results) (svg, words string, ok bool) {
	chart := plot.Chart{Title: g.Title, X: g.X}
	var said []string
	for _, column := range g.Columns() {
		for _, m := range g.Metrics {
			k := Key{g.Workload, m}
			line := plot.Line{Name: column + " " + m, Dashed: column != "kista"}
			for _, of := range Factors {
				s := r.Set(g.SetName(of))
				if v, has := s.Median(k, column); has && v > 0 {
					line.Points = append(line.Points, plot.Point{X: float64(g.At(of)), Y: v})
					chart.Y = s.units[k]
				}
			}
			if len(line.Points) == 0 {
				continue
			}
			chart.Lines = append(chart.Lines, line)
			if column == "kista" && len(line.Points) > 1 {
				said = append(said, g.judge(m, line.Points))
			}
		}
	}
	if len(chart.Lines) == 0 {
		return "", "", false
	}
	return chart.SVG(), strings.Join(said, "; ") + ".", true
}

func (g Growth) judge(metric string, points []plot.Point) string {
	first, last := points[0], points[len(points)-1]
	q := last.Y / first.Y
	text := fmt.Sprintf("`%s`: %s at %s, %s at %s", metric, Num(first.Y), Num(first.X), Num(last.Y), Num(last.X))
	switch {
	case q > flat:
		return text + ", grows " + Ratio(q) + ": " + g.Reason
	case q < 1/flat:
		return text + ", falls: " + reasonWarm
	}
	return text + ", flat"
}
