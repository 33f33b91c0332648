package kista

import (
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// ReportKind says what a report is about. Every record that the library logs has
// it, as the attribute "report"; [KindOf] finds it.
//
// One crash makes up to three reports, which name the same "pid" on the same
// "node": the behaviour's, with what it was doing (a warning), the kernel's, with
// the stack (the one error), and the supervisor's, with what becomes of it (a
// warning, or an error if it does not know any more what to do).
type ReportKind string

// The kinds of reports.
const (
	// ReportCrash: a process has ended abnormally (statements 102 to 104).
	ReportCrash ReportKind = "crash"
	// ReportTerminate: a behaviour ends abnormally, with what it was doing
	// (statement 135).
	ReportTerminate ReportKind = "terminate"
	// ReportSupervisor: something is wrong with a supervisor's child (statement
	// 199).
	ReportSupervisor ReportKind = "supervisor"
	// ReportProgress: a child is up, or has stopped as it should (statement 225).
	ReportProgress ReportKind = "progress"
	// ReportNotice: anything else: a zombie, a message that nobody handles, reports
	// that were dropped.
	ReportNotice ReportKind = "notice"
)

const reportKey = "report"

// Attr is the attribute that says it.
func (k ReportKind) Attr() slog.Attr { return slog.String(reportKey, string(k)) }

// KindOf returns what kind of report a record is, "" if it is none, but a program's
// own record.
func KindOf(rec slog.Record) (kind ReportKind) {
	rec.Attrs(func(a slog.Attr) bool {
		if a.Key == reportKey && a.Value.Kind() == slog.KindString {
			kind = ReportKind(a.Value.String())
		}
		return kind == ""
	})
	return kind
}

// NoLimit, as [ReportLimit.PerSecond], lets everything through.
const NoLimit = -1

// ReportLimit bounds how many reports of each kind a node lets through: Burst at
// once, and PerSecond in the long run. What is more is dropped and counted
// ([Stats.DroppedReports]), and a second later a summary says how many of which
// kind. So ten thousand crashes do not fill a disk, and do not hide what the
// supervisor has to say of them. Zero fields: 200 per second, 2000 at once.
type ReportLimit struct {
	PerSecond int
	Burst     int // at once
}

const (
	defaultPerSecond = 200
	defaultBurst     = 2000
)

// flood counts what passes and what does not. Its zero value has the default
// limit.
type flood struct {
	mu      sync.Mutex
	limit   ReportLimit
	passed  map[ReportKind]bucket
	lost    map[ReportKind]int
	since   time.Time
	node    *Node
	timer   Stopper
	stopped bool
}

// bucket holds what may pass at once.
type bucket struct {
	left float64
	at   time.Time
}

func (f *flood) set(l ReportLimit) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.limit, f.passed = l, nil
}

// admits takes one out of the kind's bucket.
func (f *flood) admits(rec *report) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	rate, burst := f.limit.PerSecond, f.limit.Burst
	switch {
	case rate < 0:
		return true
	case rate == 0:
		rate = defaultPerSecond
	}
	if burst <= 0 {
		burst = max(defaultBurst, rate)
		if f.limit.PerSecond > 0 {
			burst = rate
		}
	}
	kind := rec.kind.known()
	b, seen := f.passed[kind]
	switch {
	case !seen:
		b.left = float64(burst)
	case rec.Time.After(b.at):
		b.left = min(float64(burst), b.left+rec.Time.Sub(b.at).Seconds()*float64(rate))
	}
	if !seen || rec.Time.After(b.at) {
		b.at = rec.Time
	}
	ok := b.left >= 1
	if ok {
		b.left--
	}
	if f.passed == nil {
		f.passed = map[ReportKind]bucket{}
	}
	f.passed[kind] = b
	return ok
}

// known bounds the number of kinds.
func (k ReportKind) known() ReportKind {
	switch k {
	case ReportCrash, ReportTerminate, ReportSupervisor, ReportProgress:
		return k
	}
	return ReportNotice
}

// dropped counts one that is lost. summarize is called in a second, if it is the
// first one.
func (f *flood) dropped(rec *report, summarize func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stopped || rec.node == nil {
		return
	}
	if f.lost == nil {
		f.lost, f.since, f.node = map[ReportKind]int{}, rec.Time, rec.node
	}
	f.lost[rec.kind.known()]++
	if f.timer == nil {
		f.timer = rec.node.clock.AfterFunc(summaryAfter, summarize)
	}
}

// summary tells what was lost since the last one, nil if nothing was.
func (f *flood) summary() *report {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.timer = nil
	if f.lost == nil {
		return nil
	}
	lost := f.lost
	f.lost = nil
	out := f.node.newReport(slog.LevelWarn, ReportNotice, "kista: reports were dropped")
	kinds := make([]string, 0, len(lost))
	total := 0
	for k, n := range lost {
		kinds = append(kinds, string(k))
		total += n
	}
	slices.Sort(kinds)
	out.AddAttrs(slog.Int("dropped", total), slog.Duration("within", out.Time.Sub(f.since)), slog.String("kinds", strings.Join(kinds, ",")))
	for _, k := range kinds {
		out.AddAttrs(slog.Int("dropped_"+k, lost[ReportKind(k)]))
	}
	out.lost = lost
	return out
}

// restore takes back a summary that could not be told.
func (f *flood) restore(sum *report) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lost == nil {
		f.lost, f.since = map[ReportKind]int{}, sum.Time
	}
	for k, n := range sum.lost {
		f.lost[k] += n
	}
}

func (f *flood) stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stopped = true
	if f.timer != nil {
		f.timer.Stop()
		f.timer = nil
	}
}
