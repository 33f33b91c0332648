package guardian

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

func init() {
	if len(os.Args) == 0 {
		return
	}
	switch os.Args[0] {
	case Name:
		guard()
	case LauncherName:
		launch()
	case WardenName:
		ward()
	default:
		return
	}
	unix.Exit(0) // this process has never been anything but a guardian
}

// guardian is the state of this process. It runs on the main thread, whose end
// would be the end of the program too (PDEATHSIG), and one goroutine that
// listens.
type guardian struct {
	control *os.File
	tell    *json.Encoder

	mu    sync.Mutex
	pid   int  // the program, 0 once it has been reaped
	doom  bool // everything is to be killed
	alone bool // this is process 1 of its own process namespace
	group *group
	pidfd int // of the program, which tells its number in /proc whatever the namespace
}

func guard() {
	g := &guardian{control: os.NewFile(ControlFD, "control"), alone: os.Getpid() == 1, group: new(group)}
	g.tell = json.NewEncoder(g.control)
	in := bufio.NewReader(g.control)
	var job Job
	err := prepare()
	if err == nil { // the program may be of the same user; it has no business here
		err = os.NewSyscallError("prctl PR_SET_DUMPABLE", unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0))
	}
	if err == nil {
		err = readJob(in, &job)
	}
	if err == nil && job.Group != nil {
		g.group, err = makeGroup(*job.Group)
	}
	if err == nil {
		err = g.start(&job)
	}
	if err != nil {
		g.group.remove()
		g.refuse(err)
		return
	}
	for fd := StdinFD; fd < FilesFD+job.Files; fd++ {
		_ = unix.Close(fd) // they are the program's: it must be the only one to hold them
	}
	deafen()
	go g.listen(in)
	g.reap()
	g.group.remove()
}

// prepare makes the process fit to watch over others.
func prepare() error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return os.NewSyscallError("prctl PR_SET_CHILD_SUBREAPER", err)
	}
	if err := closeOnExec(); err != nil {
		return err
	}
	if _, err := children(); err != nil {
		return errors.New("cannot tell the children of a process, which needs /proc and a kernel with CONFIG_PROC_CHILDREN: " + err.Error())
	}
	return nil
}

// deafen keeps the signals that ask everybody to end from ending this process: it
// ends with its node, which may be taking its time. They are caught, not ignored,
// since what is ignored stays so in the program.
func deafen() {
	signal.Notify(make(chan os.Signal, 1), unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGQUIT, unix.SIGUSR1, unix.SIGUSR2)
}

// closeOnExec keeps every descriptor but the first three from whatever this
// process starts, also those that the node did not know of.
func closeOnExec() error {
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	for _, e := range list {
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
	return nil
}

func readJob(r io.Reader, job *Job) error {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return err
	}
	text := make([]byte, binary.BigEndian.Uint32(head[:]))
	if _, err := io.ReadFull(r, text); err != nil {
		return err
	}
	return json.Unmarshal(text, job)
}

func (g *guardian) refuse(err error) { _ = g.tell.Encode(refused(err)) }

// refused makes an event of an error.
func refused(err error) Event {
	e := Event{Kind: Refused, Text: err.Error()}
	var told *refusal
	if errors.As(err, &told) {
		return told.Event
	}
	var missing *Missing
	if errors.As(err, &missing) {
		e.What, e.Text = missing.What, missing.Err.Error()
	}
	var no syscall.Errno
	if errors.As(err, &no) {
		e.Errno = int(no)
	}
	return e
}

// start starts the program, or the launcher that becomes it.
func (g *guardian) start(job *Job) error {
	files := []uintptr{StdinFD, StdoutFD, StderrFD}
	for i := range job.Files {
		files = append(files, uintptr(FilesFD+i))
	}
	attr := &syscall.ProcAttr{
		Dir: string(job.Dir), Env: texts(job.Env), Files: files,
		Sys: &syscall.SysProcAttr{Setsid: true, Pdeathsig: unix.SIGKILL, PidFD: &g.pidfd},
	}
	for _, dir := range g.group.dirs {
		job.Joins = append(job.Joins, []byte(dir))
	}
	var err error
	if job.Needed() {
		g.pid, err = startLauncher(job, attr)
	} else {
		g.pid, err = syscall.ForkExec(string(job.Path), texts(job.Args), attr)
	}
	if err != nil {
		return err
	}
	return g.tell.Encode(Event{Kind: Started, PID: g.pid})
}

func texts(all [][]byte) []string {
	out := make([]string, len(all)) // not nil: an empty environment is not the default one
	for i, b := range all {
		out[i] = string(b)
	}
	return out
}

