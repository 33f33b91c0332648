//go:build !unix

package peer

import (
	"errors"
	"os"
	"runtime"
	"syscall"

	"github.com/kista-go/kista/port"
)

func socketpair() (near, far *os.File, err error) {
	return nil, nil, &port.UnsupportedError{What: "a peer", Err: errors.New("it needs Linux, and this is " + runtime.GOOS)}
}

func inherited() (*os.File, error) { return nil, errors.ErrUnsupported }

func redirect() {}

func exit(code int) { syscall.Exit(code) }
