package port

import (
	"bufio"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/kista-go/kista"
)

// logWaiting is how many lines wait for a slow log handler.
const logWaiting = 64

// logTime is how long the end of a port waits for the last records.
const logTime = time.Second

// stderrRecord is the message of the records.
const stderrRecord = "port: standard error"

// stderrLog makes log records of a program's standard error. One goroutine reads,
// whatever becomes of the records, so that the program is never kept waiting by a
// log; a process of its own calls the log handler, which is somebody's code.
type stderrLog struct {
	limits StderrLimits
	lines  chan line
	logged chan struct{} // closed when the process that logs has ended

	mu            sync.Mutex
	seen, dropped uint64
	credit        float64
	at            time.Time
	untold        uint64 // dropped since the last record
	now           func() time.Time
}

// line is one line, and how many before it were not logged.
type line struct {
	text   string
	cut    bool
	missed uint64
}

func newStderrLog(l StderrLimits) *stderrLog {
	return &stderrLog{limits: l, lines: make(chan line, logWaiting), logged: make(chan struct{}), credit: float64(l.Burst), now: time.Now}
}

// drain reads until the end.
func (l *stderrLog) drain(r io.Reader) {
	defer close(l.lines)
	in := bufio.NewReaderSize(r, 4<<10)
	var text []byte
	cut, any := false, false
	for {
		part, err := in.ReadSlice('\n')
		ended := err == nil
		if ended {
			part = part[:len(part)-1]
		}
		any = any || ended || len(part) > 0
		room := l.limits.Line - len(text)
		if len(part) > room {
			part, cut = part[:room], true
		}
		text = append(text, part...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if any {
			l.put(string(text), cut)
		}
		text, cut, any = text[:0], false, false
		if !ended {
			return
		}
	}
}

// put hands a line to the process that logs, if the limits allow and it is not
// behind.
func (l *stderrLog) put(text string, cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen++
	if l.limits.PerSecond > 0 {
		now := l.now()
		if !l.at.IsZero() {
			l.credit = min(l.credit+now.Sub(l.at).Seconds()*float64(l.limits.PerSecond), float64(l.limits.Burst))
		}
		l.at = now
		if l.credit < 1 {
			l.dropped++
			l.untold++
			return
		}
		l.credit--
	}
	select {
	case l.lines <- line{text, cut, l.untold}:
		l.untold = 0
	default:
		l.dropped++
		l.untold++
	}
}

func (l *stderrLog) counts() (seen, dropped uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seen, l.dropped
}

// body is the process that logs, with the logger of the port's process. It ends
// when all has been logged.
func (l *stderrLog) body(port *kista.Self, program string) kista.Body {
	return func(s *kista.Self) error {
		defer close(l.logged)
		for {
			select {
			case n, more := <-l.lines:
				if !more {
					if missed := l.rest(); missed > 0 {
						port.Logger().Info(stderrRecord, "program", program, "missed", missed)
					}
					return nil
				}
				args := []any{"program", program, "line", n.text}
				if n.cut {
					args = append(args, "cut", true)
				}
				if n.missed > 0 {
					args = append(args, "missed", n.missed)
				}
				port.Logger().Info(stderrRecord, args...)
			case <-s.Done():
				return nil
			}
		}
	}
}

// rest returns how many lines were dropped after the last one that was logged.
func (l *stderrLog) rest() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.untold
}
