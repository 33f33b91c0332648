package wasm

import (
	"log/slog"
	"strings"
	"time"
)

// LogLimit bounds what a guest writes to the log, over all its callbacks. What is more is dropped: the guest's log says so when
// it begins, and when it is over or the guest ends how much it was. The zero value has the defaults.
type LogLimit struct {
	// Records is how many there may be a second. Zero: 100. Negative: none at all.
	Records int
	// Bytes is how much text there may be a second. Zero: 64 KiB. Negative: none.
	Bytes int
	// Burst is the time whose share may come at once. Zero: ten seconds.
	Burst time.Duration
}

func (l LogLimit) orDefault() LogLimit {
	if l.Records == 0 {
		l.Records = 100
	}
	if l.Bytes == 0 {
		l.Bytes = 64 << 10
	}
	if l.Burst <= 0 {
		l.Burst = 10 * time.Second
	}
	return l
}

// logs is what a guest has left of its limit.
type logs struct {
	limit   LogLimit
	records float64
	bytes   float64
	at      time.Time // when that was so; zero: never

	dropped, droppedBytes int
}

// take takes a record of n bytes, if there is room for it.
func (l *logs) take(now time.Time, n int) bool {
	lim := l.limit
	burst := lim.Burst.Seconds()
	if l.at.IsZero() {
		l.records, l.bytes = float64(lim.Records)*burst, float64(lim.Bytes)*burst
	} else if gone := now.Sub(l.at).Seconds(); gone > 0 {
		l.records = min(l.records+gone*float64(lim.Records), float64(lim.Records)*burst)
		l.bytes = min(l.bytes+gone*float64(lim.Bytes), float64(lim.Bytes)*burst)
	}
	l.at = now
	if l.records < 1 || l.bytes < float64(n) {
		return false
	}
	l.records--
	l.bytes -= float64(n)
	return true
}

// log writes a record in the guest's name, if its limit allows it.
func (in *instance) log(level slog.Level, stream, text string) bool {
	in.marked = true
	p := in.proc
	if p == nil {
		return false
	}
	text = strings.ToValidUTF8(strings.TrimRight(text, "\n"), "?")
	if !p.logs.take(p.self.Node().Now(), len(text)) {
		if p.logs.dropped == 0 {
			p.self.Logger().Warn("wasm: the guest logs too much: records are dropped",
				"records_per_second", p.logs.limit.Records, "bytes_per_second", p.logs.limit.Bytes)
		}
		p.logs.dropped++
		p.logs.droppedBytes += len(text)
		return false
	}
	p.logged()
	l := p.self.Logger()
	level = max(min(level, slog.LevelError), slog.LevelDebug)
	if stream != "" {
		l = l.With(slog.String("stream", stream))
	}
	l.Log(p.self, level, "guest: "+text)
	return true
}

// logged says what was dropped, if anything was.
func (p *process) logged() {
	if p.logs.dropped == 0 {
		return
	}
	p.self.Logger().Warn("wasm: the guest has logged too much: records were dropped", "records", p.logs.dropped, "bytes", p.logs.droppedBytes)
	p.logs.dropped, p.logs.droppedBytes = 0, 0
}
