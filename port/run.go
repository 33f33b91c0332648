package port

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/port/internal/frame"
	"github.com/kista-go/kista/port/internal/guardian"
)

// Commands to the guardian.
const (
	commandTerm   = guardian.Term
	commandKill   = guardian.Kill
	commandSignal = guardian.Signal
)

// guardianTime is how long a guardian may take to kill and reap what it was told
// to. It takes milliseconds; what is left then is stuck in the operating system.
const guardianTime = 10 * time.Second

// run is one life of a program: the guardian, the pipes, and the goroutines that
// serve them. It belongs to its keeper, a process beside the port's, which stays
// until all of it is gone, however the port ended.
type run struct {
	spec   Spec
	mux    *mux
	log    *stderrLog
	keeper kista.PID

	guard   int      // the guardian's PID
	control *os.File // to the guardian
	leaves  *os.File // ends when the guardian has, and all with it
	in      *os.File // the program's standard input
	out     *os.File
	errs    *os.File

	pid     atomic.Int64       // the program's
	started chan error         // how the start went; room for one
	exited  chan struct{}      // closed when the program has ended
	lost    chan struct{}      // closed when the guardian has ended, and all with it
	stopped chan time.Duration // a request to stop it gently within that time; room for one
	killed  chan struct{}      // closed by kill
	gone    chan struct{}      // closed when nothing is left
	left    func()

	once sync.Once // closes killed

	mu     sync.Mutex
	reason error // why the program ended, once exited is closed
	ended  bool
	comm   sync.Mutex // orders commands

	probing sync.Mutex
	alive   chan struct{} // answers of the guardian to whoever holds probing; room for one
}

func newRun(s *kista.Self, spec Spec) *run {
	return &run{
		spec: spec, mux: newMux(spec, s), log: newStderrLog(spec.Stderr),
		started: make(chan error, 1), exited: make(chan struct{}), lost: make(chan struct{}),
		stopped: make(chan time.Duration, 1), killed: make(chan struct{}), gone: make(chan struct{}),
		alive: make(chan struct{}, 1),
		left:  func() {},
	}
}

// launch starts the guardian, which starts the program. If it fails, nothing is
// left.
func (r *run) launch(files []*os.File) error {
	job, err := r.spec.job()
	if err == nil {
		err = r.startGuardian(job, files)
	}
	if err != nil {
		r.vanish()
	}
	return err
}

// vanish says that nothing of the run is left.
func (r *run) vanish() {
	r.left()
	close(r.gone)
}

// keep serves the program, and starts the keeper.
func (r *run) keep(s *kista.Self) (err error) {
	go r.serve(s.Done())
	o := kista.SpawnOpts{
		Label: "keeper of " + r.spec.Path, Link: true, TrapExits: true,
		Grace: kista.NoTimeout, // whoever ends it, it stays until all is gone
	}
	r.keeper, _, err = s.SpawnWith(o, func(self *kista.Self) error {
		self.Spawn(r.log.body(s, r.spec.Path))
		select {
		case <-self.Done():
			r.kill()
			<-r.gone
		case <-r.gone:
		}
		return nil
	})
	return err
}

// serve serves the program until nothing is left of it. port is closed when the
// port's process has ended. It is the keeper's goroutine, and on its own only so
// that it also runs where the keeper is killed before its code has begun.
func (r *run) serve(port <-chan struct{}) {
	defer r.vanish()
	var all, reading sync.WaitGroup
	all.Go(r.listen)
	all.Go(r.write)
	all.Go(r.mux.pump)
	reading.Go(r.read)
	reading.Go(func() { r.log.drain(r.errs) })
	select {
	case <-r.exited:
	case within := <-r.stopped:
		r.mux.lose()
		r.end(within, port)
	case <-port:
	case <-r.killed:
	}
	r.command(commandKill, 0)
	if !happens(r.lost, guardianTime) {
		r.giveUp()
	}
	r.drain(&reading, port)
	r.mux.close()
	for _, f := range []*os.File{r.control, r.in, r.out, r.errs, r.leaves} {
		f.Close() // ends whoever still reads or writes
	}
	reading.Wait()
	all.Wait()
	happens(r.log.logged, logTime)
	releaseWarden()
}

// giveUp stops waiting for a guardian that cannot make an end: something of the
// program is stuck in the operating system, where no signal reaches it.
func (r *run) giveUp() {
	r.mux.self.Logger().Error("port: a killed program does not end", "program", r.spec.Path, "guardian", r.guard)
	r.control.Close()
	r.leaves.Close()
	<-r.lost
}

// end asks the program to end, more and more urgently, at most for that time.
func (r *run) end(within time.Duration, port <-chan struct{}) {
	grace := min(r.spec.Grace, within/3)
	r.mux.endInput()
	for _, next := range []byte{commandTerm, commandKill} {
		t := time.NewTimer(grace)
		select {
		case <-r.exited:
		case <-port:
		case <-r.killed:
		case <-t.C:
			r.command(next, 0)
			continue
		}
		t.Stop()
		return
	}
}

