package peer

import (
	"errors"
	"math/big"
	"strconv"
	"strings"
	"syscall"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/port"
	"github.com/kista-go/kista/term"
)

// diagnose says why the OS process ended, of what its port says of it: nil if it ended in order.
func (l *life) diagnose(ended error) error {
	fault, died := l.errs.why()
	e := &DeathError{Peer: l.name, PID: l.pid, Fault: fault}
	l.mu.Lock()
	verdict := l.verdict
	l.mu.Unlock()
	var exit *port.ExitError
	isExit := errors.As(ended, &exit)
	if l.link != nil && verdict == nil {
		if err := l.link.broken(); err != nil {
			verdict = &DeathError{Cause: CauseBroken, Err: err}
		}
	}
	switch {
	case verdict != nil:
		e.Cause, e.Limit, e.Silent, e.Err = verdict.Cause, verdict.Limit, verdict.Silent, verdict.Err
		e.Signal = syscall.SIGKILL
		if !died {
			e.Fault = ""
		}
	case ended == nil && l.link != nil && l.link.bye.Load():
		return nil
	case ended == nil:
		e.Cause = CauseExit
	case isExit && exit.OutOfMemory:
		e.Cause, e.Limit, e.Code, e.Signal = CauseMemory, l.spec.Group.Memory, exit.Code, exit.Signal
	case isExit && died && (outOfMemory(fault) || l.spec.Memory > 0 && noThread(fault)):
		e.Cause, e.Limit, e.Code, e.Signal = CauseMemory, l.spec.Memory, exit.Code, exit.Signal
	case isExit && died && (exit.Code == goFatal || exit.Signal != 0):
		e.Cause, e.Code, e.Signal = CauseFatal, exit.Code, exit.Signal
	case isExit && exit.Signal != 0:
		e.Cause, e.Signal = CauseSignal, exit.Signal
	case isExit:
		e.Cause, e.Code = CauseExit, exit.Code
	case errors.Is(ended, kista.ErrKilled):
		e.Cause, e.Signal = CauseSignal, syscall.SIGKILL
	case errors.Is(ended, port.ErrGuardianDied):
		e.Cause, e.Err = CauseBroken, ended
	default:
		return ended // it did not start
	}
	return e
}

// goFatal is the status of a Go program that the runtime has ended.
const goFatal = 2

// outOfMemory tells whether the runtime said that it got no memory.
func outOfMemory(fault string) bool {
	return strings.Contains(fault, "out of memory") || strings.Contains(fault, "cannot allocate memory")
}

// noThread tells whether a thread could not be made, as a rule since there was no memory for its stack.
func noThread(fault string) bool { return strings.Contains(fault, "pthread_create failed") }

// pages reads the second number of a line: resident pages.
func pages(statm string) int64 {
	words := strings.Fields(statm)
	if len(words) < 2 {
		return 0
	}
	n, _ := strconv.ParseInt(words[1], 10, 64)
	return n
}

// number reads one that takes up to 64 bits.
func number(t term.Term) (uint64, bool) {
	switch n := t.(type) {
	case int64:
		return uint64(n), n >= 0
	case *big.Int:
		return n.Uint64(), n.IsUint64()
	}
	return 0, false
}
