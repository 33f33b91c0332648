// Kista is the column of Kista itself, through its public API only, with its
// default limits on and with copying on. The workloads that all columns share run
// through the same interface as the others' do; what a user would write stands
// beside them, as in the other columns where there is a choice: behaviours and
// servers for what is called back, bodies for what has a flow of its own.
//
// A mailbox has room for 100,000 messages: a sender that is refused waits 50
// microseconds and tries again, and how often is a figure of its own. W11, which
// queues more, gives its one receiver more room.
package main

import (
	"context"
	"log"
	"log/slog"
	"os"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/bench/internal/harness"
	"github.com/kista-go/kista/bench/internal/workload"
)

// run is one run of one workload.
type run = harness.R

// ctx is what plain goroutines of this column call with.
var ctx = context.Background()

// columnName is what this column is called in results.
const columnName = "kista"

// start starts a node whose log goes nowhere.
func start() *kista.Node { return startWith(slog.New(slog.DiscardHandler)) }

// startWith starts a node; nil is Kista's default logger.
func startWith(l *slog.Logger) *kista.Node {
	n, err := kista.Start(kista.Config{Logger: l})
	if err != nil {
		panic(err) // a benchmark without a node has nothing to say
	}
	return n
}

// stop stops a node, none of whose processes may be left over.
func stop(r *run, n *kista.Node) {
	if err := n.Stop(ctx); err != nil {
		r.Fail("%v", err)
	}
}

// workloads returns what this column does.
func workloads() harness.Workloads {
	ws := workload.Generic(func() workload.System { return &system{node: start()} })
	ws["W1"] = spawns
	ws["W2"] = func(r *run) { _, _, _, _ = rest(r, r.P.Idle) }
	ws["W3"] = workload.Both(ws["W3"], func(r *run) { nativeSend(r, "msg_native", 1, r.P.Send) })
	ws["W4"] = workload.Both(ws["W4"], func(r *run) { nativeSend(r, "msg_native", 8, r.P.FanIn) })
	ws["W5"] = workload.Both(ws["W5"], func(r *run) { nativePingPong(r, r.P.Pairs, r.P.PairTrips) })
	ws["W6"] = workload.Both(ws["W6"], func(r *run) {
		nativePingPong(r, 1, r.P.PingPong)
		serverPingPong(r)
	})
	ws["W7"] = workload.Both(ws["W7"], func(r *run) {
		nativeRing(r)
		serverRing(r)
	})
	ws["W8"] = calls
	ws["W9"] = payloads
	ws["W10"] = restarts
	ws["W14"] = hops
	ws["W15"] = links
	ws["W16"] = setCancel
	ws["W17"] = crowd
	ws["W18"] = copies
	ws["W19"] = selective
	ws["W20"] = children
	return ws
}

func main() {
	// Kista's default log is slog's, which is log's: it is formatted and written
	// as ever, but not to the terminal.
	if null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0); err == nil {
		log.SetOutput(null)
	}
	harness.Main(columnName, workloads())
}
