package task

import (
	"context"
	"reflect"
	"runtime"
	"time"

	"github.com/kista-go/kista"
)

// Func is what a task does. It runs in the task's own process, whose Self it
// gets, which is a context that ends when the task is to end. What it returns is
// copied to the owner; an error is an answer too, and the process then ends
// normally. A panic, a Goexit, a result that is not data and [Crash] are its exit
// reason.
//
// It is code, and captures what it captures: a variable of the owner's that it
// reads or writes is shared memory, and needs the care that it needs between
// goroutines. Arguments by value and results cost nothing and share nothing.
type Func[R any] = func(self *kista.Self) (R, error)

// What a task is sent before it begins, so that its owner can have linked itself
// with it, and wait for it, from the first moment.
type (
	begin   struct{} // a call, which the result answers
	deliver struct{ To kista.Ref }
)

// summonTime is how long a task waits to be told to begin. Its owner does so as
// soon as it knows of it, unless it has given up meanwhile.
const summonTime = 5 * time.Second

// answerTo is where a task's result goes.
type answerTo interface {
	value(v any) error
	refuse(err error)
}

// run is the body of a task without its types. owner is a process to watch until
// it says begin; zero if there is none, or if it is linked already.
func (c *core) run(s *kista.Self, owner kista.PID, work func() (any, error), wrap func(to kista.Ref) answerTo) error {
	to, err := summoned(s, owner, wrap)
	if to == nil {
		return err
	}
	defer c.release()
	v, err := work()
	switch e := err.(type) { //nolint:errorlint // as returned, not wrapped
	case nil:
		if err := to.value(v); err != nil {
			return err // it is no data
		}
	case crash:
		return e.reason
	default:
		if s.Err() != nil {
			return err // on the way out: the owner hears of the end
		}
		to.refuse(err)
	}
	if c.self != nil {
		return s.Unlink(c.self.PID()) // a normal end is no news to an owner that traps exits
	}
	return nil
}

// summoned waits until the task is told to begin. to is nil if it is not.
func summoned(s *kista.Self, owner kista.PID, wrap func(to kista.Ref) answerTo) (to answerTo, err error) {
	var watch kista.Ref
	if !owner.IsZero() {
		watch = s.Monitor(owner)
	}
	err = s.Select(
		kista.OnIf(func(q kista.Request) bool { return q.Msg == begin{} }, func(q kista.Request) error {
			to = caller{q.From}
			return nil
		}),
		kista.On(func(d deliver) error {
			to = wrap(d.To)
			return nil
		}),
		kista.OnIf(func(d kista.Down) bool { return d.Ref == watch }, nil),
		kista.After(summonTime, nil),
	)
	if !watch.IsZero() {
		s.DemonitorFlush(watch)
	}
	return to, err
}

// caller answers an owner that waits.
type caller struct{ from kista.From }

func (c caller) value(v any) error { return c.from.Reply(v) }
func (c caller) refuse(err error)  { c.from.Fail(&failure{kista.Freeze(err)}) }

// label describes a task for people: its function.
func label(fn any) string {
	if f := runtime.FuncForPC(reflect.ValueOf(fn).Pointer()); f != nil {
		return "task " + f.Name()
	}
	return "task"
}

// process is a context that is a process: a *kista.Self, or a behaviour's context
// that embeds one.
type process interface {
	context.Context
	PID() kista.PID
	Unlink(to kista.PID) error
	Parent() kista.PID
}

// ownerOf returns the process that ctx is; the zero PID if it is none.
func ownerOf(ctx context.Context) kista.PID {
	if p, ok := ctx.(process); ok {
		return p.PID()
	}
	return kista.PID{}
}
