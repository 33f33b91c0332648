package peer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/peer/internal/wire"
	"github.com/kista-go/kista/term"
)

// link is a node's end of the connection to its peer: the kernel's carrier, one goroutine that writes, one that reads. It
// works over anything that streams bytes both ways.
type link struct {
	conn   io.ReadWriteCloser
	codec  wire.Codec
	peer   *kista.Peer
	limit  int // bytes of a message
	buffer int // bytes that wait to be written
	record func(term.Tuple)

	in    *etf.Reader
	heard atomic.Int64  // when something was last read, in nanoseconds since born
	born  time.Time     // monotonic
	bye   atomic.Bool   // the other side has ended in order
	ended chan struct{} // closed when nothing more will be read; err stands
	wrote chan struct{} // closed when nothing more will be written
	err   error

	mu      sync.Mutex
	changed *sync.Cond
	queue   [][]byte
	waiting int // messages in queue
	queued  int // bytes of it, those being written included
	closed  bool
	last    bool   // the writer ends when the queue is empty
	untell  func() // ends the telling of types
	begun   bool   // it is attached, or never will be
}

const (
	frameRoom = 1 << 20   // what a frame may have beside its message
	slack     = 16 << 20  // what signals that cannot be refused may take beyond the buffer
	batchSize = 256 << 10 // what is written at once
)

func newLink(conn io.ReadWriteCloser, limit, buffer int) *link {
	l := &link{
		conn: conn, limit: limit, buffer: buffer, in: etf.NewReader(conn), born: time.Now(),
		ended: make(chan struct{}), wrote: make(chan struct{}), record: func(term.Tuple) {},
	}
	l.in.Limit = limit + frameRoom
	l.changed = sync.NewCond(&l.mu)
	return l
}

// greet sends the first frame: terms, and the types that this program knows.
func (l *link) greet(terms ...term.Term) error {
	names, types, stop := wire.Known(func(name string, t reflect.Type) {
		l.codec.Types.Tell(t)
		if b, err := wire.AppendNames(make([]byte, 4), name); err == nil {
			_ = l.enqueue(b, kista.Signal{})
		}
	})
	l.mu.Lock()
	l.untell = stop
	l.mu.Unlock()
	l.codec.Types.Tell(types...)
	b, err := wire.AppendHello(make([]byte, 4), names, terms...)
	if err != nil {
		return err
	}
	binary.BigEndian.PutUint32(b, uint32(len(b)-4))
	_, err = l.conn.Write(b)
	return err
}

// greeted reads the first frame of the other side.
func (l *link) greeted() (term.Tuple, error) {
	b, err := l.in.ReadFrame()
	if err != nil {
		return nil, err
	}
	f, err := l.codec.Read(b)
	if err != nil {
		return nil, err
	}
	if f.Kind != wire.Hello {
		return nil, fmt.Errorf("%w: it begins without a greeting", wire.ErrFrame)
	}
	l.codec.Types.Told(f.Names...)
	l.hear()
	return f.Terms, nil
}

// attach connects the node, and serves the connection until it ends. It is false if it has ended before.
func (l *link) attach(n *kista.Node, name string, incarnation uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.begun {
		return false
	}
	l.begun = true
	l.codec.Name = name
	l.peer = n.Attach(name, incarnation, l)
	l.codec.IDs = l.peer
	go l.write()
	go l.read()
	return true
}

// attached returns the kernel's half, nil as long as there is none.
func (l *link) attached() *kista.Peer {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.peer
}

// abandon ends a connection that has not been attached.
func (l *link) abandon(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failLocked(err)
	if !l.begun {
		l.begun = true
		l.stopLocked()
		close(l.ended)
		close(l.wrote)
	}
}

// Carry implements [kista.Carrier]. What cannot reach the other side any more vanishes: its end is about to be told, with the
// reason.
func (l *link) Carry(sig kista.Signal) error {
	b, err := l.codec.AppendSignal(make([]byte, 4, 256), sig, l.limit)
	if err != nil {
		return err
	}
	return l.enqueue(b, sig)
}

// refusable tells whether a sender can be told that there is no room.
func refusable(k kista.SignalKind) bool { return k == kista.SignalMessage || k == kista.SignalRequest }

