package port_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/port"
)

// The crash matrix at level 3: a program misbehaves, must the others keep
// answering? In each row an innocent port is called all the while.

func TestMatrix_L3_CrashesWhileCalled(t *testing.T) {
	n, _, word := setup(t)
	pid := start(t, n, shell(word, `read x; exit 3`))
	end := endOf(n, pid)
	_, err := port.Call(ctx, pid, []byte("go"))
	assert.Equal(t, *assert.ErrorAs[*port.ExitError](t, err), port.ExitError{Program: "sh", Code: 3})
	assert.Equal(t, *assert.ErrorAs[*port.ExitError](t, assert.Within(t, long, end)), port.ExitError{Program: "sh", Code: 3})
}

func TestMatrix_L3_PanicsInGo(t *testing.T) {
	n, log, word := setup(t)
	spec := child(t, word, "crash")
	reason := assert.Within(t, long, endOf(n, start(t, n, spec)))
	assert.Equal(t, assert.ErrorAs[*port.ExitError](t, reason).Code, 2)
	eventually(t, "the panic is in the log", func() bool {
		for _, r := range log.with("port: standard error") {
			if r["line"] == "panic: a bug" {
				return true
			}
		}
		return false
	})
}

func TestMatrix_L3_KilledFromOutside(t *testing.T) {
	n, _, word := setup(t)
	pid := start(t, n, shell(word, `sleep 1000`))
	end := endOf(n, pid)
	i, err := port.Inspect(ctx, pid)
	assert.NoError(t, err)
	assert.NoError(t, syscall.Kill(i.PID, syscall.SIGKILL))
	e := assert.ErrorAs[*port.ExitError](t, assert.Within(t, long, end))
	assert.Equal(t, *e, port.ExitError{Program: "sh", Signal: syscall.SIGKILL})
}

func TestMatrix_L3_ForksAndExits(t *testing.T) {
	n, _, word := setup(t)
	pid := start(t, n, shell(word, `sh -c "sleep 1000; :" $0 & read x; exit 0`))
	eventually(t, "the child runs", func() bool { return len(running(word)) == 2 })
	end := endOf(n, pid)
	assert.NoError(t, port.Send(ctx, pid, []byte("exit")))
	assert.NoError(t, assert.Within(t, long, end))
	assert.Equal(t, len(running(word)), 0)
}

func TestMatrix_L3_AGrandchildHoldsThePipe(t *testing.T) {
	n, _, word := setup(t)
	b := newInbox(t, n)
	spec := shell(word, `sh -c "echo held; sleep 1000; :" $0 & read x; echo last; exit 4`)
	spec.Subscriber = b.pid
	pid := start(t, n, spec)
	end := endOf(n, pid)
	assert.Equal(t, b.text(t), "held")
	assert.NoError(t, port.Send(ctx, pid, []byte("exit")))
	assert.Equal(t, b.text(t), "last")
	assert.Equal(t, b.next(t), any(port.Closed{Port: pid}))
	assert.Equal(t, assert.ErrorAs[*port.ExitError](t, assert.Within(t, long, end)).Code, 4)
	assert.Equal(t, len(running(word)), 0)
}

// spread is a script that leaves a child, and a daemon that has forked twice, has
// a session of its own, and holds none of the pipes.
const spread = `
sh -c "sleep 1000; :" $0 &
setsid sh -c 'sh -c "sleep 1000; :" $0 </dev/null >/dev/null 2>&1 & exit' $0
echo spread
read x`

