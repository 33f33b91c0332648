package kista_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"

	"github.com/kista-go/kista"
)

// What the actors send each other.
type (
	red  struct{ ID int }
	blue struct{ ID int }
	ask  struct{ ID int } // called
)

// spawnOpts are how an actor is made, for the rules.
type spawnOpts struct {
	behaviour, trap, link, monitor, acks bool
	name                                 string
	limit                                int
	full                                 policy
}

// actor is a process that does whatever processes can do, at random.
type actor struct {
	w    *stage
	r    *rand.Rand
	o    spawnOpts
	s    *kista.Self
	pid  kista.PID
	boss bool // it lives until the end

	how     string // how its code left: return, panic; else Goexit
	why     error
	refs    []kista.Ref
	aliases []kista.Ref
	timers  []*ownTimer
	pending []*ownCall
}

type ownTimer struct {
	id int
	t  *kista.Timer
}

type ownCall struct {
	id int
	c  *kista.Pending
}

func (a *actor) number(w *stage) int {
	if a.pid.IsZero() {
		return 0
	}
	return w.no(a.pid)
}

// child thinks up a process. The options are those of the spawn, and the actor
// is what it runs.
func (w *stage) child(r *rand.Rand, acks bool) (*actor, kista.SpawnOpts) {
	w.mu.Lock()
	w.births++
	born := w.births
	w.mu.Unlock()
	c := &actor{w: w, r: rand.New(rand.NewPCG(w.seed, uint64(born)))}
	c.o.trap, c.o.acks = r.IntN(2) == 0, acks
	if r.IntN(4) == 0 {
		c.o.name = fmt.Sprint("n", r.IntN(4))
		if acks && w.orphaned(c.o.name) {
			c.o.name = "" // the start would wait for it
		}
	}
	opts := kista.SpawnOpts{Name: c.o.name, TrapExits: c.o.trap}
	if r.IntN(8) == 0 {
		c.o.limit, c.o.full = 1+r.IntN(3), policy(r.IntN(3))
		opts.Mailbox = kista.MailboxLimit{Messages: c.o.limit, Policy: kista.Policy(c.o.full)}
	}
	return c, opts
}

// orphaned reports whether who has the name may be one whose parent has ended.
func (w *stage) orphaned(name string) bool {
	if w.rules == nil {
		return true
	}
	p := w.rules.names[name]
	return p != nil && p.parent != 0 && w.rules.procs[p.parent].state == dead
}

// act is the actor's code as a Body.
func (a *actor) act(s *kista.Self) error {
	a.begins(s)
	defer a.left("ends")
	return a.leaves(a.live())
}

// begins is the first thing that its code does.
func (a *actor) begins(s *kista.Self) {
	a.s, a.pid = s, s.PID()
	a.w.did(event{by: a, op: "begins", pid: a.pid, want: func(r *rules, p *mproc) string {
		p.begun, p.inside = true, true
		if r.now != p.entered {
			return fmt.Sprintf("its turn at %v", p.entered)
		}
		return ""
	}})
	a.w.know(a.pid)
}

func (a *actor) leaves(err error) error {
	a.how, a.why = "return", err
	return err
}

func (a *actor) panics(v string) {
	a.how, a.why = "panic", errors.New("panic "+v)
	panic(v)
}

func (a *actor) exits() {
	a.how, a.why = "goexit", kista.ErrGoexit
	runtime.Goexit()
}

// left is the last thing that a Body's code does.
func (a *actor) left(op string) {
	how, why := a.how, a.reason()
	a.w.did(event{by: a, op: op, args: how + " " + why, before: true, err: a.why, want: func(r *rules, p *mproc) string {
		p.inside = false
		if how == "" && !p.told {
			return "no Goexit"
		}
		switch {
		case p.state == dead:
			return ""
		case p.state == exiting && how != "panic":
			why = p.reason
		}
		r.die(p, why)
		return ""
	}})
}

// reason is the exit reason that leaving means.
func (a *actor) reason() string {
	if stop, is := a.why.(kista.Stop); is { //nolint:errorlint // as returned
		return a.w.why(stop.Reason)
	}
	return a.w.why(a.why)
}

// live does things until it ends, or rests when there is nothing left to do.
func (a *actor) live() error {
	acked := !a.o.acks
	for i := 0; ; i++ {
		if !acked && (i == 3 || a.r.IntN(3) == 0) {
			acked = true
			if err := a.acks(); err != nil {
				return a.told(err)
			}
		}
		if !a.w.spend() {
			if !acked {
				continue
			}
			if err := a.rest(); err != nil {
				return a.told(err)
			}
			continue
		}
		if acked && a.r.IntN(40) == 0 {
			if err := a.rest(); err != nil {
				return a.told(err)
			}
		}
		if err, end := a.something(); end {
			return err
		}
	}
}

// told is what an actor does that has been told to stop.
func (a *actor) told(err error) error {
	switch a.r.IntN(6) {
	case 0:
		return a.fault()
	case 1:
		a.panics(fmt.Sprint("late ", a.w.id()))
	case 2:
		a.exits()
	case 3: // the next operation ends it
		_ = a.s.Send(a.pid, red{})
		if a.w.rules != nil { // else it may not have been told before
			a.w.t.Errorf("seed %d: %v goes on after its end", a.w.seed, a.pid)
		}
	}
	return err
}

func (a *actor) fault() error { return fmt.Errorf("fault %d", a.w.id()) }

// something does one thing at random. end: its code is to return err.
func (a *actor) something() (err error, end bool) {
	switch k := a.r.IntN(100); {
	case k < 18:
		err = a.send()
	case k < 32:
		err = a.receive()
	case k < 38:
		err = a.spawn()
	case k < 44:
		err = a.startProgram()
	case k < 48:
		err = a.link()
	case k < 51:
		err = a.unlink()
	case k < 56:
		err = a.monitor()
	case k < 60:
		a.demonitor()
	case k < 63:
		a.alias()
	case k < 65:
		a.unalias()
	case k < 69:
		err = a.names()
	case k < 77:
		err = a.call()
	case k < 82:
		a.reply()
	case k < 88:
		a.time()
	case k < 93:
		err = a.exit()
	case k < 95 && !a.boss:
		a.trap()
	case k < 98:
		err = a.system()
	case a.boss:
	default:
		return a.leave(), true
	}
	if err != nil && a.w.isStop(a, err) {
		return a.told(err), true
	}
	return nil, false
}

// leave is how it ends by itself.
func (a *actor) leave() error {
	switch a.r.IntN(7) {
	case 0:
		a.panics(fmt.Sprint(a.w.id()))
	case 1:
		a.exits()
	case 2:
		return a.fault()
	case 3:
		return kista.Kill // its own reason, not a signal (statement 41)
	case 4:
		return kista.ErrShutdown
	case 5:
		return kista.Stop{Reason: a.fault()}
	}
	return nil
}

// isStop reports whether an error says that the actor must stop.
func (w *stage) isStop(a *actor, err error) bool {
	if w.rules == nil {
		return !w.n.Alive(a.pid)
	}
	p := w.rules.procs[w.no(a.pid)]
	return p.stopping() && p.told
}
