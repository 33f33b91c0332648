// Run builds the columns of the benchmark, runs them and writes what came of it.
//
//	go run ./run                               # scale mid, three rounds, everything
//	go run ./run -scale smoke                  # a look, in less than two minutes
//	go run ./run -w W3,W6 -peers kista,erlang  # some of it
//	go run ./run -x Send=5000000 -w W3         # at other sizes
//
// It must be started in the folder of its module. Results go to out/results.csv as
// they come; the page goes to ../docs/benchmarks.md after a whole run at scale mid
// or full, else to out/benchmarks.md. No run starts once the budget is used up,
// except those of the first round.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/kista-go/kista/bench/internal/harness"
	"github.com/kista-go/kista/bench/internal/report"
)

// options are what the command line says.
type options struct {
	scale, workloads, peers, sizes, second string
	out, page                              string
	rounds, cpus                           int
	limit, budget                          time.Duration
	growth, build                          bool
}

func main() {
	var o options
	flag.StringVar(&o.scale, "scale", "mid", "sizes: smoke, mid or full")
	flag.IntVar(&o.rounds, "rounds", 0, "rounds of the main set; 0: one for smoke, else three")
	flag.StringVar(&o.workloads, "w", "", "workloads, separated by commas; empty: all")
	flag.StringVar(&o.peers, "peers", "", "columns, separated by commas; empty: all that are there")
	flag.StringVar(&o.sizes, "x", "", "sizes unlike the scale's: Name=value,... (fields of harness.Params)")
	flag.StringVar(&o.second, "second", secondSizes, "sizes of the second set, as -x; none: no second set")
	flag.BoolVar(&o.growth, "growth", true, "measure how costs grow, and draw it")
	flag.StringVar(&o.out, "out", "out", "folder for results and logs")
	flag.StringVar(&o.page, "page", "", "the page to write; empty: as said above")
	flag.IntVar(&o.cpus, "cpus", 2, "CPUs that each column may use, at most those of the machine")
	flag.DurationVar(&o.limit, "limit", 2*time.Minute, "kill a run that takes longer")
	flag.DurationVar(&o.budget, "budget", 13*time.Minute, "start no further round or plot after this time")
	flag.BoolVar(&o.build, "build", true, "build the columns first")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// secondSizes are the sizes of the second set: few processes and long queues
// where the main set has many and short ones, and the other way round.
const secondSizes = "Spawn=10000,Send=100000,FanIn=4000000,Pairs=16,PairTrips=20000,PingPong=20000," +
	"RingSize=100,RingLaps=2000,Callers=16,CallsEach=5000,TreeNodes=20,BigBox=50000"

// secondWorkloads are the rows of the second set.
const secondWorkloads = "W1,W3,W4,W5,W6,W7,W8,W9,W11,W14"

// validate fills in what depends on other options.
func (o *options) validate() error {
	if _, err := harness.Scale(o.scale); err != nil {
		return err
	}
	o.cpus = min(o.cpus, runtime.NumCPU())
	if o.cpus < 1 || o.rounds < 0 {
		return fmt.Errorf("-cpus %d, -rounds %d: want positive numbers", o.cpus, o.rounds)
	}
	if o.rounds == 0 {
		o.rounds = 3
		if o.scale == "smoke" {
			o.rounds = 1
		}
	}
	known := "," + strings.Join(harness.Names, ",") + ","
	for w := range strings.SplitSeq(o.workloads, ",") {
		if o.workloads != "" && !strings.Contains(known, ","+w+",") {
			return fmt.Errorf("-w %s: there is no %s; there are %s", o.workloads, w, strings.Join(harness.Names, ", "))
		}
	}
	return nil
}

// whole reports whether the run is one whose page may replace the published one.
func (o options) whole() bool {
	return o.scale != "smoke" && o.workloads == "" && o.peers == "" && o.sizes == "" && o.growth && o.second == secondSizes
}

func run(ctx context.Context, o options) error {
	if err := o.validate(); err != nil {
		return err
	}
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return err
	}
	b := builder{out: o.out}
	columns, err := b.columns(ctx, o)
	if err != nil {
		return err
	}
	for _, n := range b.notes {
		fmt.Fprintf(os.Stderr, "\n*** %s\n\n", n)
	}
	results, rounds, err := measure(ctx, o, columns)
	if err != nil {
		return err
	}
	return publish(ctx, o, b, results, rounds)
}

// seenFrom returns the link to file from a page.
func seenFrom(page, file string) (string, error) {
	folder, err := filepath.Abs(filepath.Dir(page))
	if err != nil {
		return "", err
	}
	target, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	link, err := filepath.Rel(folder, target)
	return filepath.ToSlash(link), err
}

func publish(ctx context.Context, o options, b builder, results *report.Results, rounds int) error {
	fmt.Print(report.Summary(results))
	page, img := filepath.Join(o.out, "benchmarks.md"), "img"
	if o.whole() {
		page = "../docs/benchmarks.md"
	}
	if o.page != "" {
		page = o.page
	}
	a := about(ctx, o, b, rounds)
	readme, err := seenFrom(page, "README.md")
	if err != nil {
		return err
	}
	a.Readme = readme
	text, plots := report.Page(results, a, img)
	if err := writePage(page, img, text, plots); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "bench: wrote %s and %d plots\n", page, len(plots))
	if n := len(results.Problems); n > 0 {
		return fmt.Errorf("%d runs reported an error; see the page or %s/results.csv", n, o.out)
	}
	return nil
}
