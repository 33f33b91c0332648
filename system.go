package kista

import (
	"context"
	"errors"
	"reflect"
	"time"
)

// SystemRequest is what every behaviour answers besides its own protocol
// (statements 217 to 223): [Suspend], [Resume], [Terminate], [GetState],
// [ReplaceState], [GetStatus], [ChangeCode], and those that debug it. Such
// requests are not counted against the mailbox, and a suspended behaviour answers
// them too. Package sys has a function for each.
type SystemRequest interface{ system() }

// Suspend makes a behaviour leave its mail alone but for system requests. Twice is
// no error, and one Resume ends both (statement 217). Holder, if not zero, is a
// process on whose behalf it is; the kernel only remembers it. A Suspend whose
// asker gets an error suspends nothing, also if it timed out (differs from OTP).
type Suspend struct{ Holder PID }

// Resume ends all suspensions, and the mail is handled in order. With a Holder it
// ends only that holder's; others keep the behaviour suspended.
type Resume struct{ Holder PID }

// Terminate makes a behaviour end with Reason, after its Terminate callback.
type Terminate struct{ Reason error }

// GetState returns a copy of the behaviour's state, if it is data and the
// behaviour shows it ([StateReader]).
type GetState struct{}

// ReplaceState replaces the state of a behaviour that is a [StateReplacer] by what
// F makes of it, and returns a copy of the new one, or nil if it is not data. F
// runs beside the process, which waits, at most for Limit (zero:
// [DefaultHookTimeout]), and gets a [Snapshot]. If it fails the state stays as it
// was, and the answer is a [*CallbackError] (statement 218).
type ReplaceState struct {
	F     func(state any) (any, error)
	Limit time.Duration
}

// GetStatus returns a [BehaviourStatus].
type GetStatus struct{}

func (Suspend) system()      {}
func (Resume) system()       {}
func (Terminate) system()    {}
func (GetState) system()     {}
func (ReplaceState) system() {}
func (GetStatus) system()    {}

// StateReader is a [Behaviour] that answers [GetState]. State runs between
// callbacks, beside the process, which waits; if it fails, whoever asked gets a
// [*CallbackError].
type StateReader interface{ State() any }

// StateReplacer is a [StateReader] whose state can be replaced. SetState puts in
// place what was made of a copy of State's value; if it is of a wrong type, it
// returns an error and changes nothing.
type StateReplacer interface {
	StateReader
	SetState(state any) error
}

// StatusReader is a [Behaviour] that says how its status is to be shown
// (format_status, statement 136). Without it the status shows its State, if it is
// a [StateReader]. FormatStatus runs as State does.
type StatusReader interface{ FormatStatus() Formatted }

// Formatted is a behaviour's part of its status, for people. It is data; what is
// not is replaced by a word about it.
type Formatted struct {
	State any            // its state, or as much of it as may be seen
	Misc  map[string]any // what else is to be known
}

// BehaviourStatus is the answer to [GetStatus] (statement 219).
type BehaviourStatus struct {
	PID       PID
	Parent    PID // zero: spawned from outside
	Name      string
	Label     string
	Kind      string // what it runs: "server", "supervisor", ...
	Version   string // of its code, "" if it has none
	Suspended bool
	Prepared  bool     // new code waits to be installed
	Debug     []string // what debugging is on
	Formatted
}

// System sends a system request and waits for the answer. Terminate is answered
// by the end of the process: nil if it ended as asked. Errors: a [*CallError];
// [ErrNotBehaviour] for a process that runs a Body, [ErrUnsupported], those of the
// request. A ctx without a deadline means [DefaultCallTimeout].
func System(ctx context.Context, to Addr, req SystemRequest) (any, error) {
	if t, ok := req.(Terminate); ok {
		return nil, terminate(ctx, to, t)
	}
	c := beginSystem(ctx, to, req)
	v, err := c.Wait(ctx)
	if err != nil {
		c.Cancel()
		if v, late := c.WaitFor(context.Background(), NoTimeout); late == nil { // at the last moment
			return v, nil
		}
	}
	return v, err
}

func terminate(ctx context.Context, to Addr, t Terminate) error {
	t.Reason = Freeze(t.Reason)
	c := beginSystem(ctx, to, t)
	_, err := c.Wait(ctx)
	var ended *CallError
	if !c.over.Load() || !errors.As(err, &ended) {
		return err
	}
	if sameReason(ended.Reason, t.Reason) {
		return nil
	}
	return err
}

// sameReason compares two frozen reasons, which may be copies of one.
func sameReason(a, b error) bool {
	if a == nil || b == nil {
		return a == b
	}
	return errors.Is(a, b) || reflect.TypeOf(a) == reflect.TypeOf(b) && a.Error() == b.Error()
}

