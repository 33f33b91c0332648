package port_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/port"
	"github.com/kista-go/kista/supervisor"
)

func itoa(n int) string { return strconv.Itoa(n) }

func TestCallsAreAnsweredInOrder(t *testing.T) {
	n, _ := node(t)
	for _, f := range []port.Framing{port.Lines, port.Frames1, port.Frames2, port.Frames4} {
		pid := start(t, n, port.Spec{Path: "cat", Framing: f})
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() {
				want := strings.Repeat(itoa(i), 20)
				got, err := port.Call(ctx, pid, []byte(want))
				if err != nil || string(got) != want {
					t.Errorf("%v: got %q, %v; want %q", f, got, err, want)
				}
			})
		}
		all.Wait()
	}
}

func TestALateAnswerVanishes(t *testing.T) {
	n, _ := node(t)
	pid := start(t, n, shell("late", `read x; read go; echo late; read y; echo $y`))
	short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	_, err := port.Call(short, pid, []byte("x"))
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.NoError(t, port.Send(ctx, pid, []byte("go")))
	got, err := port.Call(ctx, pid, []byte("y"))
	assert.NoError(t, err)
	assert.Equal(t, string(got), "y")
}

func TestBigMessages(t *testing.T) {
	n, _ := node(t)
	pid := start(t, n, port.Spec{Path: "cat", Framing: port.Frames4, MaxMessage: 8 << 20, Buffer: 16 << 20})
	big := bytes.Repeat([]byte("kista"), 1<<20)
	got, err := port.Call(ctx, pid, big)
	assert.NoError(t, err)
	assert.True(t, bytes.Equal(got, big), "%d bytes came back of %d", len(got), len(big))
}

func TestWhatCannotBeFramedIsRefused(t *testing.T) {
	n, _ := node(t)
	lines, short := start(t, n, port.Spec{Path: "cat", Framing: port.Lines}), start(t, n, port.Spec{Path: "cat", Framing: port.Frames1})
	assert.ErrorAs[*port.MessageError](t, port.Send(ctx, lines, []byte("two\nlines")))
	e := assert.ErrorAs[*port.MessageError](t, port.Send(ctx, short, make([]byte, 256)))
	assert.Equal(t, [2]int{e.Size, e.Limit}, [2]int{256, 255})
	for _, pid := range []kista.PID{lines, short} {
		got, err := port.Call(ctx, pid, []byte("fine"))
		assert.NoError(t, err)
		assert.Equal(t, string(got), "fine")
	}
}

func TestStream(t *testing.T) {
	n, _ := node(t)
	b := newInbox(t, n)
	pid := start(t, n, port.Spec{Path: "cat", Subscriber: b.pid})
	assert.NoError(t, port.Send(ctx, pid, []byte("one\ntwo")))
	assert.NoError(t, port.Send(ctx, pid, []byte("three")))
	assert.NoError(t, port.CloseInput(ctx, pid))
	var all strings.Builder
	for {
		m := b.next(t)
		if m == any(port.Closed{Port: pid}) {
			break
		}
		all.WriteString(string(m.(port.Data).Bytes))
	}
	assert.Equal(t, all.String(), "one\ntwothree")
	_, err := kista.Wait(ctx, pid)
	assert.NoError(t, err)
	assert.ErrorIs(t, port.Send(ctx, pid, nil), kista.ErrNoProcess)
}

