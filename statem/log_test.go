package statem_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
)

// records keeps what a node logs.
type records struct {
	mu  sync.Mutex
	all []slog.Record
}

func (r *records) Enabled(context.Context, slog.Level) bool { return true }
func (r *records) WithAttrs([]slog.Attr) slog.Handler       { return r }
func (r *records) WithGroup(string) slog.Handler            { return r }
func (r *records) Handle(_ context.Context, rec slog.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, rec)
	return nil
}

// messages returns what was logged, in order.
func (r *records) messages() (out []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rec := range r.all {
		out = append(out, rec.Message)
	}
	return out
}

// attrs returns the attributes of the first record with that message, as text.
func (r *records) attrs(t *testing.T, message string) map[string]string {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rec := range r.all {
		if rec.Message == message {
			out := map[string]string{}
			rec.Attrs(func(a slog.Attr) bool {
				out[a.Key] = a.Value.String()
				return true
			})
			return out
		}
	}
	t.Fatalf("no record %q", message)
	return nil
}
