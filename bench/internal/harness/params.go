package harness

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Names lists the workloads in the order in which they run. There is no W13.
var Names = []string{
	"W1", "W2", "W3", "W4", "W5", "W6", "W7", "W8", "W9", "W10", "W11", "W12",
	"W14", "W15", "W16", "W17", "W18", "W19", "W20", "W21", "W22",
}

// Params holds the size of every workload. All are positive.
type Params struct {
	Spawn       int // W1: processes
	Idle        int // W2: processes
	Send        int // W3: messages
	FanIn       int // W4: messages, of all senders
	Pairs       int // W5: pairs
	PairTrips   int // W5: round trips of each
	PingPong    int // W6, W14: round trips
	RingSize    int // W7, W14: processes
	RingLaps    int // W7, W14: laps of the token
	Call        int // W8: calls of one caller
	Callers     int // W8: callers at once
	CallsEach   int // W8: calls of each
	Pay1k       int // W9: messages
	Pay64k      int // W9: messages
	PayTree     int // W9, W18: messages
	TreeNodes   int // W9, W18: nodes of the tree
	Restarts    int // W10
	BigBox      int // W11: queued messages
	Timers      int // W12: timers
	Links       int // W15: processes spawned with a link
	Monitors    int // W15: monitors made and taken away
	MassKill    int // W15: linked processes killed at once
	Outstanding int // W16: timers under way
	SetCancel   int // W16: timers set and cancelled meanwhile
	Crowd       int // W17: idle processes
	Copies      int // W18: copies of small messages
	Mailbox     int // W19: messages passed over
	Selects     int // W19: selective receives
	Children    int // W20: children of one supervisor
	Blockers    int // W21: processes that block
	CellMS      int // W21, W22: milliseconds for each cell of the table
}

var scales = map[string]Params{
	"smoke": {
		Spawn: 2000, Idle: 5000, Send: 50_000, FanIn: 50_000, Pairs: 100, PairTrips: 50, PingPong: 5000,
		RingSize: 500, RingLaps: 10, Call: 2000, Callers: 100, CallsEach: 20, Pay1k: 10_000, Pay64k: 2000, PayTree: 2000,
		TreeNodes: 100, Restarts: 100, BigBox: 50_000, Timers: 5000, Links: 5000, Monitors: 5000, MassKill: 2000,
		Outstanding: 20_000, SetCancel: 20_000, Crowd: 10_000, Copies: 50_000, Mailbox: 10_000, Selects: 20,
		Children: 1000, Blockers: 16, CellMS: 5,
	},
	"mid": {
		Spawn: 50_000, Idle: 200_000, Send: 1_000_000, FanIn: 1_000_000, Pairs: 1000, PairTrips: 300, PingPong: 200_000,
		RingSize: 10_000, RingLaps: 20, Call: 100_000, Callers: 1000, CallsEach: 100, Pay1k: 300_000, Pay64k: 20_000, PayTree: 20_000,
		TreeNodes: 100, Restarts: 3000, BigBox: 500_000, Timers: 100_000, Links: 200_000, Monitors: 200_000, MassKill: 100_000,
		Outstanding: 1_000_000, SetCancel: 200_000, Crowd: 1_000_000, Copies: 1_000_000, Mailbox: 100_000, Selects: 100,
		Children: 100_000, Blockers: 16, CellMS: 50,
	},
	"full": {
		Spawn: 100_000, Idle: 1_000_000, Send: 5_000_000, FanIn: 5_000_000, Pairs: 1000, PairTrips: 1000, PingPong: 500_000,
		RingSize: 10_000, RingLaps: 100, Call: 500_000, Callers: 1000, CallsEach: 500, Pay1k: 1_000_000, Pay64k: 100_000, PayTree: 100_000,
		TreeNodes: 100, Restarts: 10_000, BigBox: 1_000_000, Timers: 100_000, Links: 1_000_000, Monitors: 1_000_000, MassKill: 100_000,
		Outstanding: 1_000_000, SetCancel: 1_000_000, Crowd: 1_000_000, Copies: 5_000_000, Mailbox: 100_000, Selects: 500,
		Children: 1_000_000, Blockers: 16, CellMS: 200,
	},
}

// Scale returns the sizes called smoke, mid or full.
func Scale(name string) (Params, error) {
	p, ok := scales[name]
	if !ok {
		return p, fmt.Errorf("harness: unknown scale %q: smoke, mid or full", name)
	}
	return p, nil
}

// Set changes sizes as "Name=value,Name=value" says; underscores in numbers are
// ignored. The empty string changes nothing.
func (p *Params) Set(s string) error {
	if s == "" {
		return nil
	}
	v := reflect.ValueOf(p).Elem()
	for kv := range strings.SplitSeq(s, ",") {
		k, val, ok := strings.Cut(kv, "=")
		f := v.FieldByName(k)
		n, err := strconv.Atoi(strings.ReplaceAll(val, "_", ""))
		if !ok || !f.IsValid() || err != nil || n <= 0 {
			return fmt.Errorf("harness: %q sets no size: want Name=number, the names are the fields of Params", kv)
		}
		f.SetInt(int64(n))
	}
	return nil
}

// String lists all sizes in the form that Set takes.
func (p Params) String() string {
	var out []string
	v := reflect.ValueOf(p)
	for i := range v.NumField() {
		out = append(out, fmt.Sprintf("%s=%d", v.Type().Field(i).Name, v.Field(i).Int()))
	}
	return strings.Join(out, ",")
}