// A program has what its Spec says, and nothing of the node's.
func TestEnvironmentAndDescriptors(t *testing.T) {
	n, _ := node(t)
	t.Setenv("KISTA_SECRET", "x")
	leak, err := os.Open(os.DevNull)
	assert.NoError(t, err)
	defer leak.Close()
	_, _, no := syscall.Syscall(syscall.SYS_FCNTL, leak.Fd(), syscall.F_SETFD, 0) // as a careless library leaves one
	assert.Equal(t, no, 0)
	file := filepath.Join(t.TempDir(), "file")
	open := func() (*os.File, error) { return os.Create(file) }
	for name, spec := range map[string]port.Spec{
		"plain": {}, "limited": {Limits: port.Limits{OpenFiles: 50}},
	} {
		t.Run(name, func(t *testing.T) {
			spec.Path, spec.Args, spec.Dir = "/bin/sh", []string{"-c", `echo written >&3; pwd; /bin/ls -m /proc/self/fd; exec /usr/bin/env`}, "/usr"
			spec.Env, spec.Files = []string{"ONLY=this"}, []func() (*os.File, error){open}
			out, err := port.Run(ctx, n, spec, nil)
			assert.NoError(t, err)
			lines := strings.Split(string(out), "\n")
			assert.Equal(t, lines[:2], []string{"/usr", "0, 1, 2, 3, 4"}) // 4 is the list's own
			assert.True(t, slices.Contains(lines, "ONLY=this"), "%q", lines)
			assert.True(t, !strings.Contains(string(out), "KISTA_SECRET"), "%q", lines)
			text, err := os.ReadFile(file)
			assert.NoError(t, err)
			assert.Equal(t, string(text), "written\n")
		})
	}
	out, err := port.Run(ctx, n, port.Spec{Path: "/usr/bin/env"}, nil)
	assert.NoError(t, err)
	assert.Equal(t, string(out), "")
}

func TestLimitsAreThere(t *testing.T) {
	n, _ := node(t)
	spec := port.Spec{Path: "/bin/cat", Args: []string{"/proc/self/limits"}, Limits: port.Limits{
		Memory: 100 << 20, CPU: 1500 * time.Millisecond, FileSize: 1 << 20, OpenFiles: 20,
	}}
	out, err := port.Run(ctx, n, spec, nil)
	assert.NoError(t, err)
	for name, want := range map[string]string{
		"Max data size": "104857600 104857600", "Max cpu time": "2 3", "Max file size": "1048576 1048576", "Max open files": "20 20",
	} {
		_, rest, _ := strings.Cut(string(out), name)
		line, _, _ := strings.Cut(rest, "\n")
		assert.Equal(t, strings.Join(strings.Fields(line)[:2], " "), want)
	}
	if os.Geteuid() == 0 {
		_, err = port.Start(ctx, n, port.Spec{Path: "cat", Limits: port.Limits{Processes: 5}}, port.Opts{})
		assert.ErrorAs[*port.UnsupportedError](t, err)
	}
}

func TestStartsThatFail(t *testing.T) {
	n, _ := node(t)
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	assert.NoError(t, os.WriteFile(text, []byte("no program"), 0o700))
	boom := errors.New("boom")
	for name, c := range map[string]struct {
		spec port.Spec
		want error
	}{
		"no such file":           {port.Spec{Path: "/no/such/file"}, os.ErrNotExist},
		"no such directory":      {port.Spec{Path: "cat", Dir: "/no/such"}, syscall.ENOENT},
		"no program":             {port.Spec{Path: text}, syscall.ENOEXEC},
		"no program, by limits":  {port.Spec{Path: text, Limits: port.Limits{OpenFiles: 50}}, syscall.ENOEXEC},
		"arguments without end":  {port.Spec{Path: "cat", Args: []string{strings.Repeat("x", 1<<20)}}, syscall.E2BIG},
		"a file that fails":      {port.Spec{Path: "cat", Files: []func() (*os.File, error){func() (*os.File, error) { return nil, boom }}}, boom},
		"a file that is nothing": {port.Spec{Path: "cat", Files: []func() (*os.File, error){func() (*os.File, error) { return nil, nil }}}, nil},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			_, err := port.Start(ctx, n, c.spec, port.Opts{Name: "it"})
			assert.True(t, err != nil, "it has started")
			if c.want != nil {
				assert.ErrorIs(t, err, c.want)
			}
			_, taken := n.WhereIs("it")
			assert.True(t, !taken, "its name is left")
		})
	}
	_, err := port.Start(ctx, n, port.Spec{Path: "cat", Files: []func() (*os.File, error){func() (*os.File, error) { panic("in open") }}}, port.Opts{})
	assert.Equal(t, assert.ErrorAs[*kista.PanicError](t, err).Value, any("in open"))
	for field, spec := range map[string]port.Spec{
		"Path": {}, "Framing": {Path: "cat", Framing: 99}, "Grace": {Path: "cat", Grace: -1}, "Files[0]": {Path: "cat", Files: []func() (*os.File, error){nil}},
		"Env": {Path: "cat", Env: []string{"x"}}, "Args": {Path: "cat", Args: []string{"a\x00b"}}, "MaxMessage": {Path: "cat", MaxMessage: -1},
		"Limits.Memory": {Path: "cat", Limits: port.Limits{Memory: -1}},
	} {
		_, err := port.Start(ctx, n, spec, port.Opts{})
		assert.Equal(t, assert.ErrorAs[*port.SpecError](t, err).Field, field)
	}
}

