package peer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kista-go/kista"
)

// face is the behaviour of a peer's process here: it stands for what runs in the peer. What comes to it goes on to that.
type face struct {
	sh    *shared
	spec  Spec
	born  time.Time
	life  *life
	watch kista.Ref // of its keeper
	root  kista.PID // what the entry describes, in the peer
	ended kista.Ref // of root
	agent kista.Addr
}

// Init starts the OS process, or takes the one that stands by, and in it what the entry describes.
func (f *face) Init(s *kista.Self) (err error) {
	f.born = time.Now()
	switch {
	case child:
		return ErrNested
	case !entered.Load():
		return ErrNoMain
	}
	if err := f.sh.pass(s); err != nil {
		return err
	}
	if f.life, err = f.sh.take(s); err != nil {
		return err
	}
	f.watch = s.Monitor(f.life.keeper)
	up := false
	defer func() {
		if !up {
			f.life.kill()
			<-f.life.gone
		}
	}()
	if err := f.life.begin(s); err != nil {
		return err
	}
	f.agent = s.Node().Remote(f.life.name, agentName)
	v, err := kista.CallFor(s, kista.NoTimeout, f.agent, spawn{Entry: f.sh.entry, Args: f.sh.args})
	if err != nil {
		return f.whyNot(err)
	}
	root, ok := v.(kista.PID)
	if !ok {
		return &StartError{Peer: f.life.name, Err: fmt.Errorf("its agent answered with %T", v)}
	}
	f.root, f.ended = root, s.Monitor(root)
	f.sh.prepare(s)
	up = true
	return nil
}

// whyNot is why the start failed: the reason inside, where a call was in between.
func (f *face) whyNot(err error) error {
	var call *kista.CallError
	if errors.As(err, &call) && errors.Is(call.Reason, kista.ErrNoConnection) {
		<-f.life.gone
		if f.life.reason != nil {
			return f.life.reason
		}
	}
	return err
}

// Handle passes on what is for the processes in the peer, and ends with them.
func (f *face) Handle(s *kista.Self, msg any) error {
	switch m := msg.(type) {
	case kista.Down:
		switch m.Ref {
		case f.watch:
			return kista.Stop{Reason: f.life.outcome()}
		case f.ended:
			if errors.Is(m.Reason, kista.ErrNoConnection) {
				return nil // the keeper knows more
			}
			return kista.Stop{Reason: m.Reason}
		}
	case kista.Exited:
		if m.Reason != nil {
			return kista.Stop{Reason: m.Reason}
		}
		return nil
	case kista.Request:
		f.request(s, m)
		return nil
	}
	return f.pass(s, msg)
}

func (f *face) request(s *kista.Self, q kista.Request) {
	var err error
	switch m := q.Msg.(type) {
	case spawn:
		err = s.Send(f.agent, q)
	case rootOf:
		err = q.From.Reply(f.root)
	case stop:
		err = kista.ErrUnsupported
	default:
		_ = m
		err = s.Send(f.root, q)
	}
	if err != nil {
		q.From.Fail(err)
	}
}

// pass passes a message on. One that cannot travel is told of, since its sender has gone on.
func (f *face) pass(s *kista.Self, msg any) error {
	if err := s.Send(f.root, msg); err != nil {
		s.Logger().Warn("peer: a message could not be passed on", "peer", f.life.name, "error", err)
	}
	return nil
}

// State is the answer to [kista.GetState].
func (f *face) State() any {
	i := Info{Node: f.life.name, Root: f.root, PID: f.life.pid, Age: time.Since(f.born), Standby: f.sh.standsBy()}
	f.life.describe(&i)
	return i
}

// Terminate stops the peer in order, and returns when all of it is gone.
func (f *face) Terminate(s *kista.Self, reason error) error {
	if !kista.Abnormal(reason) {
		f.sh.retire()
	}
	select {
	case <-f.life.gone:
		return nil
	default:
	}
	within := f.spec.Grace
	if at, limited := s.Deadline(); limited {
		within = min(within, time.Until(at)/2)
	}
	f.life.stop(s, f.agent, max(within, 0))
	return nil
}

// rootOf asks a peer's process what it stands for.
type rootOf struct{}

// Root returns the PID of what the entry describes, in the peer that at stands for. It changes at each start. Errors: a
// [*kista.CallError].
func Root(ctx context.Context, at kista.Addr) (kista.PID, error) {
	v, err := kista.Call(ctx, at, rootOf{})
	if err != nil {
		return kista.PID{}, err
	}
	pid, ok := v.(kista.PID)
	if !ok {
		return pid, fmt.Errorf("peer: %v answered with %T: it is no peer", at, v)
	}
	return pid, nil
}

// Info is what a peer's process knows: the answer to [kista.GetState].
type Info struct {
	Node    string    // the name of the peer's node
	Root    kista.PID // what the entry describes, there
	PID     int       // of the OS process
	Age     time.Duration
	Memory  int64         // resident, in bytes, when last looked at; 0 where it is not watched
	Silent  time.Duration // since something was last heard
	Waiting int           // bytes on their way to it that it has not read
	Standby bool          // another OS process is ready
}

// Inspect returns what a peer's process knows. Errors: a [*kista.CallError].
func Inspect(ctx context.Context, at kista.Addr) (Info, error) {
	v, err := kista.System(ctx, at, kista.GetState{})
	if err != nil {
		return Info{}, err
	}
	i, ok := v.(Info)
	if !ok {
		return Info{}, fmt.Errorf("peer: %v has a %T for its state: it is no peer", at, v)
	}
	return i, nil
}

// Shutdown stops a peer from outside: its processes are told to stop, the youngest first, have [Spec.Grace] for it, and then
// the OS process ends. The peer's process ends with reason, nil being the normal one, and then Shutdown returns nil. The error
// is a [*kista.CallError] if there is no peer, if it ended with another reason, or if ctx (or five seconds, if it has no
// deadline) ended first; the peer then stops nevertheless.
func Shutdown(ctx context.Context, to kista.Addr, reason error) error {
	_, err := kista.System(ctx, to, kista.Terminate{Reason: reason})
	return err
}

var (
	_ kista.Behaviour   = (*face)(nil)
	_ kista.StateReader = (*face)(nil)
)