// beginSystem sends a system request. What is in it is handed over as it is: this
// is how functions reach a process (law 1).
func beginSystem(ctx context.Context, to Addr, req SystemRequest) *Pending {
	c := &Pending{to: to, req: req}
	if me, ok := ctx.(selfer); ok {
		s := me.process()
		c.caller = s.PID()
		if err := s.begin(); err != nil {
			return c.fail(err)
		}
		defer s.leave()
	}
	p := c.callee()
	switch {
	case p == nil:
		return c
	case p.isFar:
		c.complete(nil, ErrRemote)
		return c
	case p.hasBody:
		c.complete(nil, ErrNotBehaviour)
		return c
	}
	m := &mail{msg: Request{From: From{c}, Msg: req}, system: true}
	if alive, _ := p.post(m, Ref{}, c, nil); !alive {
		return c.fail(ErrNoProcess)
	}
	return c
}

// system answers a system request, between callbacks. The error ends the process.
func (p *proc) system(q Request) error {
	switch req := q.Msg.(type) {
	case Terminate:
		return Stop(req)
	case Suspend:
		p.suspend(q, req.Holder)
		return nil
	}
	if q.From.givenUp() && !worthwhile(q.Msg) {
		return nil
	}
	v, err := p.serve(q.Msg.(SystemRequest))
	if err == nil {
		err = q.From.Reply(v)
	}
	if err != nil {
		q.From.Fail(err)
	}
	return nil
}

// givenUp tells whether nobody waits for the answer any more.
func (f From) givenUp() bool {
	select {
	case <-f.c.Done():
		return true
	default:
		return false
	}
}

// worthwhile tells whether a request is carried out though its asker has given up.
func worthwhile(req any) bool {
	switch r := req.(type) {
	case Resume, NoDebug, RemoveDebug:
		return true
	case ChangeCode:
		return r.Step == ChangeAbandon || r.Step == ChangeInstall
	case SetTrace:
		return !r.On
	}
	return false
}

func (p *proc) serve(req SystemRequest) (any, error) {
	switch req := req.(type) {
	case Resume:
		p.resume(req.Holder)
		return nil, nil
	case GetState:
		return p.state()
	case ReplaceState:
		return p.replaceState(req)
	case GetStatus:
		return p.behaviourStatus()
	case ChangeCode:
		return nil, p.changeCode(req)
	case DebugRequest:
		return p.setDebug(req)
	}
	return nil, ErrUnsupported
}

// state asks a behaviour for its state. What goes wrong there is the answer, not
// the process's end: it was somebody else who asked (statement 218).
func (p *proc) state() (any, error) {
	r, ok := p.code().(StateReader)
	if !ok {
		return nil, ErrUnsupported
	}
	return hook(p, "state", 0, func() (any, error) { return r.State(), nil })
}

func (p *proc) replaceState(req ReplaceState) (any, error) {
	r, ok := p.code().(StateReplacer)
	if !ok {
		return nil, ErrUnsupported
	}
	old, err := p.state()
	if err != nil {
		return nil, err
	}
	old = snapshot(old)
	state, err := hook(p, "replace state", req.Limit, func() (any, error) { return req.F(old) })
	if err != nil {
		return nil, err
	}
	answer, notData := Copy(state)
	if notData == nil {
		state = snapshot(state) // F may have kept it
	} else {
		answer = nil
	}
	next := state
	if _, err = hook(p, "replace state", 0, func() (any, error) { return nil, r.SetState(next) }); err != nil {
		return nil, err
	}
	p.controls().prepared = nil
	if d := p.debugged(); d != nil {
		d.changed(p)
	}
	return answer, nil
}

func (p *proc) behaviourStatus() (any, error) {
	f, err := p.formatted()
	if err != nil {
		return nil, err
	}
	st := BehaviourStatus{PID: p.pid(), Parent: p.self.Parent(), Formatted: f}
	info, _ := p.node.Info(p.pid())
	st.Name, st.Label, st.Kind = info.Name, info.Label, info.Kind
	st.Version, st.Suspended = p.self.Version(), p.isSuspended()
	if c := p.control(); c != nil {
		st.Prepared, st.Debug = c.prepared != nil, c.debug.Load().list()
	}
	return st, nil
}

func (p *proc) formatted() (f Formatted, err error) {
	if r, ok := p.code().(StatusReader); ok {
		f, err = hook(p, "status", 0, func() (Formatted, error) { return r.FormatStatus(), nil })
	} else {
		f.State, err = p.state()
		if err == ErrUnsupported { //nolint:errorlint // identity
			err = nil
		}
	}
	if err != nil {
		return f, err
	}
	f.State = shown(f.State)
	misc := make(map[string]any, len(f.Misc))
	for k, v := range f.Misc {
		misc[k] = shown(v)
	}
	f.Misc = misc
	return f, nil
}

// shown is a copy of what is to be shown, or a word about what is not data.
func shown(v any) any {
	out, _, err := messages.Copy(v)
	if err != nil {
		return reflect.TypeOf(v).String() + " (not data)"
	}
	return out
}

func init() {
	RegisterError(ErrNotSuspended, ErrNotPrepared, ErrNotDebugged, ErrDebugInstalled)
	RegisterErrorType(func(e *CallbackError, f func(error) error) error {
		return &CallbackError{PID: e.PID, Callback: e.Callback, Reason: f(e.Reason)}
	})
}
