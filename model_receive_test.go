package kista_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/kista-go/kista"
)

// take predicts what a receive returns; d is its timeout, negative for none.
func (r *rules) take(p *mproc, d time.Duration, fits func(m mmsg) bool) string {
	if p.stopping() {
		return p.stop()
	}
	for i, m := range p.box {
		if m.kind == "system" || !fits(m) {
			continue
		}
		p.box = append(p.box[:i:i], p.box[i+1:]...)
		if at := max(m.at, p.entered); r.now != at {
			return fmt.Sprintf("%s at %v", m.text, at)
		}
		return m.text
	}
	if d >= 0 && r.now == p.entered+d {
		return "timeout"
	}
	return "nothing yet"
}

func (a *actor) receive() error {
	d := time.Duration(a.r.IntN(3)) * time.Duration(a.r.IntN(4000)) * time.Microsecond
	var got any
	take := func(m any) error { got = m; return nil }
	var clause kista.Clause
	var fits func(m mmsg) bool
	what := ""
	kind := func(kinds ...string) func(m mmsg) bool {
		return func(m mmsg) bool { return slices.Contains(kinds, m.kind) }
	}
	switch a.r.IntN(7) {
	case 0:
		clause, fits, what = kista.On(func(m red) error { return take(m) }), kind("red"), "red"
	case 1:
		odd := func(m mmsg) bool { return m.kind == "blue" && m.id%2 == 1 }
		clause, fits, what = kista.OnIf(func(m blue) bool { return m.ID%2 == 1 }, func(m blue) error { return take(m) }), odd, "odd blue"
	case 2:
		clause, fits, what = kista.On(func(m kista.Exited) error { return take(m) }), kind("exited"), "exited"
	case 3:
		clause, fits, what = kista.On(func(m kista.Down) error { return take(m) }), kind("down"), "down"
	default:
		clause, fits, what = kista.On(take), func(mmsg) bool { return true }, "anything"
	}
	err := a.s.Select(clause, kista.After(d, nil))
	shown := "timeout"
	if err != nil {
		shown = a.w.why(err)
	} else if got != nil {
		shown = a.w.show(got)
	}
	a.w.did(event{
		by: a, op: "receives", args: fmt.Sprint(what, " within ", d), got: shown, msg: got, err: err,
		want: func(r *rules, p *mproc) string { return r.take(p, d, fits) },
	})
	a.took(got)
	return err
}

// rest waits for whatever comes, for ever, in one of three ways.
func (a *actor) rest() error {
	kind := func(kinds ...string) func(m mmsg) bool {
		return func(m mmsg) bool { return slices.Contains(kinds, m.kind) }
	}
	how, what, fits := a.r.IntN(4), "anything", func(mmsg) bool { return true }
	if a.w.finished() {
		how = 3
	}
	switch how {
	case 0:
		what, fits = "blue", kind("blue")
	case 1:
		what, fits = "red or exited", kind("red", "exited")
	}
	a.w.did(event{by: a, op: "waits for", args: what, before: true, want: func(r *rules, p *mproc) string {
		p.rests = fits
		return ""
	}})
	var got any
	var err error
	switch how {
	case 0:
		got, err = kista.Receive[blue](a.s)
	case 1:
		err = a.s.Select(
			kista.On(func(m red) error { got = m; return nil }),
			kista.On(func(m kista.Exited) error { got = m; return nil }))
	default:
		got, err = a.s.Receive()
	}
	shown := a.w.show(got)
	if err != nil {
		shown, got = a.w.why(err), nil
	}
	a.w.did(event{by: a, op: "receives", args: what, got: shown, msg: got, err: err, want: func(r *rules, p *mproc) string {
		p.rests = nil
		return r.take(p, -1, fits)
	}})
	a.took(got)
	return err
}

// took keeps what was in a message that is of use.
func (a *actor) took(msg any) {
	switch m := msg.(type) {
	case kista.Request:
		if q, ok := m.Msg.(ask); ok {
			a.w.owe(owed{q.ID, m.From})
		}
	case kista.Started:
		if m.Err == nil {
			a.w.know(m.PID)
		}
	}
}
