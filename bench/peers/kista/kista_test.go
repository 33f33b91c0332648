package main

import (
	"strings"
	"testing"

	"github.com/kista-go/kista/bench/internal/columntest"
	"github.com/kista-go/kista/bench/internal/harness"
	"github.com/kista-go/kista/bench/internal/report"
)

// Kista's column does every workload, holds their checks, and has every figure
// that the tables, the goals and the plots ask for.
func TestWorkloads(t *testing.T) {
	ws := workloads()
	for _, w := range harness.Names {
		if ws[w] == nil {
			t.Errorf("there is no %s", w)
		}
	}
	out := columntest.Run(t, columnName, ws)
	wanted := func(w, metric, by string) {
		if !strings.Contains(out, w+","+columnName+","+metric+",") {
			t.Errorf("%s asks for %s of %s, which is not there", by, metric, w)
		}
	}
	for _, r := range report.Rows {
		wanted(r.Workload, r.Metric, "the table")
	}
	for _, g := range report.Goals {
		wanted(g.Workload, g.Metric, "a goal")
	}
	for _, g := range report.Growths {
		for _, m := range g.Metrics {
			wanted(g.Workload, m, "a plot")
		}
	}
	// What is sent is copied, and a term.Binary is not.
	for _, want := range []string{"bytes_64k_copied,1.000", "tree_100_copied,1.000", "binary_64k_copied,0.000"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s", want)
		}
	}
}
