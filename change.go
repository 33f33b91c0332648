package kista

import (
	"errors"
	"fmt"
	"reflect"
	"time"
)

// Code change (statements 220, 229 to 241). Go cannot load code into a program
// that runs, nor unload it; what can be replaced is the code that a process runs,
// by other code that the program has: a new version that was compiled in and is
// chosen by its registered name, or made of what was configured. A process's
// state goes along, through a migration.

// CodeChanger is a [Behaviour] whose code can be replaced while it runs.
type CodeChanger interface {
	// ChangeCode runs in the process and runs no user code. It takes a [Snapshot] of
	// the state and returns what makes the new one of it. ch.Code is what the
	// behaviour's own package makes for the purpose; for anything else the error is
	// [ErrUnsupported].
	ChangeCode(ch CodeChange) (Migration, error)
}

// Migration makes new code and state ready, without touching the present ones, and
// returns the function that puts them in place. It may run the user's code: it is
// called beside the process, which waits, and it may fail, panic, call Goexit or
// block without harm. install then runs in the process; it runs no user code and
// cannot fail: it assigns, and calls [Self.SetVersion]. It may never be called.
type Migration func() (install func(), err error)

// CodeChange is what a [CodeChanger] and a migration are told.
type CodeChange struct {
	Code  any    // the new code
	From  string // the version that runs, "" if it has none
	To    string // the version to come: the name of the handle that Code came by, or ""
	Extra any    // a copy of [ChangeCode].Extra
}

// ChangeStep says which part of a code change a [ChangeCode] asks for.
type ChangeStep uint8

const (
	// ChangeAtOnce prepares and installs.
	ChangeAtOnce ChangeStep = iota
	// ChangePrepare runs the migration and keeps what it made.
	ChangePrepare
	// ChangeInstall puts in place what was prepared.
	ChangeInstall
	// ChangeAbandon forgets what was prepared.
	ChangeAbandon
)

// ChangeCode asks a suspended behaviour to replace its code (statement 220). The
// answer is nil once it is done. Otherwise all is as it was: [ErrNotSuspended];
// a [*CodeError] by a behaviour that is no [CodeChanger], or for code that is not
// for it; [ErrNotPrepared]; a [*CallbackError] if the migration failed.
// Prepared code is given up when the process is resumed or its state replaced.
type ChangeCode struct {
	// Code is what the behaviour's package makes for a code change, or a
	// [CodeHandle] of it, whose name is then the new version's. It is handed over as
	// it is.
	Code any
	// Extra is data for the migration.
	Extra any
	// Step: zero for all at once.
	Step ChangeStep
	// Limit is how long the migration may take. Zero: [DefaultHookTimeout].
	Limit time.Duration
}

func (ChangeCode) system() {}

var (
	// ErrNotSuspended says that the code of a process can only be changed while it
	// is suspended.
	ErrNotSuspended = errors.New("kista: the process is not suspended")
	// ErrNotPrepared says that there is no prepared code to install.
	ErrNotPrepared = errors.New("kista: no new code has been prepared")
	errNoInstall   = errors.New("kista: the behaviour's migration returned neither a function nor an error")
)

// CodeError says that new code is not for the behaviour that it was given to. It
// matches [ErrUnsupported].
type CodeError struct {
	Given string // its type; "the zero" one if it is that
	Want  string // what the behaviour takes; empty: its code cannot be changed
}

// WrongCode is what a [CodeChanger] returns for code that is not for it; want says
// which is.
func WrongCode(given any, want string) error {
	text := fmt.Sprintf("%T", given)
	if given != nil && reflect.ValueOf(given).IsZero() {
		text = "the zero " + text
	}
	return &CodeError{Given: text, Want: want}
}

func (e *CodeError) Error() string {
	if e.Want == "" {
		return "kista: the code of this behaviour cannot be changed"
	}
	return "kista: the new code is " + e.Given + ", and this behaviour takes " + e.Want
}

// Is matches [ErrUnsupported].
func (e *CodeError) Is(target error) bool { return target == ErrUnsupported } //nolint:errorlint // identity

func init() {
	RegisterErrorType(func(e *CodeError, _ func(error) error) error { c := *e; return &c })
}

// Snapshot returns the copy of a state that a migration gets: whatever becomes of
// it, the state itself stays as it is. A state that is not data, because there is
// a channel or a database handle in it, or that is larger than a message may be,
// is returned itself; its migration must build a new one and leave the old alone.
func Snapshot[T any](state T) T { return snapshot(state) }

// handled is a code handle, taken apart.
type handled interface{ unwrap() (name string, f any) }

func (h CodeHandle[F]) unwrap() (name string, f any) { return h.Name(), h.Func() }

func (p *proc) changeCode(req ChangeCode) error {
	c := p.controls()
	if !p.isSuspended() {
		return ErrNotSuspended
	}
	switch req.Step {
	case ChangeAbandon:
		c.prepared = nil
		return nil
	case ChangeInstall:
		if c.prepared == nil {
			return ErrNotPrepared
		}
		p.install(c.prepared)
		return nil
	}
	c.prepared = nil
	install, err := p.prepare(req)
	switch {
	case err != nil:
		return err
	case req.Step == ChangePrepare:
		c.prepared = install
	default:
		p.install(install)
	}
	return nil
}

func (p *proc) install(f func()) {
	p.controls().prepared = nil
	f()
	if d := p.debugged(); d != nil {
		d.changed(p)
	}
}

func (p *proc) prepare(req ChangeCode) (install func(), err error) {
	b, ok := p.code().(CodeChanger)
	if !ok {
		return nil, WrongCode(req.Code, "")
	}
	ch := CodeChange{Code: req.Code, From: p.self.Version()}
	if h, is := ch.Code.(handled); is {
		ch.To, ch.Code = h.unwrap()
	}
	if ch.Extra, err = Copy(req.Extra); err != nil {
		return nil, err
	}
	migrate, err := b.ChangeCode(ch)
	if err != nil {
		return nil, err
	}
	install, err = hook(p, "code change", req.Limit, migrate)
	if err == nil && install == nil {
		return nil, errNoInstall
	}
	return install, err
}
