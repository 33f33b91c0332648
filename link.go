package kista

// Link links the process with another one: when either ends, the other gets an
// exit signal with its reason. Linking twice is linking once (statement 32),
// linking to oneself does nothing (33). If the other has ended already, a
// process that traps exits receives an [Exited] with [ErrNoProcess]; one that
// does not gets that error (34). It does not block.
func (s *Self) Link(to PID) error {
	if err := s.begin(); err != nil {
		return err
	}
	defer s.leave()
	p, q := s.p, to.p
	if p == q {
		return nil
	}
	if q == nil {
		return p.linkedToNobody(to)
	}
	pairLock(p, q)
	if q.status == statusDead {
		told := p.x.links.has(to) // it was linked: its exit signal is on its way
		pairUnlock(p, q)
		if told {
			return nil
		}
		return p.linkedToNobody(to)
	}
	already := p.x.links.has(to)
	linkLocked(p, q)
	pairUnlock(p, q)
	if q.isFar && !already {
		q.x.far.deliver(signal{kind: sigLink, from: p.pid(), to: to}).run()
	}
	return nil
}

func linkLocked(p, q *proc) {
	p.own().links.add(q.pid())
	q.own().links.add(p.pid())
}

func (p *proc) linkedToNobody(to PID) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.trap {
		return ErrNoProcess
	}
	p.exitedLocked(to, ErrNoProcess)
	return nil
}

// Unlink takes a link away. Once it has returned, no exit signal comes through
// that link any more; an [Exited] already in the mailbox stays (statement 37).
// Without a link it does nothing.
func (s *Self) Unlink(to PID) error {
	if err := s.begin(); err != nil {
		return err
	}
	defer s.leave()
	unlink(s.p, to)
	return nil
}

func unlink(p *proc, to PID) {
	q := to.p
	if q == nil || q == p {
		return
	}
	pairLock(p, q)
	had := p.own().links.remove(to)
	q.own().links.remove(p.pid())
	pairUnlock(p, q)
	if had && q.isFar {
		q.x.far.deliver(signal{kind: sigUnlink, from: p.pid(), to: to}).run()
	}
}

// farLink is a link asked for by a process beyond a carrier (statement 35: if
// p has ended, it is told so by a signal).
func (p *proc) farLink(from PID) after {
	pairLock(p, from.p)
	defer pairUnlock(p, from.p)
	if p.status == statusDead {
		return after{signals: []signal{{kind: sigLinkExit, from: p.pid(), to: from, reason: ErrNoProcess}}}
	}
	linkLocked(p, from.p)
	return after{}
}
