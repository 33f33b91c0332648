package parent

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kista-go/kista/heart/internal/wire"
)

// store is what is kept for the next life.
type store struct {
	cfg       Config
	mu        sync.Mutex
	listeners map[string]*os.File
	conns     map[string]kept
	last      uint64 // number of a connection
	renew     *wire.Message
	heard     time.Time // when the life gave a sign of life; zero: it has given none
}

type kept struct {
	number uint64
	note   string
	file   *os.File
}

func newStore(cfg Config) *store {
	return &store{cfg: cfg, listeners: map[string]*os.File{}, conns: map[string]kept{}}
}

// bare throws the connections away.
func (s *store) bare() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, c := range s.conns {
		c.file.Close()
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
		files := filesIn(oob[:oobn])
		m, err := wire.Decode(buf[:n])
		if err != nil {
			closeAll(files)
			return
		}
		s.sign()
		if m.Op == wire.Beat {
			closeAll(files)
			continue
		}
		answer, out := s.do(&m, files, w, h, kill)
		closeAll(files)
		answer.Seq = m.Seq
		if answer.Op == 0 {
			answer.Op = wire.Answer
		}
		var rights []byte
		if len(out) > 0 {
			fds := make([]int, len(out))
			for i, f := range out {
				fds[i] = int(f.Fd())
			}
			rights = unix.UnixRights(fds...)
		}
		// Whoever does not take an answer at once gets none any more.
		if answer.Check() != nil || unix.Sendmsg(fd, answer.Append(nil), rights, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL) != nil {
			return
		}
	}
}

func filesIn(oob []byte) (out []*os.File) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil
	}
	for _, m := range messages {
		fds, err := unix.ParseUnixRights(&m)
		if err != nil {
			continue
		}
		for _, fd := range fds {
			out = append(out, os.NewFile(uintptr(fd), "kept"))
		}
	}
	return out
}

func closeAll(files []*os.File) {
	for _, f := range files {
		if f != nil {
			f.Close()
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

// do answers a question. Files that it keeps it takes out of files.
func (s *store) do(m *wire.Message, files []*os.File, w wire.Welcome, h *History, kill func()) (answer wire.Message, out []*os.File) {
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
		if f := s.listeners[m.Key+" "+string(m.Data)]; f != nil {
			f.Close()
			delete(s.listeners, m.Key+" "+string(m.Data))
		}
	case wire.Keep:
		return s.keep(m, files), nil
	case wire.Drop:
		if c, ok := s.conns[m.Key]; ok && (m.N == 0 || m.N == c.number) {
			c.file.Close()
			delete(s.conns, m.Key)
		}
	case wire.Take:
		return s.take(int(min(m.N, 1<<30)))
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

func (s *store) listen(network, address string) (wire.Message, []*os.File) {
	key := network + " " + address
	if f := s.listeners[key]; f != nil {
		return wire.Message{}, []*os.File{f}
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
	f, err := ln.(interface{ File() (*os.File, error) }).File()
	if err != nil {
		return failed("%v", err), nil
	}
	s.listeners[key] = f
	return wire.Message{}, []*os.File{f}
}

func (s *store) keep(m *wire.Message, files []*os.File) wire.Message {
	old, again := s.conns[m.Key]
	switch {
	case len(files) != 1:
		return failed("heart: a connection is one descriptor")
	case !again && len(s.conns) >= s.cfg.Conns:
		return failed("heart: %d connections are kept: no more", len(s.conns))
	case len(m.Data) > wire.MaxNote:
		return failed("heart: a note of %d bytes; there may be %d", len(m.Data), wire.MaxNote)
	}
	if again {
		old.file.Close()
	}
	s.last++
	s.conns[m.Key] = kept{s.last, string(m.Data), files[0]}
	files[0] = nil
	return wire.Message{N: s.last}
}

// take gives out kept connections, from the n-th on.
func (s *store) take(from int) (m wire.Message, out []*os.File) {
	keys := make([]string, 0, len(s.conns))
	for key := range s.conns {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	size := 0
	for i := from; i < len(keys); i++ {
		c := s.conns[keys[i]]
		if size += len(keys[i]) + len(c.note) + 16; len(out) == wire.MaxFiles || size > wire.MaxPacket/2 {
			m.N = uint64(i)
			break
		}
		m.Names = append(m.Names, keys[i], c.note)
		m.Data = binary.LittleEndian.AppendUint64(m.Data, c.number)
		out = append(out, c.file)
	}
	return m, out
}
