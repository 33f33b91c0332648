package guest

import (
	"errors"
	"fmt"

	"github.com/kista-go/kista/term"
)

// What an operation of the host can fail with.
var (
	ErrBad       = errors.New("guest: not a term, or no address")
	ErrNobody    = errors.New("guest: nobody there")
	ErrFull      = errors.New("guest: the receiver's mailbox is full")
	ErrLimit     = errors.New("guest: the host's limit is reached")
	ErrForbidden = errors.New("guest: not permitted")
	ErrTimeout   = errors.New("guest: no answer in time")
	ErrNotNow    = errors.New("guest: not while the state is handed over")
)

// Later, returned by a call's function, leaves the call unanswered: answer through
// [Ctx.From] when the time has come.
var Later = errors.New("guest: the reply comes later")

// Error is a reason from or for the other side, as a term: why a call failed, or,
// returned by a handler, what the caller or whoever is linked is told.
type Error struct{ Term term.Term }

func (e *Error) Error() string {
	if text, ok := e.Term.(term.Binary); ok {
		return string(text)
	}
	return term.String(e.Term)
}

// Stop returns an error that ends the guest in order when a handler returns it. nil
// is the normal end; otherwise reason is what everybody is told.
func Stop(reason error) error { return stop{reason} }

type stop struct{ reason error }

func (s stop) Error() string { return fmt.Sprintf("guest: stop: %v", s.reason) }

// reasonTerm is an error as the host gets it.
func reasonTerm(err error) term.Term {
	var e *Error
	switch {
	case err == nil:
		return term.Atom("normal")
	case errors.As(err, &e):
		return e.Term
	}
	return term.Binary(err.Error())
}

// failure makes an error of a code of the host's.
func failure(h host, code int64) error {
	if code >= 0 {
		return nil
	}
	switch code {
	case -1:
		return ErrBad
	case -2:
		return ErrNobody
	case -3:
		return ErrFull
	case -4:
		return ErrLimit
	case -5:
		return ErrForbidden
	case -6:
		return ErrTimeout
	case -8:
		return ErrNotNow
	}
	t, err := decode(h.read())
	if err != nil {
		t = term.Atom("failed")
	}
	return &Error{t}
}
