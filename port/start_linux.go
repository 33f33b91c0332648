package port

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
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
			var no *UnsupportedError
			if !errors.As(err, &no) {
				err = &StartError{Path: r.spec.Path, Err: err}
			}
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
	if job.Jail != nil {
		if err := enclose(attr.Sys, job.Jail); err != nil {
			return err
		}
	}
	guard, err := os.StartProcess("/proc/self/exe", []string{guardian.Name}, attr)
	if err != nil && job.Jail != nil {
		err = &UnsupportedError{What: "a sandbox", Err: fmt.Errorf("its namespaces: %w", errors.Unwrap(err))}
	}
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

// enclose gives the guardian of a sandboxed program its namespaces.
func enclose(attr *syscall.SysProcAttr, jail *guardian.Jail) error {
	attr.Cloneflags = unix.CLONE_NEWPID | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS
	if !jail.Network {
		attr.Cloneflags |= unix.CLONE_NEWNET
	}
	if os.Geteuid() == 0 {
		if jail.User == 0 {
			jail.User = nobody
		}
		return nil
	}
	if jail.User != 0 {
		return &UnsupportedError{What: "a user of the program's own", Err: errors.New("the node is not root")}
	}
	same := func(id int) []syscall.SysProcIDMap {
		return []syscall.SysProcIDMap{{ContainerID: id, HostID: id, Size: 1}}
	}
	attr.Cloneflags |= unix.CLONE_NEWUSER
	attr.UidMappings, attr.GidMappings = same(os.Geteuid()), same(os.Getegid())
	return nil
}

// outside returns the program's PID as the node sees it. In a sandbox it tells
// another one.
func (r *run) outside(pid int) int {
	if r.spec.Sandbox == nil {
		return pid
	}
	dir := fmt.Sprintf("/proc/%d/task/%d/children", r.guard.Pid, r.guard.Pid)
	list, err := os.ReadFile(dir)
	if err != nil {
		return 0 // it has ended already
	}
	pid, _ = strconv.Atoi(strings.TrimSpace(string(list))) // the only one it has so far
	return pid
}
