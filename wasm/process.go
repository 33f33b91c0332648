package wasm

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"strconv"
	"sync"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/term"
)

// What the host tells a guest's handle a message is.
const (
	kindInfo   = 0
	kindCall   = 1
	kindCast   = 2
	kindDown   = 3
	kindExited = 4
)

// statusStop is what a guest's callback returns to end; it may have written why.
const statusStop = 1

// stateTime is how long a guest may take to say its state, or to take one: less
// than the kernel waits.
const stateTime = kista.DefaultHookTimeout * 2 / 3

// process is what the kernel runs: it stands between a process and its guest.
type process struct {
	module *Module
	o      Opts
	self   *kista.Self
	in     *instance
	known  handles
	types  *term.Registry
	born   time.Time // of its clock
	now    int64     // its clock, while that stands still
	broken error     // why the instance ended between callbacks
	logs   logs

	mu    sync.Mutex
	ended bool
	lives []*life // of its instances, old ones included
}

var (
	_ kista.Behaviour    = (*process)(nil)
	_ kista.StateReader  = (*process)(nil)
	_ kista.StatusReader = (*process)(nil)
	_ kista.CodeChanger  = (*process)(nil)
)

// poke wakes a process whose instance has ended between callbacks.
type poke struct{}

// Init makes the instance and lets the guest begin.
func (p *process) Init(s *kista.Self) error {
	p.self, p.born = s, time.Now()
	p.logs.limit = p.o.Log.orDefault()
	p.known.init(s)
	p.types = p.o.Types.With(p.known.mappings()...)
	c, err := p.module.enter(s, p)
	if err != nil {
		return err
	}
	context.AfterFunc(s, p.end) // killed while it is idle, nobody else would do it
	if p.in, err = c.instantiate(p, time.Time{}); err != nil {
		p.end()
		return err
	}
	p.self.SetVersion(versionText(c))
	if !p.in.has(onInit) {
		return nil
	}
	if err = p.give(p.o.Args); err == nil {
		err = p.run(onInit)
	}
	if err != nil {
		p.end()
		if stop, ok := err.(kista.Stop); ok { //nolint:errorlint // run's own
			return refused(stop.Reason)
		}
	}
	return err
}

func versionText(c *code) string {
	if c.exports[onVersion] {
		return strconv.FormatInt(c.version, 10)
	}
	return ""
}

// refused is why a guest does not start.
func refused(reason error) error {
	if reason == nil {
		return kista.ErrIgnore
	}
	return reason
}

// adopt notes an instance, to be ended with the process.
func (p *process) adopt(l *life) {
	p.mu.Lock()
	defer p.mu.Unlock()
	kept := p.lives[:0]
	for _, old := range p.lives {
		if !old.dead.Load() {
			kept = append(kept, old)
		}
	}
	clear(p.lives[len(kept):])
	p.lives = append(kept, l)
	if p.ended {
		l.dead.Store(true)
	}
}

// end ends all that the process has. It may be called by anybody, and twice.
func (p *process) end() {
	p.mu.Lock()
	lives := p.lives
	p.ended, p.lives = true, nil
	p.mu.Unlock()
	for _, l := range lives {
		l.end()
	}
	p.module.leave(p)
}

// give makes v what the guest reads next.
func (p *process) give(v any) error {
	t, err := p.types.From(v)
	if err != nil {
		return err
	}
	return p.in.give(t)
}

func (in *instance) give(t term.Term) error {
	if in.in == nil {
		in.in = buffers.Get().([]byte)
	}
	b, err := etf.Encoder{}.Append(in.in[:0], t)
	if err != nil {
		return err
	}
	if len(b) > mostMessage {
		return kista.ErrSystemLimit
	}
	in.in = b
	return nil
}

// run calls the guest. The error is the exit reason.
func (p *process) run(cb callback, args ...uint64) error {
	p.in.out = p.in.out[:0]
	defer p.in.forget()
	status, err := p.in.call(cb, args...)
	switch {
	case err != nil:
		if p.broken != nil {
			err = p.broken
		}
		return err
	case uint32(status) == statusStop:
		reason, err := p.said()
		if err != nil {
			return err
		}
		return kista.Stop{Reason: reason}
	}
	return nil
}

// buffers are for what guests read; an idle one needs none.
var buffers = sync.Pool{New: func() any { return []byte(nil) }}

// forget gives the buffers back, but for ones that have become large.
func (in *instance) forget() {
	const large = 64 << 10
	if cap(in.in) <= large {
		buffers.Put(in.in) //nolint:staticcheck // the slice's header is small beside it
	}
	in.in, in.out, in.said = nil, nil, nil
}

