package ubf

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/supervisor"
)

// door listens, and starts a child of the pool for each connection. It is a process, which a restart leaves at its port.
type door struct {
	address  string
	open     func(ctx context.Context) (net.Listener, error) // nil: by the address
	tls      *tls.Config
	pool     *supervisor.Pool[net.Conn]
	sessions string      // the name of the pool's supervisor
	full     func() bool // there is no room for one more
	bound    atomic.Pointer[net.TCPAddr]
}

func (d *door) program() kista.Program {
	return kista.BodyProgram(kista.SpawnOpts{Label: "ubf listener", Grace: time.Second}, true, d.listen)
}

// addr is where it listens.
func (d *door) addr() net.Addr {
	if a := d.bound.Load(); a != nil {
		return a
	}
	return nil
}

func (d *door) listener(ctx context.Context) (net.Listener, error) {
	if d.open != nil {
		return d.open(ctx)
	}
	address := d.address
	if address == "" {
		address = "127.0.0.1:0"
	}
	if a := d.bound.Load(); a != nil {
		address = a.String()
	}
	return new(net.ListenConfig).Listen(ctx, "tcp", address)
}

// listen is the body.
func (d *door) listen(self *kista.Self) error {
	ln, err := d.listener(self)
	if err != nil {
		return fmt.Errorf("ubf: cannot listen: %w", err)
	}
	defer func() { _ = ln.Close() }()
	defer context.AfterFunc(self, func() { _ = ln.Close() })() // whoever ends this process frees it from Accept
	if a, ok := ln.Addr().(*net.TCPAddr); ok {
		d.bound.Store(a)
	}
	if err := self.Started(); err != nil {
		return err
	}
	for wait := time.Millisecond; ; {
		if err := d.room(self); err != nil {
			return err
		}
		conn, err := ln.Accept()
		if stop := self.Err(); stop != nil {
			if err == nil {
				_ = conn.Close()
			}
			return stop
		}
		if err != nil { // no file descriptor left, or a client that left early
			self.Logger().Warn("ubf: cannot accept", "error", err)
			if err := self.Select(kista.After(wait, nil)); err != nil {
				return err
			}
			wait = min(2*wait, time.Second)
			continue
		}
		wait = time.Millisecond
		d.admit(self, conn)
	}
}

// admit starts the process of a connection.
func (d *door) admit(self *kista.Self, conn net.Conn) {
	if d.tls != nil {
		conn = tls.Server(conn, d.tls)
	}
	if _, err := d.pool.StartChild(self, self.Node().Name(d.sessions), conn); err != nil {
		_ = conn.Close()
		if self.Err() == nil {
			self.Logger().Warn("ubf: no session for a client", "client", conn.RemoteAddr().String(), "error", err)
		}
	}
}

// room waits until there may be one more connection.
func (d *door) room(self *kista.Self) error {
	for d.full() {
		if err := self.Select(kista.After(10*time.Millisecond, nil)); err != nil {
			return err
		}
	}
	return nil
}