func TestSubscribers(t *testing.T) {
	n, _ := node(t)
	a, b := newInbox(t, n), newInbox(t, n)
	spec := shell("subscribers", `while read x; do echo $x; done`)
	spec.Subscriber = a.pid
	pid := start(t, n, spec)
	say := func(what string) { assert.NoError(t, port.Send(ctx, pid, []byte(what))) }
	say("to a")
	assert.Equal(t, a.text(t), "to a")
	assert.NoError(t, port.Subscribe(ctx, pid, b.pid, 1))
	say("to b")
	say("waits")
	assert.Equal(t, b.text(t), "to b")
	assert.Equal(t, b.next(t), any(port.Paused{Port: pid}))
	eventually(t, "it waits", func() bool { i, _ := port.Inspect(ctx, pid); return i.OutputWaiting > 0 })
	assert.NoError(t, port.Subscribe(ctx, pid, a.pid, 5))
	assert.Equal(t, a.text(t), "waits")
	_ = kista.Exit(a.pid, kista.Kill) // who is gone wants nothing
	eventually(t, "it is dropped", func() bool {
		say("dropped")
		i, err := port.Inspect(ctx, pid)
		assert.NoError(t, err)
		return i.Dropped > 0 && i.Sent == i.Received
	})
	assert.NoError(t, port.Subscribe(ctx, pid, b.pid, 1))
	say("again")
	assert.Equal(t, b.text(t), "again")
	assert.Equal(t, b.next(t), any(port.Paused{Port: pid}))
	assert.NoError(t, port.CloseInput(ctx, pid))
	assert.Equal(t, b.next(t), any(port.Closed{Port: pid}))
	assert.Silent(t, a.ch)
}

// A subscriber whose mailbox is full loses nothing: the program waits.
func TestAFullMailboxSlowsTheProgram(t *testing.T) {
	n, _ := node(t)
	gate, got := make(chan struct{}), make(chan string, 1000)
	slow, err := n.SpawnWith(kista.SpawnOpts{Mailbox: kista.MailboxLimit{Messages: 3}}, func(s *kista.Self) error {
		<-gate
		for {
			d, err := kista.Receive[port.Data](s)
			if err != nil {
				return err
			}
			got <- string(d.Bytes)
		}
	})
	assert.NoError(t, err)
	spec := port.Spec{Path: "seq", Args: []string{"100"}, Framing: port.Lines, Subscriber: slow, Active: 1000}
	start(t, n, spec)
	close(gate)
	for i := range 100 {
		assert.Equal(t, assert.Within(t, long, got), itoa(i+1))
	}
}

// What a program writes first is not lost, however fast it is.
func TestTheFirstWords(t *testing.T) {
	n, _ := node(t)
	for range 20 {
		b := newInbox(t, n)
		pid := start(t, n, port.Spec{Path: "echo", Args: []string{"first"}, Framing: port.Lines, Subscriber: b.pid})
		assert.Equal(t, b.text(t), "first")
		assert.Equal(t, b.next(t), any(port.Closed{Port: pid}))
	}
}

func TestTheLastWordsComeBeforeTheEnd(t *testing.T) {
	n, _ := node(t)
	b := newInbox(t, n)
	spec := shell("last", `seq 1000; exit 3`)
	spec.Subscriber, spec.Active = b.pid, 300
	pid := start(t, n, spec)
	end := endOf(n, pid)
	for i := range 1000 {
		assert.Equal(t, b.text(t), itoa(i+1))
		if i%300 == 299 {
			assert.Equal(t, b.next(t), any(port.Paused{Port: pid}))
			assert.Silent(t, end) // it has ended, and its port waits with the news
			assert.NoError(t, port.Activate(pid, 300))
		}
	}
	assert.Equal(t, b.next(t), any(port.Closed{Port: pid}))
	assert.Equal(t, assert.ErrorAs[*port.ExitError](t, assert.Within(t, long, end)).Code, 3)
}

