package harness

import (
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"time"
)

// R is one run of one workload by one column.
type R struct {
	P    Params
	Peer string // the column
	W    string // the workload

	out     io.Writer
	patient time.Duration
	mu      sync.Mutex
	failed  bool
}

// New returns a run whose results go to out. Each step may take patience.
func New(out io.Writer, column, workload string, p Params, patience time.Duration) *R {
	return &R{P: p, Peer: column, W: workload, out: out, patient: patience}
}

// Emit prints one figure.
func (r *R) Emit(metric string, value float64, unit string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.print("%s,%s,%s,%s,%s\n", r.W, r.Peer, metric, strconv.FormatFloat(value, 'f', 3, 64), unit)
}

// Fail reports that the workload's result is wrong.
func (r *R) Fail(format string, a ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = true
	text := strings.NewReplacer(",", ";", "\n", " ").Replace(fmt.Sprintf(format, a...))
	r.print("%s,%s,ERROR,%s,-\n", r.W, r.Peer, text)
}

// print prints a line. A result that cannot be told is none.
func (r *R) print(format string, a ...any) {
	if _, err := fmt.Fprintf(r.out, format, a...); err != nil {
		r.failed = true
	}
}

// Failed reports whether Fail was called.
func (r *R) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

// Check fails the workload unless got is want.
func Check[T comparable](r *R, what string, got, want T) bool {
	if got != want {
		r.Fail("%s: got %v, want %v", what, got, want)
		return false
	}
	return true
}

// Wait receives from ch, or fails the workload when that takes too long.
func Wait[T any](r *R, what string, ch <-chan T) (v T, ok bool) {
	t := time.NewTimer(r.patient)
	defer t.Stop()
	select {
	case v = <-ch:
		return v, true
	case <-t.C:
		r.Fail("%s: nothing came in %v", what, r.patient)
		return v, false
	}
}

// Until waits until is holds, or fails the workload when that takes too long. It
// looks ten thousand times a second: for ends that nobody tells.
func (r *R) Until(what string, is func() bool) bool {
	for end := time.Now().Add(r.patient); !is(); time.Sleep(100 * time.Microsecond) {
		if time.Now().After(end) {
			r.Fail("%s: not in %v", what, r.patient)
			return false
		}
	}
	return true
}

// Workloads maps the names of workloads to what a column does for them.
type Workloads map[string]func(*R)

// Main is the main function of a column: it runs the workloads that the command
// line names and exits with 1 if a result was wrong.
func Main(column string, ws Workloads) {
	which := flag.String("w", strings.Join(Names, ","), "workloads, separated by commas")
	scale := flag.String("scale", "smoke", "smoke, mid or full")
	set := flag.String("set", "", "sizes unlike the scale's, as Name=value,...")
	patience := flag.Duration("wait", 45*time.Second, "give up on a step after this time")
	profile := flag.String("cpuprofile", "", "write a CPU profile of the run to this file")
	flag.Parse()
	p, err := Scale(*scale)
	if err == nil {
		err = p.Set(*set)
	}
	stop := func() {}
	if err == nil && *profile != "" {
		stop, err = startProfile(*profile)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	failed := false
	for name := range strings.SplitSeq(*which, ",") {
		r := New(os.Stdout, column, name, p, *patience)
		if do := ws[name]; do != nil {
			do(r)
		}
		failed = failed || r.Failed()
		Release()
	}
	stop()
	if failed {
		os.Exit(1)
	}
}

func startProfile(name string) (stop func(), err error) {
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, err
	}
	return func() {
		pprof.StopCPUProfile()
		if err := f.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}, nil
}
