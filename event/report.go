package event

import (
	"errors"
	"log/slog"

	"github.com/kista-go/kista"
)

// reportFailed logs the failure of a handler, after it has terminated (statement
// 163). In a supervisor's words it is what the crash report is for a process.
func (m *manager) reportFailed(h *handler, reason error, kind string, msg any) {
	attrs := []slog.Attr{
		slog.String("handler", h.id.String()), slog.Any("reason", reason),
		slog.String("last_"+kind, typeName(msg)),
	}
	if !h.owner.IsZero() {
		attrs = append(attrs, slog.String("owner", h.owner.String()))
	}
	if m.lives() {
		if state := h.report(); state != "" {
			attrs = append(attrs, slog.String("state", state))
		}
	}
	var p *kista.PanicError
	if errors.As(reason, &p) {
		attrs = append(attrs, slog.String("stack", p.StackText()))
	}
	m.report(slog.LevelError, "event handler terminates", append(attrs, kista.ReportTerminate.Attr())...)
}

// report logs something about this manager.
func (m *manager) report(level slog.Level, what string, attrs ...slog.Attr) {
	all := []slog.Attr{slog.String("pid", m.self.PID().String())}
	if name := m.self.Name(); name != "" {
		all = append(all, slog.String("name", name))
	}
	m.self.Node().Report(level, what, append(all, attrs...)...)
}

// report is what the handler says of its state for people.
func (h *handler) report() (text string) {
	r, ok := h.code.(Reporter)
	if !ok {
		return ""
	}
	if err := shield(func() { text = r.Report() }); err != nil {
		text = "(its Report fails: " + err.Error() + ")"
	}
	return text
}

// state returns a copy of the handler's state, or why it cannot be had.
func (h *handler) state() (state any, err error) {
	crashed := shield(func() {
		var v any = h.code
		if r, ok := h.code.(kista.StateReader); ok {
			v = r.State()
		}
		state, err = kista.Copy(v)
	})
	if crashed != nil {
		return nil, crashed
	}
	return state, err
}
