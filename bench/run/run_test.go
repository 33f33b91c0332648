package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/kista-go/kista/bench/internal/harness"
	"github.com/kista-go/kista/bench/internal/report"
)

func TestValidate(t *testing.T) {
	for name, c := range map[string]struct {
		o      options
		rounds int // 0: an error
	}{
		"smoke":            {options{scale: "smoke", cpus: 2}, 1},
		"mid":              {options{scale: "mid", cpus: 2}, 3},
		"as told":          {options{scale: "mid", cpus: 2, rounds: 7, workloads: "W1,W22"}, 7},
		"no such scale":    {options{scale: "big", cpus: 2}, 0},
		"no such workload": {options{scale: "mid", cpus: 2, workloads: "W1,W13"}, 0},
		"a part of a name": {options{scale: "mid", cpus: 2, workloads: "W"}, 0},
		"no cpu":           {options{scale: "mid"}, 0},
		"negative rounds":  {options{scale: "mid", cpus: 2, rounds: -1}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.o.validate()
			if (err != nil) != (c.rounds == 0) || err == nil && c.o.rounds != c.rounds {
				t.Errorf("%v, rounds %d, want %d", err, c.o.rounds, c.rounds)
			}
		})
	}
	o := options{scale: "mid", cpus: 1 << 20}
	if err := o.validate(); err != nil || o.cpus != runtime.NumCPU() {
		t.Errorf("%d cpus, %v", o.cpus, err)
	}
}

func TestOnlyAWholeRunReplacesThePage(t *testing.T) {
	whole := options{scale: "mid", growth: true, second: secondSizes}
	if !whole.whole() {
		t.Error("a whole run is not one")
	}
	for name, change := range map[string]func(o *options){
		"smoke":     func(o *options) { o.scale = "smoke" },
		"workloads": func(o *options) { o.workloads = "W1" },
		"peers":     func(o *options) { o.peers = "kista" },
		"sizes":     func(o *options) { o.sizes = "Send=1" },
		"growth":    func(o *options) { o.growth = false },
		"second":    func(o *options) { o.second = "none" },
	} {
		o := whole
		if change(&o); o.whole() {
			t.Errorf("%s: counts as a whole run", name)
		}
	}
}

func TestTheSizesOfOtherSetsAreValid(t *testing.T) {
	p, err := harness.Scale("mid")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Set(secondSizes); err != nil {
		t.Error(err)
	}
	known := "," + strings.Join(harness.Names, ",") + ","
	for w := range strings.SplitSeq(secondWorkloads, ",") {
		if !strings.Contains(known, ","+w+",") {
			t.Errorf("there is no %s", w)
		}
	}
	for _, g := range report.Growths {
		if !strings.Contains(known, ","+g.Workload+",") {
			t.Errorf("%s: there is no %s", g.Name, g.Workload)
		}
		for _, of := range report.Factors {
			if err := p.Set(g.Sizes(of)); err != nil {
				t.Errorf("%s: %v", g.Name, err)
			}
		}
	}
	if got := atMost("raw", p).Crowd; got != 200_000 {
		t.Errorf("a crowd of %d goroutines", got)
	}
	if atMost("kista", p) != p {
		t.Error("Kista's sizes are lowered")
	}
}

func TestCommand(t *testing.T) {
	p, _ := harness.Scale("smoke")
	c := column{name: "kista", binary: "bin/kista", cgo: "bin/kista-cgo"}
	for w, want := range map[string]string{"W3": "bin/kista", "W21": "bin/kista-cgo"} {
		cmd := command(context.Background(), c, w, p, options{cpus: 2, limit: 4 * time.Second})
		if cmd.Args[0] != want || cmd.Args[2] != w || cmd.Args[4] != p.String() || cmd.Args[6] != "3s" || cmd.Env[len(cmd.Env)-1] != "GOMAXPROCS=2" {
			t.Errorf("%s: %q", w, cmd.Args)
		}
	}
	got := strings.Join(command(context.Background(), column{name: "erlang"}, "W3", p, options{cpus: 2}).Args, " ")
	if !strings.HasPrefix(got, "erl ") || !strings.Contains(got, " +S 2:2 ") || !strings.HasSuffix(got, " main W3 "+p.String()) {
		t.Error(got)
	}
}

func TestMachine(t *testing.T) {
	if got := model("processor\t: 0\nmodel name\t: A CPU: fast\nmodel name : other\n"); got != "A CPU: fast" {
		t.Error(got)
	}
	if got := model(""); got != "unknown CPU" {
		t.Error(got)
	}
	if got := memory("MemTotal:       25165824 kB\nMemFree: 1 kB\n"); got != "24.0 GiB" {
		t.Error(got)
	}
	if got := memory("x"); got != "an unknown amount" {
		t.Error(got)
	}
}

