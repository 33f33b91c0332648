package statem

import (
	"fmt"
	"log/slog"

	"github.com/kista-go/kista"
)

// shownEvents is how many events of a queue are named in a report.
const shownEvents = 20

// report logs the failure of a machine (statement 158), ahead of the kernel's
// crash report.
func (m *machine[S]) report(reason error) {
	if stop, ok := reason.(kista.Stop); ok { //nolint:errorlint // as returned, not wrapped
		reason = stop.Reason
	}
	if !kista.Abnormal(reason) {
		return
	}
	attrs := append(m.attrs(), slog.Any("reason", reason))
	if m.event.Type != 0 {
		attrs = append(attrs, slog.String("last_event", m.event.String()))
	}
	if caller := m.event.From.PID(); !caller.IsZero() {
		attrs = append(attrs, slog.String("client", caller.String()))
	}
	for _, list := range []struct {
		name   string
		events []Event
	}{{"queue", m.queue.waiting()}, {"postponed", m.queue.postponed}} {
		if len(list.events) > 0 {
			attrs = append(attrs, slog.Any(list.name, names(list.events)))
		}
	}
	if running := m.timeouts.names(); len(running) > 0 {
		if more := len(running) - shownEvents; more > 0 {
			running = append(running[:shownEvents], fmt.Sprintf("and %d more", more))
		}
		attrs = append(attrs, slog.Any("timeouts", running))
	}
	if data := m.dataForReport(); data != "" {
		attrs = append(attrs, slog.String("data", data))
	}
	m.c.Node().Report(slog.LevelWarn, "statem terminates", append(attrs, kista.ReportTerminate.Attr())...)
}

// dataForReport is what the Handler says of its data. If it panics, that is
// said instead: the reason of the machine's end is the better one to keep.
func (m *machine[S]) dataForReport() (text string) {
	r, ok := m.handler().(Reporter)
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

// names names events, the first of them if they are many.
func names(evs []Event) (out []string) {
	for i, ev := range evs {
		if i == shownEvents {
			return append(out, fmt.Sprintf("and %d more", len(evs)-i))
		}
		out = append(out, ev.String())
	}
	return out
}

// attrs say which machine it is, and in which state.
func (m *machine[S]) attrs() []slog.Attr {
	attrs := []slog.Attr{slog.String("pid", m.c.PID().String())}
	if name := m.c.Name(); name != "" {
		attrs = append(attrs, slog.String("name", name))
	}
	return append(attrs, slog.String("machine_state", show(m.state)))
}

func (m *machine[S]) warn(what string, attrs ...slog.Attr) {
	m.c.Node().Report(slog.LevelWarn, what, append(m.attrs(), attrs...)...)
}

// show writes a state for people. Its String method, if it has one, runs here,
// in the machine.
func show(state any) string { return fmt.Sprint(state) }
