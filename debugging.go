package kista

import (
	"log/slog"
	"slices"
	"strconv"
	"sync"
)

// debugging is what is on for one process. Its functions are called by the
// process's execution alone; the rest may be told of what a process sends by any
// goroutine.
type debugging struct {
	mu      sync.Mutex
	stats   *DebugStatistics
	log     eventLog
	traces  []*traced
	funcs   []InstallDebug
	pending []DebugEvent // sent, and not shown to the functions yet
}

type traced struct {
	to   PID
	lost int
}

// debugged returns what is on, nil if nothing is. It takes p.mu.
func (p *proc) debugged() *debugging {
	if c := p.control(); c != nil {
		return c.debug.Load()
	}
	return nil
}

// gateDebug is the bit of a process's gate that says that it is debugged.
const gateDebug = 1 << 60

// sent notes a message that the process has sent, if it is debugged.
func (p *proc) sent(to Addr, msg any) {
	if p.gate.Load()&gateDebug == 0 {
		return
	}
	if d := p.debugged(); d != nil {
		d.out(p, sameAddr(to), msg)
	}
}

// sameAddr is to itself, in memory of its own: so those who are not debugged need
// none for an address that they only send to.
func sameAddr(to Addr) Addr {
	switch a := to.(type) {
	case PID:
		return a
	case Ref:
		return a
	case localName:
		return a
	case remoteName:
		return a
	}
	return nil
}

// debuggedBehaviour stands around the behaviour of a process that is debugged, so
// that others pay nothing.
type debuggedBehaviour struct {
	Behaviour
	p *proc
	d *debugging
}

// code returns the behaviour itself.
func (p *proc) code() Behaviour {
	if b, ok := p.behaviour.(*debuggedBehaviour); ok {
		return b.Behaviour
	}
	return p.behaviour
}

func (b *debuggedBehaviour) Handle(s *Self, msg any) error {
	b.d.in(b.p, msg)
	err := b.Behaviour.Handle(s, msg)
	if err == nil {
		b.d.changed(b.p)
	}
	return err
}

// More implements Continuer.
func (b *debuggedBehaviour) More() bool {
	c, ok := b.Behaviour.(Continuer)
	return ok && c.More()
}

// Continue implements Continuer.
func (b *debuggedBehaviour) Continue(s *Self) error {
	err := b.Behaviour.(Continuer).Continue(s)
	if err == nil {
		b.d.changed(b.p)
	}
	return err
}

func (p *proc) setDebug(req DebugRequest) (any, error) {
	c := p.controls()
	d := c.debug.Load()
	if d == nil {
		d = new(debugging)
	}
	v, err := req.debug(p, d)
	if d.idle() {
		d = nil
	}
	c.debug.Store(d)
	p.behaviour = p.code()
	p.gate.And(^gateDebug)
	if d != nil {
		p.gate.Or(gateDebug)
		p.behaviour = &debuggedBehaviour{p.behaviour, p, d}
	}
	return v, err
}

func (d *debugging) idle() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stats == nil && d.log.max == 0 && len(d.traces) == 0 && len(d.funcs) == 0
}

// list names what is on.
func (d *debugging) list() (out []string) {
	if d == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stats != nil {
		out = append(out, "statistics")
	}
	if d.log.max > 0 {
		out = append(out, "log "+strconv.Itoa(d.log.max))
	}
	for _, t := range d.traces {
		out = append(out, "trace "+t.to.String())
	}
	for _, f := range d.funcs {
		out = append(out, "function "+strconv.Quote(f.ID))
	}
	return out
}

// in notes a message that the process is about to handle.
func (d *debugging) in(p *proc, msg any) {
	d.mu.Lock()
	if d.stats != nil {
		d.stats.In++
		d.stats.Reductions++
	}
	d.mu.Unlock()
	if d.listens() {
		d.tell(p, d.event(p, DebugIn, msg))
	}
}

// out notes a message or an answer that the process has sent. Anybody may call it.
func (d *debugging) out(p *proc, to Addr, msg any) {
	d.mu.Lock()
	if d.stats != nil {
		d.stats.Out++
	}
	d.mu.Unlock()
	if !d.listens() {
		return
	}
	e := d.event(p, DebugOut, msg)
	e.To = to
	d.publish(p, e)
	d.mu.Lock()
	if len(d.funcs) > 0 && len(d.pending) < maxPending {
		d.pending = append(d.pending, e)
	}
	d.mu.Unlock()
}

// answered notes an answer of the process that holds the request.
func (c *Pending) answered(v any, err error) {
	p := c.server
	if p == nil || p.gate.Load()&gateDebug == 0 {
		return
	}
	if _, system := c.req.(SystemRequest); system {
		return
	}
	if err != nil {
		v = err
	}
	var to Addr
	if !c.caller.IsZero() {
		to = c.caller
	}
	p.sent(to, v)
}

// changed notes the state after a callback.
func (d *debugging) changed(p *proc) {
	if !d.listens() {
		return
	}
	state, err := p.state()
	switch {
	case err == ErrUnsupported: //nolint:errorlint // identity
		d.flush(p)
		return
	case err != nil:
		state = err
	}
	d.tell(p, d.event(p, DebugState, state))
}

// listens tells whether anybody wants events.
func (d *debugging) listens() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.log.max > 0 || len(d.traces) > 0 || len(d.funcs) > 0
}

func (d *debugging) event(p *proc, kind DebugKind, msg any) DebugEvent {
	return DebugEvent{Time: p.node.clock.Now(), PID: p.pid(), Name: p.self.Name(), Kind: kind, Msg: shown(msg)}
}

// tell tells everybody, the functions too.
func (d *debugging) tell(p *proc, e DebugEvent) {
	d.publish(p, e)
	d.flush(p)
	d.call(p, e)
}

// publish puts an event into the log and sends it.
func (d *debugging) publish(p *proc, e DebugEvent) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.log.add(e)
	d.traces = slices.DeleteFunc(d.traces, func(t *traced) bool {
		e.Lost = t.lost
		switch err := Send(t.to, e); {
		case err != nil:
			t.lost++
		case p.node.gone(t.to):
			return true
		default:
			t.lost = 0
		}
		return false
	})
}

// gone tells whether a process of the node is known to have ended.
func (n *Node) gone(pid PID) bool { return pid.Node() == n.name && !n.Alive(pid) }

// flush shows the functions what the process has sent meanwhile.
func (d *debugging) flush(p *proc) {
	d.mu.Lock()
	sent := d.pending
	d.pending = nil
	d.mu.Unlock()
	for _, e := range sent {
		d.call(p, e)
	}
}

// call calls the functions. Each gets a copy of its own.
func (d *debugging) call(p *proc, e DebugEvent) {
	d.mu.Lock()
	funcs := d.funcs
	d.mu.Unlock()
	for _, f := range funcs {
		own := e
		own.Msg = shown(e.Msg)
		more, err := hook(p, "debug function", 0, func() (bool, error) { return f.F(own), nil })
		if more {
			continue
		}
		d.mu.Lock()
		d.removeLocked(f.ID)
		d.mu.Unlock()
		if err != nil {
			p.node.Report(slog.LevelWarn, "kista: a debug function failed and was removed",
				slog.String("pid", p.pid().String()), slog.String("id", f.ID), slog.Any("reason", err))
		}
	}
}
