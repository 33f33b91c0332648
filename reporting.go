package kista

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Reports reach the logger through a bounded queue and one goroutine, so that a
// log handler that blocks, panics or calls Goexit harms nobody: what does not
// fit is dropped and counted. A flood of them is limited before it gets there.

const reportQueue = 1024

// reports is what a node has for its logger, and for each handler that is attached
// besides.
type reports struct {
	logger  *slog.Logger
	queue   chan *report
	mu      sync.RWMutex // guards closed against sends, and others
	closed  bool
	done    chan struct{}
	dropped atomic.Int64
	asked   bool       // the loop has begun
	others  []*reports // what is attached; of the logger's alone
	flood   flood      // of the logger's alone

	// What the logger does not want is not queued, so that it drives out nothing
	// and is not counted as dropped. Only the loop asks the logger; it looks again
	// now and then, for a level may be changed.
	least    atomic.Int64 // the lowest level that it wanted lately
	unwanted atomic.Uint64
}

// lookAgain is how many unwanted reports pass unseen before one is queued anyhow.
const lookAgain = 256

// wants tells whether a report of that level is worth making.
func (r *reports) wants(level slog.Level) bool {
	if int64(level) >= r.least.Load() || r.unwanted.Add(1)%lookAgain == 0 {
		return true
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.ContainsFunc(r.others, func(o *reports) bool { return o.wants(level) })
}

// learn asks the logger which levels it wants.
func (r *reports) learn() {
	least := int64(math.MinInt64)
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		if r.logger.Handler().Enabled(context.Background(), level) {
			break
		}
		least = int64(level) + 1
	}
	r.least.Store(least)
}

// report is a record and what is turned into text only where it is written.
type report struct {
	slog.Record
	kind  ReportKind
	stack *PanicError
	node  *Node
	lost  map[ReportKind]int // of a summary
}

func (r *reports) start(l *slog.Logger) {
	r.logger = l
	r.queue = make(chan *report, reportQueue)
	r.done = make(chan struct{})
	r.least.Store(math.MinInt64)
	go r.loop()
}

// loop hands records to the logger until the queue is closed. A Goexit in a
// handler ends the goroutine, as does what it does wrong before the first record;
// another one goes on.
func (r *reports) loop() {
	finished := false
	defer func() {
		_ = recover()
		if finished {
			close(r.done)
		} else {
			go r.loop()
		}
	}()
	if !r.asked { // once, whatever comes of it
		r.asked = true
		r.learn()
	}
	for rec := range r.queue {
		r.emit(rec)
	}
	if rec := r.flood.summary(); rec != nil {
		r.emit(rec)
	}
	finished = true
}

func (r *reports) emit(rec *report) {
	written := false
	defer func() {
		_ = recover()
		if !written {
			r.dropped.Add(1)
		}
	}()
	if rec.stack != nil {
		rec.AddAttrs(slog.String("stack", rec.stack.StackText()))
	}
	r.learn()
	if h := r.logger.Handler(); h.Enabled(context.Background(), rec.Level) {
		written = h.Handle(context.Background(), rec.Record) == nil
	} else {
		written = true
	}
}

// put queues a report, for the logger and for what is attached, unless there are
// too many.
func (r *reports) put(rec *report) {
	if rec == nil {
		return
	}
	if !r.flood.admits(rec) {
		r.drop(rec)
		return
	}
	r.mu.RLock()
	others := r.others
	r.mu.RUnlock()
	for _, o := range others {
		if o.wants(rec.Level) {
			own := *rec
			own.Record = rec.Clone()
			if !o.enqueue(&own) {
				o.dropped.Add(1)
			}
		}
	}
	if len(others) > 0 && int64(rec.Level) < r.least.Load() {
		return // only they want it
	}
	if !r.enqueue(rec) {
		r.drop(rec)
	}
}

func (r *reports) enqueue(rec *report) (ok bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.closed {
		return false
	}
	select {
	case r.queue <- rec:
		return true
	default:
		return false
	}
}