// said is the reason that the guest has written.
func (p *process) said() (error, error) {
	if len(p.in.out) == 0 {
		return nil, nil
	}
	t, err := decoder.DecodeAll(p.in.out)
	if err != nil {
		return nil, &Trap{Kind: TrapHost, Callback: "handle", Text: "the reason for its end is no term: " + err.Error()}
	}
	return reasonOf(t), nil
}

var decoder = etf.Decoder{Limits: etf.Limits{Bytes: mostMessage, Terms: mostTerms, Inflated: mostMessage, Depth: 1000}}

// Handle gives the guest a message.
func (p *process) Handle(_ *kista.Self, msg any) error {
	if p.broken != nil {
		return p.broken
	}
	switch m := msg.(type) {
	case poke:
		return nil
	case kista.Request:
		return p.handleCall(m)
	case server.Casted:
		return p.handle(kindCast, 0, m.Msg)
	case kista.Down:
		return p.handleDown(m)
	case kista.Exited:
		pid, err := p.types.From(m.PID)
		if err != nil {
			return p.drop(msg, err)
		}
		return p.handle(kindExited, 0, term.Tuple{term.Atom("EXIT"), pid, termOf(m.Reason)})
	}
	return p.handle(kindInfo, 0, msg)
}

func (p *process) handle(kind uint64, from uint64, msg any) error {
	if err := p.give(msg); err != nil {
		return p.drop(msg, err)
	}
	return p.run(onHandle, kind, from)
}

// drop is what becomes of a message that is no term.
func (p *process) drop(msg any, err error) error {
	p.self.Node().Report(slog.LevelWarn, "wasm: a message cannot go to a guest",
		slog.String("pid", p.self.PID().String()), slog.String("message", reflect.TypeOf(msg).String()), slog.Any("error", err))
	return nil
}

func (p *process) handleCall(q kista.Request) error {
	t, err := p.types.From(q.Msg)
	if err == nil {
		err = p.in.give(t)
	}
	if err != nil {
		q.From.Fail(&server.Refused{Err: err})
		return nil
	}
	id := p.known.request(q)
	err = p.run(onHandle, kindCall, id)
	return err
}

func (p *process) handleDown(m kista.Down) error {
	id := p.known.fired(m.Ref)
	var addr term.Term
	if pid, ok := m.Addr.(kista.PID); ok {
		if t, err := p.types.From(pid); err == nil {
			addr = t
		}
	} else if name, ok := m.Addr.(interface{ String() string }); ok {
		addr = term.Binary(name.String())
	}
	if addr == nil {
		addr = term.Atom("undefined")
	}
	return p.handle(kindDown, id, term.Tuple{term.Atom("DOWN"), addr, termOf(m.Reason)})
}

// Terminate lets the guest clean up, unless it was the guest that failed.
func (p *process) Terminate(_ *kista.Self, reason error) error {
	defer p.end()
	defer p.logged()
	var trap *Trap
	if !p.in.has(onTerminate) || p.broken != nil || errors.As(reason, &trap) || errors.Is(reason, errStopped) {
		return nil
	}
	if stop, ok := reason.(kista.Stop); ok { //nolint:errorlint // as the kernel hands it on
		reason = stop.Reason
	}
	if err := p.in.give(termOf(reason)); err != nil {
		return nil //nolint:nilerr // a reason that is too large: it ends without
	}
	return p.run(onTerminate)
}

// State asks the guest for its state. The process waits meanwhile.
func (p *process) State() any {
	if !p.in.has(onState) {
		panic(ErrNoState)
	}
	t, err := p.state()
	if err != nil {
		panic(err)
	}
	return t
}

// FormatStatus shows how much there is of it.
func (p *process) FormatStatus() kista.Formatted {
	f := kista.Formatted{Misc: map[string]any{"memory": int64(p.in.life.mod.Memory().Size())}}
	if p.in.has(onState) {
		f.State = p.State()
	}
	return f
}

// state gets the guest's state as it says it. A guest that traps there is gone.
func (p *process) state() (term.Term, error) {
	p.in.out = p.in.out[:0]
	if _, err := p.in.hushed(onState, stateTime); err != nil {
		p.fail(err)
		return nil, err
	}
	t, err := decoder.DecodeAll(p.in.out)
	if err != nil {
		return nil, &Trap{Kind: TrapHost, Callback: "state", Text: "its state is no term: " + err.Error()}
	}
	return t, nil
}

// fail ends the process for what happened between callbacks.
func (p *process) fail(err error) {
	p.broken = err
	_ = kista.Send(p.self.PID(), poke{}) // refused by a full mailbox: then it has other mail
}
