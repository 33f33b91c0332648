package parent

import (
	"strconv"
	"strings"
)

// Report is what the runtime's report on a fatal error tells.
type Report struct {
	// Text is the line that says what it was.
	Text string
	// Frames are the functions on the stack that did it, innermost first, without
	// the runtime's.
	Frames []string
	// Labels are the labels of that goroutine.
	Labels map[string]string
	// Head are the first lines, for people.
	Head string
}

const (
	maxHead   = 2 << 10
	maxFrames = 8
)

// Read reads a report, which may be anybody's bytes.
func Read(text string) (r Report) {
	r.Head = head(text)
	at := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case r.Text == "" && line != "":
			r.Text = clip(line, 300)
		case strings.HasPrefix(line, "fatal error: ") && !strings.HasPrefix(r.Text, "panic: "):
			r.Text = clip(line, 300)
		}
		switch {
		case strings.HasPrefix(line, "goroutine "):
			if at == "done" || at == "stack" {
				return r // the first one is the one
			}
			at = "stack"
			r.Labels = labels(line)
		case at == "stack" && line == "":
			at = "done"
		case at == "stack" && len(r.Frames) < maxFrames:
			if name := frame(line); name != "" {
				r.Frames = append(r.Frames, name)
			}
		}
	}
	return r
}

// head returns the first lines, as they are.
func head(text string) string {
	if len(text) <= maxHead {
		return strings.ToValidUTF8(text, "?")
	}
	text = text[:maxHead]
	if i := strings.LastIndexByte(text, '\n'); i > 0 {
		text = text[:i+1]
	}
	return strings.ToValidUTF8(text, "?") + "..."
}

func clip(s string, n int) string {
	if len(s) > n {
		s = s[:n] + "..."
	}
	return strings.ToValidUTF8(s, "?")
}

// frame returns the function of a line such as "pkg.(*T).f(0x1, ...)", "" for
// other lines and for the runtime's own.
func frame(line string) string {
	if line == "" || line[0] == '\t' || line[0] == ' ' || strings.HasPrefix(line, "...") {
		return ""
	}
	line = strings.TrimPrefix(line, "created by ")
	line, _, _ = strings.Cut(line, " in goroutine ")
	if i := strings.LastIndexByte(line, '('); i > 0 && strings.HasSuffix(line, ")") {
		line = line[:i]
	}
	for _, own := range []string{"runtime.", "panic", "internal/runtime/", "runtime/", "sync.fatal", "internal/sync.fatal"} {
		if strings.HasPrefix(line, own) {
			return ""
		}
	}
	return clip(line, 200)
}

// labels reads them from a goroutine's line, as the runtime writes them with
// GODEBUG=tracebacklabels=1.
func labels(line string) map[string]string {
	_, rest, ok := strings.Cut(line, "labels:{")
	if !ok {
		return nil
	}
	out := map[string]string{}
	for len(out) < 32 {
		var kv [2]string
		for i, after := range []string{": ", ""} {
			q, err := strconv.QuotedPrefix(rest)
			if err != nil {
				return out
			}
			if kv[i], err = strconv.Unquote(q); err != nil {
				return out
			}
			if rest, ok = strings.CutPrefix(rest[len(q):], after); !ok {
				return out
			}
		}
		out[kv[0]] = clip(kv[1], 300)
		if rest, ok = strings.CutPrefix(rest, ", "); !ok {
			return out
		}
	}
	return out
}
