package bank

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/heart"
	"github.com/kista-go/kista/supervisor"
	"github.com/kista-go/kista/term"
)

// counter is a port of the bank: what its listener and its connections share.
type counter struct {
	name   string // "counter" or "robust"
	port   int    // from the configuration; 0 is any
	serve  func(s *session, request term.Term) (term.Term, error)
	pool   *supervisor.Pool[net.Conn]
	socket slot[net.Listener]
	bound  atomic.Pointer[net.TCPAddr]

	resumed atomic.Bool // the connections of the life before are taken over
}

func (p *counter) addr() net.Addr {
	if a := p.bound.Load(); a != nil {
		return a
	}
	return nil
}

// listen is the listener process of a port.
func (b *Bank) listen(self *kista.Self, p *counter) error {
	claim := p.socket.take()
	port := p.port
	if a := p.bound.Load(); a != nil {
		port = a.Port // a restart changes no address
	}
	ln, err := heart.Listen("tcp", net.JoinHostPort(b.cfg.Listen, strconv.Itoa(port)))
	if err != nil {
		return fmt.Errorf("bank: %w", err)
	}
	defer func() { _ = ln.Close() }()
	if !p.socket.put(claim, ln) {
		return nil
	}
	defer p.socket.empty(claim)
	p.bound.Store(ln.Addr().(*net.TCPAddr))
	// Whoever ends this process frees it from Accept.
	defer context.AfterFunc(self, func() { _ = ln.Close() })()
	if err := self.Started(); err != nil {
		return err
	}
	b.resume(self, p)
	for wait := time.Millisecond; ; {
		conn, err := ln.Accept()
		if stop := self.Err(); stop != nil {
			if err == nil {
				_ = conn.Close()
			}
			return stop
		}
		if err != nil { // no file descriptor left, or a client that left early
			self.Logger().Warn("bank: cannot accept", "port", p.name, "error", err)
			if err := self.Select(kista.After(wait, nil)); err != nil {
				return err
			}
			wait = min(2*wait, time.Second)
			continue
		}
		wait = time.Millisecond
		b.admit(self, p, conn)
	}
}

// admit starts the process of a connection, if there is room for one. Else it closes it.
func (b *Bank) admit(self *kista.Self, p *counter, conn net.Conn) (given bool) {
	// If this process is ended while it is stuck, the client shall not wait for it.
	keep := context.AfterFunc(self, func() { _ = conn.Close() })
	defer func() {
		keep()
		if !given {
			_ = conn.Close()
		}
	}()
	b.fault(InAccept, p.name)
	pool := self.Node().Name(b.name(p.name + ".connections"))
	count, err := supervisor.CountChildren(self, pool)
	if err != nil {
		return false
	}
	if count.Active >= b.cfg.MaxConnections {
		_ = conn.SetWriteDeadline(time.Now().Add(time.Millisecond)) // it fits the socket's buffer, or not
		_ = etf.NewWriter(conn).WriteTerm(tooManyConnections)
		return false
	}
	_, err = p.pool.StartChild(self, pool, conn)
	given = err == nil
	return given
}