// enqueue hands a frame, for whose length there is room, to the writer.
func (l *link) enqueue(b []byte, sig kista.Signal) error {
	binary.BigEndian.PutUint32(b, uint32(len(b)-4))
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed || l.last:
		return nil
	case l.queued > 0 && l.queued+len(b) > l.buffer && refusable(sig.Kind):
		return &kista.MailboxFullError{PID: sig.To, Messages: l.waiting, Bytes: l.queued}
	case l.queued+len(b) > l.buffer+slack:
		l.failLocked(errNotReading)
		return nil
	}
	l.queue = append(l.queue, b)
	l.queued += len(b)
	l.waiting++
	l.changed.Signal()
	return nil
}

// control sends a frame of the link's own.
func (l *link) control(k wire.Kind, terms ...term.Term) {
	if b, err := wire.Append(make([]byte, 4), k, terms...); err == nil {
		_ = l.enqueue(b, kista.Signal{Kind: kista.SignalReply})
	}
}

// write writes what is enqueued.
func (l *link) write() {
	defer close(l.wrote)
	var buf []byte
	for {
		l.mu.Lock()
		for len(l.queue) == 0 && !l.closed && !l.last {
			l.changed.Wait()
		}
		if l.closed || len(l.queue) == 0 {
			l.mu.Unlock()
			return
		}
		buf = buf[:0]
		n := 0
		for n < len(l.queue) && (n == 0 || len(buf)+len(l.queue[n]) <= batchSize) {
			buf = append(buf, l.queue[n]...)
			l.queue[n] = nil
			n++
		}
		if l.queue = l.queue[n:]; len(l.queue) == 0 {
			l.queue = nil
		}
		l.waiting -= n
		l.mu.Unlock()
		_, err := l.conn.Write(buf)
		l.mu.Lock()
		l.queued -= len(buf)
		if err != nil {
			l.closed = true // the reader finds out why
		}
		l.mu.Unlock()
		if cap(buf) > 4*batchSize {
			buf = nil
		}
	}
}

// read takes what the other side sends, until the end of it.
func (l *link) read() {
	err := l.serve()
	l.mu.Lock()
	l.failLocked(err)
	l.stopLocked()
	l.mu.Unlock()
	close(l.ended)
}

func (l *link) serve() error {
	for {
		b, err := l.in.ReadFrame()
		if err != nil {
			return err
		}
		l.hear()
		f, err := l.codec.Read(b)
		if err != nil {
			return err
		}
		switch f.Kind {
		case wire.Signal:
			l.peer.Receive(f.Sig)
		case wire.Names:
			l.codec.Types.Told(f.Names...)
		case wire.Ping:
			l.control(wire.Pong)
		case wire.Pong:
		case wire.Record:
			l.record(f.Terms)
		case wire.Bye:
			l.bye.Store(true)
		default:
			return fmt.Errorf("%w: a greeting in the middle", wire.ErrFrame)
		}
	}
}

func (l *link) hear() { l.heard.Store(int64(time.Since(l.born))) }

// silent is how long nothing has been heard.
func (l *link) silent() time.Duration { return time.Since(l.born) - time.Duration(l.heard.Load()) }

// fail ends the connection. The first reason counts.
func (l *link) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failLocked(err)
}

func (l *link) failLocked(err error) {
	if l.err == nil {
		l.err = err
	}
	l.closed, l.queue = true, nil
	l.conn.Close()
	l.changed.Broadcast()
}

// stopLocked ends the telling of types. It may be telling just now, which waits for the lock that the caller has.
func (l *link) stopLocked() {
	if l.untell != nil {
		go l.untell()
		l.untell = nil
	}
}

// broken is why the connection ended, nil if the other side just was not there any more.
func (l *link) broken() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if errors.Is(l.err, wire.ErrFrame) || errors.Is(l.err, etf.ErrLimit) || errors.Is(l.err, errNotReading) {
		return l.err
	}
	return nil
}

// finish lets the writer write what waits, and then end.
func (l *link) finish(within time.Duration) {
	l.mu.Lock()
	l.last = true
	l.changed.Broadcast()
	l.mu.Unlock()
	t := time.NewTimer(within)
	defer t.Stop()
	select {
	case <-l.wrote:
	case <-t.C:
	}
}

var _ kista.Carrier = (*link)(nil)
