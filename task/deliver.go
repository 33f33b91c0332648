package task

import "github.com/kista-go/kista"

// Result is what a process receives from a task that it started with [Deliver]:
// the Ref that it was given, and what the function returned, where Err is frozen.
type Result[R any] struct {
	Ref   kista.Ref
	Value R
	Err   error
}

// Deliver starts fn as a task of the process self, as [Async] does, for an owner
// that does not wait but goes on with its mail, such as a server. One message tells
// what came of it: a [Result] with the Ref, or, if the task died, a [kista.Down]
// with it. The error says why it was not started.
func Deliver[R any](self *kista.Self, fn Func[R]) (kista.Ref, error) {
	return dispatch(self, linked(self), self, fn)
}

// DeliverNolink is [Deliver] under the supervisor sup, without a link: see
// [AsyncNolink].
func DeliverNolink[R any](self *kista.Self, sup kista.Addr, fn Func[R]) (kista.Ref, error) {
	return dispatch(self, under(self, sup), nil, fn)
}

func dispatch[R any](self *kista.Self, spawn spawner, link *kista.Self, fn Func[R]) (kista.Ref, error) {
	c := &core{owner: self.PID(), self: link}
	if !c.spawn(spawn, label(fn), erase(fn), func(to kista.Ref) answerTo { return post[R]{to} }) {
		return kista.Ref{}, c.err
	}
	ref, err := self.MonitorWith(c.pid, kista.MonitorOpts{Alias: kista.ReplyWithMonitor})
	if err == nil {
		err = self.Send(c.pid, deliver{ref})
	}
	return ref, err
}

// post sends the result as a message. The first one through the alias ends the
// monitor, so that no Down follows (statement 74).
type post[R any] struct{ to kista.Ref }

func (p post[R]) value(v any) error {
	r := Result[R]{Ref: p.to}
	r.Value, _ = v.(R)
	return kista.Send(p.to, r)
}

func (p post[R]) refuse(err error) {
	_ = kista.Send(p.to, Result[R]{Ref: p.to, Err: err})
}
