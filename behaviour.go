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

// run is the execution of a process: all of a Body, one burst of mail of a
// behaviour. Nothing else runs user code.
//
//go:noinline
func (p *proc) run() {
	onStack(&p)
	e := &execution{p: p}
	defer e.finish()
	if p.body != nil {
		e.runBody()
	} else {
		e.runBehaviour()
	}
}

// onStack keeps what q points to in its place on the stack, where
// [callerProcess] finds it.
//
//go:noinline
func onStack(q **proc) { _ = q }

// execution is one stay of a process on a goroutine.
type execution struct {
	p           *proc
	idle        bool // the process lives on without us
	returned    bool // user code came back; else it panicked or called Goexit
	panicked    bool
	terminating bool
	reason      error
}

// finish carries out the death of a process whose code has ended, unless
// somebody has done it before.
func (e *execution) finish() {
	p := e.p
	n := p.node
	defer n.left()
	if e.idle {
		return
	}
	p.mu.Lock()
	p.running = false
	var a after
	if p.status != statusDead {
		end := ending{reason: e.reason}
		switch {
		case p.doomed != nil:
			end = *p.doomed
		case p.exiting != nil && !e.panicked:
			end = *p.exiting
		}
		a = p.endLocked(end)
	} else if p.zombie {
		p.zombie = false
		n.zombies.Add(-1)
		p.alarm.Stop()
	}
	p.behaviour, p.body, p.make = nil, nil, nil // a PID keeps nothing of a dead process alive
	p.mu.Unlock()
	a.run()
}

// over reports whether the process has ended or been told to.
func (p *proc) over() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.status == statusDead || p.doomed != nil || p.exiting != nil
}

func (e *execution) runBody() {
	p := e.p
	defer func() {
		if !e.returned {
			e.failed(recover())
		}
	}()
	if !p.over() {
		err := p.inherit()
		if err == nil {
			err = p.body(p.self)
		}
		e.reason = reasonOf(err)
	}
	e.returned = true
}

// failed notes the reason of code that did not return: v is what it panicked
// with, nil if it called Goexit. Showing v may run its methods, which may call
// Goexit themselves.
func (e *execution) failed(v any) {
	e.reason = ErrGoexit
	if v != nil {
		e.panicked = true
		e.reason = newPanic(v)
	}
}

// reasonOf freezes what a callback returned into an exit reason.
func reasonOf(err error) error {
	if stop, ok := err.(Stop); ok { //nolint:errorlint // as returned, not wrapped
		return Freeze(stop.Reason)
	}
	return Freeze(err)
}

func (e *execution) runBehaviour() {
	p := e.p
	defer func() {
		if !e.returned {
			e.failed(recover())
			if !e.terminating {
				e.terminate(e.reason)
			}
		}
	}()
	if p.behaviour == nil && !e.init() {
		e.returned = true
		return
	}
	for e.settle() {
		m := e.take()
		if m == nil {
			break
		}
		if done := e.handle(m); done {
			break
		}
	}
	e.returned = true
}

// init makes the behaviour and starts it.
func (e *execution) init() (up bool) {
	p := e.p
	if p.over() {
		return false
	}
	e.terminating = true // an Init that fails has no Terminate
	var b Behaviour
	err := p.inherit()
	if err == nil {
		b, err = p.make()
	}
	if err == nil {
		err = b.Init(p.self)
	}
	switch {
	case err == nil:
	case err == ErrIgnore: //nolint:errorlint // as returned
		p.mu.Lock()
		p.ignored = true
		p.mu.Unlock()
		return false
	default:
		e.reason = reasonOf(err)
		return false
	}
	e.terminating = false
	p.behaviour = b
	p.acknowledge(nil)
	return true
}

// settle lets a behaviour continue until it is ready for mail; false if it has
// ended meanwhile.
func (e *execution) settle() (ready bool) {
	c, ok := e.p.behaviour.(Continuer)
	for ok && c.More() {
		if e.p.over() {
			return false
		}
		if err := c.Continue(e.p.self); err != nil {
			e.terminate(reasonOf(err))
			return false
		}
	}
	return true
}

// take returns the next entry of the mailbox, or nil when the execution is over:
// the process is idle, or has ended.
func (e *execution) take() *mail {
	p := e.p
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		if p.status == statusDead || p.exiting != nil || p.doomed != nil {
			return nil
		}
		if m := p.popLocked(); m != nil {
			p.takenLocked(m)
			return m
		}
		if !p.dedicated {
			p.status, p.running = statusIdle, false
			e.idle = true
			return nil
		}
		if p.wake == nil {
			p.wake = make(chan struct{}, 1)
		}
		p.waiting = "mail"
		p.mu.Unlock()
		<-p.wake
		p.mu.Lock()
		p.waiting = ""
	}
}

// popLocked takes the oldest entry; while suspended, the oldest system request.
func (p *proc) popLocked() *mail {
	if !p.suspended {
		if m := p.saved.pop(); m != nil {
			return m
		}
		return p.inbox.pop()
	}
	for _, q := range []*queue{&p.saved, &p.inbox} {
		var prev *mail
		for m := q.head; m != nil; prev, m = m, m.next {
			if _, exited := m.msg.(Exited); m.system || exited && p.fromParent(m.msg) {
				q.remove(prev, m)
				return m
			}
		}
	}
	return nil
}

func (p *proc) fromParent(msg any) bool {
	ex, ok := msg.(Exited)
	return ok && ex.PID == p.parent
}

func (e *execution) handle(m *mail) (done bool) {
	p := e.p
	var err error
	switch {
	case m.system:
		err = p.system(m.msg.(Request))
	case p.fromParent(m.msg):
		err = m.msg.(Exited).Reason
		if err == nil {
			err = Stop{}
		}
	default:
		err = p.behaviour.Handle(p.self, m.msg)
	}
	if err == nil {
		return false
	}
	e.terminate(reasonOf(err))
	return true
}

// terminate calls Terminate, if the process has not been killed meanwhile.
func (e *execution) terminate(reason error) {
	p := e.p
	e.reason, e.terminating = reason, true
	if p.over() {
		return
	}
	p.mu.Lock()
	p.ctx.renewLocked(p)
	p.mu.Unlock()
	returned := false
	defer func() {
		if !returned {
			e.failed(recover())
		}
	}()
	if err := p.behaviour.Terminate(p.self, reason); err != nil {
		e.reason = reasonOf(err)
	}
	returned = true
}
