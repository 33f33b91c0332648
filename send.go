package kista

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
	return dispatch(PID{}, to, m, nil)
}

// Send is the package's [Send] from this process: once the process has ended
// it sends nothing more and returns the exit reason.
func (s *Self) Send(to Addr, msg any) error {
	m, err := newMail(msg)
	if err != nil {
		return err
	}
	if err := s.begin(); err != nil {
		return err
	}
	err = dispatch(s.p.pid(), to, m, s.p.worker.Load())
	s.leave()
	return err
}

func newMail(msg any) (*mail, error) {
	out, size, err := messages.Copy(msg)
	if err != nil {
		return nil, dataError(err)
	}
	return makeMail(out, size), nil
}

// dispatch hands m, whose message is a private copy already, to the receiver. w
// is the worker that runs the sender, if that is known.
func dispatch(from PID, to Addr, m *mail, w *worker) error {
	p, err := resolve(to)
	if p == nil {
		return err
	}
	if p.isFar {
		return p.farSend(from, m)
	}
	ref, _ := to.(Ref)
	_, err = p.post(m, ref, nil, w)
	return err
}
