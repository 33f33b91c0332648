//go:build !linux

package port

import (
	"errors"
	"os"
	"runtime"

	"github.com/kista-go/kista/port/internal/guardian"
)

func (r *run) startGuardian(*guardian.Job, []*os.File) error {
	return &UnsupportedError{
		What: "a program whose descendants all end with it",
		Err:  errors.New("it needs Linux (PR_SET_CHILD_SUBREAPER), and this is " + runtime.GOOS),
	}
}

func (r *run) outside(pid int) int { return pid }

func releaseWarden() {}
