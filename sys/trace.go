package sys

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"github.com/kista-go/kista"
)

// Tracer writes what a process does, as it does it. Its methods may be used by any
// goroutine.
type Tracer struct {
	to  kista.Addr
	pid kista.PID
}

// Trace writes each event of a behaviour to w, a line each (statement 223), until
// the process ends, w fails or [Tracer.Stop]. Writing is the work of a process of
// its own: if w blocks or panics, the one that is traced does not notice. What comes
// faster than w takes it is dropped once a mailbox is full of it, and a line says
// how much. w is used by that process alone; it is on the node of the behaviour,
// which must be one of this program's.
//
// Errors are those that the package comment lists.
func Trace(ctx context.Context, to kista.PID, w io.Writer) (*Tracer, error) {
	node := kista.NodeOf(to)
	switch {
	case to.IsZero():
		return nil, &kista.CallError{Server: to, Reason: kista.ErrNoProcess}
	case node == nil:
		return nil, kista.ErrRemote
	}
	pid, err := node.SpawnWith(kista.SpawnOpts{
		Label:   "traces " + to.String(),
		Mailbox: kista.MailboxLimit{Messages: 10_000, Bytes: 16 << 20},
	}, func(s *kista.Self) error { return trace(s, to, w) })
	if err != nil {
		return nil, err
	}
	if err := ask(ctx, to, kista.SetTrace{To: pid, On: true}); err != nil {
		_ = kista.Exit(pid, kista.Kill)
		return nil, err
	}
	return &Tracer{to: to, pid: pid}, nil
}

// PID returns the process that writes.
func (t *Tracer) PID() kista.PID { return t.pid }

// Stop ends the trace, and waits until what has come is written, as long as ctx
// lasts; then the writing process is killed. Stopping twice is fine.
func (t *Tracer) Stop(ctx context.Context) error {
	err := ask(ctx, t.to, kista.SetTrace{To: t.pid})
	var gone *kista.CallError
	if errors.As(err, &gone) && !errors.Is(err, context.DeadlineExceeded) {
		err = nil // the process has ended, and the trace with it
	}
	if kista.Send(t.pid, enough{}) != nil { // its mailbox is full
		_ = kista.Exit(t.pid, kista.ErrShutdown)
	}
	if _, werr := kista.Wait(ctx, t.pid); werr != nil {
		_ = kista.Exit(t.pid, kista.Kill)
		return werr
	}
	return err
}

type enough struct{}

func trace(s *kista.Self, of kista.PID, w io.Writer) error {
	s.Monitor(of)
	for {
		msg, err := s.Receive()
		if err != nil {
			return err
		}
		line := ""
		switch m := msg.(type) {
		case Event:
			line = Text(m)
		case kista.Down:
			line = fmt.Sprintf("*DBG* %v ended: %v\n", of, reasonText(m.Reason))
		case enough:
			return nil
		}
		if _, err := io.WriteString(w, line); err != nil {
			return kista.Stop{} // there is nobody to read it
		}
		if _, ended := msg.(kista.Down); ended {
			return nil
		}
	}
}

func reasonText(reason error) string {
	if reason == nil {
		return "normal"
	}
	return reason.Error()
}

// Text shows an event as a line, as [Trace] writes it and sys:trace would:
//
//	*DBG* counter got call {Amount:5} from <kista.12>
func Text(e Event) string {
	var b strings.Builder
	if e.Lost > 0 {
		fmt.Fprintf(&b, "*DBG* %s: %d events were lost here\n", who(e), e.Lost)
	}
	fmt.Fprintf(&b, "*DBG* %s ", who(e))
	switch e.Kind {
	case kista.DebugIn:
		b.WriteString("got " + received(e.Msg))
	case kista.DebugOut:
		fmt.Fprintf(&b, "sent %s", value(e.Msg))
		if e.To != nil {
			fmt.Fprintf(&b, " to %v", e.To)
		}
	case kista.DebugState:
		fmt.Fprintf(&b, "has state %s", value(e.Msg))
	}
	b.WriteByte('\n')
	return b.String()
}

// TextAt is [Text] with the time of the event, to the microsecond.
func TextAt(e Event) string {
	return strings.ReplaceAll(Text(e), "*DBG*", e.Time.Format("15:04:05.000000"))
}

// PrintLog writes the log of a behaviour, oldest event first, as [TextAt] shows
// it. Errors as for [Log], or the writer's.
func PrintLog(ctx context.Context, to kista.Addr, w io.Writer) error {
	events, err := Log(ctx, to)
	if err != nil {
		return err
	}
	for _, e := range events {
		if _, err := io.WriteString(w, TextAt(e)); err != nil {
			return err
		}
	}
	return nil
}

func who(e Event) string {
	if e.Name != "" {
		return e.Name
	}
	return e.PID.String()
}

func received(msg any) string {
	switch m := msg.(type) {
	case kista.Request:
		from := ""
		if pid := m.From.PID(); !pid.IsZero() {
			from = " from " + pid.String()
		}
		return "call " + value(m.Msg) + from
	case kista.Casted:
		return "cast " + value(m.Msg)
	}
	return "info " + value(msg)
}

// value shows a message. Its own String and Error may run: whoever prints does so
// in a process or goroutine of its own.
func value(v any) (text string) {
	switch v := v.(type) {
	case nil:
		return "nil"
	case string:
		text = strconv.Quote(v)
	case error, fmt.Stringer:
		text = fmt.Sprint(v)
	default:
		text = fmt.Sprintf("%+v", v)
		if t := reflect.TypeOf(v); t.Kind() == reflect.Struct {
			text = t.String() + text
		} else if t.PkgPath() != "" {
			text = t.String() + "(" + text + ")"
		}
	}
	const enough = 4096
	if len(text) > enough {
		text = text[:enough] + "..."
	}
	return strings.ReplaceAll(text, "\n", `\n`)
}