func TestMatrix_L3_DoubleForksADaemon(t *testing.T) {
	for name, stop := range map[string]func(t *testing.T, pid kista.PID){
		"and is stopped": func(t *testing.T, pid kista.PID) { shutdown(t, pid) },
		"and is killed":  func(_ *testing.T, pid kista.PID) { _ = kista.Exit(pid, kista.Kill) },
		"and ends":       func(t *testing.T, pid kista.PID) { assert.NoError(t, port.Send(ctx, pid, []byte("end"))) },
	} {
		t.Run(name, func(t *testing.T) {
			n, _, word := setup(t)
			b := newInbox(t, n)
			spec := shell(word, spread)
			spec.Subscriber = b.pid
			pid := start(t, n, spec)
			assert.Equal(t, b.text(t), "spread")
			eventually(t, "the daemon has got away", func() bool { return len(running(word)) == 3 })
			end := endOf(n, pid)
			stop(t, pid)
			reason := assert.Within(t, long, end)
			if name == "and is killed" { // dead at once; gone a moment later
				assert.ErrorIs(t, reason, kista.ErrKilled)
				eventually(t, "all are gone", func() bool { return len(running(word)) == 0 })
				return
			}
			assert.NoError(t, reason)
			assert.Equal(t, len(running(word)), 0)
		})
	}
}

// A program that forks again and again, into sessions of their own, and is never
// there for longer than it takes.
func TestMatrix_L3_ForksWithoutEnd(t *testing.T) {
	n, _, word := setup(t)
	dir := t.TempDir()
	hop, trace := filepath.Join(dir, "hop"), filepath.Join(dir, "trace")
	assert.NoError(t, os.WriteFile(hop, []byte("echo >>"+trace+"; setsid sh "+hop+" $1 &\n"), 0o600))
	hops := func() int64 {
		i, err := os.Stat(trace)
		if err != nil {
			return 0
		}
		return i.Size()
	}
	pid := start(t, n, shell(word, `for i in 1 2 3 4; do sh `+hop+` $0; done; sleep 1000`))
	eventually(t, "it hops", func() bool { return hops() > 20 })
	shutdown(t, pid)
	last := hops()
	after := start(t, n, shell(word, `sleep 0.1`)) // as long as many hops
	assert.NoError(t, assert.Within(t, long, endOf(n, after)))
	assert.Equal(t, hops(), last)
}

func TestMatrix_L3_FloodsItsOutput(t *testing.T) {
	n, _, word := setup(t)
	b := newInbox(t, n)
	spec := shell(word, `exec yes $0`)
	spec.Subscriber, spec.Active, spec.Buffer = b.pid, 10, 10_000
	pid := start(t, n, spec)
	for range 10 {
		b.text(t)
	}
	assert.Equal(t, b.next(t), any(port.Paused{Port: pid}))
	blocked := func() port.Info { // waits in its write
		var i port.Info
		eventually(t, "it waits", func() bool {
			var err error
			i, err = port.Inspect(ctx, pid)
			assert.NoError(t, err)
			stat, err := os.ReadFile("/proc/" + itoa(i.PID) + "/stat")
			assert.NoError(t, err)
			return strings.Contains(string(stat), ") S ") && i.OutputWaiting > 10_000-130 // no room for one more
		})
		return i
	}
	i := blocked()
	assert.True(t, i.OutputWaiting <= 10_000, "%d bytes wait", i.OutputWaiting)
	assert.Silent(t, b.ch)
	assert.NoError(t, port.Activate(pid, 3))
	for range 3 {
		b.text(t)
	}
	assert.Equal(t, b.next(t), any(port.Paused{Port: pid}))
	eventually(t, "it goes on", func() bool { return blocked().Received > i.Received })
	assert.True(t, blocked().Received < i.Received+10, "more than 3 were read for 3")
	began := time.Now()
	shutdown(t, pid)
	assert.True(t, time.Since(began) < long, "the stop took %v", time.Since(began))
}

func TestMatrix_L3_FloodsNobody(t *testing.T) {
	n, log, word := setup(t)
	pid := start(t, n, shell(word, `yes $0 >&2 & exec yes $0`))
	eventually(t, "much is dropped", func() bool {
		i, err := port.Inspect(ctx, pid)
		assert.NoError(t, err)
		return i.Dropped > 100_000 && i.StderrDropped > 100_000
	})
	shutdown(t, pid)
	if records := len(log.with("port: standard error")); records < 10 || records > 1000 {
		t.Errorf("%d records of a flood", records)
	}
}

