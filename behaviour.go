package kista

// Behaviour is the code of a process that is called back: for its start, once
// for each message, and for its end. It owns no goroutine while it has no mail,
// and borrows one for each burst of mail, so that a callback that blocks keeps
// nobody else waiting. Package server, supervisor and the like are made of it;
// most programs use those.
//
// All three run in the new process, one at a time, never on somebody else's
// goroutine. A panic or a Goexit in one of them is the exit reason.
type Behaviour interface {
	// Init runs first. An error ends the process and fails its start:
	// [ErrIgnore] normally, [Stop] with its reason, others as they are. Terminate
	// is not called then.
	Init(s *Self) error
	// Handle runs for each message in turn: what was sent, a [Request] for a call,
	// [Exited], [Down], [Started]. The parent's Exited is not among them: it ends
	// a process that traps exits (statement 125). nil goes on; an error is the
	// exit reason, and Stop{} the normal one.
	Handle(s *Self, msg any) error
	// Terminate runs before a process ends that was not killed from outside
	// (statement 124). Its context is a fresh one, with what is left of
	// [SpawnOpts.Shutdown] as its deadline. An error or a panic replaces the
	// reason (126); nil keeps it.
	Terminate(s *Self, reason error) error
}

// Continuer is a [Behaviour] that may have work of its own to do before it takes
// its next mail ('continue', statement 113).
type Continuer interface {
	// More reports whether there is such work. It is asked once Init has returned
	// and the start has been acknowledged, and after each Handle and Continue.
	More() bool
	// Continue does some of it, unless the process has been told to end. An error
	// is the exit reason, as for Handle.
	Continue(s *Self) error
}