func TestSeenFrom(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.MkdirAll("bench", 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir("bench")
	for page, want := range map[string]string{
		"out/benchmarks.md": "../README.md", "../docs/benchmarks.md": "../bench/README.md", "b.md": "README.md",
	} {
		if got, err := seenFrom(page, "README.md"); err != nil || got != want {
			t.Errorf("from %s: %s, %v, want %s", page, got, err, want)
		}
	}
}

func TestWritePage(t *testing.T) {
	page := filepath.Join(t.TempDir(), "docs", "benchmarks.md")
	if err := writePage(page, "img", "one", map[string]string{"send.svg": "<svg/>", "ring.svg": "<svg/>"}); err != nil {
		t.Fatal(err)
	}
	if err := writePage(page, "img", "two", map[string]string{"send.svg": "<svg></svg>"}); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(page); err != nil || string(text) != "two" {
		t.Errorf("%q, %v", text, err)
	}
	left, err := os.ReadDir(filepath.Join(filepath.Dir(page), "img"))
	if err != nil || len(left) != 1 || left[0].Name() != "send.svg" {
		t.Errorf("%v, %v: the picture of the page before is still there", left, err)
	}
}

// script makes a column of a shell script.
func script(t *testing.T, name, text string) column {
	t.Helper()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no sh")
	}
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	return column{name: name, binary: file}
}

func TestWhatAColumnPrintsIsRecorded(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		limit time.Duration
		want  string
	}{
		"figures":          {`echo "$2,col,msg,1.5,ns"; echo noise; echo W4,col,msg,1,ns; echo W3,other,msg,1,ns`, time.Minute, "main,2,W3,col,msg,1.5,ns\n"},
		"an error":         {"echo W3,col,ERROR,sum,-; exit 1", time.Minute, "main,2,W3,col,ERROR,sum,-\n"},
		"a crash":          {"exit 3", time.Minute, "main,2,W3,col,ERROR,exit status 3,-\n"},
		"it does not end":  {"echo W3,col,msg,1,ns; exec sleep 100", 300 * time.Millisecond, "main,2,W3,col,msg,1,ns\nmain,2,W3,col,ERROR,killed after 300ms,-\n"},
		"nothing to do":    {"true", time.Minute, ""},
		"the right sizes":  {`case "$4" in *Send=7,*) echo W3,col,ok,1,n;; esac`, time.Minute, "main,2,W3,col,ok,1,n\n"},
		"the right number": {`echo "W3,col,cpus,$GOMAXPROCS,n"`, time.Minute, "main,2,W3,col,cpus,1,n\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var csv strings.Builder
			r := &runner{o: options{scale: "smoke", cpus: 1, limit: c.limit}, csv: &csv, log: io.Discard}
			if err := r.one(t.Context(), "main", 2, "W3", script(t, "col", c.text), "Send=7"); err != nil {
				t.Fatal(err)
			}
			got := ""
			for line := range strings.Lines(csv.String()) {
				if !strings.Contains(line, ",loadavg,") {
					got += line
				}
			}
			if got != c.want {
				t.Errorf("got\n%swant\n%s", got, c.want)
			}
		})
	}
}

func TestColumnsTakeTurnsAndRoundsHaveABudget(t *testing.T) {
	var csv strings.Builder
	a, b := script(t, "a", `echo "$2,a,m,1,n"`), script(t, "b", `echo "$2,b,m,1,n"`)
	o := options{scale: "smoke", cpus: 1, limit: time.Minute, budget: time.Hour, rounds: 2, workloads: "W1,W2,W3", second: "none"}
	r := &runner{o: o, columns: []column{a, b}, csv: &csv, log: io.Discard}
	if made, err := r.rounds(t.Context()); err != nil || made != 2 {
		t.Fatalf("%d rounds, %v", made, err)
	}
	order := ""
	for line := range strings.Lines(csv.String()) {
		if f := strings.Split(line, ","); f[4] == "m" {
			order += f[3]
		}
	}
	if order != "baabbaabbaab" {
		t.Errorf("the order was %s", order)
	}
	r.o.budget = 0
	if made, err := r.rounds(t.Context()); err != nil || made != 1 {
		t.Errorf("without time: %d rounds, %v", made, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.rounds(ctx); err == nil {
		t.Error("an interrupted run goes on")
	}
}
