package kista_test

import (
	"fmt"

	"github.com/kista-go/kista"
)

// behaviour is an actor that is called back.
type behaviour struct{ a *actor }

func (b *behaviour) Init(s *kista.Self) (err error) {
	a := b.a
	a.begins(s)
	defer b.returned("init", true)
	for a.r.IntN(3) == 0 && a.w.spend() {
		if err, end := a.something(); end {
			return a.leaves(err)
		}
	}
	switch a.r.IntN(16) {
	case 0:
		return a.leaves(kista.ErrIgnore)
	case 1:
		return a.leaves(a.fault())
	}
	return a.leaves(nil)
}

func (b *behaviour) Handle(_ *kista.Self, msg any) error {
	a := b.a
	a.how, a.why = "", nil
	a.w.did(event{by: a, op: "handles", got: a.w.show(msg), msg: msg, want: (*rules).handles})
	a.took(msg)
	defer b.returned("handled", false)
	for a.r.IntN(2) == 0 && a.w.spend() {
		if err, end := a.something(); end {
			return a.leaves(err)
		}
	}
	return a.leaves(nil)
}

func (b *behaviour) Terminate(_ *kista.Self, reason error) error {
	a := b.a
	a.how, a.why = "", nil
	why := a.w.why(reason)
	a.w.did(event{by: a, op: "terminates", got: why, want: (*rules).terminates})
	defer a.left("terminated")
	if a.w.spend() && a.r.IntN(3) == 0 {
		if err, end := a.something(); end && err != nil {
			return a.leaves(err)
		}
	}
	return a.terminated(reason)
}

// terminated returns nothing, which keeps the reason, half of the time.
func (a *actor) terminated(reason error) error {
	_ = a.leaves(reason)
	if a.r.IntN(2) == 0 {
		return nil
	}
	return reason
}

// returned is the last thing that a callback does.
func (b *behaviour) returned(op string, init bool) {
	a := b.a
	how, why := a.how, a.reason()
	clean := how == "return" && a.why == nil
	a.w.did(event{by: a, op: op, args: how + " " + why, before: true, err: a.why, want: func(r *rules, p *mproc) string {
		switch {
		case how == "" && !p.told:
			return "no Goexit"
		case p.state == dead:
			p.inside = false
		case clean:
			p.inside = false
			if init {
				r.acknowledge(p, "up")
			}
		case init:
			p.inside = false
			if p.ignored = why == "ignore"; p.ignored {
				why = "normal"
			}
			r.die(p, why)
		default:
			p.ending = why
		}
		return ""
	}})
}

// handles predicts what a behaviour is given.
func (r *rules) handles(p *mproc) string {
	p.inside = true
	r.systemMail(p, nil)
	switch {
	case len(p.box) == 0:
		return "nothing"
	case p.suspended:
		return "nothing: it is suspended"
	}
	m := p.box[0]
	p.box = p.box[1:]
	if at := max(m.at, p.entered); r.now != at && !p.paused {
		return fmt.Sprintf("%s, at %v", m.text, at)
	}
	return m.text
}

// terminates predicts why a behaviour terminates.
func (r *rules) terminates(p *mproc) string {
	p.inside = true
	if p.ending != "" {
		return p.ending
	}
	r.systemMail(p, nil)
	for i, m := range p.box {
		switch {
		case m.kind == "exited" && m.from == p.parent:
			p.box = append(p.box[:i:i], p.box[i+1:]...)
			return m.why
		case m.kind == "system": // to terminate
			p.box = append(p.box[:i:i], p.box[i+1:]...)
			return r.calls[m.id].reason
		case !p.suspended:
			return "not"
		}
	}
	return "not"
}

// systemMail lets a behaviour answer the system requests that come next; c is
// one that it has answered.
func (r *rules) systemMail(p *mproc, c *mcall) {
	for i := 0; i < len(p.box); {
		m := p.box[i]
		if m.kind != "system" {
			if !p.suspended || m.kind == "exited" && m.from == p.parent {
				return
			}
			i++
			continue
		}
		call := r.calls[m.id]
		if call.system == "terminate" { // also if nobody waits any more
			return
		}
		p.box = append(p.box[:i:i], p.box[i+1:]...)
		switch {
		case call.system == "suspend" && !call.over:
			p.suspended, p.paused = true, true
			i = 0
		case call.system == "resume":
			p.suspended = false
			i = 0
		}
		r.release(call)
		r.complete(call, "ok")
		if call == c {
			return
		}
	}
}
