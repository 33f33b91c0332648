//go:build unix

package main

import (
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/term"
)

// apart gives the command a process group of its own, so that Ctrl-C at a terminal
// reaches it once, and not a second time through us: a second signal ends a release
// at once. At a terminal its group is the one in the foreground.
func apart(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if fd := int(os.Stdin.Fd()); term.IsTerminal(fd) {
		cmd.SysProcAttr.Foreground, cmd.SysProcAttr.Ctty = true, fd
	}
}
