package peer

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/term"
)

// What is kept of a peer's standard error.
const (
	maxLine  = 4 << 10  // bytes of a line
	maxFault = 32 << 10 // bytes of a fatal error, in the log
	maxHead  = 5        // lines of it in the reason
)

// stderr makes log records of what a peer writes to its standard error, a line each, and keeps what tells why it died: what
// the Go runtime writes last, or, if that wrote nothing, the last line. The node bounds the number of records.
type stderr struct {
	node *kista.Node
	name string
	done chan struct{} // closed when all has been read
	once sync.Once

	mu    sync.Mutex
	read  io.Closer
	last  string
	head  []string // the first lines of a fatal error
	fault strings.Builder
}

func newStderr(n *kista.Node, name string) *stderr {
	return &stderr{node: n, name: name, done: make(chan struct{})}
}

// none says that there is nothing to be read.
func (e *stderr) none() { e.once.Do(func() { close(e.done) }) }

// close ends the reading: somebody else may have the other end of the pipe.
func (e *stderr) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.read != nil {
		e.read.Close()
	}
}

// drain reads until the end.
func (e *stderr) drain(r io.ReadCloser) {
	e.mu.Lock()
	e.read = r
	e.mu.Unlock()
	defer e.none()
	defer e.report()
	in := bufio.NewReaderSize(r, maxLine)
	long := false
	for {
		part, err := in.ReadSlice('\n')
		if !long && len(part) > 0 {
			e.line(strings.ToValidUTF8(strings.TrimRight(string(part), "\r\n"), "\uFFFD"))
		}
		long = errors.Is(err, bufio.ErrBufferFull) // the rest of a line is left out
		if err != nil && !long {
			return
		}
	}
}

// line takes a line.
func (e *stderr) line(text string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.head) == 0 && !fatal(text) {
		if strings.TrimSpace(text) != "" {
			e.last = text
		}
		e.node.Report(slog.LevelInfo, "peer: standard error", slog.String("peer", e.name), slog.String("line", text))
		return
	}
	if fatal(text) && e.fault.Len() > 0 && strings.HasPrefix(text, "fatal error: ") && !strings.HasPrefix(e.head[0], "runtime: ") {
		e.head, e.last = nil, text // the program only printed like one that dies
	}
	if len(e.head) < maxHead && !e.endedLocked() {
		e.head = append(e.head, text)
	}
	if e.fault.Len() < maxFault {
		e.fault.WriteString(text + "\n")
	}
}

// endedLocked reports whether the first lines are complete: a blank one follows them.
func (e *stderr) endedLocked() bool { return len(e.head) > 0 && e.head[len(e.head)-1] == "" }

// fatal tells whether a line begins what the Go runtime writes when it ends the program.
func fatal(line string) bool {
	for _, begin := range []string{"fatal error: ", "panic: ", "runtime: goroutine stack exceeds", "runtime: out of memory", "runtime/cgo: pthread_create failed", "SIGSEGV: ", "SIGBUS: ", "SIGABRT: ", "SIGQUIT: ", "SIGILL: ", "SIGFPE: ", "unexpected fault address"} {
		if strings.HasPrefix(line, begin) {
			return true
		}
	}
	return false
}

// report logs the fatal error as one record.
func (e *stderr) report() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.fault.Len() > 0 {
		e.node.Report(slog.LevelError, "peer: fatal error", slog.String("peer", e.name), slog.String("text", e.fault.String()))
	}
}

// why returns the first lines of a fatal error, or else the last line, and whether there was a fatal error.
func (e *stderr) why() (text string, died bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var lines []string
	for _, l := range e.head {
		if l = strings.TrimSpace(l); l != "" {
			lines = append(lines, l)
		}
	}
	if len(lines) > 0 {
		return strings.Join(lines, "\n"), true
	}
	return e.last, false
}

// record puts a record of the peer's node, or of its program, into this node's log.
func (e *stderr) record(t term.Tuple) {
	if len(t) != 3 {
		return
	}
	level, ok1 := t[0].(int64)
	text, ok2 := t[1].(term.Binary)
	list, ok3 := t[2].(term.List)
	if !ok1 || !ok2 || !ok3 {
		return
	}
	attrs := []slog.Attr{slog.String("peer", e.name)}
	for _, x := range list[:min(len(list), maxAttrs)] {
		pair, ok := x.(term.Tuple)
		if !ok || len(pair) != 2 {
			continue
		}
		key, ok := pair[0].(term.Binary)
		if !ok || key == "node" { // of the kernel's reports: it is said already
			continue
		}
		switch v := pair[1].(type) {
		case int64:
			attrs = append(attrs, slog.Int64(string(key), v))
		case term.Atom:
			attrs = append(attrs, slog.Bool(string(key), v == "true"))
		case term.Binary:
			attrs = append(attrs, slog.String(string(key), string(v)))
		case term.Tuple:
			if len(v) != 1 {
				continue
			}
			if d, ok := v[0].(int64); ok {
				attrs = append(attrs, slog.Duration(string(key), time.Duration(d)))
			}
		default:
			attrs = append(attrs, slog.String(string(key), term.String(v)))
		}
	}
	e.node.Report(slog.Level(level), string(text), attrs...)
}
