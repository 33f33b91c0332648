package kista

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
)

// Reports reach the logger through a bounded queue and one goroutine, so that a
// log handler that blocks, panics or calls Goexit harms nobody: what does not
// fit is dropped and counted.

const reportQueue = 1024

type reports struct {
	logger  *slog.Logger
	queue   chan *report
	mu      sync.RWMutex // guards closed against sends
	closed  bool
	done    chan struct{}
	dropped atomic.Int64
	asked   bool // the loop has begun

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
	return int64(level) >= r.least.Load() || r.unwanted.Add(1)%lookAgain == 0
}

// learn asks the logger which levels it wants.
func (r *reports) learn() {
	least := int64(math.MinInt64)
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn} {
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
	stack *PanicError
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

func (r *reports) put(rec *report) {
	if rec == nil {
		return
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.closed {
		r.dropped.Add(1)
		return
	}
	select {
	case r.queue <- rec:
	default:
		r.dropped.Add(1)
	}
}

// stop lets the queue drain, as long as ctx lasts.
func (r *reports) stop(ctx context.Context) {
	r.mu.Lock()
	if !r.closed {
		r.closed = true
		close(r.queue)
	}
	r.mu.Unlock()
	select {
	case <-r.done:
	case <-ctx.Done():
	}
}

// Report puts a record of the library's own into the log, in the way of crash
// reports: bounded, and never on the caller's time. Values that are not plain
// are turned to text in the caller. For behaviours.
func (n *Node) Report(level slog.Level, msg string, attrs ...slog.Attr) {
	if !n.reports.wants(level) {
		return
	}
	rec := slog.NewRecord(n.clock.Now(), level, msg, 0)
	rec.AddAttrs(slog.String("node", n.name))
	for _, a := range attrs {
		rec.AddAttrs(plain(a))
	}
	n.reports.put(&report{Record: rec})
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
