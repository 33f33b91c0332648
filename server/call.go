package server

import (
	"context"
	"errors"
	"time"

	"github.com/kista-go/kista"
)

// NoTimeout, as the duration of [CallFor], waits for ever. The server's death
// still ends the call.
const NoTimeout = kista.NoTimeout

// Call sends a request to a server and waits for the answer, at most until ctx
// ends, or five seconds if it has no deadline (statement 118). Anyone may call;
// a process gives its *Self or [*Ctx] as ctx.
//
// The error is a [*Refused] if the server answered with one. It is a
// [*kista.CallError] if there is no answer: errors.Is finds in it
// context.DeadlineExceeded when the time ran out, [kista.ErrNoProcess] when there
// is no server, [kista.ErrCallingSelf], or else the reason for which the server
// ended. An answer of the wrong type is a [*ReplyError]. An answer that comes
// late vanishes.
func Call[R any](ctx context.Context, to kista.Addr, req Request[R]) (R, error) {
	v, err := kista.Call(ctx, to, req)
	if err != nil {
		var zero R
		return zero, err
	}
	return typed[R](to, req, v)
}

// CallFor is [Call] with a duration, or [NoTimeout]. ctx still ends it.
func CallFor[R any](ctx context.Context, d time.Duration, to kista.Addr, req Request[R]) (R, error) {
	v, err := kista.CallFor(ctx, d, to, req)
	if err != nil {
		var zero R
		return zero, err
	}
	return typed[R](to, req, v)
}

// Pending is a call under way. It is made by [Begin], and its methods may be
// used by any goroutine.
type Pending[R any] struct {
	to   kista.Addr
	req  Request[R]
	call *kista.Pending
}

// Begin sends a request and returns at once; [Pending.Wait] waits for the
// answer. ctx only says who calls. What is wrong, also with the request itself,
// Wait tells.
func Begin[R any](ctx context.Context, to kista.Addr, req Request[R]) *Pending[R] {
	return &Pending[R]{to: to, req: req, call: kista.Begin(ctx, to, req)}
}

// Wait waits for the answer as [Call] does, with the same errors. When ctx or
// the five seconds end first, the call goes on: wait again, or Cancel.
func (p *Pending[R]) Wait(ctx context.Context) (R, error) {
	v, err := p.call.Wait(ctx)
	return p.result(v, err)
}

// WaitFor is Wait with a duration, or [NoTimeout].
func (p *Pending[R]) WaitFor(ctx context.Context, d time.Duration) (R, error) {
	v, err := p.call.WaitFor(ctx, d)
	return p.result(v, err)
}

// Done is closed when the call is over: answered, failed or cancelled.
func (p *Pending[R]) Done() <-chan struct{} { return p.call.Done() }

// Cancel gives the call up: Wait returns context.Canceled in a
// [*kista.CallError], and an answer vanishes. The server does not notice. A call
// that is over stays as it is.
func (p *Pending[R]) Cancel() { p.call.Cancel() }

func (p *Pending[R]) result(v any, err error) (R, error) {
	if err != nil {
		var zero R
		return zero, err
	}
	return typed[R](p.to, p.req, v)
}

// Cast sends a message that is not answered, and does not wait. It is no error
// if there is nobody, or no way there (statement 130): who must know calls. The
// error is a [*kista.DataError] if msg is not data, or a
// [*kista.MailboxFullError] if the server's mailbox refuses. In a server, use
// [Ctx.Cast]. A [kista.Body] receives it as a [Casted]; send it plain messages.
func Cast(to kista.Addr, msg any) error {
	return lossy(kista.Send(to, Casted{Msg: msg}))
}

// lossy forgives what a cast may suffer.
func lossy(err error) error {
	if errors.Is(err, kista.ErrNoProcess) || errors.Is(err, kista.ErrNoConnection) {
		return nil
	}
	return err
}
