package port

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/kista-go/kista/port/internal/guardian"
)

// startGuardian starts the guardian with the program's pipes and files, and hands
// it the job. If it fails, nothing is left.
func (r *run) startGuardian(job *guardian.Job, files []*os.File) (err error) {
	var ours, theirs []*os.File
	defer func() {
		for _, f := range theirs {
			f.Close()
		}
		if err != nil {
			for _, f := range ours {
				f.Close()
			}
			err = &StartError{Path: r.spec.Path, Err: err}
		}
	}()
	near, far, err := socketpair()
	if err != nil {
		return err
	}
	ours, theirs = append(ours, near), append(theirs, far)
	for i := range 3 {
		read, write, err := os.Pipe()
		if err != nil {
			return err
		}
		if i == 0 {
			read, write = write, read
		}
		ours, theirs = append(ours, read), append(theirs, write)
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	defer null.Close()
	attr := &os.ProcAttr{
		Env:   []string{"GOMAXPROCS=1"},
		Files: append(append([]*os.File{null, null, null}, theirs...), files...),
		Sys:   &syscall.SysProcAttr{Setsid: true}, // a terminal's signals are for the node
	}
	attr.Dir = "/"
	if len(job.Dir) == 0 {
		attr.Dir = ""
	}
	guard, err := os.StartProcess("/proc/self/exe", []string{guardian.Name}, attr)
	if err != nil {
		return err
	}
	text, err := json.Marshal(job)
	if err == nil {
		_, err = near.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...))
	}
	if err != nil {
		_ = guard.Kill()
		_, _ = guard.Wait()
		return err
	}
	r.guard, r.control, r.in, r.out, r.errs = guard, ours[0], ours[1], ours[2], ours[3]
	return nil
}

// socketpair returns the two ends of a Unix socket, the first of which can be
// waited for without a thread.
func socketpair() (near, far *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	if err := unix.SetNonblock(fds[0], true); err != nil {
		return nil, nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fds[0]), "guardian"), os.NewFile(uintptr(fds[1]), "node"), nil
}
