package guardian

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// warden is the state of the process that starts guardians. It is the parent of
// all of them, and the subreaper behind each: what a guardian that was killed
// leaves behind becomes the warden's child, and is killed.
type warden struct {
	mu        sync.Mutex
	guardians map[int]*os.File // by PID, with the pipe that tells the node of the end
	bereaved  []*os.File       // pipes of dead guardians whose strays are not gone yet
	closing   bool             // the node wants no more, or has gone
	hired     *sync.Cond       // a guardian has been started, or closing
}

func ward() {
	w := &warden{guardians: map[int]*os.File{}}
	w.hired = sync.NewCond(&w.mu)
	if prepare() != nil { // the node sees that nobody answers
		return
	}
	deafen()
	go w.listen()
	w.reap()
}

// listen starts a guardian for each message on the socket, until it is closed.
func (w *warden) listen() {
	text, rights := make([]byte, 64<<10), make([]byte, unix.CmsgSpace(4*MaxFiles))
	for {
		n, m, _, _, err := unix.Recvmsg(ControlFD, text, rights, unix.MSG_CMSG_CLOEXEC)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || n == 0 {
			break
		}
		files := received(rights[:m])
		var hire Hire
		if err := json.Unmarshal(text[:n], &hire); err == nil && len(files) > 1 {
			w.hire(hire, files[0], files[1:])
		}
		for _, f := range files[min(1, len(files)):] {
			f.Close()
		}
	}
	w.mu.Lock()
	w.closing = true
	w.hired.Broadcast()
	w.mu.Unlock()
}

// received returns the files that came with a message.
func received(rights []byte) (files []*os.File) {
	messages, err := unix.ParseSocketControlMessage(rights)
	if err != nil {
		return nil
	}
	for _, m := range messages {
		fds, err := unix.ParseUnixRights(&m)
		if err != nil {
			continue
		}
		for _, fd := range fds {
			files = append(files, os.NewFile(uintptr(fd), "received"))
		}
	}
	return files
}

// hire starts a guardian, with files as its descriptors from [ControlFD] on, and
// tells the pipe.
func (w *warden) hire(h Hire, pipe *os.File, files []*os.File) {
	tell := json.NewEncoder(pipe)
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		_ = tell.Encode(refused(err))
		pipe.Close()
		return
	}
	defer null.Close()
	sys := &syscall.SysProcAttr{Setsid: true, Cloneflags: uintptr(h.Namespaces)}
	if h.Namespaces&unix.CLONE_NEWUSER != 0 {
		same := func(id int) []syscall.SysProcIDMap {
			return []syscall.SysProcIDMap{{ContainerID: id, HostID: id, Size: 1}}
		}
		sys.UidMappings, sys.GidMappings = same(os.Geteuid()), same(os.Getegid())
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	p, err := os.StartProcess(self, []string{Name}, &os.ProcAttr{
		Dir: "/", Env: []string{"GOMAXPROCS=1"}, Files: append([]*os.File{null, null, null}, files...), Sys: sys,
	})
	if err != nil {
		if h.Namespaces != 0 {
			err = &Missing{"a sandbox", fmt.Errorf("its namespaces: %w", errors.Unwrap(err))}
		}
		_ = tell.Encode(refused(err))
		pipe.Close()
		return
	}
	w.guardians[p.Pid] = pipe
	_ = tell.Encode(Event{Kind: Started, PID: p.Pid})
	_ = p.Release() // reap reaps it
	w.hired.Broadcast()
}

// reap waits for guardians to end, and makes an end of what they leave.
func (w *warden) reap() {
	for {
		w.mu.Lock()
		for len(w.guardians) == 0 && len(w.bereaved) == 0 && !w.closing {
			w.hired.Wait()
		}
		w.mu.Unlock()
		if _, err := waitable(0); err != nil { // no children
			w.mu.Lock()
			over := w.closing && len(w.guardians) == 0
			w.bury()
			w.mu.Unlock()
			if over {
				return
			}
			continue
		}
		w.mu.Lock()
		for {
			pid, err := waitable(unix.WNOHANG)
			if err != nil || pid == 0 {
				break
			}
			_, _ = wait(pid)
			if pipe := w.guardians[pid]; pipe != nil {
				w.bereaved = append(w.bereaved, pipe)
				delete(w.guardians, pid)
			}
		}
		w.bury()
		w.mu.Unlock()
	}
}

// bury kills strays, and says of dead guardians that all is over once there are
// none.
func (w *warden) bury() {
	pids, err := children()
	strays := slices.DeleteFunc(pids, func(pid int) bool { return w.guardians[pid] != nil })
	for _, pid := range strays {
		_ = unix.Kill(pid, unix.SIGKILL)
	}
	if err != nil || len(strays) > 0 {
		return
	}
	for _, pipe := range w.bereaved {
		pipe.Close()
	}
	w.bereaved = nil
}