// drop counts a report that is lost, and sees to it that a summary says so.
func (r *reports) drop(rec *report) {
	r.dropped.Add(1)
	r.flood.dropped(rec, func() {
		sum := r.flood.summary()
		if sum == nil {
			return
		}
		r.mu.RLock()
		others := r.others
		r.mu.RUnlock()
		for _, o := range others {
			own := *sum
			own.Record = sum.Clone()
			o.enqueue(&own)
		}
		if !r.enqueue(sum) {
			r.flood.restore(sum) // the queue is full: with the next one
		}
	})
}

// stop lets the queue drain, as long as ctx lasts.
func (r *reports) stop(ctx context.Context) {
	r.flood.stop()
	r.mu.Lock()
	others := r.others
	r.others = nil
	if !r.closed {
		r.closed = true
		close(r.queue)
	}
	r.mu.Unlock()
	for _, o := range others {
		o.stop(ctx)
	}
	select {
	case <-r.done:
	case <-ctx.Done():
	}
}

// AttachReports gives h every report too that the node makes from now on, until
// detach is called, which waits until h has had what was queued, five seconds at
// most. h is called on a goroutine of its own, under recover: if it blocks, its
// records are dropped, and neither the logger nor anybody else waits. Package sys
// has handlers that write text and JSON, and one that filters by kind.
func (n *Node) AttachReports(h slog.Handler) (detach func()) {
	o := new(reports)
	o.flood.limit = ReportLimit{PerSecond: NoLimit} // the node's holds
	r := &n.reports
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return func() {}
	}
	o.start(slog.New(h))
	r.others = append(slices.Clone(r.others), o)
	r.mu.Unlock()
	return func() {
		r.mu.Lock()
		r.others = slices.DeleteFunc(slices.Clone(r.others), func(x *reports) bool { return x == o })
		r.mu.Unlock()
		n.within(context.Background(), DefaultGrace, o.stop)
	}
}

// LimitReports sets how many reports the node lets through. It may be called at any
// time.
func (n *Node) LimitReports(l ReportLimit) { n.reports.flood.set(l) }

// Reports says whether anybody wants reports of that level, lately: behaviours
// ask before they gather what goes into one.
func (n *Node) Reports(level slog.Level) bool {
	if (n.reports.unwanted.Load()+1)%lookAgain == 0 {
		return true // it is time to look again, which Report will find too
	}
	return n.reports.wants(level)
}

// Report puts a record of the library's own into the log, in the way of crash
// reports: bounded, and never on the caller's time. Values that are not plain
// are turned to text in the caller. A [ReportKind.Attr] among attrs says what kind
// it is; without one it is a [ReportNotice]. For behaviours.
func (n *Node) Report(level slog.Level, msg string, attrs ...slog.Attr) {
	if !n.reports.wants(level) {
		return
	}
	kind := ReportNotice
	for _, a := range attrs {
		if a.Key == reportKey && a.Value.Kind() == slog.KindString {
			kind = ReportKind(a.Value.String())
		}
	}
	rec := n.newReport(level, kind, msg)
	for _, a := range attrs {
		if a.Key != reportKey {
			rec.AddAttrs(plain(a))
		}
	}
	n.reports.put(rec)
}

func (n *Node) newReport(level slog.Level, kind ReportKind, msg string) *report {
	rec := slog.NewRecord(n.clock.Now(), level, msg, 0)
	rec.AddAttrs(kind.Attr(), slog.String("node", n.name))
	return &report{Record: rec, kind: kind, node: n}
}

func plain(a slog.Attr) slog.Attr {
	switch v := a.Value; v.Kind() {
	case slog.KindAny:
		return slog.String(a.Key, fmt.Sprint(freezeValue(v.Any())))
	case slog.KindLogValuer:
		return slog.Attr{Key: a.Key, Value: v.Resolve()}
	case slog.KindGroup:
		var out []any
		for _, g := range v.Group() {
			out = append(out, plain(g))
		}
		return slog.Group(a.Key, out...)
	}
	return a
}

// summaryAfter is how long drops are counted before they are told.
const summaryAfter = time.Second
