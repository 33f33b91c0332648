package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kista-go/kista/bench/internal/harness"
	"github.com/kista-go/kista/bench/internal/report"
)

// runner runs columns and collects what they print.
type runner struct {
	o       options
	columns []column
	csv     io.Writer
	log     io.Writer
	turn    int // rotates the order of the columns
	err     error
}

// put writes to the results. The first error is kept; one reports it.
func (r *runner) put(format string, args ...any) {
	if _, err := fmt.Fprintf(r.csv, format, args...); err != nil && r.err == nil {
		r.err = err
	}
}

// measure runs the main set once, then the second set and the plots, and then the
// further rounds for which there is time. It returns how many there were.
func measure(ctx context.Context, o options, columns []column) (*report.Results, int, error) {
	var all bytes.Buffer
	file, err := os.Create(filepath.Join(o.out, "results.csv"))
	if err != nil {
		return nil, 0, err
	}
	defer file.Close()
	log, err := os.Create(filepath.Join(o.out, "stderr.log"))
	if err != nil {
		return nil, 0, err
	}
	defer log.Close()
	r := &runner{o: o, columns: columns, csv: io.MultiWriter(&all, file), log: log}
	r.put("set,round,workload,column,metric,value,unit\n")
	rounds, err := r.rounds(ctx)
	if err != nil {
		return nil, 0, err
	}
	results, err := report.Parse(&all)
	return results, rounds, err
}

func (r *runner) rounds(ctx context.Context) (made int, err error) {
	begin := time.Now()
	names := harness.Names
	if r.o.workloads != "" {
		names = strings.Split(r.o.workloads, ",")
	}
	timeFor := func(d time.Duration) bool { return time.Since(begin)+d < r.o.budget }
	var one time.Duration // the longest that a round has taken
	for round := 1; round <= r.o.rounds && (round == 1 || timeFor(one)); round++ {
		t := time.Now()
		if err := r.set(ctx, "main", round, names, r.o.sizes, nil); err != nil {
			return 0, err
		}
		one = max(one, time.Since(t))
		made = round
		fmt.Fprintf(os.Stderr, "bench: round %d of %d done, %v in all\n", round, r.o.rounds, time.Since(begin).Round(time.Second))
		if round == 1 {
			if err := r.others(ctx, names, timeFor); err != nil {
				return 0, err
			}
		}
	}
	if made < r.o.rounds {
		fmt.Fprintf(os.Stderr, "bench: only %d of %d rounds: the budget of %v is used up\n", made, r.o.rounds, r.o.budget)
	}
	return made, nil
}

// others runs the second set and the plots.
func (r *runner) others(ctx context.Context, names []string, timeFor func(time.Duration) bool) error {
	if r.o.second != "none" && r.o.scale != "smoke" {
		var some []string
		for w := range strings.SplitSeq(secondWorkloads, ",") {
			if slices.Contains(names, w) {
				some = append(some, w)
			}
		}
		if err := r.set(ctx, "second", 1, some, r.o.second, nil); err != nil {
			return err
		}
	}
	for _, g := range report.Growths {
		if !r.o.growth || !slices.Contains(names, g.Workload) {
			continue
		}
		for _, of := range report.Factors {
			if !timeFor(0) || r.o.scale == "smoke" && of > 10 {
				break
			}
			if err := r.set(ctx, g.SetName(of), 1, []string{g.Workload}, g.Sizes(of), g.Columns()); err != nil {
				return err
			}
		}
	}
	return nil
}

// set runs the workloads of one round; only, if not nil, says in which columns.
func (r *runner) set(ctx context.Context, set string, round int, workloads []string, sizes string, only []string) error {
	for _, w := range workloads {
		r.turn++
		for i := range r.columns {
			c := r.columns[(i+r.turn)%len(r.columns)]
			if only != nil && !slices.Contains(only, c.name) {
				continue
			}
			if err := r.one(ctx, set, round, w, c, sizes); err != nil {
				return err
			}
		}
	}
	return nil
}

// one runs one workload in one column.
func (r *runner) one(ctx context.Context, set string, round int, w string, c column, sizes string) error {
	p, err := harness.Scale(r.o.scale)
	if err != nil {
		return err
	}
	p = atMost(c.name, p)
	if err := p.Set(sizes); err != nil {
		return err
	}
	prefix := fmt.Sprintf("%s,%d,", set, round)
	if load, ok := loadAverage(); ok {
		r.put("%s%s,%s,loadavg,%.2f,n\n", prefix, w, c.name, load)
	}
	limited, cancel := context.WithTimeout(ctx, r.o.limit)
	defer cancel()
	cmd := command(limited, c, w, p, r.o)
	cmd.Stderr = r.log
	cmd.WaitDelay = 5 * time.Second // for what it leaves behind
	text, err := cmd.Output()
	said := false
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, w+","+c.name+",") {
			said = said || strings.Contains(line, ",ERROR,")
			r.put("%s%s", prefix, line)
		}
	}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil:
	case limited.Err() != nil:
		r.put("%s%s,%s,ERROR,killed after %v,-\n", prefix, w, c.name, r.o.limit)
	case !errors.As(err, &exit):
		return err
	case !said:
		r.put("%s%s,%s,ERROR,%v,-\n", prefix, w, c.name, exit)
	}
	return r.err
}

// command is the OS process for one workload in one column.
func command(ctx context.Context, c column, w string, p harness.Params, o options) *exec.Cmd {
	if c.binary == "" {
		return exec.CommandContext(ctx, "erl", "+P", "4000000", "+S", fmt.Sprintf("%d:%d", o.cpus, o.cpus),
			"-noshell", "-pa", "bin/ebin", "-run", "kista_bench", "main", w, p.String())
	}
	binary := c.binary
	if w == "W21" && c.cgo != "" {
		binary = c.cgo
	}
	cmd := exec.CommandContext(ctx, binary, "-w", w, "-set", p.String(), "-wait", (o.limit * 3 / 4).String())
	cmd.Env = append(os.Environ(), fmt.Sprintf("GOMAXPROCS=%d", o.cpus))
	return cmd
}

// atMost lowers sizes that a column cannot do in reasonable time or memory. The
// figures are for one operation, so that columns stay comparable.
func atMost(column string, p harness.Params) harness.Params {
	switch column {
	case "hollywood": // 28 KB and tens of microseconds for each process
		p.Spawn, p.Idle, p.Crowd = min(p.Spawn, 20_000), min(p.Idle, 100_000), min(p.Crowd, 50_000)
	case "protoactor":
		p.Crowd = min(p.Crowd, 200_000)
	case "raw", "rawq": // a goroutine for each process
		p.Crowd = min(p.Crowd, 200_000)
	}
	return p
}
