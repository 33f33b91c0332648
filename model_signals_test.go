package kista_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// terminate ends p as an exit signal does. at once: without waiting for its code.
func (r *rules) terminate(p *mproc, reason string, atOnce bool) {
	switch {
	case p.state == dead:
	case atOnce || !p.body || !p.begun:
		r.die(p, reason)
	case p.state == alive: // the first one counts
		p.state, p.reason, p.last = exiting, reason, r.now
	}
}

// die ends p, once its own operation is over.
func (r *rules) die(p *mproc, reason string) {
	if p.state != doomed {
		p.reason = reason
	}
	p.last = r.now
	if r.inOp == p {
		p.state = doomed
		return
	}
	r.bury(p)
}

// bury: the name first, then links, monitors, callers, and whoever waits for the
// start.
func (r *rules) bury(p *mproc) {
	p.state = dead
	for _, m := range p.box {
		if m.kind == "system" {
			r.calls[m.id].maybe = r.calls[m.id].system != "terminate"
		} else if !p.suspended {
			break
		}
	}
	if p.name != "" {
		delete(r.names, p.name)
		p.name = ""
	}
	maps.DeleteFunc(r.alias, func(_ int, a *malias) bool { return a.owner == p })
	start, why := p.start, p.reason
	if start != nil {
		p.start = nil
		p.quiet = tellsNoTrapper
		if start.ref != 0 {
			p.quiet = tellsNobody
		}
		if p.ignored {
			why = "ignore"
		} else if why == "normal" {
			why = "early"
		}
	}
	for _, no := range slices.Sorted(maps.Keys(p.links)) {
		r.signal(func() { r.linkExit(p, r.procs[no]) })
	}
	for _, ref := range slices.Sorted(maps.Keys(r.mons)) {
		if m := r.mons[ref]; m.target == p && m.owner != p {
			r.signal(func() { r.down(ref, p.reason) })
		}
	}
	maps.DeleteFunc(r.mons, func(_ int, m *mmon) bool { return m.owner == p })
	for _, c := range p.held {
		r.signal(func() { r.complete(c, "call("+p.reason+")") })
	}
	if start != nil {
		r.signal(func() { r.started(start, why) })
	}
	for _, t := range r.timers {
		if t.owner == p {
			t.over = true
		}
	}
	p.links, p.box, p.held = nil, nil, nil
}

func (r *rules) linkExit(p, q *mproc) {
	if !q.links[p.no] {
		return
	}
	delete(q.links, p.no)
	quietly := tells
	if p.parent == q.no {
		quietly = p.quiet
	}
	switch {
	case quietly == tellsNobody || quietly == tellsNoTrapper && q.trap:
	case q.trap:
		r.exited(q, p.no, p.reason)
	case p.reason != "normal":
		r.terminate(q, p.reason, false)
	}
}

func (r *rules) exited(q *mproc, from int, reason string) {
	r.post(q, mmsg{
		kind: "exited", free: true, from: from, why: reason,
		text: fmt.Sprintf("exited P%d %s", from, reason),
	})
}

// exit is what Exit sends.
func (r *rules) exit(from int, p *mproc, reason string) {
	itself := from == p.no && from != 0
	switch {
	case p.state == dead:
	case reason == "kill":
		r.terminate(p, "killed", true)
	case p.trap:
		r.exited(p, from, reason)
	case reason == "normal" && !itself:
	default:
		r.terminate(p, reason, itself)
	}
}

func (r *rules) down(ref int, reason string) {
	m := r.mons[ref]
	if m == nil || m.owner.state == dead {
		return
	}
	delete(r.mons, ref)
	if m.alias.monitored() {
		delete(r.alias, ref)
	}
	msg := mmsg{kind: "down", free: true, id: ref, text: fmt.Sprintf("down R%d %s %s", ref, m.obj, reason)}
	if m.tag != "" {
		msg.kind, msg.text = "tagged", "tagged "+m.tag+" "+msg.text
	}
	r.post(m.owner, msg)
}

// complete ends a call; only the first outcome counts.
func (r *rules) complete(c *mcall, text string) {
	if !c.over {
		c.over, c.text, c.at = true, text, r.now
	}
}

func (r *rules) release(c *mcall) {
	if c.server != nil {
		c.server.held = slices.DeleteFunc(c.server.held, func(o *mcall) bool { return o == c })
	}
}

// resolve finds whom an address means, and the alias that it goes through.
func (r *rules) resolve(to maddr) (p *mproc, via int, err string) {
	switch {
	case to.name != "":
		if p = r.names[to.name]; p == nil {
			return nil, 0, "noname"
		}
		return p, 0, ""
	case to.ref != 0:
		if a := r.alias[to.ref]; a != nil {
			return a.owner, to.ref, ""
		}
		return nil, 0, ""
	}
	return r.procs[to.no], 0, ""
}

// dispatch brings a counted message to a mailbox. gone: there is nobody to take
// it; err is a refusal. patient messages, of timers, are always refused.
func (r *rules) dispatch(to maddr, m mmsg, c *mcall, patient bool) (gone bool, err string) {
	p, via, err := r.resolve(to)
	if err != "" {
		return false, err
	}
	if p == nil || p.state == dead {
		return true, ""
	}
	counted := 0
	for _, old := range p.box {
		if !old.free {
			counted++
		}
	}
	if p.limit > 0 && !m.free && counted >= p.limit {
		switch {
		case patient || p.full == refuse:
			return false, "full"
		case p.full == kills:
			r.terminate(p, "full", true)
			r.act()
		}
		if c != nil {
			return false, "full"
		}
		return true, ""
	}
	if via != 0 {
		if a := r.alias[via]; a.mode.onceOnly() {
			delete(r.alias, via)
			delete(r.mons, via)
		}
	}
	if c != nil {
		c.server = p
		p.held = append(p.held, c)
	}
	r.post(p, m)
	return false, ""
}

// pass lets time go on until now: timers fire in the order in which they are due.
func (r *rules) pass(now time.Duration) {
	for {
		var next *mtimer
		for _, t := range r.timers {
			if !t.over && t.due <= now && (next == nil || cmp.Or(cmp.Compare(t.due, next.due), cmp.Compare(t.no, next.no)) < 0) {
				next = t
			}
		}
		if next == nil {
			break
		}
		r.now = max(r.now, next.due)
		next.over = true
		m := mmsg{kind: next.kind, id: next.id, text: fmt.Sprintf("%s %d", next.kind, next.id)}
		if _, err := r.dispatch(next.to, m, nil, true); err == "full" {
			r.arm(next, 10*time.Millisecond)
		}
		r.act()
	}
	r.now = now
}

func (r *rules) arm(t *mtimer, d time.Duration) {
	if t.owner != nil && (t.owner.state == dead || t.owner.state == doomed) {
		t.over = true
		return
	}
	r.armed++
	t.no, t.due, t.over = r.armed, r.now+d, false
}
