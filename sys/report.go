package sys

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kista-go/kista"
)

// ReportOptions say which records a handler writes. The zero value, and nil, is
// everything from [slog.LevelInfo] on, that is all but progress reports.
type ReportOptions struct {
	// Level is the least level that is written. nil: [slog.LevelInfo]. With
	// [slog.LevelDebug] progress is written too.
	Level slog.Leveler
	// Kinds are the kinds of reports that are written. Empty: all of them.
	Kinds []kista.ReportKind
}

func (o *ReportOptions) level() slog.Leveler {
	if o == nil || o.Level == nil {
		return slog.LevelInfo
	}
	return o.Level
}

func (o *ReportOptions) filter(h slog.Handler) slog.Handler {
	if o == nil || len(o.Kinds) == 0 {
		return h
	}
	return Only(h, o.Kinds...)
}

// Only lets through to h, of the library's reports, those of the given kinds. A
// program's own records pass.
func Only(h slog.Handler, kinds ...kista.ReportKind) slog.Handler {
	return only{h, slices.Clone(kinds)}
}

type only struct {
	slog.Handler
	kinds []kista.ReportKind
}

// Handle implements slog.Handler.
func (o only) Handle(ctx context.Context, rec slog.Record) error {
	if k := kista.KindOf(rec); k != "" && !slices.Contains(o.kinds, k) {
		return nil
	}
	return o.Handler.Handle(ctx, rec)
}

// WithAttrs implements slog.Handler.
func (o only) WithAttrs(as []slog.Attr) slog.Handler {
	return only{o.Handler.WithAttrs(as), o.kinds}
}

// WithGroup implements slog.Handler.
func (o only) WithGroup(name string) slog.Handler { return only{o.Handler.WithGroup(name), o.kinds} }

// NewJSONHandler makes a handler that writes each record to w as one line of JSON,
// for machines: that of package slog, with durations in seconds. Its methods may be
// used by any goroutine.
func NewJSONHandler(w io.Writer, o *ReportOptions) slog.Handler {
	return o.filter(slog.NewJSONHandler(w, &slog.HandlerOptions{
		Level: o.level(),
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Value.Kind() == slog.KindDuration {
				a.Value = slog.Float64Value(a.Value.Duration().Seconds())
			}
			return a
		},
	}))
}

// NewTextHandler makes a handler that writes records to w for people: a line that
// says what happened, when, and to whom, and beneath it a line for each attribute,
// with stacks last. Each record is one Write. Its methods may be used by any
// goroutine.
func NewTextHandler(w io.Writer, o *ReportOptions) slog.Handler {
	return o.filter(&textHandler{level: o.level(), out: &lockedWriter{w: w}})
}

type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

type textHandler struct {
	level  slog.Leveler
	out    *lockedWriter
	attrs  []slog.Attr // of WithAttrs, with their groups in their keys
	groups string      // of WithGroup, with a dot behind each
}

// Enabled implements slog.Handler.
func (h *textHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level.Level() }

// WithAttrs implements slog.Handler.
func (h *textHandler) WithAttrs(as []slog.Attr) slog.Handler {
	own := *h
	own.attrs = slices.Clip(own.attrs)
	for _, a := range as {
		own.attrs = flat(own.attrs, h.groups, a)
	}
	return &own
}

// WithGroup implements slog.Handler.
func (h *textHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	own := *h
	own.groups += name + "."
	return &own
}

// Handle implements slog.Handler.
func (h *textHandler) Handle(_ context.Context, rec slog.Record) error {
	attrs := slices.Clip(h.attrs)
	rec.Attrs(func(a slog.Attr) bool {
		attrs = flat(attrs, h.groups, a)
		return true
	})
	text := Report(rec.Time, rec.Level, rec.Message, attrs)
	h.out.mu.Lock()
	defer h.out.mu.Unlock()
	_, err := io.WriteString(h.out.w, text)
	return err
}

// flat adds an attribute, or those of a group under their full names.
func flat(out []slog.Attr, groups string, a slog.Attr) []slog.Attr {
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		if a.Key != "" {
			groups += a.Key + "."
		}
		for _, g := range v.Group() {
			out = flat(out, groups, g)
		}
		return out
	}
	if a.Key == "" {
		return out
	}
	return append(out, slog.Attr{Key: groups + a.Key, Value: v})
}

// Report shows a record as [NewTextHandler] writes it.
func Report(at time.Time, level slog.Level, message string, attrs []slog.Attr) string {
	var b strings.Builder
	if !at.IsZero() {
		b.WriteString(at.Format("2006-01-02 15:04:05.000000 "))
	}
	b.WriteString(level.String() + " " + oneLine(message) + "\n")
	type field struct{ key, text string }
	var fields []field
	width, stack := 0, ""
	for _, a := range attrs {
		switch text := a.Value.String(); {
		case a.Key == "stack":
			stack = text
		case text != "" && text != "[]":
			fields = append(fields, field{oneLine(a.Key), text})
			width = max(width, len(a.Key))
		}
	}
	for _, f := range fields {
		lines := strings.Split(strings.TrimRight(f.text, "\n"), "\n")
		b.WriteString("    " + f.key + ":" + strings.Repeat(" ", max(0, width-len(f.key))+1) + clean(lines[0]) + "\n")
		for _, l := range lines[1:] {
			b.WriteString(strings.Repeat(" ", width+6) + clean(l) + "\n")
		}
	}
	if stack != "" {
		b.WriteString("    stack:\n")
		for _, l := range strings.Split(strings.TrimRight(stack, "\n"), "\n") {
			b.WriteString("        " + clean(l) + "\n")
		}
	}
	return b.String()
}

func oneLine(s string) string { return clean(strings.ReplaceAll(s, "\n", " ")) }

// clean shows control characters, so that what a message holds cannot drive a
// terminal or feign a record.
func clean(s string) string {
	bad := func(r rune) bool {
		return r < ' ' && r != '\t' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029'
	}
	if !strings.ContainsFunc(s, bad) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if bad(r) {
			b.WriteString(`\u`)
			const hex = "0123456789abcdef"
			for shift := 12; shift >= 0; shift -= 4 {
				b.WriteByte(hex[r>>shift&15])
			}
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
