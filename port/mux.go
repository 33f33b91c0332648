package port

import (
	"errors"
	"sync"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/port/internal/frame"
	"github.com/kista-go/kista/term"
)

// entryOverhead is what a waiting message counts besides its bytes.
const entryOverhead = 64

// batchSize is how much is written at once, if so much waits.
const batchSize = 64 << 10

// mux is what goes to the program and what comes from it: the two bounded queues
// between the port's process and the goroutines that read and write. Everything
// below mu is guarded by it. Requests are answered and messages sent without it.
type mux struct {
	spec Spec
	self *kista.Self // the port's process, in whose name messages are sent

	mu      sync.Mutex
	changed *sync.Cond
	done    chan struct{} // closed by close
	drained chan struct{} // closed when the last output has been sent
	once    sync.Once     // closes it

	queue  []*item // to be written
	queued int     // bytes of them, those being written included
	inEnd  bool    // nothing more is taken
	inErr  error   // nothing more can be written

	calls   []*item // unanswered, in the order in which they are written
	noCalls error   // why there will be no answers

	out      []term.Binary // to be sent to the subscriber
	outBytes int
	outEnd   bool // the program has closed its output
	told     bool // the subscriber knows
	sub      kista.Addr
	watch    kista.Ref // the port's monitor of it
	credit   int
	losing   bool // output that cannot be sent at once is dropped
	closed   bool

	sent, received, dropped uint64 // messages
}

// item is a message on its way to the program, and who waits for what.
type item struct {
	data  []byte
	from  kista.From
	call  bool
	begun bool // being written, or written: what comes now may be its answer
	over  bool // answered, or failed
}

func newMux(spec Spec, self *kista.Self) *mux {
	m := &mux{spec: spec, self: self, done: make(chan struct{}), drained: make(chan struct{})}
	m.changed = sync.NewCond(&m.mu)
	return m
}

// enqueue takes a message for the program, or answers why not.
func (m *mux) enqueue(in input, from kista.From) {
	it := &item{from: from, call: in.call}
	var err error
	it.data, err = frame.Append(nil, frame.Kind(m.spec.Framing), string(in.data))
	if err != nil {
		from.Fail(m.spec.messageError(err))
		return
	}
	m.mu.Lock()
	switch size := len(it.data) + entryOverhead; {
	case m.inErr != nil:
		err = m.inErr
	case m.inEnd:
		err = ErrInputClosed
	case it.call && m.noCalls != nil:
		err = m.noCalls
	case m.queued > 0 && m.queued+size > m.spec.Buffer, it.call && len(m.calls) >= m.spec.MaxCalls:
		err = &BusyError{Program: m.spec.Path, Bytes: m.queued, Calls: len(m.calls)}
	default:
		m.queue = append(m.queue, it)
		m.queued += size
		if it.call {
			m.calls = append(m.calls, it)
		}
		m.changed.Broadcast()
	}
	m.mu.Unlock()
	if err != nil {
		from.Fail(err)
	}
}

// take returns what is to be written next, waiting for it; false when nothing
// more will be.
func (m *mux) take() (batch []*item, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.queue) == 0 && !m.inEnd && !m.closed {
		m.changed.Wait()
	}
	if len(m.queue) == 0 || m.closed {
		return nil, false
	}
	size := 0
	for i, it := range m.queue {
		if size += len(it.data); size > batchSize && i > 0 {
			break
		}
		it.begun = true
		batch = append(batch, it)
	}
	rest := copy(m.queue, m.queue[len(batch):])
	clear(m.queue[rest:])
	m.queue = m.queue[:rest]
	return batch, true
}

// wrote says that a batch has been written, or that the program takes no more.
func (m *mux) wrote(batch []*item, err error) {
	m.mu.Lock()
	if err != nil {
		m.inErr = ErrInputClosed
		batch = append(batch, m.queue...)
		m.queue = nil
	}
	var sent, failed []kista.From
	for _, it := range batch {
		m.queued -= len(it.data) + entryOverhead
		it.data = nil
		switch {
		case err != nil && !it.over:
			it.over = true
			failed = append(failed, it.from)
		case err == nil && !it.call:
			sent = append(sent, it.from)
		}
		if err == nil {
			m.sent++
		}
	}
	if err != nil {
		m.dropCallsLocked()
	}
	m.mu.Unlock()
	for _, from := range sent {
		_ = from.Reply(nil)
	}
	for _, from := range failed {
		from.Fail(ErrInputClosed)
	}
}

// dropCallsLocked forgets the calls that are over.
func (m *mux) dropCallsLocked() {
	rest := m.calls[:0]
	for _, it := range m.calls {
		if !it.over {
			rest = append(rest, it)
		}
	}
	clear(m.calls[len(rest):])
	m.calls = rest
}

// endInput closes the program's input once what waits has been written.
func (m *mux) endInput() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.inEnd = true
	m.changed.Broadcast()
}

