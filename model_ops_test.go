package kista_test

import (
	"fmt"
	"slices"

	"github.com/kista-go/kista"
)

// The operations. Each acts while the actor has the turn, so what is written
// right after it is written in the order in which it acted. One that waits is
// written twice: when it acts, for which the actor keeps its turn, and when it
// has returned.

func (a *actor) text(kind string, id int) string { return fmt.Sprintf("%s %d", kind, id) }

func (a *actor) message() (msg any, kind string, id int) {
	id = a.w.id()
	if a.r.IntN(2) == 0 {
		return red{id}, "red", id
	}
	return blue{id}, "blue", id
}

func (a *actor) send() error {
	to := a.w.someAddr(a.r)
	msg, kind, id := a.message()
	outside := a.r.IntN(5) == 0
	op, err := "sends", error(nil)
	if outside {
		op, err = "sends from outside", kista.Send(to, msg)
	} else {
		err = a.s.Send(to, msg)
	}
	pid, _ := to.(kista.PID)
	a.w.did(event{
		by: a, op: op, pid: pid, id: id, err: err, msg: to,
		args: a.text(kind, id) + " to " + a.w.showAddr(to), got: a.w.result(err),
		want: func(r *rules, p *mproc) string {
			if p.stopping() && !outside {
				return p.stop()
			}
			_, err := r.dispatch(a.w.addr(to), mmsg{kind: kind, id: id, text: a.text(kind, id)}, nil, false)
			if err == "" {
				err = "ok"
			}
			return err
		},
	})
	return err
}

func (a *actor) link() error {
	to := a.w.someone(a.r)
	err := a.s.Link(to)
	a.w.did(event{by: a, op: "links", pid: to, err: err, args: a.w.showAddr(to), got: a.w.result(err), want: func(r *rules, p *mproc) string {
		q := r.procs[a.w.no(to)]
		return r.op(p, func() string {
			switch {
			case q == p:
			case q.state != dead:
				p.links[q.no], q.links[p.no] = true, true
			case p.trap:
				r.exited(p, q.no, "noproc")
			default:
				return "noproc"
			}
			return "ok"
		})
	}})
	return err
}

func (a *actor) unlink() error {
	to := a.w.someone(a.r)
	err := a.s.Unlink(to)
	a.w.did(event{by: a, op: "unlinks", pid: to, err: err, args: a.w.showAddr(to), got: a.w.result(err), want: func(r *rules, p *mproc) string {
		q := r.procs[a.w.no(to)]
		return r.op(p, func() string {
			delete(p.links, q.no)
			delete(q.links, p.no)
			return "ok"
		})
	}})
	return err
}

var aliasModes = map[aliasMode]kista.AliasMode{
	noAlias: kista.NoAlias, untilUnalias: kista.ExplicitUnalias, once: kista.Reply,
	withMonitor: kista.WithMonitor, onceWithMonitor: kista.ReplyWithMonitor,
}

func (a *actor) monitor() error {
	to := a.w.someAddr(a.r)
	mode := [...]aliasMode{noAlias, noAlias, untilUnalias, withMonitor, onceWithMonitor}[a.r.IntN(5)]
	o := kista.MonitorOpts{Alias: aliasModes[mode]}
	tag := ""
	if a.r.IntN(4) == 0 {
		tag = fmt.Sprint("T", a.w.id())
		o.Tag = tag
	}
	ref, err := a.s.MonitorWith(to, o)
	pid, _ := to.(kista.PID)
	a.w.did(event{
		by: a, op: "monitors", pid: pid, ref: ref, err: err, msg: to,
		args: fmt.Sprintf("%s tag %q alias %d", a.w.showAddr(to), tag, mode), got: a.w.result(err),
		want: func(r *rules, p *mproc) string {
			return r.op(p, func() string {
				no := r.newRef()
				a.w.refs[ref] = no
				q, _, _ := r.resolve(a.w.addr(to))
				m := &mmon{owner: p, target: q, obj: a.w.showAddr(to), tag: tag, alias: mode}
				r.mons[no] = m
				if mode != noAlias {
					r.alias[no] = &malias{p, mode}
				}
				if q == nil || q.state == dead {
					m.target = nil
					r.down(no, "noproc")
				}
				return "ok"
			})
		},
	})
	if err == nil {
		a.refs = append(a.refs, ref)
		if mode != noAlias {
			a.w.knowAlias(ref)
		}
	}
	return err
}

// some takes one of several, perhaps out.
func some[T any](a *actor, all *[]T) (v T, ok bool) {
	if len(*all) == 0 {
		return v, false
	}
	i := a.r.IntN(len(*all))
	v = (*all)[i]
	if a.r.IntN(4) > 0 {
		*all = slices.Delete(*all, i, i+1)
	}
	return v, true
}

func (a *actor) demonitor() {
	ref, ok := some(a, &a.refs)
	if !ok {
		return
	}
	flush := a.r.IntN(2) == 0
	op, had := "demonitors", false
	if flush {
		op, had = "demonitors, flushing", a.s.DemonitorFlush(ref)
	} else {
		had = a.s.Demonitor(ref)
	}
	a.w.did(event{by: a, op: op, ref: ref, ok: had, args: fmt.Sprintf("R%d", a.w.refNo(ref)), got: fmt.Sprint(had), want: func(r *rules, p *mproc) string {
		if p.stopping() {
			p.told = true
			return "false"
		}
		no := a.w.refNo(ref)
		m := r.mons[no]
		delete(r.mons, no)
		if m != nil && m.alias.monitored() {
			delete(r.alias, no)
		}
		if m == nil && flush {
			if i := slices.IndexFunc(p.box, func(m mmsg) bool { return (m.kind == "down" || m.kind == "tagged") && m.id == no }); i >= 0 {
				p.box = slices.Delete(p.box, i, i+1)
			}
		}
		return fmt.Sprint(m != nil)
	}})
}

