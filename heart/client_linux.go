package heart

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kista-go/kista/heart/internal/parent"
	"github.com/kista-go/kista/heart/internal/slab"
	"github.com/kista-go/kista/heart/internal/wire"
)

// client is the way to the heart.
type client struct {
	welcome wire.Welcome

	mu  sync.Mutex
	fd  int
	seq uint32

	free map[string]int // how often a free port was asked for, by network and address
}

// theHeart is the way to the heart, nil if there is none.
var theHeart = sync.OnceValue(func() *client {
	if os.Getenv(parent.Env) == "" {
		return nil
	}
	_ = os.Unsetenv(parent.Env) // programs that this one starts have none
	unix.CloseOnExec(parent.SocketFD)
	unix.CloseOnExec(parent.MemoryFD)
	c := &client{fd: parent.SocketFD}
	m, _, err := c.ask(wire.Message{Op: wire.Hello}, -1)
	if err != nil || json.Unmarshal(m.Data, &c.welcome) != nil {
		return nil
	}
	if c.welcome.Beat > 0 {
		go c.beat()
	}
	return c
})

// beat gives signs of life, until the program ends. A sign that the heart has no room for is left out: it has others.
func (c *client) beat() {
	sign := (&wire.Message{Op: wire.Beat}).Append(nil)
	for range time.Tick(c.welcome.Beat) {
		_ = unix.Sendmsg(c.fd, sign, nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
	}
}

// ask asks a question, with a descriptor if that is not negative.
func (c *client) ask(m wire.Message, fd int) (answer wire.Message, files []*os.File, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seq++
	m.Seq = c.seq
	if err := m.Check(); err != nil {
		return answer, nil, err
	}
	var rights []byte
	if fd >= 0 {
		rights = unix.UnixRights(fd)
	}
	if err := unix.Sendmsg(c.fd, m.Append(nil), rights, nil, unix.MSG_NOSIGNAL); err != nil {
		return answer, nil, fmt.Errorf("heart: it does not answer: %w", os.NewSyscallError("sendmsg", err))
	}
	buf, oob := make([]byte, wire.MaxPacket), make([]byte, unix.CmsgSpace(4*wire.MaxFiles))
	for {
		n, oobn, _, _, err := unix.Recvmsg(c.fd, buf, oob, unix.MSG_CMSG_CLOEXEC)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || n == 0 {
			return answer, nil, fmt.Errorf("heart: it does not answer: %w", os.NewSyscallError("recvmsg", err))
		}
		if files, err = filesIn(oob[:oobn]); err != nil {
			return answer, nil, err
		}
		answer, err = wire.Decode(buf[:n])
		switch {
		case err != nil:
		case answer.Op == wire.Failed:
			err = errors.New(string(answer.Data))
		case answer.Seq != m.Seq:
			closeAll(files)
			continue
		}
		if err != nil {
			closeAll(files)
			files = nil
		}
		return answer, files, err
	}
}

func filesIn(oob []byte) (out []*os.File, err error) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil, fmt.Errorf("heart: %w", err)
	}
	for _, m := range messages {
		fds, err := unix.ParseUnixRights(&m)
		if err != nil {
			return out, fmt.Errorf("heart: %w", err)
		}
		for _, fd := range fds {
			out = append(out, os.NewFile(uintptr(fd), "from the heart"))
		}
	}
	return out, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}

func (c *client) listen(network, address string) (net.Listener, error) {
	key := network
	if _, port, err := net.SplitHostPort(address); err == nil && port == "0" {
		c.mu.Lock()
		if c.free == nil {
			c.free = map[string]int{}
		}
		c.free[network+" "+address]++
		key = fmt.Sprintf("%s %d", network, c.free[network+" "+address])
		c.mu.Unlock()
	}
	_, files, err := c.ask(wire.Message{Op: wire.Listen, Key: key, Data: []byte(address)}, -1)
	if err != nil {
		return nil, err
	}
	defer closeAll(files)
	if len(files) != 1 {
		return nil, errors.New("heart: it answered without a listener")
	}
	return net.FileListener(files[0])
}

func (c *client) unlisten(network, address string) error {
	_, _, err := c.ask(wire.Message{Op: wire.Unlisten, Key: network, Data: []byte(address)}, -1)
	return err
}

func (c *client) keep(key string, conn net.Conn, note string) error {
	sys, ok := conn.(syscall.Conn)
	if !ok {
		return fmt.Errorf("heart: a %T cannot be kept: only plain TCP and Unix connections can", conn)
	}
	raw, err := sys.SyscallConn()
	if err != nil {
		return err
	}
	var refused error
	// Not the File of the connection: to ask that for its descriptor would have the connection block.
	err = raw.Control(func(fd uintptr) {
		_, _, refused = c.ask(wire.Message{Op: wire.Keep, Key: key, Data: []byte(note)}, int(fd))
	})
	return errors.Join(err, refused)
}

// await waits until there is something to read on a connection, its end included, and takes nothing.
func await(conn net.Conn) error {
	sys, ok := conn.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := sys.SyscallConn()
	if err != nil {
		return err
	}
	var one [1]byte
	return raw.Read(func(fd uintptr) bool {
		for {
			_, _, err := unix.Recvfrom(int(fd), one[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
			if !errors.Is(err, unix.EINTR) {
				return !errors.Is(err, unix.EAGAIN)
			}
		}
	})
}

func (c *client) drop(key string) error {
	_, _, err := c.ask(wire.Message{Op: wire.Drop, Key: key}, -1)
	return err
}

func (c *client) kept() (all []Conn, err error) {
	for after := ""; ; {
		m, files, err := c.ask(wire.Message{Op: wire.Take, Key: after}, -1)
		if err != nil {
			return all, err
		}
		for i, f := range files {
			conn, err := net.FileConn(f)
			_ = f.Close()
			if err != nil || 2*i+1 >= len(m.Names) {
				continue // the other side has gone meanwhile
			}
			all = append(all, Conn{Key: m.Names[2*i], Note: m.Names[2*i+1], Conn: conn})
		}
		if after = m.Key; after == "" {
			return all, nil
		}
	}
}

func (c *client) restore(name string) error {
	_, _, err := c.ask(wire.Message{Op: wire.Restore, Key: name}, -1)
	return err
}

func (c *client) renew(why string, without []string) error {
	if len(why) > wire.MaxNote {
		why = why[:wire.MaxNote]
	}
	_, _, err := c.ask(wire.Message{Op: wire.Renew, Data: []byte(why), Names: without}, -1)
	if err == nil {
		select {} // until it comes
	}
	return err
}

// memory is the slab that outlives the program, or one that does not.
var memory = sync.OnceValues(func() (*slab.Slab, error) {
	if theHeart() == nil {
		return slab.New(make([]byte, alone))
	}
	var st unix.Stat_t
	if err := unix.Fstat(parent.MemoryFD, &st); err != nil {
		return nil, fmt.Errorf("heart: memory: %w", os.NewSyscallError("fstat", err))
	}
	mem, err := unix.Mmap(parent.MemoryFD, 0, int(st.Size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("heart: memory: %w", os.NewSyscallError("mmap", err))
	}
	return slab.New(mem)
})

// alone is the memory without a heart.
const alone = 16 << 20
