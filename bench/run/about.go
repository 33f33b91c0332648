package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/kista-go/kista/bench/internal/harness"
	"github.com/kista-go/kista/bench/internal/report"
)

// about says what the run was.
func about(ctx context.Context, o options, b builder, rounds int) report.About {
	a := report.About{
		Command: "make bench", Scale: o.scale, Rounds: rounds, CPUs: o.cpus,
		Date: time.Now().UTC().Format("2006-01-02"), Commit: commit(ctx), Notes: b.notes, Second: o.second,
	}
	if p, err := harness.Scale(o.scale); err == nil && p.Set(o.sizes) == nil {
		a.Sizes = strings.ReplaceAll(p.String(), ",", ", ")
	}
	for _, setting := range [][2]string{
		{"SCALE", o.scale}, {"ROUNDS", strconv.Itoa(o.rounds)}, {"W", o.workloads}, {"PEERS", o.peers}, {"X", o.sizes},
	} {
		if setting[1] != "" {
			a.Command += " " + setting[0] + "=" + setting[1]
		}
	}
	if rounds < o.rounds {
		a.Notes = append(a.Notes, fmt.Sprintf("Only %d of %d rounds were made: the time was used up.", rounds, o.rounds))
	}
	cpuinfo, _ := os.ReadFile("/proc/cpuinfo")
	meminfo, _ := os.ReadFile("/proc/meminfo")
	a.Machine = []string{
		fmt.Sprintf("%s, %d CPUs, %s of memory, %s/%s", model(string(cpuinfo)), runtime.NumCPU(), memory(string(meminfo)), runtime.GOOS, runtime.GOARCH),
	}
	a.Versions = []string{runtime.Version()}
	if b.erlang != "" {
		a.Versions = append(a.Versions, "Erlang/"+b.erlang)
	}
	modules := []string{"list", "-m", "-f", "{{.Path}} {{.Version}}", "github.com/asynkron/protoactor-go", "github.com/anthdm/hollywood"}
	if text, err := exec.CommandContext(ctx, "go", modules...).Output(); err == nil {
		a.Versions = append(a.Versions, strings.Split(strings.TrimSpace(string(text)), "\n")...)
	}
	return a
}

// commit names the version of Kista that was measured.
func commit(ctx context.Context) string {
	text, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty=, with changes that are not committed").Output()
	if err != nil {
		return "of an unknown commit"
	}
	return "at " + strings.TrimSpace(string(text))
}

// model finds the name of the CPU.
func model(cpuinfo string) string {
	for line := range strings.Lines(cpuinfo) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown CPU"
}

// memory finds the size of the memory.
func memory(meminfo string) string {
	_, rest, _ := strings.Cut(meminfo, "MemTotal:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return "an unknown amount"
	}
	kb, _ := strconv.ParseFloat(fields[0], 64)
	return fmt.Sprintf("%.1f GiB", kb/(1<<20))
}

// loadAverage is that of the last minute.
func loadAverage() (float64, bool) {
	text, err := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	v, perr := strconv.ParseFloat(first, 64)
	return v, err == nil && perr == nil
}

// writePage writes the page and its pictures, and removes those of a page before.
func writePage(page, img, text string, plots map[string]string) error {
	folder := filepath.Join(filepath.Dir(page), img)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, g := range report.Growths {
		name := filepath.Join(folder, g.Name+".svg")
		svg, ok := plots[g.Name+".svg"]
		if !ok {
			if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
				return err
			}
			continue
		}
		if err := os.WriteFile(name, []byte(svg), 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(page, []byte(text), 0o644)
}