func TestMatrix_L3_NeverReads(t *testing.T) {
	n, _, word := setup(t)
	spec := shell(word, `exec sleep 1000`)
	spec.Buffer = 200_000
	pid := start(t, n, spec)
	some := make([]byte, 50_000)
	var busy *port.BusyError
	refused := 0
	for range 20 {
		short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
		err := port.Send(short, pid, some)
		cancel()
		switch {
		case errors.As(err, &busy):
			refused++
		case err != nil:
			assert.ErrorIs(t, err, context.DeadlineExceeded)
		}
	}
	assert.True(t, refused > 10, "%d of 20 refused", refused)
	assert.True(t, busy.Bytes <= 200_000, "%d bytes wait", busy.Bytes)
	shutdown(t, pid)
}

func TestMatrix_L3_NeverAnswers(t *testing.T) {
	n, _, word := setup(t)
	spec := shell(word, `cat >/dev/null`)
	spec.MaxCalls = 5
	pid := start(t, n, spec)
	for range 5 {
		short, cancel := context.WithTimeout(ctx, time.Millisecond)
		_, err := port.Call(short, pid, []byte("hello"))
		cancel()
		assert.ErrorIs(t, err, context.DeadlineExceeded)
	}
	_, err := port.Call(ctx, pid, []byte("hello"))
	assert.Equal(t, assert.ErrorAs[*port.BusyError](t, err).Calls, 5)
	assert.NoError(t, port.Send(ctx, pid, []byte("this it reads")))
}

func TestMatrix_L3_IgnoresEverythingButKill(t *testing.T) {
	n, _, word := setup(t)
	b := newInbox(t, n)
	spec := child(t, word, "stubborn")
	spec.Grace, spec.Subscriber = 50*time.Millisecond, b.pid
	pid := start(t, n, spec)
	assert.Equal(t, b.text(t), "ready")
	began := time.Now()
	shutdown(t, pid)
	took := time.Since(began)
	assert.True(t, took > 100*time.Millisecond, "the stop took %v", took)
	assert.Equal(t, len(running(word)), 0)
}

func TestMatrix_L3_EatsMemory(t *testing.T) {
	n, _, word := setup(t)
	spec := shell(word, `x=0123456789abcdef; while :; do x=$x$x; done`)
	spec.Limits.Memory = 64 << 20
	reason := assert.Within(t, long, endOf(n, start(t, n, spec)))
	assert.ErrorAs[*port.ExitError](t, reason) // the shell is out of space, or falls over it
}

func TestMatrix_L3_FillsTheDisk(t *testing.T) {
	n, _, word := setup(t)
	file := filepath.Join(t.TempDir(), "big")
	spec := shell(word, `exec cat /dev/zero >`+file)
	spec.Limits.FileSize = 1 << 20
	reason := assert.Within(t, long, endOf(n, start(t, n, spec)))
	assert.Equal(t, assert.ErrorAs[*port.ExitError](t, reason).Signal, syscall.SIGXFSZ)
	i, err := os.Stat(file)
	assert.NoError(t, err)
	assert.Equal(t, i.Size(), int64(1<<20))
}

func TestMatrix_L3_SpinsUntilItsTimeIsUp(t *testing.T) {
	n, _, word := setup(t)
	spec := shell(word, `while :; do :; done`)
	spec.Limits.CPU = time.Second
	reason := assert.Within(t, long, endOf(n, start(t, n, spec)))
	assert.Equal(t, assert.ErrorAs[*port.ExitError](t, reason).Signal, syscall.SIGXCPU)
}

