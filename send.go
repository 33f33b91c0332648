package kista

import "errors"

var errEnded = errors.New("kista: the sending process has ended")

// Send sends msg, a copy of it, to whoever has the address to, and does not
// wait (statements 15 to 24). Anyone may call it; a process uses [Self.Send],
// which ends with it.
//
// Errors: [*DataError] if msg is not data; [*MailboxFullError] if the receiver's
// mailbox refuses; [*NameError] if nobody of this node has that name (19);
// [ErrNoConnection] if there is no way to the other node. A message to an ended
// process, to an unknown name elsewhere or to an ended alias vanishes without
// an error (18): messages may be lost with their receiver, so who must know
// calls or monitors.
func Send(to Addr, msg any) error {
	m, err := newMail(msg)
	if err != nil {
		return err
	}
	return dispatch(nil, to, m)
}

// Send is the package's [Send] from this process: once the process has ended
// it sends nothing more and returns the exit reason.
func (s *Self) Send(to Addr, msg any) error {
	m, err := newMail(msg)
	if err != nil {
		return err
	}
	s.yield()
	switch err = dispatch(s.p, to, m); err { //nolint:errorlint // post's own
	case nil:
		s.p.sent(to, msg)
	case errEnded:
		return s.ended()
	}
	return err
}

// ended returns why the process must stop.
func (s *Self) ended() error {
	s.p.mu.Lock()
	err := s.stoppedLocked()
	s.p.mu.Unlock()
	return s.end(err)
}

func newMail(msg any) (*mail, error) {
	out, size, err := messages.Copy(msg)
	if err != nil {
		return nil, dataError(err)
	}
	return makeMail(out, size), nil
}

// dispatch hands m, whose message is a private copy already, to the receiver.
// from is nil if no process sends it; else errEnded says that it has ended.
func dispatch(from *proc, to Addr, m *mail) error {
	p, err := resolve(to)
	switch {
	case from != nil && from.stopping():
		return errEnded
	case p == nil:
		return err
	case !p.isFar:
		ref, _ := to.(Ref)
		taken, err := p.post(m, ref, nil, from)
		if !taken || err != nil {
			m.free()
		}
		return err
	case from == nil:
		return p.farSend(PID{}, m)
	}
	if err := from.self.begin(); err != nil {
		return err
	}
	defer from.self.leave()
	return p.farSend(from.pid(), m)
}
