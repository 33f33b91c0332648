package port

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/kista-go/kista/port/internal/guardian"
)

// startGuardian has a guardian started with the program's pipes and files, and
// hands it the job. If it fails, nothing is left.
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
	if len(files) > guardian.MaxFiles-guardian.FilesFD {
		return fmt.Errorf("%d files are too many", len(files))
	}
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
	var h guardian.Hire
	if job.Jail != nil {
		if h.Namespaces, err = namespaces(job.Jail); err != nil {
			return err
		}
	}
	e, gone, err := theWarden.hire(h, slices.Concat(theirs, files))
	if err != nil {
		return err
	}
	ours = append(ours, gone)
	defer func() {
		if err != nil {
			theWarden.release()
		}
	}()
	if e.Kind == guardian.Refused {
		return r.refused(e)
	}
	text, err := json.Marshal(job)
	if err == nil {
		_, err = near.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...))
	}
	if err != nil {
		return err // the guardian sees that its node has gone
	}
	r.guard, r.control, r.in, r.out, r.errs, r.leaves = e.PID, ours[0], ours[1], ours[2], ours[3], gone
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

// namespaces are those that the guardian of a sandboxed program gets.
func namespaces(jail *guardian.Jail) (flags uint64, err error) {
	flags = unix.CLONE_NEWPID | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS
	if !jail.Network {
		flags |= unix.CLONE_NEWNET
	}
	switch {
	case os.Geteuid() != 0 && jail.User != 0:
		return 0, &UnsupportedError{What: "a user of the program's own", Err: errors.New("the node is not root")}
	case os.Geteuid() != 0:
		flags |= unix.CLONE_NEWUSER
	case jail.User == 0:
		jail.User = nobody
	}
	return flags, nil
}

// outside returns the program's PID as the node sees it. In a sandbox it tells
// another one.
func (r *run) outside(pid int) int {
	if r.spec.Sandbox == nil {
		return pid
	}
	dir := fmt.Sprintf("/proc/%d/task/%d/children", r.guard, r.guard)
	list, err := os.ReadFile(dir)
	if err != nil {
		return 0 // it has ended already
	}
	pid, _ = strconv.Atoi(strings.TrimSpace(string(list))) // the only one it has so far
	return pid
}

func releaseWarden() { theWarden.release() }
