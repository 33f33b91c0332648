package kista_test

import (
	"fmt"
	"time"

	"github.com/kista-go/kista"
)

// call asks, and waits now, later or never.
func (a *actor) call() error {
	if c, ok := some(a, &a.pending); ok && a.r.IntN(3) > 0 {
		if a.r.IntN(3) == 0 {
			c.c.Cancel()
			a.w.did(event{by: a, op: "cancels", id: c.id, args: fmt.Sprint(c.id), want: func(r *rules, _ *mproc) string {
				r.release(r.calls[c.id])
				r.complete(r.calls[c.id], "call(canceled)")
				return ""
			}})
			return nil
		}
		return a.wait(c, false)
	}
	to := a.w.someAddr(a.r)
	id := a.w.id()
	c := &ownCall{id: id}
	begin := event{by: a, op: "asks", id: id, msg: to, args: fmt.Sprint(id, " of ", a.w.showAddr(to)), want: func(r *rules, p *mproc) string {
		r.begin(p, id, a.w.addr(to))
		return ""
	}}
	if a.r.IntN(3) > 0 {
		c.c = kista.Begin(a.s, to, ask{id})
		a.w.did(begin)
		a.pending = append(a.pending, c)
		return nil
	}
	begin.before = true
	a.w.did(begin) // it acts at once
	return a.waitWith(c, true, func(d time.Duration) (any, error) { return kista.CallFor(a.s, d, to, ask{id}) })
}

// begin lets a request act.
func (r *rules) begin(p *mproc, id int, to maddr) *mcall {
	c := &mcall{id: id, caller: p.no}
	r.calls[id] = c
	if p.stopping() {
		r.complete(c, "call("+p.stop()+")")
		return c
	}
	q, _, err := r.resolve(to)
	switch {
	case err != "":
	case q == nil || q == r.procs[0]:
		err = "noproc"
	case q == p:
		err = "callingself"
	default:
		var gone bool
		m := mmsg{kind: "ask", id: id, text: fmt.Sprintf("ask %d from P%d", id, p.no)}
		if gone, err = r.dispatch(to, m, c, false); gone {
			err = "noproc"
		}
	}
	if err != "" {
		r.complete(c, "call("+err+")")
	}
	return c
}

func (a *actor) wait(c *ownCall, cancel bool) error {
	return a.waitWith(c, cancel, func(d time.Duration) (any, error) { return c.c.WaitFor(a.s, d) })
}

func (a *actor) waitWith(c *ownCall, cancel bool, wait func(d time.Duration) (any, error)) error {
	d := time.Duration(1+a.r.IntN(4000)) * time.Microsecond
	v, err := wait(d)
	got := fmt.Sprint("answer ", v)
	if err != nil {
		got = a.w.why(err)
	}
	a.w.did(event{by: a, op: "waits for the answer", id: c.id, err: err, msg: v, ok: cancel, args: fmt.Sprintf("%d, at most %v", c.id, d), got: got, want: func(r *rules, p *mproc) string {
		return r.waited(p, r.calls[c.id], d, cancel)
	}})
	return err
}

// waited predicts how a wait for an answer ends.
func (r *rules) waited(p *mproc, c *mcall, d time.Duration, cancel bool) (got string) {
	switch {
	case c.over:
		if at := max(c.at, p.entered); r.now != at {
			return fmt.Sprintf("%s at %v", c.text, at)
		}
		return c.text
	case r.now == p.entered+d:
		got = "call(late)"
	case p.stopping():
		got = p.stop()
	default:
		return "nothing yet"
	}
	if cancel {
		r.release(c)
		r.complete(c, "call(canceled)")
	}
	return got
}

func (a *actor) reply() {
	o, ok := a.w.someOwed(a.r)
	if !ok {
		return
	}
	e := event{by: a, op: "answers", id: o.id, args: fmt.Sprint(o.id), ok: true}
	text := ""
	if a.r.IntN(3) == 0 {
		e.err = a.fault()
		text = a.w.why(e.err)
		o.from.Fail(e.err)
	} else {
		v := a.w.id()
		text = fmt.Sprint("answer ", v)
		e.msg, e.err = v, o.from.Reply(v)
	}
	e.args += " with " + text
	e.want = func(r *rules, _ *mproc) string {
		r.release(r.calls[o.id])
		r.complete(r.calls[o.id], text)
		return ""
	}
	a.w.did(e)
}