func TestLastWordsThatNobodyTakes(t *testing.T) {
	n, _ := node(t)
	b := newInbox(t, n)
	spec := shell("last", `seq 1000; exit 3`)
	spec.Subscriber, spec.Active, spec.Drain = b.pid, 1, 50*time.Millisecond
	reason := assert.Within(t, long, endOf(n, start(t, n, spec)))
	assert.Equal(t, assert.ErrorAs[*port.ExitError](t, reason).Code, 3)
}

func TestSignals(t *testing.T) {
	n, _ := node(t)
	b := newInbox(t, n)
	spec := shell("signals", `trap "echo hup" HUP; echo ready; while :; do sleep 0.01; done`)
	spec.Subscriber = b.pid
	pid := start(t, n, spec)
	assert.Equal(t, b.text(t), "ready")
	assert.NoError(t, port.Signal(ctx, pid, syscall.SIGHUP))
	assert.Equal(t, b.text(t), "hup")
	assert.ErrorAs[*port.SpecError](t, port.Signal(ctx, pid, 0))
	assert.ErrorAs[*port.SpecError](t, port.Signal(ctx, pid, 65))
	end := endOf(n, pid)
	assert.NoError(t, port.Signal(ctx, pid, syscall.SIGUSR1))
	assert.Equal(t, assert.ErrorAs[*port.ExitError](t, assert.Within(t, long, end)).Signal, syscall.SIGUSR1)
}

// The order of a stop: end of input, SIGTERM, SIGKILL.
func TestHowAProgramIsStopped(t *testing.T) {
	n, _ := node(t)
	trace := filepath.Join(t.TempDir(), "trace")
	stop := func(script string, grace time.Duration) string {
		b := newInbox(t, n)
		spec := shell("stop", script)
		spec.Grace, spec.Subscriber = grace, b.pid
		pid := start(t, n, spec)
		assert.Equal(t, b.text(t), "ready")
		shutdown(t, pid)
		text, _ := os.ReadFile(trace)
		os.Remove(trace)
		return string(text)
	}
	const traps = `trap "echo term >>$1; exit" TERM; echo ready; `
	with := func(script string) string { return strings.ReplaceAll(script, "$1", trace) }
	assert.Equal(t, stop(with(traps+`read x || echo eof >>$1`), time.Minute), "eof\n")
	assert.Equal(t, stop(with(traps+`cat; echo eof >>$1; while :; do sleep 0.01; done`), time.Second), "eof\nterm\n")
	assert.Equal(t, stop(with(`trap "echo term >>$1" TERM; echo ready; while :; do sleep 0.01; done`), time.Second), "term\n")
}

func TestAStopFitsIntoTheSupervisorsTime(t *testing.T) {
	word := mark(t)
	n, _ := node(t)
	b := newInbox(t, n)
	spec := child(t, word, "stubborn")
	spec.Grace, spec.Subscriber = time.Hour, b.pid
	sup, err := supervisor.Start(ctx, n, supervisor.Spec{Children: []supervisor.Child{
		{ID: "stubborn", Start: port.Program(spec, port.Opts{}), Shutdown: time.Second},
	}}, supervisor.Opts{})
	assert.NoError(t, err)
	assert.Equal(t, b.text(t), "ready")
	c, err := supervisor.GetChild(ctx, sup, "stubborn")
	assert.NoError(t, err)
	end := endOf(n, c.PID)
	_, err = kista.System(ctx, sup, kista.Terminate{Reason: kista.ErrShutdown})
	assert.NoError(t, err)
	assert.ErrorIs(t, assert.Within(t, long, end), kista.ErrShutdown) // not killed: it had time to do it itself
	assert.Equal(t, len(running(word)), 0)
}

