package guardian

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// self is the executable that this process runs, also if its file has been
// replaced.
const self = "/proc/self/exe"

// startLauncher starts a launcher for the job and returns once it has become the
// program, or the error with which it could not.
func startLauncher(job *Job, attr *syscall.ProcAttr) (pid int, err error) {
	planR, planW, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer planR.Close()
	defer planW.Close()
	failR, failW, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer failR.Close()
	plan, err := json.Marshal(job)
	if err != nil {
		failW.Close()
		return 0, err
	}
	at := len(attr.Files)
	launcher := *attr
	launcher.Files = append(launcher.Files[:at:at], planR.Fd(), failW.Fd())
	launcher.Env = []string{"GOMAXPROCS=1"}
	pid, err = syscall.ForkExec(self, []string{LauncherName, strconv.Itoa(at)}, &launcher)
	failW.Close()
	if err != nil {
		return 0, fmt.Errorf("start a launcher: %w", err)
	}
	planR.Close() // the only reader is the launcher
	_, err = planW.Write(plan)
	planW.Close()
	var event Event
	told := json.NewDecoder(failR).Decode(&event)
	switch {
	case errors.Is(told, io.EOF) && err == nil:
		return pid, nil
	case told == nil:
		err = &refusal{event}
	case err == nil:
		err = told
	}
	_ = unix.Kill(pid, unix.SIGKILL)
	_, _ = wait(pid)
	return 0, err
}

// refusal is an error that another process has told.
type refusal struct{ Event }

func (e *refusal) Error() string { return e.Text }

// launch puts the job's limits on this process and becomes the program. What is
// put on a thread is put on this one, which is the one that becomes the program.
func launch() {
	runtime.LockOSThread()
	at := 0
	if len(os.Args) > 1 {
		at, _ = strconv.Atoi(os.Args[1])
	}
	unix.CloseOnExec(at)
	unix.CloseOnExec(at + 1)
	fail := os.NewFile(uintptr(at+1), "fail")
	err := become(os.NewFile(uintptr(at), "plan"))
	_ = json.NewEncoder(fail).Encode(refused(err))
}

// become returns only if it fails.
func become(plan io.Reader) error {
	var job Job
	text, err := io.ReadAll(plan)
	if err == nil {
		err = json.Unmarshal(text, &job)
	}
	path, args, env := string(job.Path), texts(job.Args), texts(job.Env)
	if err == nil {
		err = (&group{dirs: texts(job.Joins)}).join()
	}
	if err == nil && job.Jail != nil {
		err = job.Jail.enter(path)
	}
	if err == nil {
		err = job.Limits.set()
	}
	if err != nil {
		return err
	}
	return syscall.Exec(path, args, env)
}

// set puts the limits on this process.
func (l Limits) set() error {
	for _, x := range []struct {
		name     string
		resource int
		soft     uint64
		hard     uint64
	}{
		{"RLIMIT_CPU", unix.RLIMIT_CPU, l.CPU, l.CPU + 1}, // first SIGXCPU, which can be handled
		{"RLIMIT_FSIZE", unix.RLIMIT_FSIZE, l.File, l.File},
		{"RLIMIT_NPROC", unix.RLIMIT_NPROC, l.Procs, l.Procs},
		{"RLIMIT_NOFILE", unix.RLIMIT_NOFILE, l.Open, l.Open},
		{"RLIMIT_DATA", unix.RLIMIT_DATA, l.Data, l.Data}, // last: it is this process's own until it is the program
	} {
		if x.soft == 0 {
			continue
		}
		var now syscall.Rlimit
		if err := syscall.Getrlimit(x.resource, &now); err != nil {
			return os.NewSyscallError("getrlimit "+x.name, err)
		}
		want := syscall.Rlimit{Cur: x.soft, Max: x.hard}
		if want.Max > now.Max { // what the node itself may not exceed, the program may not either
			want.Max = now.Max
			want.Cur = min(want.Cur, want.Max)
		}
		if err := syscall.Setrlimit(x.resource, &want); err != nil {
			return os.NewSyscallError("setrlimit "+x.name, err)
		}
	}
	return nil
}