// listen carries out what the node says, until it says nothing any more.
func (g *guardian) listen(in io.Reader) {
	var command [2]byte
	for {
		if _, err := io.ReadFull(in, command[:]); err != nil || command[0] == Kill {
			g.killAll()
			return
		}
		g.mu.Lock()
		switch {
		case g.pid == 0:
		case command[0] == Term:
			_ = unix.Kill(-g.pid, unix.SIGTERM)
		case command[0] == Signal:
			_ = unix.Kill(g.pid, syscall.Signal(command[1]))
		case command[0] == Probe && g.lives():
			_ = g.tell.Encode(Event{Kind: Alive})
		}
		g.mu.Unlock()
	}
}

// lives reports whether the program, which has not been reaped, runs on: a process
// that ends closes its files first, and is a child to be reaped a little later.
func (g *guardian) lives() bool {
	info, err := os.ReadFile("/proc/self/fdinfo/" + strconv.Itoa(g.pidfd))
	if err != nil {
		return true // nobody knows
	}
	_, rest, _ := strings.Cut(string(info), "\nPid:")
	number, _, _ := strings.Cut(strings.TrimSpace(rest), "\n")
	dir := "/proc/" + number + "/task/"
	tasks, _ := os.ReadDir(dir)
	for _, t := range tasks {
		const exiting = 4 // PF_EXITING
		stat, err := os.ReadFile(dir + t.Name() + "/stat")
		after := strings.Fields(string(stat[max(strings.LastIndexByte(string(stat), ')'), 0):]))
		if err != nil || len(after) < 8 {
			continue
		}
		if flags, err := strconv.ParseUint(after[7], 10, 64); err == nil && flags&exiting == 0 {
			return true
		}
	}
	return false
}

// killAll dooms everything. Whoever is not a child yet becomes one when its
// parent is reaped, and then reap kills it.
func (g *guardian) killAll() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.doom = true
	g.killLocked()
}

// killLocked kills the program's process group, which is one step however fast
// it forks, and all children. As long as the program has not been reaped, no
// other group can have its number. Of the others only children are killed: their
// numbers too cannot belong to anybody else.
func (g *guardian) killLocked() {
	if g.alone {
		_ = unix.Kill(-1, unix.SIGKILL)
		return
	}
	if g.pid != 0 {
		_ = unix.Kill(-g.pid, unix.SIGKILL)
	}
	pids, _ := children()
	for _, pid := range pids {
		_ = unix.Kill(pid, unix.SIGKILL)
	}
}

// children lists this process's children, dead ones included.
func children() (pids []int, err error) {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return nil, err
	}
	known := false
	for _, t := range tasks {
		list, err := os.ReadFile("/proc/self/task/" + t.Name() + "/children")
		if errors.Is(err, os.ErrNotExist) {
			continue // a thread that has ended meanwhile, or none has such a file
		}
		if err != nil {
			return nil, err
		}
		known = true
		for _, word := range strings.Fields(string(list)) {
			if pid, err := strconv.Atoi(word); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	if !known {
		return nil, os.ErrNotExist
	}
	return pids, nil
}

// reap waits for children until there are none. The end of the program is the
// end of all others.
func (g *guardian) reap() {
	for {
		if _, err := waitable(0); err != nil { // ECHILD
			return
		}
		g.mu.Lock()
		for {
			pid, err := waitable(unix.WNOHANG)
			if err != nil || pid == 0 {
				break
			}
			if pid != g.pid {
				_, _ = wait(pid)
				continue
			}
			g.doom = true
			g.killLocked()
			g.ended()
		}
		if g.doom {
			g.killLocked()
		}
		g.mu.Unlock()
	}
}

// waitable returns a child that has ended and has not been reaped, or 0.
func waitable(options int) (pid int, err error) {
	var info unix.Siginfo
	for {
		err = unix.Waitid(unix.P_ALL, 0, &info, unix.WEXITED|unix.WNOWAIT|options, nil)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if err != nil || info.Signo == 0 {
		return 0, err
	}
	const numbers = 3 * unsafe.Sizeof(int32(0)) // signal, errno, code; then a union that is aligned as a pointer is
	at := (numbers + unsafe.Alignof(uintptr(0)) - 1) &^ (unsafe.Alignof(uintptr(0)) - 1)
	return int(*(*int32)(unsafe.Add(unsafe.Pointer(&info), at))), nil
}

// wait reaps a child.
func wait(pid int) (status unix.WaitStatus, err error) {
	for {
		_, err = unix.Wait4(pid, &status, 0, nil)
		if !errors.Is(err, unix.EINTR) {
			return status, err
		}
	}
}

// ended reaps the program and tells how it ended.
func (g *guardian) ended() {
	status, _ := wait(g.pid)
	g.pid = 0
	e := Event{Kind: Ended, Code: status.ExitStatus()}
	if status.Signaled() {
		e.Code, e.Signal = 0, int(status.Signal())
	}
	e.Memory = g.group.starved()
	_ = g.tell.Encode(e)
}
