package kista_test

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kista-go/kista"
)

func (w *stage) showAddr(to kista.Addr) string {
	if w.rules == nil {
		return fmt.Sprint(to)
	}
	switch to := to.(type) {
	case kista.PID:
		return fmt.Sprintf("P%d", w.no(to))
	case kista.Ref:
		return fmt.Sprintf("R%d", w.refNo(to))
	}
	return fmt.Sprint(to)
}

// why is an exit reason, or an error, as text.
func (w *stage) why(err error) string {
	for _, known := range []struct {
		err  error
		text string
	}{
		{nil, "normal"},
		{kista.ErrShutdown, "shutdown"},
		{kista.Kill, "kill"},
		{kista.ErrKilled, "killed"},
		{kista.ErrNoProcess, "noproc"},
		{kista.ErrGoexit, "goexit"},
		{kista.ErrIgnore, "ignore"},
		{kista.ErrCallingSelf, "callingself"},
		{kista.ErrHasName, "hasname"},
		{kista.ErrNotBehaviour, "notbehaviour"},
		{context.DeadlineExceeded, "late"},
		{context.Canceled, "canceled"},
	} {
		if err == known.err { //nolint:errorlint // identity is what is promised
			return known.text
		}
	}
	switch e := err.(type) { //nolint:errorlint // as it is
	case *kista.PanicError:
		return fmt.Sprintf("panic %v", e.Value)
	case *kista.CallError:
		return "call(" + w.why(e.Reason) + ")"
	case *kista.MailboxFullError:
		return "full"
	case *kista.NameError:
		return "noname"
	case *kista.NameTakenError:
		return "taken " + w.showAddr(e.PID)
	case *kista.ShutdownError:
		return "shutdown(" + w.why(e.Cause) + ")"
	case kista.Stop:
		return "stop"
	}
	if strings.HasSuffix(err.Error(), "before it was up") {
		return "early"
	}
	return err.Error()
}

// result is what an operation returned.
func (w *stage) result(err error) string {
	if err == nil {
		return "ok"
	}
	return w.why(err)
}

// show is a message as text.
func (w *stage) show(msg any) string {
	switch m := msg.(type) {
	case red:
		return fmt.Sprintf("red %d", m.ID)
	case blue:
		return fmt.Sprintf("blue %d", m.ID)
	case kista.Request:
		a, _ := m.Msg.(ask)
		return fmt.Sprintf("ask %d from P%d", a.ID, w.no(m.From.PID()))
	case kista.Exited:
		return fmt.Sprintf("exited P%d %s", w.no(m.PID), w.why(m.Reason))
	case kista.Down:
		return fmt.Sprintf("down R%d %s %s", w.refNo(m.Ref), w.showAddr(m.Addr), w.why(m.Reason))
	case kista.Tagged:
		return fmt.Sprintf("tagged %v %s", m.Tag, w.show(m.Down))
	case kista.Started:
		how := "up"
		if m.Err != nil {
			how = w.why(m.Err)
		}
		return fmt.Sprintf("started R%d P%d %s", w.refNo(m.Ref), w.no(m.PID), how)
	}
	return fmt.Sprintf("%T", msg)
}

// compare holds the node against the rules.
func (w *stage) compare() (diff string) {
	r := w.rules
	var living, is []int
	for _, p := range r.procs {
		if p.state != dead {
			living = append(living, p.no)
		}
	}
	w.bind()
	pids := map[int]kista.PID{}
	for pid := range w.n.Processes() {
		is = append(is, w.no(pid))
		pids[w.no(pid)] = pid
	}
	if slices.Sort(is); !slices.Equal(is, living) {
		return fmt.Sprintf("%v live, want %v", is, living)
	}
	zombies, timers := 0, 0
	for _, p := range r.procs {
		if p.state == dead && p.inside {
			zombies++
		}
	}
	for _, t := range r.timers {
		if !t.over {
			timers++
		}
	}
	s := w.n.Stats()
	if int(s.Zombies) != zombies || int(s.Timers) != timers || s.Names != len(r.names) {
		return fmt.Sprintf("%d zombies, %d timers, %d names; want %d, %d, %d", s.Zombies, s.Timers, s.Names, zombies, timers, len(r.names))
	}
	for name, p := range r.names {
		if pid, there := w.n.WhereIs(name); !there || w.no(pid) != p.no {
			return fmt.Sprintf("%s is %v, want P%d", name, pid, p.no)
		}
	}
	for no, pid := range pids {
		if got, want := w.showInfo(pid), r.info(r.procs[no]); got != want {
			return fmt.Sprintf("P%d is\n  %s, want\n  %s", no, got, want)
		}
		if w.n.Alive(pid) != (r.procs[no].state == alive) {
			return fmt.Sprintf("P%d is alive: %v", no, w.n.Alive(pid))
		}
	}
	return ""
}

func (w *stage) showInfo(pid kista.PID) string {
	i, _ := w.n.Info(pid)
	nos := func(pids []kista.PID) (out []int) {
		for _, pid := range pids {
			out = append(out, w.no(pid))
		}
		slices.Sort(out)
		return out
	}
	var monitors []string
	for _, a := range i.Monitors {
		monitors = append(monitors, w.showAddr(a))
	}
	return fmt.Sprintf("name %q parent %d trap %v mail %d links %v monitors %v by %v",
		i.Name, w.no(i.Parent), i.TrapExits, i.MailboxLen, nos(i.Links), monitors, nos(i.MonitoredBy))
}

func (r *rules) info(p *mproc) string {
	var links, by []int
	for no := range p.links {
		links = append(links, no)
	}
	var refs []int
	for ref, m := range r.mons {
		if m.owner == p {
			refs = append(refs, ref)
		}
		if m.target == p && m.owner != p {
			by = append(by, m.owner.no)
		}
	}
	slices.Sort(links)
	slices.Sort(by)
	slices.Sort(refs)
	var monitors []string
	for _, ref := range refs {
		monitors = append(monitors, r.mons[ref].obj)
	}
	mail := 0
	for _, m := range p.box {
		if !m.free {
			mail++
		}
	}
	return fmt.Sprintf("name %q parent %d trap %v mail %d links %v monitors %v by %v",
		p.name, p.parent, p.trap, mail, links, monitors, by)
}