// A program is restarted, and two incarnations are never there at once: each
// takes a lock that is given back by its end alone.
func TestRestarts(t *testing.T) {
	n, _ := node(t)
	lock := filepath.Join(t.TempDir(), "lock")
	spec := shell("restarts", `exec 9>`+lock+`; flock -n 9 || exit 77; while read x; do echo $x; done`)
	kid := supervisor.Child{ID: "echo", Start: port.Program(spec, port.Opts{Name: "echo"})}
	sup, err := supervisor.Start(ctx, n, supervisor.Spec{Intensity: 1000, Children: []supervisor.Child{kid}}, supervisor.Opts{})
	assert.NoError(t, err)
	for i := range 20 {
		pid, err := n.AwaitName(ctx, "echo")
		assert.NoError(t, err)
		eventually(t, "it answers", func() bool {
			got, err := port.Call(ctx, n.Name("echo"), []byte("hello"))
			var e *port.ExitError
			if errors.As(err, &e) && e.Code == 77 {
				t.Fatal("two incarnations at once")
			}
			return err == nil && string(got) == "hello"
		})
		info, err := port.Inspect(ctx, pid)
		assert.NoError(t, err)
		end := endOf(n, pid)
		if i%2 == 0 {
			_ = kista.Exit(pid, kista.Kill)
		} else {
			_ = syscall.Kill(info.PID, syscall.SIGKILL)
		}
		assert.Within(t, long, end)
	}
	_, err = kista.System(ctx, sup, kista.Terminate{Reason: kista.ErrShutdown})
	assert.NoError(t, err)
}

func TestItsOwnersEndIsItsEnd(t *testing.T) {
	word := mark(t)
	n, _ := node(t)
	pids, gate := make(chan kista.PID, 1), make(chan struct{})
	n.Spawn(func(s *kista.Self) error {
		pid, err := port.StartLink(s, s, shell(word, spread), port.Opts{})
		if err != nil {
			return err
		}
		pids <- pid
		<-gate
		return nil // normally
	})
	end := endOf(n, assert.Within(t, long, pids))
	close(gate)
	assert.NoError(t, assert.Within(t, long, end))
	assert.Equal(t, len(running(word)), 0)
}

// Whoever is linked takes the port along, and not by a normal end.
func TestLinks(t *testing.T) {
	n, _ := node(t)
	pid := start(t, n, port.Spec{Path: "cat", Framing: port.Lines})
	end := endOf(n, pid)
	boom := errors.New("boom")
	for _, reason := range []error{nil, boom} {
		other := n.Spawn(func(s *kista.Self) error {
			if err := s.Link(pid); err != nil {
				return err
			}
			return reason
		})
		_, err := kista.Wait(ctx, other)
		assert.NoError(t, err)
		if reason == nil {
			_, err := port.Call(ctx, pid, []byte("hello"))
			assert.NoError(t, err)
		}
	}
	assert.ErrorIs(t, assert.Within(t, long, end), boom)
}

// A keeper that somebody kills takes its port along, and cleans up all the same.
func TestTheKeeperIsKilled(t *testing.T) {
	word := mark(t)
	n, _ := node(t)
	b := newInbox(t, n)
	spec := shell(word, spread)
	spec.Subscriber = b.pid
	pid := start(t, n, spec)
	assert.Equal(t, b.text(t), "spread")
	end := endOf(n, pid)
	info, _ := n.Info(pid)
	assert.Equal(t, len(info.Links), 1)
	_ = kista.Exit(info.Links[0], kista.Kill)
	assert.ErrorIs(t, assert.Within(t, long, end), kista.ErrKilled)
	eventually(t, "all are gone", func() bool { return len(running(word)) == 0 })
}

func TestStderr(t *testing.T) {
	n, log := node(t)
	spec := shell("stderr", `echo one >&2; printf '%5000s\n' x >&2; printf '\n' >&2; i=0; while [ $i -lt 300 ]; do echo many >&2; i=$((i+1)); done; printf last >&2`)
	spec.Stderr.Burst, spec.Stderr.PerSecond = 50, 1
	pid, err := port.Start(ctx, n, spec, port.Opts{Name: "noisy"})
	assert.NoError(t, err)
	assert.NoError(t, assert.Within(t, long, endOf(n, pid)))
	all := log.with("port: standard error")
	assert.Equal(t, all[0]["line"], any("one"))
	assert.Equal(t, all[0]["program"], any("sh"))
	assert.Equal(t, len(all[1]["line"].(string)), 4<<10)
	assert.Equal(t, all[1]["cut"], any(true))
	assert.Equal(t, all[2]["line"], any(""))
	told := uint64(0)
	for _, r := range all {
		if _, is := r["line"]; is {
			told++
		}
		if missed, is := r["missed"]; is {
			told += missed.(uint64)
		}
	}
	assert.Equal(t, told, uint64(304))
	assert.True(t, len(all) < 60, "%d records", len(all))
}