// time sets, reads and stops timers.
func (a *actor) time() {
	if t, ok := some(a, &a.timers); ok && a.r.IntN(2) == 0 {
		op := "stops timer"
		left, was := time.Duration(0), false
		stop := a.r.IntN(2) == 0
		if stop {
			left, was = t.t.Cancel()
		} else {
			op = "reads timer"
			left, was = t.t.Left()
		}
		a.w.did(event{by: a, op: op, id: t.id, ok: was, args: fmt.Sprint(t.id), got: fmt.Sprint(left, was), want: func(r *rules, _ *mproc) string {
			m := r.timers[t.id]
			if m.over {
				return fmt.Sprint(time.Duration(0), false)
			}
			m.over = stop
			return fmt.Sprint(m.due-r.now, true)
		}})
		return
	}
	to := a.w.someAddr(a.r)
	msg, kind, id := a.message()
	d := time.Duration(1+a.r.IntN(8)) * time.Millisecond
	t := kista.SendAfter(d, to, msg)
	a.timers = append(a.timers, &ownTimer{id, t})
	a.w.did(event{
		by: a, op: "sets timer", id: id, msg: to, err: t.Err(),
		args: fmt.Sprintf("%s to %s in %v", a.text(kind, id), a.w.showAddr(to), d), got: a.w.result(t.Err()),
		want: func(r *rules, _ *mproc) string {
			m := &mtimer{to: a.w.addr(to), kind: kind, id: id}
			r.timers[id] = m
			if m.to.name == "" {
				if m.owner, _, _ = r.resolve(m.to); m.owner == nil || m.owner.no == 0 {
					m.over = true
					return "ok"
				}
			}
			r.arm(m, d)
			return "ok"
		},
	})
}

// system sends a system request, or waits for somebody's end.
func (a *actor) system() error {
	to := a.w.someone(a.r)
	var req kista.SystemRequest
	c := &mcall{id: a.w.id(), caller: a.number(a.w)}
	switch a.r.IntN(8) {
	case 0:
		reason := a.fault()
		req, c.system, c.reason = kista.Terminate{Reason: reason}, "terminate", a.w.why(reason)
	case 1:
		req, c.system, c.reason = kista.Terminate{}, "terminate", "normal"
	case 2, 3, 4:
		req, c.system = kista.Suspend{}, "suspend"
	default:
		req, c.system = kista.Resume{}, "resume"
	}
	a.w.did(event{by: a, op: c.system, pid: to, args: a.w.showAddr(to), before: true, want: func(r *rules, p *mproc) string {
		r.beginSystem(p, r.procs[a.w.no(to)], c)
		return ""
	}})
	a.keepsTurn()
	_, err := kista.System(a.s, to, req)
	got := a.w.result(err)
	a.w.did(event{by: a, op: c.system + "ed", pid: to, err: err, got: got, want: func(r *rules, p *mproc) string {
		return r.endSystem(p, c, got)
	}})
	return err
}

func (r *rules) beginSystem(p, q *mproc, c *mcall) {
	r.calls[c.id] = c
	r.op(p, func() string {
		switch {
		case q.no == 0:
			r.complete(c, "call(noproc)")
		case q == p:
			r.complete(c, "call(callingself)")
		case q.body:
			r.complete(c, "notbehaviour")
		case q.state == dead:
			r.complete(c, "call(noproc)")
		default:
			c.server = q
			q.held = append(q.held, c)
			r.post(q, mmsg{kind: "system", id: c.id, free: true})
		}
		return ""
	})
	if p.stopping() && !c.over && c.server == nil {
		r.complete(c, "call("+p.stop()+")")
	}
}

// endSystem predicts how a system request ends. Nobody sees when it is served.
func (r *rules) endSystem(p *mproc, c *mcall, got string) (want string) {
	if !c.over && got == "ok" {
		r.systemMail(c.server, c)
	}
	switch {
	case c.over && c.maybe && got == "ok":
		return "ok"
	case c.over && c.system == "terminate" && c.text == "call("+c.reason+")":
		return "ok"
	case c.over:
		return c.text
	case p.stopping():
		want = p.stop()
	case r.now == p.entered+kista.DefaultCallTimeout:
		want = "call(late)"
	default:
		return "nothing yet"
	}
	r.release(c)
	r.complete(c, "call(canceled)")
	return want
}
