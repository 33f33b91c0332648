package event

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kista-go/kista"
)

// NoTimeout, as the duration of [CallFor], waits for ever. The manager's death
// still ends the call.
const NoTimeout = kista.NoTimeout

// Notify gives a manager's handlers an event, and does not wait: it is always
// fine if there is nobody, or no way there (statement 169). The error is a
// [*kista.DataError] if ev is not data, or a [*kista.MailboxFullError] if the
// manager's mailbox refuses, because its handlers do not keep up. In a handler,
// use [Ctx.Notify].
func Notify(mgr kista.Addr, ev any) error { return lossy(kista.Send(mgr, notify{ev})) }

// lossy forgives what a notification may suffer.
func lossy(err error) error {
	if errors.Is(err, kista.ErrNoProcess) || errors.Is(err, kista.ErrNoConnection) {
		return nil
	}
	return err
}

// SyncNotify gives a manager's handlers an event and waits until all have handled
// it, whatever came of that. It is the way to go no faster than they do. Only ctx
// bounds the wait. The error is a [*kista.CallError]; if ctx ended first, the
// event is handled nevertheless.
func SyncNotify(ctx context.Context, mgr kista.Addr, ev any) error {
	_, err := manage[done](ctx, mgr, syncNotify{ev})
	return err
}

// manage asks a manager for something for which OTP waits for ever too: only ctx
// bounds it.
func manage[R any](ctx context.Context, mgr kista.Addr, req any) (R, error) {
	v, err := kista.CallFor(ctx, kista.NoTimeout, mgr, req)
	r, ok := v.(R)
	switch {
	case err == nil && !ok:
		err = fmt.Errorf("%w: %v", ErrNotManager, mgr)
	case errors.Is(err, kista.ErrUnknownRequest):
		err = fmt.Errorf("%w: %v: %w", ErrNotManager, mgr, err)
	}
	return r, err
}

// Add makes a handler in a manager, and waits until it is there. It is the first
// to get each event from now on (statements 160, 162). If its factory fails it is
// not added, and the error is a [*HandlerError] with why: the factory's error,
// or its [*kista.PanicError]. A manager that does not answer is a
// [*kista.CallError]. Only ctx bounds the wait; the handler may be added after the
// caller has given up.
func Add(ctx context.Context, mgr kista.Addr, s Spec) error {
	_, err := manage[done](ctx, mgr, addOne{spec: s})
	return err
}

// AddSup is [Add] by an owner, a process that the handler belongs to: when that
// ends, the handler goes too ([Orphaned]), and when the handler goes, the owner
// receives a [HandlerExited] (statements 167, 168). Owner and manager are linked
// for this, and stay so, as in OTP: if the manager crashes, an owner that does not
// trap exits ends too.
func AddSup(self *kista.Self, mgr kista.Addr, s Spec) error {
	_, err := manage[done](self, mgr, addOne{spec: s, owner: self.PID()})
	return err
}

// Delete removes a handler, and returns a copy of what its Terminate returned for
// args (statement 164). The error is a [*HandlerError] with [ErrNoHandler], or
// with why Terminate failed, and then it is gone too; a [*kista.DataError] if what
// was returned or args are no data; a [*kista.CallError]. Only ctx bounds the
// wait.
func Delete(ctx context.Context, mgr kista.Addr, id HandlerID, args any) (any, error) {
	t, err := manage[term](ctx, mgr, deleteOne{id, args})
	return t.Term, err
}

// Swap replaces a handler: the old one terminates, with args, and the new one is
// made with what that returned ([Ctx.Handover], [Inherit]), in one step, so that
// no event is missed or handled twice. The new one is the first in the order and
// has the old one's owner. If there is no old one it is added all the same
// (statement 165). The error is a [*HandlerError] if the new one was not made, and
// then both are gone; a [*kista.DataError] for args; a [*kista.CallError]. Only
// ctx bounds the wait.
func Swap(ctx context.Context, mgr kista.Addr, old HandlerID, args any, next Spec) error {
	return swap(ctx, mgr, swapOne{old: old, args: args, next: next})
}

// SwapSup is [Swap] by a process that becomes the owner of the new handler; see
// [AddSup].
func SwapSup(self *kista.Self, mgr kista.Addr, old HandlerID, args any, next Spec) error {
	return swap(self, mgr, swapOne{old: old, args: args, next: next, owner: self.PID()})
}

func swap(ctx context.Context, mgr kista.Addr, s swapOne) (err error) {
	if s.args, err = kista.Copy(s.args); err == nil {
		_, err = manage[done](ctx, mgr, s)
	}
	return err
}

// WhichHandlers lists the manager's handlers, the newest first. The error is a
// [*kista.CallError]. Only ctx bounds the wait.
func WhichHandlers(ctx context.Context, mgr kista.Addr) ([]HandlerID, error) {
	return manage[[]HandlerID](ctx, mgr, whichHandlers{})
}

// Call sends a request to one handler of a manager and waits for the answer, at
// most until ctx ends, or five seconds if it has no deadline (statement 170).
// Anyone may call; a process gives its *Self as ctx.
//
// The error is a [*Refused] if the handler answered with one. It is a
// [*HandlerError] with [ErrNoHandler] if there is none of that name, or with why
// the handler failed over the request; an [*UnknownError] or a [*ReplyError] for
// what does not fit together; a [*kista.CallError] if the manager does not answer,
// in time or at all.
func Call[R any](ctx context.Context, mgr kista.Addr, id HandlerID, req Request[R]) (R, error) {
	v, err := kista.Call(ctx, mgr, callOne{id, req})
	if err != nil {
		var zero R
		return zero, err
	}
	return typed[R](id, req, v)
}

// CallFor is [Call] with a duration, or [NoTimeout]. ctx still ends it.
func CallFor[R any](ctx context.Context, d time.Duration, mgr kista.Addr, id HandlerID, req Request[R]) (R, error) {
	v, err := kista.CallFor(ctx, d, mgr, callOne{id, req})
	if err != nil {
		var zero R
		return zero, err
	}
	return typed[R](id, req, v)
}
