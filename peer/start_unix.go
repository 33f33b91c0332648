//go:build unix

package peer

import (
	"os"
	"syscall"
)

// socketpair returns the two ends of a Unix socket, the first of which can be waited for without a thread.
func socketpair() (near, far *os.File, err error) {
	syscall.ForkLock.RLock()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fds[0])
		syscall.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	if err := syscall.SetNonblock(fds[0], true); err != nil {
		return nil, nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fds[0]), "peer"), os.NewFile(uintptr(fds[1]), "parent"), nil
}

// inherited is the connection to the parent in the peer.
func inherited() (*os.File, error) {
	if err := syscall.SetNonblock(connFD, true); err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	syscall.CloseOnExec(connFD)
	return os.NewFile(connFD, "parent"), nil
}

// redirect lets the standard error and output of a peer go to its parent.
func redirect() {
	syscall.CloseOnExec(errsFD)
	for _, fd := range []int{1, 2} {
		_ = dup(errsFD, fd)
	}
}

// exit ends the OS process, which is a peer's.
func exit(code int) { syscall.Exit(code) }
