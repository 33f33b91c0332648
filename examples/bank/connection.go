package bank

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/examples/bank/internal/ledger"
	"github.com/kista-go/kista/heart"
	"github.com/kista-go/kista/term"
)

// connectionProgram describes the process that serves one client. It traps exits,
// so that an ordered stop lets it finish the request that it is at.
func (b *Bank) connectionProgram(p *counter, conn net.Conn) kista.Program {
	who := conn.RemoteAddr().String()
	o := kista.SpawnOpts{Label: b.label(p.name+".connection", who), TrapExits: true}
	return kista.BodyProgram(o, false, func(self *kista.Self) error {
		s := &session{b: b, self: self, conn: b.keep(self, p, conn), who: who}
		return s.run(p)
	})
}

// session is the state of a connection's process.
type session struct {
	b    *Bank
	self *kista.Self
	conn net.Conn
	who  string
	tags tagged // the robust port's
}

// run serves requests one after the other, until the client or the bank ends it.
// What the client does wrong ends the process normally at the worst: it is no
// fault of the bank.
func (s *session) run(p *counter) error {
	defer func() { _ = s.conn.Close() }()
	defer s.watch()()
	in, out := etf.NewReader(s.conn), etf.NewWriter(s.conn)
	in.Limit = s.b.cfg.MaxFrame
	in.Decoder.Limits = requestLimits(s.b.cfg.MaxFrame)
	for {
		_ = s.conn.SetReadDeadline(time.Now().Add(s.b.cfg.ReadTimeout))
		select {
		case <-s.self.Stopping():
			return nil
		default:
		}
		reply, err := s.next(in, p)
		if err != nil {
			return s.end(err)
		}
		if err := s.write(out, reply); err != nil {
			return nil
		}
		if k, ok := s.conn.(*heart.Session); ok && in.Buffered() == 0 {
			if err := k.Answered(); err != nil {
				return err
			}
		}
	}
}

// next reads a request and returns the reply.
func (s *session) next(in *etf.Reader, p *counter) (term.Term, error) {
	request, err := in.ReadTerm()
	if _, bad := errors.AsType[*etf.DecodeError](err); bad {
		return badRequest, nil // the frame is over: the next one can be read
	}
	if err != nil {
		return nil, gone{err}
	}
	s.b.fault(InRequest, s.who)
	return p.serve(s, request)
}

// gone is the end of a stream: the client's doing.
type gone struct{ error }

func (g gone) Unwrap() error { return g.error }

func (s *session) end(err error) error {
	if _, ok := errors.AsType[gone](err); !ok {
		return err
	}
	if _, large := errors.AsType[*etf.FrameError](err); large {
		if s.write(etf.NewWriter(s.conn), frameTooLarge) == nil {
			s.linger()
		}
	}
	return nil
}

func (s *session) write(out *etf.Writer, t term.Term) error {
	_ = s.conn.SetWriteDeadline(time.Now().Add(s.b.cfg.WriteTimeout))
	return out.WriteTerm(t)
}

// linger reads on for a moment before the connection is closed: to close a
// socket with unread bytes in it would take the reply away from the client.
func (s *session) linger() {
	if c, ok := s.conn.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite()
	}
	_ = s.conn.SetReadDeadline(time.Now().Add(time.Second))
	_, _ = io.CopyN(io.Discard, s.conn, 1<<20)
}

// watch frees the process from the socket: from reading when it is told to stop,
// from everything when it is killed. done ends the watch.
func (s *session) watch() (done func()) {
	release := context.AfterFunc(s.self, func() { _ = s.conn.Close() })
	over, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-s.self.Stopping():
			_ = s.conn.SetReadDeadline(time.Unix(1, 0))
		case <-over:
		}
	}()
	return func() {
		release()
		close(over)
		<-ended
	}
}

// answer serves the plain protocol.
func (b *Bank) answer(s *session, request term.Term) (term.Term, error) {
	q, refusal := parse(request)
	if refusal != nil {
		return refusal, nil
	}
	a, err := b.ask(s.self, q.key, ask{Request: q.request})
	if err != nil {
		return nil, err
	}
	if a.NotNow != "" {
		return refuse(a.NotNow), nil
	}
	return a.Reply, nil
}

// answerRobust serves the robust protocol.
func (b *Bank) answerRobust(s *session, frame term.Term) (term.Term, error) {
	t, _ := frame.(term.Tuple)
	switch {
	case tagged3(t, "call"):
		return b.call(s, t[1], t[2])
	case tagged3(t, "delete_tag"):
		key, err := ledger.Key(t[2])
		if err != nil {
			return badRequest, nil //nolint:nilerr // the client's mistake is answered
		}
		return b.deleteTag(s, t[1], key)
	case len(t) == 2 && t[0] == term.Atom("delete_tag"):
		id, err := ledger.TagID(t[1])
		if err != nil {
			return badRequest, nil //nolint:nilerr // the client's mistake is answered
		}
		key, known := s.tags.get(id)
		if !known {
			return term.Tuple{term.Atom("ack"), t[1], term.Atom("unknown")}, nil
		}
		return b.deleteTag(s, t[1], key)
	}
	return badRequest, nil
}

func tagged3(t term.Tuple, name term.Atom) bool { return len(t) == 3 && t[0] == name }

// call executes a request once, however often it comes.
func (b *Bank) call(s *session, tag, request term.Term) (term.Term, error) {
	ack := func(reply term.Term) term.Term { return term.Tuple{term.Atom("ack"), tag, reply} }
	id, err := ledger.MakeTag(tag, request)
	if err != nil {
		return badRequest, nil //nolint:nilerr // the client's mistake is answered
	}
	q, refusal := parse(request)
	if refusal != nil {
		return ack(refusal), nil
	}
	a, err := b.ask(s.self, q.key, ask{Tag: id, Request: q.request})
	if err != nil {
		return nil, err
	}
	if a.NotNow != "" {
		return term.Tuple{term.Atom("nack"), tag, a.NotNow}, nil
	}
	s.tags.put(id.ID, q.key)
	return ack(a.Reply), nil
}

// deleteTag forgets a tag: the client has the reply.
func (b *Bank) deleteTag(s *session, tag term.Term, key string) (term.Term, error) {
	id, err := ledger.TagID(tag)
	if err != nil {
		return badRequest, nil //nolint:nilerr // the client's mistake is answered
	}
	a, err := b.ask(s.self, key, ask{Request: ledger.DeleteTag{Tag: id}})
	if err != nil {
		return nil, err
	}
	if a.NotNow != "" {
		return term.Tuple{term.Atom("nack"), tag, a.NotNow}, nil
	}
	s.tags.delete(id)
	if deleted, _ := a.Reply.(bool); deleted {
		return term.Tuple{term.Atom("ack"), tag, term.Atom("deleted")}, nil
	}
	return term.Tuple{term.Atom("ack"), tag, term.Atom("unknown")}, nil
}
