// Package show prints what a demo does: a line for each crash, and the tables
// at the end. Colours appear only on a terminal; elsewhere the same lines are
// plain text. A quiet screen keeps to the summary.
package show

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// Screen prints to one writer. Its methods may be used by any goroutine.
type Screen struct {
	mu     sync.Mutex
	w      io.Writer
	colour bool
	quiet  bool
	start  time.Time
}

// New returns a screen. Colours need a terminal, and no NO_COLOR in the
// environment (no-color.org). A quiet one prints only what is Said.
func New(w io.Writer, quiet bool) *Screen {
	f, isFile := w.(*os.File)
	colour := isFile && term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return &Screen{w: w, colour: colour, quiet: quiet, start: time.Now()}
}

// Colour is one of the few that the demo uses.
type Colour string

// The colours, as ANSI codes.
const (
	Plain Colour = ""
	Red   Colour = "31"
	Green Colour = "32"
	Amber Colour = "33"
	Faint Colour = "2"
	Bold  Colour = "1"
)

// Paint wraps text in a colour, if this screen has any.
func (s *Screen) Paint(c Colour, text string) string {
	if !s.colour || c == Plain {
		return text
	}
	return "\x1b[" + string(c) + "m" + text + "\x1b[0m"
}

// Say prints a line, also on a quiet screen.
func (s *Screen) Say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.w, format+"\n", args...)
}

// Tell prints a line, not on a quiet screen.
func (s *Screen) Tell(format string, args ...any) {
	if !s.quiet {
		s.Say(format, args...)
	}
}

// Crash prints who died, of what, and how it came back.
func (s *Screen) Crash(victim, who, cause, reason, back string) {
	if s.quiet {
		return
	}
	at := s.Paint(Faint, fmt.Sprintf("%7.3fs", time.Since(s.start).Seconds()))
	s.Say("%s  %s %-26s %s %s  %s", at, s.Paint(Bold, pad(victim, 12)), cut(who, 26),
		s.Paint(Red, pad(cause, 8)), s.Paint(Faint, pad(cut(reason, 44), 44)), s.Paint(Green, back))
}

// Note prints a remark, not on a quiet screen.
func (s *Screen) Note(format string, args ...any) {
	if !s.quiet {
		s.Say("%s  %s", s.Paint(Faint, fmt.Sprintf("%7.3fs", time.Since(s.start).Seconds())),
			s.Paint(Amber, fmt.Sprintf(format, args...)))
	}
}

// Table prints rows in columns; all but the first column are set to the right.
func (s *Screen) Table(head []string, rows [][]string) {
	width := make([]int, len(head))
	for _, row := range append([][]string{head}, rows...) {
		for i, cell := range row {
			width[i] = max(width[i], len([]rune(cell)))
		}
	}
	line := func(row []string) string {
		var b strings.Builder
		for i, cell := range row {
			gap := strings.Repeat(" ", width[i]-len([]rune(cell)))
			if i == 0 {
				b.WriteString(cell + gap)
			} else {
				b.WriteString("  " + gap + cell)
			}
		}
		return strings.TrimRight(b.String(), " ")
	}
	s.Say("%s", s.Paint(Bold, line(head)))
	for _, row := range rows {
		s.Say("%s", line(row))
	}
}

func pad(text string, n int) string {
	return text + strings.Repeat(" ", max(0, n-len([]rune(text))))
}

// cut shortens a text to n characters on one line.
func cut(text string, n int) string {
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return text
}