func (a *actor) alias() {
	mode := [...]aliasMode{untilUnalias, once}[a.r.IntN(2)]
	ref := a.s.Alias(aliasModes[mode])
	a.w.did(event{by: a, op: "makes an alias", ref: ref, args: fmt.Sprint(mode), got: fmt.Sprint(!ref.IsZero()), want: func(r *rules, p *mproc) string {
		if p.stopping() {
			p.told = true
			return "false"
		}
		no := r.newRef()
		a.w.refs[ref] = no
		r.alias[no] = &malias{p, mode}
		return "true"
	}})
	if !ref.IsZero() {
		a.aliases = append(a.aliases, ref)
		a.w.knowAlias(ref)
	}
}

func (a *actor) unalias() {
	from := &a.aliases
	if a.r.IntN(3) == 0 {
		from = &a.refs
	}
	ref, ok := some(a, from)
	if !ok {
		return
	}
	was := a.s.Unalias(ref)
	a.w.did(event{by: a, op: "ends alias", ref: ref, ok: was, args: fmt.Sprintf("R%d", a.w.refNo(ref)), got: fmt.Sprint(was), want: func(r *rules, p *mproc) string {
		if p.stopping() {
			p.told = true
			return "false"
		}
		no := a.w.refNo(ref)
		old := r.alias[no]
		if old == nil || old.owner != p {
			return "false"
		}
		delete(r.alias, no)
		return "true"
	}})
}

func (a *actor) names() error {
	name := fmt.Sprint("n", a.r.IntN(4))
	switch a.r.IntN(4) {
	case 0:
		err := a.w.n.Unregister(name)
		a.w.did(event{by: a, op: "unregisters", args: name, err: err, got: a.w.result(err), want: func(r *rules, _ *mproc) string {
			p := r.names[name]
			if p == nil {
				return "noname"
			}
			p.name = ""
			delete(r.names, name)
			return "ok"
		}})
		return nil
	case 1:
		to := a.w.someone(a.r)
		err := a.w.n.Register(name, to)
		a.w.did(event{by: a, op: "registers", pid: to, err: err, args: a.w.showAddr(to) + " as " + name, got: a.w.result(err), want: func(r *rules, _ *mproc) string {
			return r.register(r.procs[a.w.no(to)], name)
		}})
		return nil
	}
	err := a.s.Register(name)
	a.w.did(event{by: a, op: "registers itself", args: name, err: err, got: a.w.result(err), want: func(r *rules, p *mproc) string {
		return r.op(p, func() string { return r.register(p, name) })
	}})
	return err
}

func (r *rules) register(p *mproc, name string) string {
	switch holder := r.names[name]; {
	case p.state == dead:
		return "noproc"
	case p.name != "":
		return "hasname"
	case holder != nil:
		return fmt.Sprintf("taken P%d", holder.no)
	}
	p.name, r.names[name] = name, p
	return "ok"
}

func (a *actor) trap() {
	on := a.r.IntN(2) == 0
	was := a.s.TrapExits(on)
	a.w.did(event{by: a, op: "traps exits", ok: on, args: fmt.Sprint(on), got: fmt.Sprint(was), want: func(_ *rules, p *mproc) string {
		was := p.trap
		p.trap = on
		return fmt.Sprint(was)
	}})
}

func (a *actor) exit() error {
	to := a.w.someone(a.r)
	var reason error
	switch a.r.IntN(6) {
	case 0:
	case 1:
		reason = kista.Kill
	case 2:
		reason = kista.ErrShutdown
	case 3:
		reason = &kista.ShutdownError{Cause: a.fault()}
	default:
		reason = a.fault()
	}
	why := a.w.why(reason)
	outside := a.r.IntN(4) == 0
	if !a.boss && a.r.IntN(10) == 0 {
		to = a.pid
	}
	op, err := "sends an exit", error(nil)
	if outside {
		op, err = "sends an exit from outside", kista.Exit(to, reason)
	} else {
		err = a.s.Exit(to, reason)
	}
	a.w.did(event{by: a, op: op, pid: to, err: reason, args: why + " to " + a.w.showAddr(to), got: a.w.result(err), want: func(r *rules, p *mproc) string {
		q := r.procs[a.w.no(to)]
		switch {
		case outside:
			r.exit(0, q, why)
			return "ok"
		case p == q:
			if p.stopping() {
				return p.stop()
			}
			r.exit(p.no, p, why)
			r.act()
			if p.stopping() {
				return p.stop()
			}
			return "ok"
		}
		return r.op(p, func() string { r.exit(p.no, q, why); return "ok" })
	}})
	return err
}

// acks says that the actor is up.
func (a *actor) acks() error {
	err := a.s.Started()
	a.w.did(event{by: a, op: "is up", err: err, got: a.w.result(err), want: func(r *rules, p *mproc) string {
		return r.op(p, func() string { r.acknowledge(p, "up"); return "ok" })
	}})
	return err
}