// drain waits until what the program has written has been taken. Nobody is left
// who could write more, unless somebody has handed the pipe to a stranger.
func (r *run) drain(reading *sync.WaitGroup, port <-chan struct{}) {
	over := make(chan struct{})
	go func() {
		reading.Wait()
		<-r.mux.drained
		close(over)
	}()
	t := time.NewTimer(r.spec.Drain)
	defer t.Stop()
	select {
	case <-over:
		return
	case <-t.C:
	case <-port:
	case <-r.stopped:
	case <-r.killed:
	}
	r.mux.close()
	r.mux.drain()
	r.out.Close()
	r.errs.Close()
	<-over
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

// command tells the guardian something. It has room for it.
func (r *run) command(what, arg byte) {
	r.comm.Lock()
	defer r.comm.Unlock()
	_, _ = r.control.Write([]byte{what, arg}) // if it has ended, all is done
}

// listen hears what the guardian tells.
func (r *run) listen() {
	defer close(r.lost)
	in := json.NewDecoder(io.LimitReader(r.control, 1<<20))
	for {
		var e guardian.Event
		if err := in.Decode(&e); err != nil {
			r.finish(ErrGuardianDied)
			r.tell(ErrGuardianDied)
			_, _ = io.Copy(io.Discard, r.leaves)
			return
		}
		switch e.Kind {
		case guardian.Started:
			r.pid.Store(int64(r.outside(e.PID)))
			r.tell(nil)
		case guardian.Refused:
			err := r.refused(e)
			r.finish(err)
			r.tell(err)
		case guardian.Alive:
			select {
			case r.alive <- struct{}{}:
			default: // nobody waits for it any more
			}
		case guardian.Ended:
			r.finish(r.exitError(e))
		}
	}
}

func (r *run) refused(e guardian.Event) error {
	err := error(toldError{e.Text, syscall.Errno(e.Errno)})
	if e.What != "" {
		return &UnsupportedError{What: e.What, Err: err}
	}
	return &StartError{Path: r.spec.Path, Err: err}
}

// toldError is an error of another process of ours.
type toldError struct {
	text string
	no   syscall.Errno
}

func (e toldError) Error() string { return e.text }

func (e toldError) Unwrap() error {
	if e.no == 0 {
		return nil
	}
	return e.no
}

func (r *run) exitError(e guardian.Event) error {
	if e.Code == 0 && e.Signal == 0 {
		return nil
	}
	return &ExitError{Program: r.spec.Path, Code: e.Code, Signal: syscall.Signal(e.Signal), OutOfMemory: e.Memory}
}

// finish notes why the program ended. The first reason counts.
func (r *run) finish(reason error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return
	}
	r.ended, r.reason = true, reason
	close(r.exited)
}

// tell tells Init how the start went. The first news counts.
func (r *run) tell(err error) {
	select {
	case r.started <- err:
	default:
	}
}

// outcome is why the program ended, once its keeper has, with that reason.
func (r *run) outcome(keeper error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if keeper != nil {
		return keeper
	}
	return r.reason
}

// wait waits until the program runs.
func (r *run) wait(s *kista.Self) error {
	select {
	case err := <-r.started:
		return err
	case <-s.Stopping():
		return kista.ErrShutdown
	case <-s.Done():
		return kista.ErrKilled
	}
}

// kill ends everything now. It does not wait.
func (r *run) kill() { r.once.Do(func() { close(r.killed) }) }

// stop ends the program, gently if there is time, and waits until all is gone.
func (r *run) stop(s *kista.Self) {
	within := 3 * r.spec.Grace
	if at, limited := s.Deadline(); limited {
		left := time.Until(at)
		within = min(within, left-left/10)
	}
	select {
	case r.stopped <- max(within, 0):
	default:
	}
	select {
	case <-r.gone:
	case <-s.Done():
	}
}

// write writes to the program what is sent to it.
func (r *run) write() {
	defer r.in.Close()
	var buf []byte
	for {
		batch, more := r.mux.take()
		if !more {
			return
		}
		buf = buf[:0]
		for _, it := range batch {
			buf = append(buf, it.data...)
		}
		_, err := r.in.Write(buf)
		if err != nil && r.ending() {
			return // whoever waits hears of that
		}
		r.mux.wrote(batch, err)
		if err != nil {
			return
		}
		if cap(buf) > 2*batchSize {
			buf = nil
		}
	}
}

// ending tells whether a program that has closed a pipe has done so by ending.
func (r *run) ending() bool {
	r.probing.Lock()
	defer r.probing.Unlock()
	r.command(guardian.Probe, 0)
	select {
	case <-r.alive:
	case <-r.exited:
	}
	select {
	case <-r.exited:
		return true
	default:
		return false
	}
}

// read reads what the program writes. What is no message ends the program.
func (r *run) read() {
	defer func() {
		r.mux.endOutput()
		if !r.ending() {
			r.mux.failCalls(ErrOutputClosed)
		}
	}()
	in := frame.NewReader(r.out, frame.Kind(r.spec.Framing), r.spec.MaxMessage)
	for {
		msg, err := in.Next()
		var size *frame.SizeError
		switch {
		case err == nil:
			if !r.mux.deliver(msg) {
				return
			}
			continue
		case errors.As(err, &size), errors.Is(err, io.ErrUnexpectedEOF):
			r.finish(r.spec.messageError(err))
		}
		return
	}
}

// describe fills in what the run knows of a port.
func (r *run) describe(i *Info) {
	i.PID, i.Guardian = int(r.pid.Load()), r.guard
	i.StderrLines, i.StderrDropped = r.log.counts()
	r.mux.count(i)
}
