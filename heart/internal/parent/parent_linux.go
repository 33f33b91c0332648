package parent

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kista-go/kista/heart/internal/wire"
)

// Env says to a program that it has a heart.
const Env = "KISTA_HEART"

// The descriptors of a life.
const (
	SocketFD = 3
	MemoryFD = 4
)

// Heart runs a program, one life after the other.
type Heart struct {
	cfg     Config
	log     *slog.Logger
	errs    io.Writer
	history *History
	store   *store
	memory  *os.File
	signals <-chan os.Signal
	ends    chan end // of children, ours and strangers

	condemned *wire.Death // why the heart has killed this life: its Kind and Text
	program   os.FileInfo // the file of the last life
}

type end struct {
	pid    int
	status unix.WaitStatus
}

// Run is the life of a heart: it returns the status with which its OS process is to end. The program's standard input, output
// and error are this process's.
func Run(cfg Config, errs io.Writer, signals <-chan os.Signal) (int, error) {
	if err := cfg.Validate(); err != nil {
		return 2, err
	}
	var handler slog.Handler = slog.NewTextHandler(errs, nil)
	if cfg.LogFormat == "json" {
		handler = slog.NewJSONHandler(errs, nil)
	}
	fd, err := unix.MemfdCreate("kista-heart", unix.MFD_CLOEXEC)
	if err != nil {
		return 1, fmt.Errorf("heart: memory: %w", os.NewSyscallError("memfd_create", err))
	}
	h := &Heart{
		cfg: cfg, log: slog.New(handler), errs: errs, history: NewHistory(cfg), store: newStore(cfg),
		memory: os.NewFile(uintptr(fd), "memory"), signals: signals, ends: make(chan end),
	}
	defer h.memory.Close()
	if err := h.memory.Truncate(cfg.State); err != nil {
		return 1, fmt.Errorf("heart: memory: %w", err)
	}
	runtime.LockOSThread() // the program ends with the thread that has started it
	defer runtime.UnlockOSThread()
	return h.lives()
}

// lives runs lives until the heart ends as well.
func (h *Heart) lives() (int, error) {
	w := wire.Welcome{Life: 1, Beat: h.cfg.Silence / 4}
	for {
		d, report, err := h.life(w)
		if err != nil {
			return 1, err
		}
		v := h.history.Next(d, report.Frames)
		attrs := []any{"life", d.Life, "lasted", d.Lasted, "kind", d.Kind, "status", d.Status, "text", d.Text}
		if d.Subtree != "" {
			attrs = append(attrs, "subtree", d.Subtree)
		}
		switch {
		case v.GiveUp:
			h.log.Error("heart: the node dies too often: giving up", attrs...)
			return max(d.Status, 1), nil
		case v.End:
			h.log.Info("heart: the node has ended", attrs...)
			return d.Status, nil
		}
		h.log.Error("heart: the node has died, and is started again", append(attrs, "same", v.Same, "pause", v.Pause, "stays_away", v.Away, "bare", v.Bare)...)
		if v.Bare {
			h.store.bare()
			_ = h.memory.Truncate(0)
			if err := h.memory.Truncate(h.cfg.State); err != nil {
				return 1, fmt.Errorf("heart: memory: %w", err)
			}
		}
		if sig := h.pause(v.Pause); sig != nil {
			return 128 + int(sig.(syscall.Signal)), nil
		}
		w = wire.Welcome{Life: w.Life + 1, Death: &d, Quarantined: h.history.Without(), Bare: v.Bare, Beat: h.cfg.Silence / 4}
	}
}

// pause waits, and returns a signal that ends the heart.
func (h *Heart) pause(d time.Duration) os.Signal {
	t := time.NewTimer(d)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			return nil
		case sig := <-h.signals:
			if ends(sig) {
				return sig
			}
		case <-h.ends: // of somebody whose parent has died
		}
	}
}

func ends(sig os.Signal) bool { return sig == os.Interrupt || sig == syscall.SIGTERM }

