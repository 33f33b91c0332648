package server

import (
	"fmt"
	"log/slog"

	"github.com/kista-go/kista"
)

// loop is what the kernel runs: it stands between a process and its Handler.
type loop struct {
	make func(c *Ctx) (Handler, error)
	c    Ctx
	h    Handler
	last any // the message being handled, for reports
}

var (
	_ kista.Behaviour = (*loop)(nil)
	_ kista.Continuer = (*loop)(nil)
)

// Init makes the Handler.
func (l *loop) Init(s *kista.Self) error {
	l.c.Self = s
	h, err := l.make(&l.c)
	if err != nil {
		return plain(err)
	}
	if h == nil {
		return errNoHandler
	}
	l.h = h
	if v, ok := h.(interface{ version() string }); ok {
		s.SetVersion(v.version())
	}
	return l.c.arm()
}

// Handle takes one message out of the mailbox.
func (l *loop) Handle(_ *kista.Self, msg any) error {
	msg, ok := l.c.enter(msg)
	if !ok {
		return nil
	}
	return l.handle(msg)
}

// More reports whether there is something to do before the mailbox.
func (l *loop) More() bool { return len(l.c.next) > 0 }

// Continue does it.
func (l *loop) Continue(*kista.Self) error {
	c := &l.c
	msg := c.next[0]
	c.next[0] = nil
	if c.next = c.next[1:]; len(c.next) == 0 {
		c.next = nil
	}
	c.enter(msg)
	return l.handle(msg)
}

func (l *loop) handle(msg any) error {
	l.last = msg
	if err := l.h.Handle(&l.c, msg); err != nil {
		return plain(err)
	}
	l.last = nil
	return l.c.arm()
}

// Terminate lets the Handler end, then answers the call that asked for the end.
func (l *loop) Terminate(_ *kista.Self, reason error) error {
	c := &l.c
	if t, ok := l.h.(Terminator); ok {
		if err := plain(t.Terminate(c, reason)); err != nil {
			l.report(err)
			return err
		}
	}
	if c.reply != nil {
		c.send(c.reply.to, c.reply.val)
	}
	l.report(reason)
	return nil
}

// State is what GetState returns.
func (l *loop) State() any {
	if r, ok := l.h.(kista.StateReader); ok {
		return r.State()
	}
	return l.h
}

// plain turns the package's own errors into the kernel's.
func plain(err error) error {
	if e, ok := err.(crash); ok { //nolint:errorlint // as returned, not wrapped
		return kista.Stop{Reason: e.reason}
	}
	return err
}

// report logs the failure of a server (statement 135), ahead of the kernel's
// crash report, which has the stack and is the error: this says what the server
// was doing.
func (l *loop) report(reason error) {
	if stop, ok := reason.(kista.Stop); ok { //nolint:errorlint // as returned, not wrapped
		reason = stop.Reason
	}
	if !kista.Abnormal(reason) {
		return
	}
	c := &l.c
	if !c.Node().Reports(slog.LevelWarn) {
		return
	}
	attrs := c.attrs()
	attrs = append(attrs, slog.Any("reason", reason))
	if l.last != nil {
		kind, msg := envelope(l.last)
		attrs = append(attrs, slog.String("last_"+kind, typeName(msg)))
	}
	if caller := c.from.PID(); !caller.IsZero() {
		attrs = append(attrs, slog.String("client", caller.String()))
	}
	if state := l.stateForReport(); state != "" {
		attrs = append(attrs, slog.String("state", state))
	}
	c.Node().Report(slog.LevelWarn, "server terminates", append(attrs, kista.ReportTerminate.Attr())...)
}

// stateForReport is what the Handler says of its state. If it panics, that is said
// instead: the reason of the server's end is the better one to keep.
func (l *loop) stateForReport() (text string) {
	r, ok := l.h.(Reporter)
	if !ok {
		return ""
	}
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprint("(Report panicked: ", v, ")")
		}
	}()
	return r.Report()
}

// envelope takes a message apart for people.
func envelope(msg any) (kind string, inside any) {
	switch m := msg.(type) {
	case kista.Request:
		return "call", m.Msg
	case Casted:
		return "cast", m.Msg
	case Continued:
		return "continue", m.Msg
	}
	return "info", msg
}

// attrs say which server it is.
func (c *Ctx) attrs() []slog.Attr {
	attrs := []slog.Attr{slog.String("pid", c.PID().String())}
	if name := c.Name(); name != "" {
		attrs = append(attrs, slog.String("name", name))
	}
	return attrs
}

func (c *Ctx) warn(what string, msg any, err error) {
	attrs := append(c.attrs(), slog.String("message", typeName(msg)))
	if err != nil {
		attrs = append(attrs, slog.Any("error", err))
	}
	c.Node().Report(slog.LevelWarn, what, attrs...)
}
