package wasm

import (
	"context"
	"errors"
	"reflect"
	"time"

	"github.com/tetratelabs/wazero/api"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/term"
)

// term decodes a term of the guest's. Bytes that are none are the guest's fault,
// but may be somebody else's bytes that it hands on: it is told.
func (in *instance) term(m api.Module, ptr, n uint64) (term.Term, bool) {
	t, err := decoder.DecodeAll(in.view(m, ptr, n))
	return t, err == nil
}

// value decodes a term and maps it to what Go code expects.
func (in *instance) value(m api.Module, ptr, n uint64) (v any, ok bool) {
	t, ok := in.term(m, ptr, n)
	if !ok {
		return nil, false
	}
	return v, in.proc.types.To(t, &v) == nil
}

// address reads whom a message is for: a PID or an alias that the guest has been
// given; a name, as atom or binary; {Name, Node}.
func (in *instance) address(m api.Module, ptr, n uint64) (kista.Addr, bool) {
	t, ok := in.term(m, ptr, n)
	if !ok {
		return nil, false
	}
	node := in.proc.self.Node()
	switch v := t.(type) {
	case term.PID:
		pid, ok := in.proc.known.toPID(v)
		if !ok {
			return nil, false
		}
		return pid.(kista.PID), true
	case term.Ref:
		ref, ok := in.proc.known.toRef(v)
		if !ok {
			return nil, false
		}
		return ref.(kista.Ref), true
	case term.Tuple:
		if len(v) == 2 {
			name, ok1 := text(v[0])
			host, ok2 := text(v[1])
			return node.Remote(host, name), ok1 && ok2
		}
	default:
		if name, ok := text(t); ok {
			return node.Name(name), true
		}
	}
	return nil, false
}

func text(t term.Term) (string, bool) {
	switch v := t.(type) {
	case term.Atom:
		return string(v), true
	case term.Binary:
		return string(v), true
	}
	return "", false
}

// pid reads an address that must be a PID.
func (in *instance) pid(m api.Module, ptr, n uint64) (kista.PID, bool) {
	a, ok := in.address(m, ptr, n)
	pid, is := a.(kista.PID)
	return pid, ok && is
}

// outcome says how a kernel operation went. It ends the call if the process has
// ended.
func (in *instance) outcome(err error) int32 {
	if err == nil {
		return errNone
	}
	if in.proc.self.Err() != nil {
		in.stop(errStopped)
	}
	var full *kista.MailboxFullError
	var data *kista.DataError
	switch {
	case errors.As(err, &full):
		return errFull
	case errors.As(err, &data):
		return errBad
	case errors.Is(err, kista.ErrNoProcess) || errors.Is(err, kista.ErrNoConnection):
		return errNobody
	case errors.Is(err, context.DeadlineExceeded):
		return errTimeout
	case errors.Is(err, kista.ErrSystemLimit):
		return errLimit
	}
	return errFailed
}

// because lets the guest read why something failed.
func (in *instance) because(err error) {
	if in.give(termOf(err)) != nil {
		_ = in.give(term.Atom("error"))
	}
}

func (in *instance) hostSelf(_ api.Module, st []uint64) {
	if in.proc == nil {
		in.stop(&Trap{Kind: TrapHost, Text: "it is no process yet"})
	}
	st[0] = in.givePID(in.proc.self.PID())
}

// givePID lets the guest read a PID.
func (in *instance) givePID(pid kista.PID) uint64 {
	t, err := in.proc.known.fromPID(pid)
	if err != nil {
		return code32(errLimit)
	}
	if in.give(t) != nil {
		return code32(errFailed)
	}
	return errNone
}

func (in *instance) hostSend(m api.Module, st []uint64) {
	in.sendAs(m, st, func(v any) any { return v })
}

func (in *instance) hostCast(m api.Module, st []uint64) {
	in.sendAs(m, st, func(v any) any { return server.Casted{Msg: v} })
}

func (in *instance) sendAs(m api.Module, st []uint64, wrap func(v any) any) {
	to, ok1 := in.address(m, st[0], st[1])
	v, ok2 := in.value(m, st[2], st[3])
	if !ok1 || !ok2 {
		st[0] = code32(errBad)
		return
	}
	st[0] = code32(in.outcome(in.proc.self.Send(to, wrap(v))))
}

// hostCall sends a request and waits for the answer, which can be read; a negative
// time means for ever, zero the kernel's default, else milliseconds.
func (in *instance) hostCall(m api.Module, st []uint64) {
	to, ok1 := in.address(m, st[0], st[1])
	v, ok2 := in.value(m, st[2], st[3])
	if !ok1 || !ok2 {
		st[0] = code32(errBad)
		return
	}
	d := milliseconds(int64(st[4]))
	switch {
	case d < 0:
		d = kista.NoTimeout
	case d == 0:
		d = kista.DefaultCallTimeout
	}
	answer, err := kista.CallFor(in.proc.self, d, to, v)
	if err != nil {
		code := in.outcome(err)
		var call *kista.CallError
		if errors.As(err, &call) {
			err = call.Reason
		}
		in.because(err)
		st[0] = code32(code)
		return
	}
	in.check()
	if err := in.proc.give(answer); err != nil {
		in.because(err)
		st[0] = code32(errFailed)
		return
	}
	st[0] = errNone
}

// hostReply answers a call with a term, in the type that the request's sender
// expects.
func (in *instance) hostReply(m api.Module, st []uint64) {
	t, ok1 := in.term(m, st[1], st[2])
	if !ok1 {
		st[0] = code32(errBad)
		return
	}
	q, ok2 := in.proc.known.requests[st[0]]
	if !ok2 {
		st[0] = code32(errNobody)
		return
	}
	v, err := in.proc.reply(q, t)
	if err == nil {
		err = q.from.Reply(v)
	}
	if err != nil { // not of the type: the guest is told, and may answer again
		in.because(err)
		st[0] = code32(errFailed)
		return
	}
	in.proc.known.answered(st[0])
	st[0] = errNone
}

// reply makes of a term what a request is answered with.
func (p *process) reply(q pending, t term.Term) (any, error) {
	rt := q.reply
	if rt == nil {
		var v any
		err := p.types.To(t, &v)
		return v, err
	}
	v := reflect.New(rt)
	if rt.Kind() == reflect.Struct && rt.NumField() == 0 { // struct{}: done
		return v.Elem().Interface(), nil
	}
	if err := p.types.To(t, v.Interface()); err != nil {
		return nil, err
	}
	return v.Elem().Interface(), nil
}

func (in *instance) hostRefuse(m api.Module, st []uint64) {
	t, ok1 := in.term(m, st[1], st[2])
	if !ok1 {
		st[0] = code32(errBad)
		return
	}
	q, ok2 := in.proc.known.answered(st[0])
	if !ok2 {
		st[0] = code32(errNobody)
		return
	}
	q.from.Fail(&server.Refused{Err: &GuestError{t}})
	st[0] = errNone
}

// hostCaller lets the guest read who has made a call; undefined if it was no
// process.
func (in *instance) hostCaller(_ api.Module, st []uint64) {
	q, ok1 := in.proc.known.requests[st[0]]
	if !ok1 {
		st[0] = code32(errNobody)
		return
	}
	st[0] = in.givePID(q.from.PID())
}

// milliseconds is a duration that a guest has given, within what there is.
func milliseconds(ms int64) time.Duration {
	const most = int64(1<<62) / int64(time.Millisecond)
	return time.Duration(max(min(ms, most), -1)) * time.Millisecond
}
