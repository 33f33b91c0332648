package kistatest

import (
	"context"
	"log/slog"
	"sync"
)

// Log is a [slog.Handler] that keeps records. Groups and attributes of a logger
// made with With are left out. Its zero value is empty, and keeps what is at least
// an information. Any goroutine may use it.
//
// A node's reports come a moment after what they report: in a bubble call [Pass]
// before looking, elsewhere [Log.Await].
type Log struct {
	Level slog.Level // the lowest that is kept; not to be changed while in use

	mu   sync.Mutex
	all  []slog.Record
	news chan struct{} // closed at the next record, if somebody waits
}

// Enabled reports whether records of a level are kept.
func (l *Log) Enabled(_ context.Context, level slog.Level) bool { return level >= l.Level }

// WithAttrs returns the log itself.
func (l *Log) WithAttrs([]slog.Attr) slog.Handler { return l }

// WithGroup returns the log itself.
func (l *Log) WithGroup(string) slog.Handler { return l }

// Handle keeps a record.
func (l *Log) Handle(_ context.Context, rec slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, rec)
	if l.news != nil {
		close(l.news)
		l.news = nil
	}
	return nil
}

// Records returns all records so far, oldest first.
func (l *Log) Records() []slog.Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]slog.Record(nil), l.all...)
}

// Take returns all records since the last Take, oldest first, and forgets them.
func (l *Log) Take() []slog.Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.all
	l.all = nil
	return all
}

// Messages returns the messages of all records so far, oldest first.
func (l *Log) Messages() (out []string) {
	for _, rec := range l.Records() {
		out = append(out, rec.Message)
	}
	return out
}

// Attrs returns the attributes of the oldest record with a message, as text by
// key; nil if there is no such record.
func (l *Log) Attrs(message string) map[string]string {
	for _, rec := range l.Records() {
		if rec.Message == message {
			return attrs(rec)
		}
	}
	return nil
}

func attrs(rec slog.Record) map[string]string {
	out := map[string]string{}
	rec.Attrs(func(a slog.Attr) bool {
		out[a.Key] = a.Value.String()
		return true
	})
	return out
}

// Await is [Log.Attrs] that waits for the record as long as ctx lasts. The error is
// that of ctx.
func (l *Log) Await(ctx context.Context, message string) (map[string]string, error) {
	for {
		l.mu.Lock()
		if l.news == nil {
			l.news = make(chan struct{})
		}
		news := l.news
		l.mu.Unlock()
		if found := l.Attrs(message); found != nil {
			return found, nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}
