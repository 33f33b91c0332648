// Raw is the physical floor: goroutines and typed channels, written by hand for
// each workload. Mailboxes are bounded, so that senders block; there is no
// identity and nothing to supervise with.
package main

import (
	"github.com/kista-go/kista/bench/internal/harness"
	"github.com/kista-go/kista/bench/internal/workload"
)

type (
	run = harness.R
	msg = workload.Msg
)

// box is the capacity of a channel that stands for a mailbox.
const box = 1024

func main() { harness.Main("raw", workloads()) }

func workloads() harness.Workloads {
	return harness.Workloads{
		"W1": spawns, "W2": idle, "W17": crowd,
		"W3": func(r *run) { send(r, 1, r.P.Send) },
		"W4": func(r *run) { send(r, 8, r.P.FanIn) },
		"W5": func(r *run) { pingPong(r, "", r.P.Pairs, r.P.PairTrips) },
		"W6": func(r *run) { pingPong(r, "", 1, r.P.PingPong) },
		"W7": func(r *run) { ring(r, "hop") },
		"W8": calls, "W9": payloads, "W10": restarts, "W11": bigBox, "W12": dueTimers, "W16": setCancel,
		"W14": func(r *run) {
			ring(r, "blocking_hop")
			pingPong(r, "_blocking", 1, r.P.PingPong)
		},
	}
}