// A log handler is somebody's code: it may panic or block, and the program goes on.
func TestALogThatFails(t *testing.T) {
	gate := make(chan struct{})
	for name, handler := range map[string]func(){
		"panics": func() { panic("in the log") }, "blocks": func() { <-gate },
	} {
		t.Run(name, func(t *testing.T) {
			n := hostileNode(t, handler)
			pid := start(t, n, shell("log", `while read x; do echo $x; echo $x >&2; done`))
			for i := range 200 {
				got, err := port.Call(ctx, pid, []byte(itoa(i)))
				assert.NoError(t, err)
				assert.Equal(t, string(got), itoa(i))
			}
			shutdown(t, pid)
			if name == "blocks" {
				close(gate)
			}
			assert.NoError(t, n.Stop(ctx))
		})
	}
}

func TestRun(t *testing.T) {
	n, _ := node(t)
	out, err := port.Run(ctx, n, port.Spec{Path: "sort"}, []byte("b\nc\na\n"))
	assert.NoError(t, err)
	assert.Equal(t, string(out), "a\nb\nc\n")

	big := bytes.Repeat([]byte("0123456789abcde\n"), 1<<17) // much more than any buffer
	out, err = port.Run(ctx, n, port.Spec{Path: "cat", Framing: port.Frames4}, big)
	assert.NoError(t, err)
	assert.True(t, bytes.Equal(out, big), "%d bytes of %d", len(out), len(big))

	out, err = port.Run(ctx, n, shell("run", `echo some; exit 4`), nil)
	assert.Equal(t, assert.ErrorAs[*port.ExitError](t, err).Code, 4)
	assert.Equal(t, string(out), "some\n")

	out, err = port.Run(ctx, n, port.Spec{Path: "yes", Buffer: 1000}, nil)
	assert.Equal(t, *assert.ErrorAs[*port.OutputError](t, err), port.OutputError{Program: "yes", Limit: 1000})
	assert.True(t, len(out) <= 1000, "%d bytes", len(out))

	word := mark(t)
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	_, err = port.Run(short, n, shell(word, `sleep 1000`), nil)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Equal(t, len(running(word)), 0)

	_, err = port.Run(ctx, n, port.Spec{Path: "/no/such"}, nil)
	assert.ErrorAs[*port.StartError](t, err)
}

func TestWhatIsNoPort(t *testing.T) {
	n, _ := node(t)
	pid := start(t, n, port.Spec{Path: "cat"})
	_, err := kista.Call(ctx, pid, "hello")
	assert.ErrorIs(t, err, kista.ErrUnsupported)
	assert.NoError(t, kista.Send(pid, "hello"))
	assert.NoError(t, port.CloseInput(ctx, pid))
}

// Errors are the same after a journey.
func TestErrorsTravel(t *testing.T) {
	for _, err := range []error{
		&port.ExitError{Program: "x", Code: 1, Signal: 9}, &port.StartError{Path: "x", Err: syscall.ENOENT}, &port.SpecError{Field: "x"},
		&port.UnsupportedError{What: "x", Err: io.EOF}, &port.MessageError{Program: "x", Err: io.ErrUnexpectedEOF}, &port.BusyError{Program: "x"},
		&port.OutputError{Program: "x", Limit: 1}, port.ErrInputClosed, port.ErrOutputClosed, port.ErrGuardianDied,
	} {
		got := kista.Freeze(err)
		assert.Equal(t, fmt.Sprintf("%T %v", got, got), fmt.Sprintf("%T %v", err, err))
		assert.True(t, !strings.Contains(got.Error(), "%!"), "%v", got)
		if in := errors.Unwrap(err); in != nil {
			assert.ErrorIs(t, got, in)
		}
	}
}
