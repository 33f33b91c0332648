package columntest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kista-go/kista/bench/internal/harness"
)

// Sizes are those at which a workload is over in a moment.
const Sizes = "Spawn=300,Idle=300,Send=2000,FanIn=2000,Pairs=5,PairTrips=20,PingPong=100,RingSize=20,RingLaps=5,Call=100,Callers=10," +
	"CallsEach=10,Pay1k=600,Pay64k=600,PayTree=100,TreeNodes=100,Restarts=10,BigBox=2000,Timers=100,Links=300,Monitors=300,MassKill=200," +
	"Outstanding=500,SetCancel=500,Crowd=300,Copies=500,Mailbox=1000,Selects=5,Children=50,Blockers=4,CellMS=1"

// Run runs every workload of the column but those left out, each as a subtest, and
// returns what they printed.
func Run(t *testing.T, column string, ws harness.Workloads, leftOut ...string) string {
	t.Helper()
	var p harness.Params
	if err := p.Set(Sizes); err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, w := range harness.Names {
		do := ws[w]
		if do == nil || slices.Contains(leftOut, w) {
			continue
		}
		t.Run(w, func(t *testing.T) {
			var out strings.Builder
			r := harness.New(&out, column, w, p, 20*time.Second)
			do(r)
			if r.Failed() || !strings.Contains(out.String(), w+","+column+",") {
				t.Errorf("an error, or no figure:\n%s", out.String())
			}
			all.WriteString(out.String())
		})
	}
	return all.String()
}
