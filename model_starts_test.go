package kista_test

import (
	"fmt"

	"github.com/kista-go/kista"
)

// keepsTurn has the next operation act at once: nobody else gets a turn first.
func (a *actor) keepsTurn() {
	if a.w.rules != nil {
		a.w.stay = true
	}
}

func (a *actor) spawn() error {
	c, opts := a.w.child(a.r, false)
	fromOutside := a.r.IntN(5) == 0
	if !fromOutside {
		opts.Link, opts.Monitor = a.r.IntN(2) == 0, a.r.IntN(3) == 0
		c.o.link, c.o.monitor = opts.Link, opts.Monitor
	}
	var pid kista.PID
	var ref kista.Ref
	var err error
	if fromOutside {
		pid, err = a.w.n.SpawnWith(opts, c.act)
	} else {
		pid, ref, err = a.s.SpawnWith(opts, c.act)
	}
	a.w.did(event{by: a, op: "spawns", pid: pid, ref: ref, err: err, args: a.spawnArgs(c, fromOutside), got: a.w.result(err), want: func(r *rules, p *mproc) string {
		do := func(parent *mproc) string {
			q, no, err := r.spawn(parent, c.o, nil)
			if err != "" {
				return err
			}
			a.w.numbers[pid] = q.no
			if no != 0 {
				a.w.refs[ref] = no
			}
			return "ok"
		}
		if fromOutside {
			return do(nil)
		}
		return r.op(p, func() string { return do(p) })
	}})
	if err == nil {
		a.w.know(pid)
		if c.o.monitor {
			a.refs = append(a.refs, ref)
		}
	}
	return err
}

func (a *actor) spawnArgs(c *actor, outside bool) string {
	text := ""
	for _, is := range []struct {
		on   bool
		text string
	}{
		{c.o.behaviour, "a behaviour"},
		{outside, "outside"},
		{c.o.link, "linked"},
		{c.o.monitor, "monitored"},
		{c.o.trap, "trapping"},
		{c.o.acks, "acknowledged"},
		{c.o.name != "", "as " + c.o.name},
		{c.o.limit > 0, fmt.Sprintf("limited to %d, policy %d", c.o.limit, c.o.full)},
	} {
		if is.on {
			text += " " + is.text
		}
	}
	return text
}

func (a *actor) startProgram() error {
	behaves := a.r.IntN(3) > 0
	c, opts := a.w.child(a.r, behaves || a.r.IntN(2) == 0)
	c.o.behaviour = behaves
	pr := kista.BodyProgram(opts, c.o.acks, c.act)
	if behaves {
		pr = kista.BehaviourProgram(opts, "actor", func() (kista.Behaviour, error) { return &behaviour{c}, nil })
	}
	switch a.r.IntN(5) {
	case 0:
		return a.startFromOutside(c, pr)
	case 1, 2:
		c.o.link = true
		return a.startChild(c, pr)
	case 3:
		c.o.link = true
	default:
		c.o.monitor = true
	}
	start := &mstart{}
	no := 0
	refused := ""
	a.w.did(event{by: a, op: "starts", args: a.spawnArgs(c, false), before: true, want: func(r *rules, p *mproc) string {
		refused = r.op(p, func() string {
			var err string
			_, no, err = r.spawn(p, c.o, start)
			return err
		})
		return ""
	}})
	a.keepsTurn()
	var pid kista.PID
	var ref kista.Ref
	var err error
	if c.o.link {
		pid, err = a.s.StartLink(a.s, pr)
	} else {
		pid, ref, err = a.s.StartMonitor(a.s, pr)
	}
	if err == nil && a.w.rules != nil && no != 0 {
		a.w.refs[ref] = no
	}
	a.w.did(event{by: a, op: "started", pid: pid, ref: ref, err: err, got: a.w.started(pid, err), want: func(r *rules, p *mproc) string {
		got := r.startEnds(p, start, refused, c.o.link)
		if !c.o.monitor || start.text == "up" {
			return got
		}
		if !p.stopping() { // it is flushed
			a.w.flush(r, p, no)
		}
		return got
	}})
	if err == nil {
		a.w.know(pid)
		if c.o.monitor {
			a.refs = append(a.refs, ref)
		}
	}
	return err
}

func (w *stage) flush(r *rules, p *mproc, ref int) {
	delete(r.mons, ref)
	for i, m := range p.box {
		if m.kind == "down" && m.id == ref {
			p.box = append(p.box[:i:i], p.box[i+1:]...)
			return
		}
	}
}

func (w *stage) started(pid kista.PID, err error) string {
	if err == nil {
		return w.showAddr(pid)
	}
	return w.why(err)
}

// startEnds predicts what a start that waited returns.
func (r *rules) startEnds(p *mproc, start *mstart, refused string, linked bool) string {
	switch {
	case refused != "":
		return refused
	case !start.over: // it was interrupted
		if !p.stopping() {
			return "nothing yet"
		}
		child := start.child
		child.start, child.quiet = nil, tellsNobody
		r.terminate(child, "killed", true)
		r.act()
		return p.stop()
	case start.text == "up":
		return fmt.Sprintf("P%d", start.child.no)
	case start.text == "ignore" && linked:
		return "ignore"
	case p.stopping():
		return p.stop()
	}
	return start.text
}

func (a *actor) startFromOutside(c *actor, pr kista.Program) error {
	start := &mstart{}
	refused := ""
	a.w.did(event{by: a, op: "starts", args: a.spawnArgs(c, true), before: true, want: func(r *rules, _ *mproc) string {
		_, _, refused = r.spawn(nil, c.o, start)
		return ""
	}})
	pid, err := a.w.n.Start(a.s, pr)
	a.w.did(event{by: a, op: "started", pid: pid, err: err, got: a.w.started(pid, err), want: func(r *rules, p *mproc) string {
		switch {
		case refused != "":
			return refused
		case !start.over:
			if !p.stopping() {
				return "nothing yet"
			}
			child := start.child
			child.start, child.quiet = nil, tellsNobody
			r.terminate(child, "killed", true)
			r.act()
			return p.cause()
		case start.text == "up":
			return fmt.Sprintf("P%d", start.child.no)
		}
		return start.text
	}})
	if err == nil {
		a.w.know(pid)
	}
	return err
}

func (a *actor) startChild(c *actor, pr kista.Program) error {
	start := &mstart{}
	a.keepsTurn()
	pid, ref, err := a.s.StartChild(pr)
	a.w.did(event{by: a, op: "starts a child", pid: pid, ref: ref, err: err, args: a.spawnArgs(c, false), got: a.w.result(err), want: func(r *rules, p *mproc) string {
		return r.op(p, func() string {
			start.ref = r.newRef()
			q, _, err := r.spawn(p, c.o, start)
			if err != "" {
				return err
			}
			a.w.numbers[pid], a.w.refs[ref] = q.no, start.ref
			return "ok"
		})
	}})
	return err
}