// deliver takes a message from the program. It waits while the subscriber has
// more before it than may wait; false when nobody wants any more.
func (m *mux) deliver(msg []byte) (more bool) {
	b := term.Binary(msg)
	m.mu.Lock()
	m.received++
	if len(m.calls) > 0 && m.calls[0].begun {
		it := m.calls[0]
		it.over = true
		m.calls[0] = nil
		m.calls = m.calls[1:]
		m.mu.Unlock()
		_ = it.from.Reply(b)
		return true
	}
	defer m.mu.Unlock()
	size := len(b) + entryOverhead
	for m.sub != nil && !m.losing && !m.closed && m.outBytes > 0 && m.outBytes+size > m.spec.Buffer {
		m.changed.Wait()
	}
	switch {
	case m.closed:
		m.dropped++
		return false
	case m.sub == nil:
		m.dropped++
	default:
		m.out = append(m.out, b)
		m.outBytes += size
		m.changed.Broadcast()
	}
	return true
}

// endOutput says that the program writes nothing more.
func (m *mux) endOutput() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.outEnd = true
	m.changed.Broadcast()
}

// failCalls says that no call will be answered, and why.
func (m *mux) failCalls(why error) {
	m.mu.Lock()
	waiting := m.calls
	m.calls, m.noCalls = nil, why
	for _, it := range waiting {
		it.over = true
	}
	m.mu.Unlock()
	for _, it := range waiting {
		it.from.Fail(why)
	}
}

// pump sends the subscriber what comes from the program, while it is ready.
func (m *mux) pump() {
	for {
		to, msgs := m.next()
		if to == nil {
			return
		}
		for _, msg := range msgs {
			m.send(to, msg)
		}
	}
}

// next waits for what can be sent, and to whom; nobody when all is over.
func (m *mux) next() (to kista.Addr, msgs []any) {
	me := m.self.PID()
	m.mu.Lock()
	defer m.mu.Unlock()
	for {
		switch {
		case m.closed:
			return nil, nil
		case len(m.out) > 0 && (m.sub == nil || m.losing && m.credit == 0):
			m.dropped += uint64(len(m.out))
			m.out, m.outBytes = nil, 0
			m.changed.Broadcast()
			continue
		case len(m.out) > 0 && m.credit > 0:
			b := m.out[0]
			m.out[0] = ""
			if m.out = m.out[1:]; len(m.out) == 0 {
				m.out = nil
			}
			m.outBytes -= len(b) + entryOverhead
			m.credit--
			m.changed.Broadcast()
			msgs = append(msgs, Data{Port: me, Bytes: b})
			if m.credit == 0 {
				msgs = append(msgs, Paused{Port: me})
			}
			return m.sub, msgs
		case len(m.out) == 0 && m.outEnd && !m.told:
			m.told = true
			if m.sub != nil {
				return m.sub, []any{Closed{Port: me}}
			}
			continue
		case len(m.out) == 0 && m.told:
			m.drain()
		}
		m.changed.Wait()
	}
}

// drain says that no output waits any more.
func (m *mux) drain() { m.once.Do(func() { close(m.drained) }) }

// Waits between attempts to send to a subscriber whose mailbox is full.
const (
	firstRetry = 5 * time.Millisecond
	lastRetry  = 320 * time.Millisecond
)

// send sends one message to the subscriber. While its mailbox is full, it waits.
func (m *mux) send(to kista.Addr, msg any) {
	for wait := firstRetry; ; wait = min(2*wait, lastRetry) {
		err := m.self.Send(to, msg)
		var full *kista.MailboxFullError
		if !errors.As(err, &full) {
			if err != nil {
				m.lost()
			}
			return
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-m.done:
			t.Stop()
			m.lost()
			return
		}
	}
}

func (m *mux) lost() {
	m.mu.Lock()
	m.dropped++
	m.mu.Unlock()
}

// subscribe makes who the one who gets the output, and returns the monitor of the
// one before.
func (m *mux) subscribe(who kista.Addr, watch kista.Ref, n int) (old kista.Ref) {
	m.mu.Lock()
	defer m.mu.Unlock()
	old = m.watch
	m.sub, m.watch, m.credit, m.told = who, watch, n, false
	m.changed.Broadcast()
	return old
}

// unsubscribe is subscribe for nobody, if the monitor is the present one's.
func (m *mux) unsubscribe(watch kista.Ref) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.watch == watch {
		m.sub, m.watch, m.credit = nil, kista.Ref{}, 0
		m.changed.Broadcast()
	}
}

// activate makes the subscriber ready for n messages more.
func (m *mux) activate(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n > 0 && m.sub != nil {
		m.credit = min(m.credit+n, 1<<30)
		m.changed.Broadcast()
	}
}

// lose drops from now on what the subscriber is not ready for.
func (m *mux) lose() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.losing = true
	m.changed.Broadcast()
}

// close ends all waiting here.
func (m *mux) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return
	}
	m.closed = true
	close(m.done)
	m.changed.Broadcast()
}

// count fills in what the mux knows of a port.
func (m *mux) count(i *Info) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i.Sent, i.Received, i.Dropped = m.sent, m.received, m.dropped
	i.InputWaiting, i.OutputWaiting, i.Calls = m.queued, m.outBytes, len(m.calls)
	i.InputClosed, i.OutputClosed = m.inErr != nil || m.inEnd, m.outEnd
}
