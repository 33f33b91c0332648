package heart

import (
	"errors"
	"net"
	"sync"
)

// Session is a kept connection of questions and answers, which knows when an answer is owed. What was read of a
// connection and not answered is lost with the program; the next life sees that in [Conn.Owed], and can close the connection, so that whoever asked
// asks again at once, instead of waiting for an answer that does not come. It is a net.Conn; Read and Answered are for one
// goroutine, all else for any.
type Session struct {
	net.Conn
	key  string
	owes *State // nil: no heart
	busy bool
	end  sync.Once
}

// owing is the key of the state of a kept connection.
func owing(key string) string { return "\x00owed " + key }

// KeepSession is [Keep] for such a connection: use the session in its place from now on, and close it in the end, which takes the place of
// [Drop]. Keys have up to 240 bytes. Without a heart the session is the connection and nothing else.
func KeepSession(key string, conn net.Conn, note string) (*Session, error) {
	if !Present() {
		return &Session{Conn: conn}, nil
	}
	owes, err := Open(owing(key))
	if err == nil {
		err = owes.Commit([]byte{0})
	}
	if err == nil {
		err = Keep(key, conn, note)
	}
	if err != nil {
		return nil, err
	}
	return &Session{Conn: conn, key: key, owes: owes}, nil
}

// Read reads as the connection does. Before it takes anything it notes that an answer is owed: a program that dies at any moment
// leaves that, or what it would have read.
func (s *Session) Read(p []byte) (int, error) {
	if s.owes == nil || s.busy || len(p) == 0 {
		return s.Conn.Read(p)
	}
	if err := await(s.Conn); err != nil {
		return 0, err
	}
	if err := s.owes.Commit([]byte{1}); err != nil {
		return 0, err
	}
	s.busy = true
	return s.Conn.Read(p)
}

// Answered notes that nothing is owed: all that was read has been answered.
func (s *Session) Answered() error {
	if !s.busy {
		return nil
	}
	err := s.owes.Commit([]byte{0})
	s.busy = err != nil
	return err
}

// CloseWrite is that of the connection, if it has one.
func (s *Session) CloseWrite() error {
	if c, ok := s.Conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return errors.ErrUnsupported
}

// Close closes the connection, for the heart too.
func (s *Session) Close() error {
	s.end.Do(func() {
		if s.owes != nil {
			_ = Drop(s.key)
			_ = s.owes.Delete()
		}
	})
	return s.Conn.Close()
}

// owed looks up whether an answer is owed on a kept connection.
func owed(key string) bool {
	s, err := memory()
	if err != nil {
		return true
	}
	b, err := s.Peek(owing(key))
	if errors.Is(err, ErrNone) { // it was kept without a session
		return false
	}
	return err != nil || len(b) != 1 || b[0] != 0
}
