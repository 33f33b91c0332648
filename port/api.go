package port

import (
	"context"
	"fmt"
	"syscall"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/term"
)

// Opts say how the port's process starts: name, label, mailbox limit. It traps
// exits whatever they say; Link and Monitor are ignored.
type Opts = kista.SpawnOpts

// Start starts a program on a node, from outside, and waits until it runs. Nobody
// is linked. ctx bounds the wait.
//
// The error is a [*StartError] if the operating system refused, an
// [*UnsupportedError] if something that spec asks for cannot be had here, a
// [*SpecError] for a mistake in spec, what a function of [Spec.Files] returned, a
// [*kista.NameTakenError], or what [kista.Node.SpawnWith] fails with. Nothing of
// the program is left then.
func Start(ctx context.Context, n *kista.Node, spec Spec, o Opts) (kista.PID, error) {
	return n.Start(ctx, Program(spec, o))
}

// StartLink is [Start] from a process, to which the port is linked: the end of
// that process, also the normal one, ends the program.
func StartLink(ctx context.Context, self *kista.Self, spec Spec, o Opts) (kista.PID, error) {
	return self.StartLink(ctx, Program(spec, o))
}

// StartMonitor is [Start] from a process, which monitors the port from its birth
// on: one [kista.Down] comes when it ends.
func StartMonitor(ctx context.Context, self *kista.Self, spec Spec, o Opts) (kista.PID, kista.Ref, error) {
	return self.StartMonitor(ctx, Program(spec, o))
}

// Send hands msg to the program and returns once it has been written to the
// program's standard input; that the program has read it is not known. A program
// that does not read keeps its senders waiting, at most until ctx ends, or five
// seconds if it has no deadline; what was accepted may still be written then. msg
// is copied before Send returns.
//
// The error is a [*BusyError] if [Spec.Buffer] is full already, [ErrInputClosed],
// a [*MessageError] if msg cannot be framed, or a [*kista.CallError]: there is no
// port, it ended (with which reason), or the time is over.
func Send(ctx context.Context, to kista.Addr, msg []byte) error {
	_, err := kista.Call(ctx, to, input{data: term.Binary(msg)})
	return err
}

// Call is [Send], and waits for the answer: the next message that the program
// writes, after those that answer the calls before this one. It is for programs
// that answer every message with exactly one, in order. When the caller gives up,
// the answer that still comes is its, and vanishes.
//
// Errors are those of Send, and [ErrOutputClosed].
func Call(ctx context.Context, to kista.Addr, msg []byte) ([]byte, error) {
	v, err := kista.Call(ctx, to, input{data: term.Binary(msg), call: true})
	if err != nil {
		return nil, err
	}
	b, ok := v.(term.Binary)
	if !ok {
		return nil, fmt.Errorf("port: %v answered a call with %T: it is no port", to, v)
	}
	return []byte(b), nil
}

// CloseInput closes the program's standard input, once everything that was sent
// before has been written. It does not wait for that. Further messages fail with
// [ErrInputClosed]. Errors: a [*kista.CallError].
func CloseInput(ctx context.Context, to kista.Addr) error {
	_, err := kista.Call(ctx, to, closeInput{})
	return err
}

// Signal sends the program a signal of the operating system, 1 to 64; descendants
// do not get it. Errors: a [*kista.CallError], a [*SpecError] for another number.
func Signal(ctx context.Context, to kista.Addr, s syscall.Signal) error {
	_, err := kista.Call(ctx, to, sendSignal{int(s)})
	return err
}

// Subscribe makes who the one who gets what the program writes and what answers no
// call, instead of who did before: [Data], at most n of them, then [Paused] until
// [Activate] is called, and [Closed] at the end. What waits in the port goes to
// who. If who ends, nobody is subscribed; nil subscribes nobody. Errors: a
// [*kista.CallError].
func Subscribe(ctx context.Context, to, who kista.Addr, n int) error {
	_, err := kista.Call(ctx, to, subscribe{who, n})
	return err
}

// Activate says that the subscriber of a port is ready for n messages more, in
// addition to those that it still expects. It does not wait. Errors as for
// [kista.Send].
func Activate(to kista.Addr, n int) error { return kista.Send(to, activate{n}) }

// Inspect returns what a port knows of its program. Errors: a [*kista.CallError].
func Inspect(ctx context.Context, to kista.Addr) (Info, error) {
	v, err := kista.System(ctx, to, kista.GetState{})
	if err != nil {
		return Info{}, err
	}
	i, ok := v.(Info)
	if !ok {
		return Info{}, fmt.Errorf("port: %v has a %T for its state: it is no port", to, v)
	}
	return i, nil
}

// Shutdown stops a port from outside: its program is stopped as [Spec.Grace] says,
// the port ends with reason, nil being the normal one, and then Shutdown returns
// nil. The error is a [*kista.CallError] if there is no port, if it ended with
// another reason, or if ctx (or five seconds, if it has no deadline) ended first;
// the port then stops nevertheless.
func Shutdown(ctx context.Context, to kista.Addr, reason error) error {
	_, err := kista.System(ctx, to, kista.Terminate{Reason: reason})
	return err
}
