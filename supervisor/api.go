package supervisor

import (
	"context"
	"errors"
	"fmt"

	"github.com/kista-go/kista"
)

// call asks a supervisor. Only ctx bounds the wait, for a child may take its time
// to start and to stop: in OTP clients wait for ever (statement 201).
func call[R any](ctx context.Context, sup kista.Addr, req any) (R, error) {
	v, err := kista.CallFor(ctx, kista.NoTimeout, sup, req)
	r, ok := v.(R)
	switch {
	case err == nil && !ok:
		err = fmt.Errorf("%w: %v", ErrNotSupervisor, sup)
	case errors.Is(err, kista.ErrUnknownRequest):
		err = fmt.Errorf("%w: %v: %w", ErrNotSupervisor, sup, err)
	}
	return r, err
}

// StartChild adds a child to a running supervisor, as its last one, and waits
// until it is up (statement 190). It returns its PID, the zero one if it ignored
// its start ([kista.ErrIgnore]): then the child is there without a process, unless
// it is temporary. The error is a [*ChildError] with [*AlreadyStartedError],
// [ErrAlreadyPresent], or the reason for which it did not start, and then it is
// not added; a [*SpecError]; or a [*kista.CallError]. Only ctx bounds the wait;
// the child starts also if the caller has given up.
func StartChild(ctx context.Context, sup kista.Addr, c Child) (kista.PID, error) {
	return call[kista.PID](ctx, sup, startChild{child: c.clone()})
}

// TerminateChild stops a child, as at the supervisor's end, and waits until it
// has ended. Its specification stays, a temporary one's goes (statement 187). If
// it has no process, nothing happens; if it was about to be restarted, it is not.
// A group restart of its supervisor starts it again. The error is a [*ChildError]
// with [ErrNotFound] or [ErrPool], or a [*kista.CallError].
func TerminateChild(ctx context.Context, sup kista.Addr, id string) error {
	_, err := call[done](ctx, sup, terminateChild{id})
	return err
}

// TerminateProcess is [TerminateChild] for a child of a pool (statement 193),
// which is gone then. The error is a [*ChildError] with [ErrNotFound] or
// [ErrNotPool], or a [*kista.CallError].
func TerminateProcess(ctx context.Context, sup kista.Addr, pid kista.PID) error {
	_, err := call[done](ctx, sup, terminatePID{pid})
	return err
}

// RestartChild starts a child that has no process, the first of its ways, and
// waits until it is up (statement 188). The error is a [*ChildError] with
// [ErrRunning], [ErrRestarting], [ErrNotFound], [ErrPool] or the reason for which
// it did not start; or a [*kista.CallError].
func RestartChild(ctx context.Context, sup kista.Addr, id string) (kista.PID, error) {
	return call[kista.PID](ctx, sup, restartChild{id})
}

// DeleteChild removes a child that has no process (statement 189). The error is a
// [*ChildError] with [ErrRunning], [ErrRestarting], [ErrNotFound] or [ErrPool]; or
// a [*kista.CallError].
func DeleteChild(ctx context.Context, sup kista.Addr, id string) error {
	_, err := call[done](ctx, sup, deleteChild{id})
	return err
}

// GetChild tells what a child does at the moment. The error is a [*ChildError]
// with [ErrNotFound] or [ErrPool], or a [*kista.CallError].
func GetChild(ctx context.Context, sup kista.Addr, id string) (ChildInfo, error) {
	return call[ChildInfo](ctx, sup, getChild{id})
}

// GetChildSpec returns a child's specification (statement 200). Errors as for
// [GetChild].
func GetChildSpec(ctx context.Context, sup kista.Addr, id string) (Child, error) {
	s, err := call[childSpec](ctx, sup, getSpec{id})
	return s.child.clone(), err
}

// WhichChildren lists the children, the newest first (statement 191). The error is
// a [*kista.CallError].
func WhichChildren(ctx context.Context, sup kista.Addr) ([]ChildInfo, error) {
	return call[[]ChildInfo](ctx, sup, whichChildren{})
}

// CountChildren counts them, in constant time (statement 192). The error is a
// [*kista.CallError].
func CountChildren(ctx context.Context, sup kista.Addr) (Counts, error) {
	return call[Counts](ctx, sup, countChildren{})
}

// Update gives a running supervisor a new Spec, as a code change does in OTP
// (statement 200): the flags count from now on; a child that is in both keeps its
// process and gets the new specification for its next start; one that is new is
// added without a process ([RestartChild] starts it); others stay as they are. The
// order becomes that of spec, and those that are not in it come last. The error is
// a [*SpecError], [ErrPool], or a [*kista.CallError].
func Update(ctx context.Context, sup kista.Addr, spec Spec) error {
	_, err := call[done](ctx, sup, update{spec: spec.clone()})
	return err
}
