package port

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kista-go/kista/port/internal/guardian"
)

// wardenIdle is how long the warden stays when it has no guardian any more: the
// next port may start soon.
const wardenIdle = 5 * time.Second

// theWarden is the process that starts the guardians of all nodes of this OS
// process. It is there while there are ports.
var theWarden warden

type warden struct {
	mu    sync.Mutex
	proc  *os.Process
	conn  *os.File
	users int
	idle  *time.Timer
}

// hire asks for a guardian that gets files as its descriptors, and returns what is
// told of it, and the pipe that ends when all of it is gone; whoever gets that
// releases the warden then. If the warden was killed, there is a new one.
func (w *warden) hire(h guardian.Hire, files []*os.File) (e guardian.Event, gone *os.File, err error) {
	text, err := json.Marshal(h)
	if err != nil {
		return e, nil, err
	}
	for range 2 {
		e, gone, err = w.try(text, files)
		if err == nil {
			return e, gone, nil
		}
	}
	return e, nil, fmt.Errorf("ask the warden for a guardian: %w", err)
}

// try is one attempt to hire. If it fails, this warden is given up.
func (w *warden) try(text []byte, files []*os.File) (e guardian.Event, gone *os.File, err error) {
	gone, tell, err := os.Pipe()
	if err != nil {
		return e, nil, err
	}
	defer func() {
		if err != nil {
			gone.Close()
		}
	}()
	fds := []int{int(tell.Fd())}
	for _, f := range files {
		fds = append(fds, int(f.Fd()))
	}
	conn, err := w.ask(text, unix.UnixRights(fds...))
	tell.Close() // or its end would never be seen
	if err == nil {
		_ = gone.SetReadDeadline(time.Now().Add(guardianTime))
		err = json.NewDecoder(gone).Decode(&e)
		_ = gone.SetReadDeadline(time.Time{})
	}
	if err != nil {
		w.giveUp(conn)
	}
	return e, gone, err
}

// ask sends a request and counts it.
func (w *warden) ask(text, rights []byte) (conn *os.File, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.users++
	if err := w.start(); err != nil {
		return nil, err
	}
	return w.conn, w.send(text, rights)
}

// giveUp ends a warden that has not answered, unless that has been done.
func (w *warden) giveUp(conn *os.File) {
	w.mu.Lock()
	if conn != nil && w.conn == conn {
		w.stop()
	}
	w.mu.Unlock()
	w.release()
}

func (w *warden) send(text, rights []byte) error {
	for {
		err := unix.Sendmsg(int(w.conn.Fd()), text, rights, nil, unix.MSG_NOSIGNAL)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// start starts the warden unless it is there.
func (w *warden) start() error {
	if w.idle != nil {
		w.idle.Stop()
		w.idle = nil
	}
	if w.conn != nil {
		return nil
	}
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socketpair", err)
	}
	near, far := os.NewFile(uintptr(fds[0]), "warden"), os.NewFile(uintptr(fds[1]), "node")
	defer far.Close()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		near.Close()
		return err
	}
	defer null.Close()
	// A warden that does not listen is an error after a time.
	patience := unix.NsecToTimeval(int64(guardianTime))
	err = unix.SetsockoptTimeval(int(near.Fd()), unix.SOL_SOCKET, unix.SO_SNDTIMEO, &patience)
	if err == nil {
		w.proc, err = os.StartProcess("/proc/self/exe", []string{guardian.WardenName}, &os.ProcAttr{
			Env:   []string{"GOMAXPROCS=1"},
			Files: []*os.File{null, null, null, far},
			Sys:   &syscall.SysProcAttr{Setsid: true}, // a terminal's signals are for the node
		})
	}
	if err != nil {
		near.Close()
		return err
	}
	w.conn = near
	return nil
}

// stop ends the warden. It has nobody any more, or does not work.
func (w *warden) stop() {
	if w.conn == nil {
		return
	}
	w.conn.Close()
	_ = w.proc.Kill()
	_, _ = w.proc.Wait()
	w.conn, w.proc = nil, nil
}

// release says that a guardian, and all with it, is gone.
func (w *warden) release() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.users--
	if w.users > 0 {
		return
	}
	w.idle = time.AfterFunc(wardenIdle, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.users == 0 {
			w.stop()
		}
	})
}
