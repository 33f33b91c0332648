package peer

import (
	"errors"
	"io"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/peer/internal/wire"
	"github.com/kista-go/kista/port"
)

// life is one OS process, from its start until nothing of it is left. It belongs to its keeper, a process beside the face's,
// which stays until then, however the face ends, and may be there before it: standing by.
type life struct {
	spec Spec
	name string // of the peer's node
	node *kista.Node
	errs *stderr
	link *link

	keeper kista.PID
	owner  kista.PID // whom it lives for; at first whoever made it. The keeper's
	heir   kista.PID // while it stands by: whose end ends it
	port   kista.PID
	pid    int    // of the OS process, once up is closed without a reason
	inc    uint64 // of its node

	up     chan struct{} // closed when it is ready to begin, or has failed
	notUp  error
	gone   chan struct{} // closed when nothing is left; reason stands
	killed chan struct{} // closed by kill
	once   sync.Once
	memory atomic.Int64
	reason error

	mine kista.PID // the face's; guarded by the fence

	mu      sync.Mutex
	verdict *DeathError // why we have killed it
	left    func()
}

// What keepers are told.
type (
	adopt   struct{ Owner kista.PID } // a call: the life is that process's from now on
	retire  struct{}                  // if nobody has adopted it
	killIt  struct{}
	tooLate struct{}
)

// unclaimed is how long an OS process stands by for a peer that has ended and is not started again.
const unclaimed = 30 * time.Second

// goodbye is how long an OS process may live on without its connection.
const goodbye = time.Second

func newLife(n *kista.Node, spec Spec, name string) *life {
	return &life{
		spec: spec, name: name, node: n, errs: newStderr(n, name),
		up: make(chan struct{}), gone: make(chan struct{}), killed: make(chan struct{}), left: func() {},
	}
}

// launch starts the keeper, for owner: the process that calls, or, while it stands by, whoever comes after it under the
// same parent.
func (l *life) launch(s *kista.Self, heir kista.PID) (err error) {
	l.owner, l.heir = s.PID(), heir
	o := kista.SpawnOpts{Label: "keeper of " + l.name, TrapExits: true, Grace: kista.NoTimeout}
	l.keeper, _, err = s.SpawnWith(o, l.keep)
	if err != nil {
		l.leave()
		close(l.gone)
	}
	return err
}

// setLeft says what is to be done when nothing is left.
func (l *life) setLeft(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.left = f
}

func (l *life) leave() {
	l.mu.Lock()
	f := l.left
	l.mu.Unlock()
	f()
}

// over reports whether it has ended.
func (l *life) over() bool {
	select {
	case <-l.gone:
		return true
	default:
		return false
	}
}

// keep is the keeper's body.
func (l *life) keep(s *kista.Self) (err error) {
	var ended error
	defer func() {
		l.bury(ended)
	}()
	watch := s.Monitor(l.owner)
	if !l.heir.IsZero() {
		s.Monitor(l.heir)
	}
	if ended = l.start(s); ended != nil {
		l.notUp = ended
		close(l.up)
		return nil
	}
	for {
		msg, err := s.Receive()
		if err != nil {
			ended = kista.ErrKilled
			return err
		}
		switch m := msg.(type) {
		case kista.Exited:
			if m.PID == l.port {
				ended = m.Reason
				return nil
			}
			if m.Reason != nil { // told to end
				l.destroy(s)
			}
		case kista.Down:
			switch {
			case m.Addr == kista.Addr(l.heir) && !l.heir.IsZero():
				l.destroy(s)
			case m.Ref != watch:
			case l.heir.IsZero():
				l.destroy(s)
			case !kista.Abnormal(m.Reason):
				l.destroy(s)
			default:
				kista.SendAfter(unclaimed, s.PID(), tooLate{})
			}
		case kista.Request:
			a, is := m.Msg.(adopt)
			if !is || l.heir.IsZero() {
				m.From.Fail(kista.ErrUnsupported)
				continue
			}
			s.Demonitor(watch)
			l.owner, l.heir = a.Owner, kista.PID{}
			watch = s.Monitor(l.owner)
			_ = m.From.Reply(nil)
		case retire, tooLate:
			if !l.heir.IsZero() {
				l.destroy(s)
			}
		case killIt:
			l.destroy(s)
		}
	}
}

// start starts the OS process.
func (l *life) start(s *kista.Self) error {
	near, far, err := socketpair()
	if err != nil {
		return &StartError{Peer: l.name, Err: err}
	}
	read, write, err := os.Pipe()
	if err != nil {
		near.Close()
		far.Close()
		return &StartError{Peer: l.name, Err: err}
	}
	l.link = newLink(near, l.spec.MaxMessage, l.spec.Buffer)
	l.link.record = l.errs.record
	spec := l.spec
	spec.Name = l.name
	given := func(f *os.File) func() (*os.File, error) { return func() (*os.File, error) { return f, nil } }
	l.port, err = port.StartLink(s, s, spec.program([]func() (*os.File, error){given(far), given(write)}), port.Opts{Label: "OS process of " + l.name})
	if err != nil {
		for _, f := range []*os.File{near, far, read, write} {
			f.Close()
		}
		l.link.abandon(err)
		l.errs.none()
		var no *port.UnsupportedError
		if errors.As(err, &no) {
			return err
		}
		return &StartError{Peer: l.name, Err: err}
	}
	go l.errs.drain(read)
	go l.greet(near)
	go l.look()
	return nil
}

