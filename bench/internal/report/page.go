package report

import (
	"fmt"
	"slices"
	"strings"
)

// About says what a run was.
type About struct {
	Command  string
	Readme   string // where the programs are described, seen from the page
	Scale    string
	Rounds   int
	Date     string
	Commit   string
	CPUs     int // that each column may use
	Machine  []string
	Versions []string
	Notes    []string // what was left out, and why
	Sizes    string   // of the main set
	Second   string   // sizes of the second set, where they differ
}

// Page writes the page. img is the folder of the pictures, seen from the page; plots
// returns their text by file name.
func Page(r *Results, a About, img string) (page string, plots map[string]string) {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	main := r.Set("main")
	line("# Benchmarks\n")
	if a.Scale == "smoke" {
		line("**This page comes from a smoke run: it shows that everything works. Its figures mean nothing.**\n")
	}
	line("Made by `%s`, %s, Kista %s. Everything on this page is written by that command; the programs are in", a.Command, a.Date, a.Commit)
	line("[bench](%s).\n", a.Readme)
	for _, n := range a.Notes {
		line("**%s**\n", n)
	}
	line("## How to read it\n")
	line("One OS process for each round, workload and column, interleaved, in an order that rotates. Rounds: %d, scale `%s`, %d CPUs", a.Rounds, a.Scale, a.CPUs)
	line("(`GOMAXPROCS`, `+S`). A cell shows the median of the rounds, in parentheses the best one, and then how many times as fast")
	line("Kista is: above 1x Kista is ahead. In bold: the best of the others. `raw` and `rawq` are floors, not competitors: goroutines")
	line("with channels, and with unbounded queues, without identity, isolation, links, supervision. Kista runs with its default limits")
	line("and copies every message; of the others only Erlang does. Rows that are *written directly* use the column's own API, as")
	line("Erlang always does; the others go through an interface that all Go columns share, at about 20 ns a message. Where a column")
	line("has nothing like a row of Kista's, it shows what comes nearest: what a `Body` does is compared with the same process.\n")
	line("## Machine\n")
	for _, m := range slices.Concat(a.Machine, []string{loads(r)}, a.Versions) {
		line("- %s", m)
	}
	line("- sizes: `%s`", a.Sizes)
	line("\n## Goals\n\n%s", GoalTable(main))
	if why := bounds(main); why != "" {
		line("What bounds those that are not reached:\n\n%s", why)
	}
	line("## Results\n\n%s", MainTable(main))
	line("## While handlers block\n")
	line("Round trips of one pair while 16 other processes block: p50 / p99 in microseconds, and round trips a second.\n\n%s", BlockingTable(main))
	line("## The same in CPU time\n")
	line("User and system time of the whole OS process, the collector's included, for each operation, in ns. Erlang's busy waiting")
	line("counts.\n\n%s", CPUTable(main))
	if second := r.Set("second"); len(second.values) > 0 {
		line("## Other sizes and mixes\n")
		line("The main rows again, one round, with `%s`.\n\n%s", a.Second, MainTable(second))
	}
	plots = growth(r, img, line)
	line("## How each row is measured\n")
	for _, m := range Methods {
		line("- **%s** %s", m.Workload, m.How)
	}
	line("\nA workload whose own check does not hold reports an error in place of its figures.\n")
	if len(r.Problems) > 0 {
		line("## Errors\n")
		for _, p := range r.Problems {
			line("- %s", p)
		}
		line("")
	}
	line("## Every figure\n")
	line("Median [least .. greatest] of the rounds.\n\n%s", strings.TrimSuffix(AllTable(main), "\n"))
	return b.String(), plots
}

// growth writes the section of plots.
func growth(r *Results, img string, line func(string, ...any)) map[string]string {
	plots := map[string]string{}
	for _, g := range Growths {
		svg, words, ok := g.Plot(r)
		if !ok {
			continue
		}
		if len(plots) == 0 {
			line("## Growth\n")
			line("The cost of one operation when there is ten and a hundred times as much. Dashed: Erlang.\n")
		}
		file := g.Name + ".svg"
		plots[file] = svg
		line("### %s: %s\n\n![%s](%s/%s)\n\n%s\n", g.Workload, g.Title, g.Title, img, file, words)
	}
	return plots
}

func loads(r *Results) string {
	if len(r.Loads) == 0 {
		return "load average: not known"
	}
	return fmt.Sprintf("load average during the run: %.2f to %.2f, median %.2f", slices.Min(r.Loads), slices.Max(r.Loads), median(r.Loads))
}

// Summary is what the terminal shows: the goals and the main table.
func Summary(r *Results) string {
	main := r.Set("main")
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n%s", MainTable(main), BlockingTable(main), GoalTable(main))
	for _, p := range r.Problems {
		fmt.Fprintf(&b, "ERROR: %s\n", p)
	}
	return b.String()
}
