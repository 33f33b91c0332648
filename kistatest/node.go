package kistatest

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
)

// Node starts a node for one test, and has it stopped when the test and its
// subtests are over, with [Stop]. An empty name becomes "test". Without a logger,
// and with no handler for reports, the node's records go into the log that is
// returned, and nowhere else. The test ends at once if the node does not start.
func Node(t testing.TB, cfg kista.Config) (*kista.Node, *Log) {
	t.Helper()
	log := new(Log)
	if cfg.Name == "" {
		cfg.Name = "test"
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(log)
	}
	n, err := kista.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { Stop(t, n) })
	return n, log
}

// Stop stops a node, as long as that takes, and fails the test if anything is left
// of it: processes, executions of handlers that have not returned, timers, names.
// A node that has been stopped may be stopped again.
func Stop(t testing.TB, n *kista.Node) {
	t.Helper()
	if err := n.Stop(context.Background()); err != nil {
		t.Errorf("kistatest: the node %s did not stop in order: %v", n.NodeName(), err)
	}
	if s := n.Stats(); s.Processes != 0 || s.Executions != 0 || s.Zombies != 0 || s.Timers != 0 || s.Names != 0 {
		t.Errorf("kistatest: the node %s has been stopped and leaves %d processes, %d executions (%d of killed processes), %d timers and %d names",
			n.NodeName(), s.Processes, s.Executions, s.Zombies, s.Timers, s.Names)
	}
}

// Bubble runs f in a bubble of testing/synctest, with a node of its own as [Node]
// makes it. Time is virtual there. t is the bubble's: it has no Run and no
// Parallel.
func Bubble(t *testing.T, f func(t *testing.T, n *kista.Node, log *Log)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n, log := Node(t, kista.Config{})
		f(t, n, log)
	})
}

// Pass lets time go by in a bubble, until d has passed and all that it brings has
// come to rest. With zero it only waits for the latter.
func Pass(d time.Duration) {
	time.Sleep(d) // sleep: time is virtual
	synctest.Wait()
}
