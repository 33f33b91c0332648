package ubf

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/term"
)

// wire is a connection with its codec. One process reads, and one writes.
type wire struct {
	net.Conn
	codec
	tee              *passing // of a proxy that observes
	idle, write, gap time.Duration

	mu   sync.Mutex
	last time.Time // of the last write
}

// send writes a message, not too soon after the last one.
func (w *wire) send(t term.Term) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if wait := w.gap - time.Since(w.last); wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		<-timer.C
	}
	if err := w.SetWriteDeadline(time.Now().Add(w.write)); err != nil {
		return err
	}
	err := w.WriteTerm(t)
	w.last = time.Now()
	w.alive()
	return err
}

// alive puts off the end of an idle connection.
func (w *wire) alive() {
	if w.idle > 0 {
		_ = w.SetReadDeadline(time.Now().Add(w.idle))
	}
}

// drive is the body of a session's driver.
func (sv *Server) drive(self *kista.Self, conn net.Conn) error {
	sv.served.Add(1)
	defer sv.served.Add(-1)
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(self, func() { _ = conn.Close() })() // whoever ends this process frees it from Read
	if err := self.Started(); err != nil {
		return err
	}
	p := &peer{addr: conn.RemoteAddr()}
	if c, ok := conn.(*tls.Conn); ok {
		ctx, cancel := context.WithTimeout(self, sv.spec.Handshake)
		err := c.HandshakeContext(ctx)
		cancel()
		if err != nil {
			return sv.left(self, err)
		}
		state := c.ConnectionState()
		p.tls = &state
	}
	w := &wire{
		Conn: conn, codec: sv.spec.Transport.make(conn, sv.spec.Limits),
		idle: sv.spec.Idle, write: sv.spec.Write, gap: sv.spec.Gap,
	}
	if c, ok := w.codec.(*ubfaCodec); ok {
		c.Decoder.Compat, c.Encoder.Compat = sv.spec.Compat, sv.spec.Compat
	}
	check, err := self.StartLink(self, kista.BehaviourProgram(
		kista.SpawnOpts{Label: "ubf checker of " + conn.RemoteAddr().String(), TrapExits: true}, "ubf checker",
		func() (kista.Behaviour, error) { return &checker{sv: sv, wire: w, peer: p}, nil }))
	if err != nil {
		return err
	}
	for {
		w.alive()
		t, err := w.ReadTerm()
		if err != nil {
			if stop := self.Err(); stop != nil {
				return stop
			}
			return sv.left(self, err)
		}
		over, err := kista.CallFor(self, kista.NoTimeout, check, received{Term: t})
		if err != nil || over == true {
			return err
		}
	}
}

// left tells of a connection that can be read no more. It is no fault of this process, whatever it is.
func (sv *Server) left(self *kista.Self, err error) error {
	client := self.Name()
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
	case errors.Is(err, os.ErrDeadlineExceeded):
		self.Logger().Debug("ubf: an idle connection is closed", "client", client)
	default:
		self.Logger().Info("ubf: a connection is closed", "client", client, "reason", err)
	}
	return nil
}