// life is one life.
func (h *Heart) life(w wire.Welcome) (d wire.Death, report Report, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return d, report, os.NewSyscallError("socketpair", err)
	}
	near, far := os.NewFile(uintptr(fds[0]), "node"), os.NewFile(uintptr(fds[1]), "heart")
	defer near.Close()
	read, write, err := os.Pipe()
	if err != nil {
		far.Close()
		return d, report, err
	}
	path, err := exec.LookPath(h.cfg.Path)
	if err == nil {
		if h.another(path) && len(h.history.Without()) > 0 {
			h.log.Info("heart: the program is another one now: all subtrees are back", "were_left_out", h.history.Without())
			h.history.RestoreAll()
			w.Quarantined = nil
		}
		h.store.mu.Lock()
		h.store.renew, h.store.heard = nil, time.Time{}
		h.store.mu.Unlock()
	}
	h.condemned = nil
	began := time.Now()
	var proc *os.Process
	if err == nil {
		proc, err = os.StartProcess(path, append([]string{h.cfg.Path}, h.cfg.Args...), &os.ProcAttr{
			Env:   environment(os.Environ()),
			Files: []*os.File{os.Stdin, os.Stdout, write, far, h.memory},
			Sys:   &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}, // nobody would keep anything for it, or end it
		})
	}
	far.Close()
	write.Close()
	if err != nil {
		read.Close()
		return d, report, fmt.Errorf("heart: cannot start %s: %w", h.cfg.Path, err)
	}
	tail := &tail{limit: h.cfg.Report, to: h.errs}
	var work sync.WaitGroup
	work.Go(func() { _, _ = io.Copy(tail, read) })
	kill := func() { _ = proc.Signal(syscall.SIGKILL) }
	work.Go(func() { h.store.serve(near, w, h.history, kill) })
	go h.reap()
	status, stopping := h.await(proc)
	unix.Shutdown(int(near.Fd()), unix.SHUT_RDWR) //nolint:errcheck // whoever answers is told
	happened := make(chan struct{})
	go func() { work.Wait(); close(happened) }()
	select {
	case <-happened:
	case <-time.After(time.Second): // somebody else has the other end of its standard error
	}
	read.Close()
	<-happened
	report = Read(tail.report())
	d = h.death(status, stopping, report)
	d.Life, d.Lasted, d.At = w.Life, time.Since(began), time.Now()
	return d, report, nil
}

// environment is the program's, with what a heart adds.
func environment(env []string) []string {
	out := slices.DeleteFunc(slices.Clone(env), func(kv string) bool { return strings.HasPrefix(kv, Env+"=") })
	labels := "tracebacklabels=1"
	for i, kv := range out {
		if old, ok := strings.CutPrefix(kv, "GODEBUG="); ok {
			out[i] = "GODEBUG=" + old + "," + labels
			labels = ""
		}
	}
	if labels != "" {
		out = append(out, "GODEBUG="+labels)
	}
	return append(out, Env+"=1")
}

// await waits for the end of the program, and hands signals on to it.
func (h *Heart) await(proc *os.Process) (status unix.WaitStatus, stopping bool) {
	var late <-chan time.Time
	look := time.NewTicker(h.lookEvery())
	defer look.Stop()
	for {
		select {
		case <-look.C:
			h.look(proc, stopping)
		case e := <-h.ends:
			if e.pid == proc.Pid {
				return e.status, stopping
			}
		case sig := <-h.signals:
			_ = proc.Signal(sig)
			if ends(sig) && !stopping {
				stopping = true
				late = time.After(h.cfg.StopTimeout)
			}
		case <-late:
			h.log.Error("heart: the node does not stop, and is killed", "after", h.cfg.StopTimeout)
			_ = proc.Signal(syscall.SIGKILL)
		}
	}
}

// lookEvery is how often a life is looked at.
func (h *Heart) lookEvery() time.Duration {
	const often, seldom = 50 * time.Millisecond, 10 * time.Second
	switch {
	case h.cfg.Memory > 0:
		return often
	case h.cfg.Silence > 0:
		return min(max(h.cfg.Silence/8, time.Millisecond), seldom)
	}
	return time.Hour
}