// greet waits until the OS process is ready.
func (l *life) greet(conn *os.File) {
	_ = conn.SetReadDeadline(time.Now().Add(l.spec.StartTimeout))
	terms, err := l.link.greeted()
	if err == nil {
		if len(terms) != 2 {
			err = wire.ErrFrame
		} else {
			pid, ok := terms[0].(int64)
			inc, ok2 := number(terms[1])
			l.pid, l.inc = int(pid), inc
			if !ok || !ok2 {
				err = wire.ErrFrame
			}
		}
	}
	if err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = errNotUp
		}
		l.notUp = err
		l.link.abandon(err)
		l.kill()
	}
	_ = conn.SetReadDeadline(time.Time{})
	close(l.up)
}

var errNotUp = errors.New("it did not come to peer.Main in time")

// begin connects the nodes.
func (l *life) begin(s *kista.Self) error {
	select {
	case <-l.up:
	case <-s.Stopping():
		return kista.ErrShutdown
	case <-s.Done():
		return kista.ErrKilled
	}
	w := welcome{l.name, l.node.NodeName(), incarnation(), l.spec.MaxMessage, l.spec.Buffer}
	if l.notUp == nil && l.link.greet(w.terms()...) == nil && l.link.attach(l.node, l.name, l.inc) {
		return nil
	}
	l.kill()
	<-l.gone
	return l.failure()
}

// failure is why a life that did not begin ended.
func (l *life) failure() error {
	var no *port.UnsupportedError
	var start *StartError
	if errors.As(l.notUp, &no) || errors.As(l.notUp, &start) {
		return l.notUp
	}
	if l.reason == nil {
		return &StartError{Peer: l.name, Err: l.notUp}
	}
	if errors.Is(l.notUp, errNotUp) {
		return &StartError{Peer: l.name, Err: errNotUp}
	}
	return l.reason
}

// kill ends the OS process now. It does not wait.
func (l *life) kill() {
	l.once.Do(func() {
		close(l.killed)
		_ = kista.Send(l.keeper, killIt{})
	})
}

// condemn is kill, for a reason. The first one counts.
func (l *life) condemn(why *DeathError) {
	l.mu.Lock()
	if l.verdict == nil {
		l.verdict = why
	}
	l.mu.Unlock()
	l.kill()
}

// destroy has the OS process killed.
func (l *life) destroy(s *kista.Self) {
	l.once.Do(func() { close(l.killed) })
	if port.Signal(s, l.port, syscall.SIGKILL) != nil {
		_ = kista.Exit(l.port, kista.Kill)
	}
}

// stop stops the peer in order within that time, and waits until it is gone.
func (l *life) stop(s *kista.Self, agent kista.Addr, within time.Duration) {
	_, err := kista.CallFor(s, max(within, time.Millisecond), agent, stop{Within: within})
	if err == nil {
		t := time.NewTimer(within + within/10)
		defer t.Stop()
		select {
		case <-l.gone:
			return
		case <-t.C:
		case <-s.Done():
		}
	}
	l.kill()
	select {
	case <-l.gone:
	case <-s.Done():
	}
}

// bury makes an end of everything and says why it ended. ended is the port's reason.
func (l *life) bury(ended error) {
	l.once.Do(func() { close(l.killed) })
	if l.link != nil {
		if l.link.attached() == nil {
			l.link.abandon(io.EOF)
		}
		happens(l.link.ended, time.Second) // what it has said comes first
		l.link.fail(io.EOF)
	}
	happens(l.errs.done, time.Second)
	l.errs.close()
	l.reason = l.diagnose(ended)
	if l.link != nil {
		if p := l.link.attached(); p != nil {
			p.Died(l.reason)
		}
	}
	l.leave()
	close(l.gone)
}

// outcome is why the life ended, once it has.
func (l *life) outcome() error {
	<-l.gone
	return l.reason
}

// look asks now and then whether the peer lives, and looks at its memory.
func (l *life) look() {
	every := min(l.spec.Heartbeat, lookEvery)
	if l.spec.Memory == 0 {
		every = l.spec.Heartbeat
	}
	t := time.NewTicker(every)
	defer t.Stop()
	var asked time.Time
	for {
		select {
		case <-l.gone:
			return
		case <-l.killed:
			return
		case <-l.link.ended:
			err := l.link.broken()
			if err == nil && !happens(l.gone, goodbye) {
				err = errClosed
			}
			if err != nil {
				l.condemn(&DeathError{Cause: CauseBroken, Err: err})
			}
			return
		case <-t.C:
		}
		select {
		case <-l.up:
		default:
			continue
		}
		if l.link.attached() == nil { // it stands by
			continue
		}
		if l.spec.Memory > 0 {
			used := resident(l.pid)
			l.memory.Store(used)
			if used > l.spec.Memory {
				l.condemn(&DeathError{Cause: CauseMemory, Limit: l.spec.Memory})
			}
		}
		if err := l.link.broken(); err != nil {
			l.condemn(&DeathError{Cause: CauseBroken, Err: err})
		}
		if time.Since(asked) >= l.spec.Heartbeat {
			asked = time.Now()
			l.link.control(wire.Ping)
		}
		if silent := l.link.silent(); l.spec.Patience > 0 && silent > l.spec.Patience {
			l.condemn(&DeathError{Cause: CauseSilent, Silent: silent})
		}
	}
}

// lookEvery is how often the memory of a peer that has a limit is looked at.
const lookEvery = 50 * time.Millisecond

// resident is how much memory a process of the operating system has, in bytes; 0 if nobody knows.
func resident(pid int) int64 {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return 0
	}
	return pages(string(text)) * int64(os.Getpagesize())
}

// describe fills in what a life knows of a peer.
func (l *life) describe(i *Info) {
	i.Memory = l.memory.Load()
	i.Silent = l.link.silent()
	l.link.mu.Lock()
	i.Waiting = l.link.queued
	l.link.mu.Unlock()
}

// happens reports whether ch is closed within d.
func happens(ch <-chan struct{}, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ch:
		return true
	case <-t.C:
		return false
	}
}