func TestMatrix_L3_ClosesItsPipes(t *testing.T) {
	n, _, word := setup(t)
	b := newInbox(t, n)
	spec := shell(word, `exec 0<&- 1>&- 2>&-; exec sleep 1000`)
	spec.Subscriber = b.pid
	pid := start(t, n, spec)
	assert.Equal(t, b.next(t), any(port.Closed{Port: pid}))
	assert.ErrorIs(t, port.Send(ctx, pid, []byte("hello")), port.ErrInputClosed)
	_, err := port.Call(ctx, pid, []byte("hello"))
	assert.ErrorIs(t, err, port.ErrInputClosed)
	i, err := port.Inspect(ctx, pid)
	assert.NoError(t, err)
	assert.True(t, i.InputClosed && i.OutputClosed, "%+v", i)
	shutdown(t, pid)
}

func TestMatrix_L3_ClosesItsOutput(t *testing.T) {
	n, _, word := setup(t)
	pid := start(t, n, shell(word, `exec 1>&-; while read x; do :; done`))
	for range 2 {
		_, err := port.Call(ctx, pid, []byte("hello"))
		assert.ErrorIs(t, err, port.ErrOutputClosed)
	}
	assert.NoError(t, port.Send(ctx, pid, []byte("hello")))
}

func TestMatrix_L3_WritesAHugeFrame(t *testing.T) {
	n, _, word := setup(t)
	spec := shell(word, `printf '\177\377\377\377abc'; exec sleep 1000`)
	spec.Framing = port.Frames4
	reason := assert.Within(t, long, endOf(n, start(t, n, spec)))
	e := assert.ErrorAs[*port.MessageError](t, reason)
	assert.Equal(t, e.Size, 1<<31-1)
	assert.Equal(t, e.Limit, port.DefaultMaxMessage)
}

// What has got away from a program whose guardian is killed is caught by the one
// behind it.
func TestMatrix_L3_KillsItsParent(t *testing.T) {
	n, _, word := setup(t)
	b := newInbox(t, n)
	spec := shell(word, spread+`; kill -9 $PPID; exec sleep 1000`)
	spec.Subscriber = b.pid
	pid := start(t, n, spec)
	end := endOf(n, pid)
	assert.Equal(t, b.text(t), "spread")
	eventually(t, "the daemon has got away", func() bool { return len(running(word)) == 3 })
	_ = port.Send(ctx, pid, []byte("go"))
	assert.ErrorIs(t, assert.Within(t, long, end), port.ErrGuardianDied)
	assert.Equal(t, len(running(word)), 0)
}

// The warden, too, may be killed: what runs runs on, and there is a new one.
func TestMatrix_L3_TheWardenIsKilled(t *testing.T) {
	n, _, word := setup(t)
	before := start(t, n, port.Spec{Path: "cat", Framing: port.Lines})
	i, err := port.Inspect(ctx, before)
	assert.NoError(t, err)
	assert.NoError(t, syscall.Kill(parent(i.Guardian), syscall.SIGKILL))
	after := start(t, n, shell(word, spread))
	for range 2 {
		got, err := port.Call(ctx, before, []byte("hello"))
		assert.NoError(t, err)
		assert.Equal(t, string(got), "hello")
	}
	for _, pid := range []kista.PID{before, after} {
		shutdown(t, pid)
	}
	assert.Equal(t, len(running(word)), 0)
}

// parent is the parent of a process of the operating system, 0 if there is none.
func parent(pid int) int {
	status, _ := os.ReadFile("/proc/" + itoa(pid) + "/status")
	_, rest, _ := strings.Cut(string(status), "PPid:")
	line, _, _ := strings.Cut(rest, "\n")
	ppid, _ := strconv.Atoi(strings.TrimSpace(line))
	return ppid
}

// The node is killed: what it ran dies with it, however far it has spread.
func TestMatrix_L3_TheNodeIsKilled(t *testing.T) {
	word := mark(t)
	exe, err := os.Executable()
	assert.NoError(t, err)
	cmd := exec.Command(exe, word)
	cmd.Env = append(os.Environ(), childEnv+"=node")
	assert.NoError(t, cmd.Start())
	eventually(t, "the node and what it runs", func() bool { return len(running(word)) == 4 })
	assert.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	eventually(t, "all are gone", func() bool { return len(running(word)) == 0 })
}
