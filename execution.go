package kista

// unmade is the code of a process whose behaviour has not been made yet, and
// bodyCode that of a Body: a process has one field for all of them.
type (
	unmade   func() (Behaviour, error)
	bodyCode Body
)

func (unmade) Init(*Self) error               { return errNoProgram }
func (unmade) Handle(*Self, any) error        { return errNoProgram }
func (unmade) Terminate(*Self, error) error   { return nil }
func (bodyCode) Init(*Self) error             { return errNoProgram }
func (bodyCode) Handle(*Self, any) error      { return errNoProgram }
func (bodyCode) Terminate(*Self, error) error { return nil }

// burst is how many messages a behaviour handles before others get their turn.
const burst = 64

// execution is one stay of a process on a goroutine.
type execution struct {
	p           *proc
	w           *worker
	idle        bool // the process lives on without us
	again       bool // it has more mail, and is to be queued once more
	returned    bool // user code came back; else it panicked or called Goexit
	panicked    bool
	terminating bool
	reason      error
	labelled    bool // the goroutine carries p's labels
	turns       int
	first       bool // the message that it began with is not yet accounted for
}

// run is the execution of a process: all of a Body, one burst of mail of a
// behaviour. Nothing else runs user code.
//
//go:noinline
func (p *proc) run(e *execution) {
	onStack(&p)
	defer e.finish()
	if p.hasBody {
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

// alone runs p on a goroutine of its own.
func (p *proc) alone() {
	unlabel() // whoever has started the goroutine has left it its labels
	e := &execution{p: p}
	defer p.node.left()
	for {
		p.run(e)
		if !e.again {
			return
		}
		*e = execution{p: p}
	}
}

// finish carries out the death of a process whose code has ended, unless
// somebody has done it before.
func (e *execution) finish() {
	if e.idle {
		return
	}
	p := e.p
	if e.w != nil {
		e.w.current.Store(nil)
	}
	p.mu.Lock()
	if e.first {
		p.handled++
	}
	p.running = false
	var a after
	if p.status != statusDead {
		end := ending{reason: e.reason}
		if f := p.fate; f != nil && (f.phase == doomed || !e.panicked) {
			end = f.ending
		}
		a = p.endLocked(end)
	} else if p.zombie {
		p.zombie = false
		p.node.haunt(p, false)
		p.x.alarm.Stop()
	}
	p.behaviour = nil // a PID keeps nothing of a dead process alive
	p.mu.Unlock()
	a.run()
}

// over reports whether the process has ended or been told to.
func (p *proc) over() bool { return p.stopping() }

func (e *execution) runBody() {
	p := e.p
	defer func() {
		if !e.returned {
			e.failed(recover())
		}
	}()
	if p.enter() {
		err := p.inherit()
		if err == nil {
			err = p.behaviour.(bodyCode)(&p.self)
		}
		e.reason = reasonOf(err)
	}
	e.returned = true
}

// enter begins an execution: from now on user code may run. It is false if the
// process has ended meanwhile, or been told to.
func (p *proc) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.enterLocked()
}

func (p *proc) enterLocked() bool {
	if p.status == statusDead {
		return false
	}
	p.status, p.running = statusLive, true
	if p.hasBody {
		p.since = p.node.ticks()
		if p.x.title() != "" || p.long {
			p.labelLocked()
		}
	}
	return p.fate == nil
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
	// With one message there is only one stay under the lock, at the end: whoever
	// ends the process meanwhile sees that the worker has it, or we see the gate.
	if m := p.first; m != nil && e.w != nil && !p.stopping() {
		p.first = nil
		e.first = true
		p.since = e.w.s.now.Load()
		if p.long {
			p.mu.Lock()
			p.labelLocked()
			p.mu.Unlock()
			e.labelled = true
		}
		if e.handle(m) || !e.settle() {
			e.returned = true
			return
		}
	} else if !e.begin() {
		e.returned = true
		return
	}
	for {
		p.mu.Lock()
		m := e.takeLocked()
		p.mu.Unlock()
		if m == nil || e.handle(m) || !e.settle() {
			break
		}
	}
	e.returned = true
}

// begin is how an execution begins that does not know its first message.
func (e *execution) begin() (alive bool) {
	p := e.p
	p.mu.Lock()
	alive = p.enterLocked()
	if m := p.first; m != nil {
		p.first = nil
		if alive {
			p.saved.unpop(m)
		}
	}
	if e.w != nil {
		p.since = e.w.s.now.Load()
	} else {
		p.since = p.node.ticks()
	}
	if p.long {
		p.labelLocked()
		e.labelled = true
	}
	_, fresh := p.behaviour.(unmade)
	p.mu.Unlock()
	return alive && (!fresh || e.init() && e.settle())
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
		b, err = p.behaviour.(unmade)()
	}
	if err == nil {
		err = b.Init(&p.self)
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
		if err := c.Continue(&e.p.self); err != nil {
			e.terminate(reasonOf(err))
			return false
		}
	}
	return true
}

// takeLocked returns the next entry of the mailbox, or nil when the execution is
// over: the process is idle or to be run again later, or it has ended.
func (e *execution) takeLocked() *mail {
	p := e.p
	if e.w != nil && e.w.blockedLong() {
		p.long = true
	}
	if e.first {
		p.handled++
		e.first = false
		if p.status == statusReady {
			p.status, p.running = statusLive, true
		}
	}
	for {
		if p.status == statusDead || p.fate != nil {
			return nil
		}
		if m := p.popLocked(); m != nil {
			if e.turns++; e.turns > burst && !p.how.dedicated {
				p.saved.unpop(m)
				p.status, p.running = statusReady, false
				e.idle, e.again = true, true
				return nil
			}
			p.takenLocked(m)
			p.callback = inHandle
			if p.long && !e.labelled {
				p.labelLocked()
				e.labelled = true
			}
			return m
		}
		p.callback = inHandle
		if !p.how.dedicated {
			p.status, p.running = statusIdle, false
			e.idle = true
			return nil
		}
		p.sleepLocked(waitMail)
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
	return ok && ex.PID == p.parent()
}

func (e *execution) handle(m *mail) (done bool) {
	p := e.p
	msg, system := m.msg, m.system
	m.free()
	var err error
	switch {
	case system:
		err = p.system(msg.(Request))
	case p.fromParent(msg):
		err = msg.(Exited).Reason
		if err == nil {
			err = Stop{}
		}
	default:
		err = p.behaviour.Handle(&p.self, msg)
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
	p.renewLocked()
	p.callback = inTerminate
	p.suspended = false // it may have to hear from others for its end
	p.mu.Unlock()
	returned := false
	defer func() {
		if !returned {
			e.failed(recover())
		}
	}()
	if err := p.behaviour.Terminate(&p.self, reason); err != nil {
		e.reason = reasonOf(err)
	}
	returned = true
}
