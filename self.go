package kista

import (
	"log/slog"
	"runtime"
	"strconv"
	"strings"
	"unsafe"
)

// Self is a process as its own code sees it: what only the process itself may
// do is a method of Self, and Self is the process's context.Context. There is
// one for each incarnation, and it is never reused. It belongs to the code of
// its process: as a context it may go anywhere, but the other methods are for
// the process's own goroutine. Used from elsewhere they stay safe; after the
// end of the process they return its exit reason and do nothing.
//
// Once a process has ended, or has been told to end, its first kernel operation
// returns the exit reason, and the next one ends its goroutine: deferred calls
// run, and no recover stops it.
type Self struct{ p *proc }

func (s *Self) process() *Self { return s }

// PID returns the process's PID.
func (s *Self) PID() PID { return s.p.pid() }

// Node returns the process's node.
func (s *Self) Node() *Node { return s.p.node }

// Parent returns the process that spawned this one; the zero PID if it was
// spawned from outside.
func (s *Self) Parent() PID {
	if s.p.line == nil {
		return PID{}
	}
	return s.p.line.pid
}

// Exit sends an exit signal from this process; see the package's [Exit]. To
// itself, with [Kill], it ends even a process that traps exits (statement 50);
// with nil it ends one that does not (48). Errors: why the process must stop.
func (s *Self) Exit(to PID, reason error) error {
	reason = Freeze(reason)
	if to == s.PID() {
		if err := s.stopped(); err != nil {
			return err
		}
		signal{kind: sigExit, from: s.PID(), to: to, reason: reason}.deliver().run()
		return s.stopped()
	}
	if err := s.begin(); err != nil {
		return err
	}
	defer s.leave()
	return exit(s.PID(), to, reason)
}

// TrapExits decides whether exit signals end the process or come as [Exited]
// messages, and returns how it was. What is a message already stays one
// (statements 52, 53).
func (s *Self) TrapExits(on bool) (was bool) {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	was, s.p.trap = s.p.trap, on
	return was
}

// Register gives the process a name; see [Node.Register].
func (s *Self) Register(name string) error {
	if err := s.begin(); err != nil {
		return err
	}
	defer s.leave()
	return s.p.node.Register(name, s.PID())
}

// Name returns the process's registered name, or "" if it has none.
func (s *Self) Name() string {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	return s.p.x.name
}

// SetLabel describes the process for people, in reports and lists.
func (s *Self) SetLabel(label string) {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	s.p.own().label = label
}

// Logger returns the node's logger with the process's PID, and its name or label
// if it has one. Handlers run in the process's own code.
func (s *Self) Logger() *slog.Logger {
	s.p.mu.Lock()
	name, label := s.p.x.name, s.p.x.label
	s.p.mu.Unlock()
	l := s.p.node.logger.With("node", s.p.node.name, "pid", s.PID())
	if name != "" {
		l = l.With("name", name)
	}
	if label != "" {
		l = l.With("label", label)
	}
	return l
}

// Local is a variable that each process has for itself (the process
// dictionary, typed; statement 12). Declare it at package level:
//
//	var requestID kista.Local[string]
type Local[T any] struct{ _ byte }

// Set stores v for the process and returns the value before, if there was one.
func (l *Local[T]) Set(s *Self, v T) (old T, had bool) {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	if s.p.status == statusDead {
		return old, false
	}
	x := s.p.own()
	old, had = x.locals[l].(T)
	if x.locals == nil {
		x.locals = map[any]any{}
	}
	x.locals[l] = v
	return old, had
}

// Get returns the process's value, if it has one.
func (l *Local[T]) Get(s *Self) (v T, has bool) {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	v, has = s.p.x.locals[l].(T)
	return v, has
}

// Erase removes the process's value and returns it, if it had one.
func (l *Local[T]) Erase(s *Self) (old T, had bool) {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	old, had = s.p.x.locals[l].(T)
	delete(s.p.x.locals, l)
	return old, had
}

// stoppedLocked returns why the process must stop, if it must.
func (s *Self) stoppedLocked() error {
	switch f := s.p.fate; {
	case f == nil:
		return nil
	case f.reason == nil:
		return Stop{}
	default:
		return f.reason
	}
}

func (s *Self) stopped() error {
	if !s.p.stopping() {
		return nil
	}
	s.p.mu.Lock()
	err := s.stoppedLocked()
	s.p.mu.Unlock()
	if err != nil {
		err = s.end(err)
	}
	return err
}

// end hands the exit reason to the code of an ended process once, and the next
// time ends its goroutine. Other goroutines that got hold of the Self, also
// those of other processes, only ever get the reason.
func (s *Self) end(err error) error {
	p := s.p
	p.mu.Lock()
	again, running := p.told, p.running
	p.mu.Unlock()
	if !running || !p.isCaller() {
		return err
	}
	if again {
		runtime.Goexit()
	}
	p.mu.Lock()
	p.told = true
	p.mu.Unlock()
	return err
}

// isCaller tells whether the calling goroutine is p's execution. Go does not
// say who is running; its stack does, since p is the argument of [proc.run],
// beneath which all user code runs. It takes microseconds and is asked only on
// the way out of an ended process.
func (p *proc) isCaller() bool { return callerProcess() == uintptr(unsafe.Pointer(p)) }

// callerProcess returns the address of the process whose execution the calling
// goroutine is, or 0. Nothing but a comparison may be done with it.
func callerProcess() uintptr {
	const frame = "kista.(*proc).run(0x"
	buf := make([]byte, 8<<10)
	n := runtime.Stack(buf, false)
	for n == len(buf) {
		buf = make([]byte, 2*len(buf))
		n = runtime.Stack(buf, false)
	}
	_, text, _ := strings.Cut(string(buf[:n]), frame)
	end := strings.IndexAny(text, ",)")
	if end < 0 {
		return 0
	}
	at, err := strconv.ParseUint(text[:end], 16, 64)
	if err != nil {
		return 0
	}
	return uintptr(at)
}

// FromParent reports whether an [Exited] is the wish of this process's parent,
// or of the node if it was spawned from outside, that it should stop. The
// kernel asks this before Handle; code that receives in Init or Terminate does
// it itself.
func (s *Self) FromParent(e Exited) bool { return s.p.fromParent(e) }
