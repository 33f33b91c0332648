package peer

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/peer/internal/wire"
	"github.com/kista-go/kista/term"
)

// records is the log handler of a peer: it sends the records to the parent. What its parent's logger does not want is not
// known here, so everything from slog.LevelInfo on goes.
type records struct {
	link   *link
	attrs  []slog.Attr
	prefix string
}

// Enabled implements [slog.Handler].
func (h *records) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelInfo }

// Handle implements [slog.Handler]. It does not block: a record that there is no room for is lost.
func (h *records) Handle(_ context.Context, rec slog.Record) error {
	list := term.List{}
	for _, a := range h.attrs {
		list = flatten(list, "", a)
	}
	rec.Attrs(func(a slog.Attr) bool {
		list = flatten(list, h.prefix, a)
		return len(list) < maxAttrs
	})
	b, err := wire.Append(make([]byte, 4), wire.Record, int(rec.Level), term.Binary(rec.Message), list)
	if err != nil {
		return err
	}
	return h.link.enqueue(b, kista.Signal{Kind: kista.SignalMessage})
}

const maxAttrs = 200

// flatten adds an attribute, or those of a group.
func flatten(list term.List, prefix string, a slog.Attr) term.List {
	v := a.Value.Resolve()
	var t term.Term
	switch v.Kind() {
	case slog.KindGroup:
		if a.Key != "" {
			prefix += a.Key + "."
		}
		for _, g := range v.Group() {
			list = flatten(list, prefix, g)
		}
		return list
	case slog.KindInt64:
		t = v.Int64()
	case slog.KindUint64:
		t = v.Uint64()
	case slog.KindBool:
		t = v.Bool()
	case slog.KindDuration:
		t = term.Tuple{v.Duration().Nanoseconds()}
	default:
		t = term.Binary(strings.ToValidUTF8(fmt.Sprint(v.Any()), "\uFFFD"))
	}
	return append(list, term.Tuple{term.Binary(prefix + a.Key), t})
}

// WithAttrs implements [slog.Handler].
func (h *records) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := *h
	next.attrs = append([]slog.Attr(nil), h.attrs...)
	for _, a := range attrs {
		a.Key = h.prefix + a.Key
		next.attrs = append(next.attrs, a)
	}
	return &next
}

// WithGroup implements [slog.Handler].
func (h *records) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	next := *h
	next.prefix += name + "."
	return &next
}