// look kills a life that has too much, or has been silent for too long.
func (h *Heart) look(proc *os.Process, stopping bool) {
	if h.condemned != nil || stopping {
		return
	}
	if h.cfg.Memory > 0 && resident(proc.Pid) > h.cfg.Memory {
		h.condemned = &wire.Death{Kind: "memory", Text: fmt.Sprintf("it had more than %d bytes", h.cfg.Memory)}
	}
	if h.cfg.Silence > 0 && h.store.silent() > h.cfg.Silence {
		h.condemned = &wire.Death{Kind: "silent", Text: fmt.Sprintf("it gave no sign of life for %v", h.cfg.Silence)}
	}
	if h.condemned != nil {
		_ = proc.Signal(syscall.SIGKILL)
	}
}

// resident is how much memory a process of the operating system has, in bytes; 0 if nobody knows.
func resident(pid int) int64 {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	n, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return n * int64(os.Getpagesize())
}

// another reports whether the program's file is another one than in the last life.
func (h *Heart) another(path string) bool {
	was := h.program
	now, err := os.Stat(path)
	if err != nil {
		return false
	}
	h.program = now
	return was != nil && (!os.SameFile(was, now) || was.ModTime() != now.ModTime() || was.Size() != now.Size())
}

// reap takes the ends of all children, those whose parents have died included, until there is none.
func (h *Heart) reap() {
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, 0, nil)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return
		default:
			h.ends <- end{pid, status}
		}
	}
}

// death says how a life has ended.
func (h *Heart) death(status unix.WaitStatus, stopping bool, r Report) (d wire.Death) {
	s := h.store
	s.mu.Lock()
	renew := s.renew
	s.mu.Unlock()
	d.Status = status.ExitStatus()
	if status.Signaled() {
		d.Status, d.Signal = 128+int(status.Signal()), status.Signal().String()
	}
	d.Text, d.Report = r.Text, r.Head
	d.Subtree = r.Labels["kista_subtree"]
	d.Process = strings.TrimSpace(r.Labels["kista_kind"] + " " + r.Labels["kista_name"] + " " + r.Labels["kista_pid"])
	switch {
	case renew != nil:
		d.Kind, d.Text, d.Without = "renewed", string(renew.Data), renew.Names
	case stopping:
		d.Kind = "stopped"
	case h.condemned != nil:
		d.Kind, d.Text = h.condemned.Kind, h.condemned.Text
	case status.Exited() && d.Status == 0: // whoever ends without an error is done
		d.Kind = "ended"
	case fatal(r.Text):
		d.Kind = "fatal"
	case status.Signaled():
		d.Kind = "signal"
		d.Text = d.Signal
	default:
		d.Kind = "exit"
	}
	return d
}

func fatal(text string) bool {
	for _, begin := range []string{"fatal error: ", "panic: ", "runtime: ", "SIGSEGV", "SIGBUS", "SIGABRT", "unexpected fault address"} {
		if strings.HasPrefix(text, begin) {
			return true
		}
	}
	return false
}

// tail passes the standard error on, and keeps what the runtime wrote last.
type tail struct {
	limit int
	to    io.Writer

	mu   sync.Mutex
	line []byte
	kept bytes.Buffer
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for line := range bytes.Lines(b) {
		t.line = append(t.line, line...)
		if !bytes.HasSuffix(t.line, []byte("\n")) && len(t.line) < 4096 {
			continue
		}
		if fatal(string(t.line)) && !(bytes.HasPrefix(t.line, []byte("fatal error: ")) && bytes.HasPrefix(t.kept.Bytes(), []byte("runtime: "))) {
			t.kept.Reset()
			t.kept.Write(t.line)
		} else if t.kept.Len() > 0 && t.kept.Len() < t.limit {
			t.kept.Write(t.line)
		}
		t.line = t.line[:0]
	}
	_, _ = t.to.Write(b)
	return len(b), nil
}

func (t *tail) report() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.kept.String()
}
