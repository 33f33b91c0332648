package parent

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kista-go/kista/heart/internal/wire"
)

// store is what is kept for the next life.
type store struct {
	cfg       Config
	mu        sync.Mutex
	listeners map[string]listener
	conns     map[string]kept
	last      uint64 // number of a connection
	renew     *wire.Message
	heard     time.Time // when the life gave a sign of life; zero: it has given none
}

type kept struct {
	number uint64
	note   string
	fd     int
}

func newStore(cfg Config) *store {
	return &store{cfg: cfg, listeners: map[string]listener{}, conns: map[string]kept{}}
}

// bare throws the connections away.
func (s *store) bare() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, c := range s.conns {
		_ = unix.Close(c.fd)
		delete(s.conns, key)
	}
}

// serve answers a life's questions until it is gone. kill ends that life.
func (s *store) serve(sock *os.File, w wire.Welcome, h *History, kill func()) {
	buf, oob := make([]byte, wire.MaxPacket), make([]byte, unix.CmsgSpace(4*wire.MaxFiles))
	fd := int(sock.Fd())
	for {
		n, oobn, _, _, err := unix.Recvmsg(fd, buf, oob, unix.MSG_CMSG_CLOEXEC)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || n == 0 {
			return
		}
		fds := descriptors(oob[:oobn])
		m, err := wire.Decode(buf[:n])
		if err != nil {
			closeAll(fds)
			return
		}
		s.sign()
		if m.Op == wire.Beat {
			closeAll(fds)
			continue
		}
		answer, out := s.do(&m, fds, w, h, kill)
		closeAll(fds)
		answer.Seq = m.Seq
		if answer.Op == 0 {
			answer.Op = wire.Answer
		}
		var rights []byte
		if len(out) > 0 {
			rights = unix.UnixRights(out...)
		}
		// Whoever does not take an answer at once gets none any more.
		if answer.Check() != nil || unix.Sendmsg(fd, answer.Append(nil), rights, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL) != nil {
			return
		}
	}
}

// descriptors are those that came with a packet. They stay plain numbers: an os.File changes the mode of what it has, and that is
// shared with the life that uses it.
func descriptors(oob []byte) (out []int) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil
	}
	for _, m := range messages {
		if fds, err := unix.ParseUnixRights(&m); err == nil {
			out = append(out, fds...)
		}
	}
	return out
}

func closeAll(fds []int) {
	for _, fd := range fds {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
}

func failed(format string, args ...any) wire.Message {
	return wire.Message{Op: wire.Failed, Data: fmt.Appendf(nil, format, args...)}
}

// sign notes a sign of life.
func (s *store) sign() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = time.Now()
}

// silent is how long the life has given no sign; zero if it has never given one.
func (s *store) silent() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.heard.IsZero() {
		return 0
	}
	return time.Since(s.heard)
}

// do answers a question. Descriptors that it keeps it takes out of fds.
func (s *store) do(m *wire.Message, fds []int, w wire.Welcome, h *History, kill func()) (answer wire.Message, out []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch m.Op {
	case wire.Hello:
		text, err := json.Marshal(w)
		if err != nil {
			return failed("%v", err), nil
		}
		return wire.Message{Data: text}, nil
	case wire.Listen:
		return s.listen(m.Key, string(m.Data))
	case wire.Unlisten:
		for key, l := range s.listeners {
			if key == m.Key+" "+string(m.Data) || l.is(m.Key, string(m.Data)) {
				_ = unix.Close(l.fd)
				delete(s.listeners, key)
			}
		}
	case wire.Keep:
		return s.keep(m, fds), nil
	case wire.Drop:
		if c, ok := s.conns[m.Key]; ok && (m.N == 0 || m.N == c.number) {
			_ = unix.Close(c.fd)
			delete(s.conns, m.Key)
		}
	case wire.Take:
		return s.take(m.Key)
	case wire.Renew:
		copied := *m
		s.renew = &copied
		kill()
	case wire.Restore:
		h.Restore(m.Key)
	default:
		return failed("heart: it is no question"), nil
	}
	return wire.Message{}, nil
}

// listener is one that is kept.
type listener struct {
	network, address string // as it was bound
	fd               int
}

func (l listener) is(network, address string) bool {
	return l.network == network && l.address == address
}

// listen finds a listener, or makes it. The network may have a number behind it, which tells those of free ports apart.
func (s *store) listen(network, address string) (wire.Message, []int) {
	key := network + " " + address
	if l, ok := s.listeners[key]; ok {
		return wire.Message{}, []int{l.fd}
	}
	network, _, _ = strings.Cut(network, " ")
	for _, l := range s.listeners {
		if l.is(network, address) {
			return wire.Message{}, []int{l.fd}
		}
	}
	if len(s.listeners) >= s.cfg.Listeners {
		return failed("heart: there are %d listeners: no more are kept", len(s.listeners)), nil
	}
	ln, err := net.Listen(network, address)
	if err != nil {
		return failed("%v", err), nil
	}
	defer func() { _ = ln.Close() }()
	if u, ok := ln.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false)
	}
	fd, err := duplicate(ln)
	if err != nil {
		return failed("%v", err), nil
	}
	s.listeners[key] = listener{network, ln.Addr().String(), fd}
	return wire.Message{}, []int{fd}
}

// duplicate returns another descriptor of a listener.
func duplicate(ln net.Listener) (fd int, err error) {
	conn, ok := ln.(syscall.Conn)
	if !ok {
		return -1, fmt.Errorf("heart: a %T cannot be kept", ln)
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return -1, err
	}
	var failed error
	err = raw.Control(func(from uintptr) { fd, failed = unix.FcntlInt(from, unix.F_DUPFD_CLOEXEC, 0) })
	return fd, errors.Join(err, failed)
}

func (s *store) keep(m *wire.Message, fds []int) wire.Message {
	old, again := s.conns[m.Key]
	switch {
	case m.Key == "":
		return failed("heart: a connection is kept under a key: it is empty")
	case len(fds) != 1:
		return failed("heart: a connection is one descriptor")
	case !again && len(s.conns) >= s.cfg.Conns:
		return failed("heart: %d connections are kept: no more", len(s.conns))
	case len(m.Data) > wire.MaxNote:
		return failed("heart: a note of %d bytes; there may be %d", len(m.Data), wire.MaxNote)
	}
	if again {
		_ = unix.Close(old.fd)
	}
	s.last++
	s.conns[m.Key] = kept{s.last, string(m.Data), fds[0]}
	fds[0] = -1
	return wire.Message{N: s.last}
}

// take gives out kept connections: those behind a key.
func (s *store) take(after string) (m wire.Message, out []int) {
	keys := make([]string, 0, len(s.conns))
	for key := range s.conns {
		if key > after || after == "" {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	size := 0
	for i, key := range keys {
		c := s.conns[key]
		if size += len(key) + len(c.note) + 16; len(out) == wire.MaxFiles || size > wire.MaxPacket/2 {
			m.Key = keys[i-1]
			break
		}
		m.Names = append(m.Names, key, c.note)
		m.Data = binary.LittleEndian.AppendUint64(m.Data, c.number)
		out = append(out, c.fd)
	}
	return m, out
}
