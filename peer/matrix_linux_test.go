package peer_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/peer"
	"github.com/kista-go/kista/port"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/supervisor"
)

// The crash matrix at level 3 with a node of ours in the child: code in a peer
// misbehaves, must the others keep answering? In each row an innocent peer is called
// all the while.

var marks atomic.Int64

// setup is what a row has: a node with an innocent peer, and a word by which the
// OS processes of the test are told from all others, none of which may be left.
func setup(t *testing.T) (n *kista.Node, log *records, word string) {
	t.Helper()
	word = "kista-peer-test-" + strconv.Itoa(os.Getpid()) + "-" + strconv.FormatInt(marks.Add(1), 10)
	t.Cleanup(func() { eventually(t, "nothing is left", func() bool { return len(running(word)) == 0 }) })
	n, log = node(t)
	pid := start(t, n, peer.Spec{Name: "innocent"})
	stop := make(chan struct{})
	var probe sync.WaitGroup
	probe.Go(func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for i := 1; ; i++ {
			if v, err := server.CallFor(ctx, long, pid, add{N: 1}); err != nil || v != i {
				t.Errorf("the innocent one answered %d, %v; want %d", v, err, i)
				return
			}
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	})
	t.Cleanup(func() {
		close(stop)
		probe.Wait()
	})
	return n, log, word
}

// running lists, from outside, the OS processes with that word among their arguments.
func running(word string) (pids []int) {
	lists, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, name := range lists {
		args, err := os.ReadFile(name)
		if err == nil && strings.Contains(string(args), word) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(name)))
			pids = append(pids, pid)
		}
	}
	return pids
}

// eventually waits until what another OS process does has become true.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	over := time.After(long)
	for !holds() {
		select {
		case <-tick.C:
		case <-over:
			t.Fatalf("not within %v: %s", long, what)
		}
	}
}

// deadly are faults that end the OS process, and what is said of it.
var deadly = map[string]struct {
	cause peer.Cause
	code  int
	says  string
	spec  peer.Spec
}{
	"exit":      {cause: peer.CauseExit, code: 3},
	"log":       {cause: peer.CauseExit, code: 1, says: "the disk is full"},
	"map":       {cause: peer.CauseFatal, code: 2, says: "concurrent map"},
	"stack":     {cause: peer.CauseFatal, code: 2, says: "stack overflow"},
	"goroutine": {cause: peer.CauseFatal, code: 2, says: "nobody owns this"},
	"unlock":    {cause: peer.CauseFatal, code: 2, says: "unlock of unlocked mutex"},
	"timer":     {cause: peer.CauseFatal, code: 2, says: "in a timer"},
	"finalizer": {cause: peer.CauseFatal, code: 2, says: "in a finalizer"},
	"segfault":  {cause: peer.CauseFatal, code: 2, says: "SIGSEGV"},
	"memory":    {cause: peer.CauseMemory, spec: peer.Spec{Memory: 128 << 20}},
	"close":     {cause: peer.CauseBroken, says: "closed the connection"},
	"garbage":   {cause: peer.CauseBroken, says: "frame"},
	"disk":      {cause: peer.CauseExit, spec: peer.Spec{Limits: port.Limits{FileSize: 1 << 20}}},
}

func TestMatrix_Peer_EndsItsOSProcess(t *testing.T) {
	n, _, _ := setup(t)
	for kind, want := range deadly {
		t.Run(kind, func(t *testing.T) {
			if peer.Raced && (kind == "map" || kind == "memory" || kind == "segfault") {
				t.Skip("the race detector finds it first, or needs more memory itself")
			}
			want.spec.Name = "bad-" + kind
			pid := start(t, n, want.spec)
			_, err := server.CallFor(ctx, long, pid, fault{Kind: kind, Arg: t.TempDir()})
			if kind == "disk" { // refused with an error, since Go ignores the signal
				assert.True(t, err != nil && strings.Contains(err.Error(), "file too large"), "%v", err)
				assert.NoError(t, peer.Shutdown(patient(t), pid, nil))
				return
			}
			for _, err := range []error{err, ends(t, pid)} {
				d := assert.ErrorAs[*peer.DeathError](t, err)
				assert.True(t, d.Cause == want.cause, "%v: %v", d.Cause, d)
				assert.True(t, d.Code == want.code || want.cause == peer.CauseMemory, "%+v", d)
				assert.True(t, strings.Contains(d.Error(), want.says), "%v", d)
				assert.ErrorIs(t, err, kista.ErrNoConnection)
			}
			t.Log(err)
		})
	}
}

// What L1 contains it contains in a peer too: the peer lives, its supervisor there
// restarts what has died, and whoever called hears why.
func TestMatrix_Peer_ContainsPanics(t *testing.T) {
	n, _, _ := setup(t)
	_, err := tree.Start(patient(t), n, 0, peer.Spec{Name: "bad"}, peer.Opts{})
	assert.NoError(t, err)
	counter := n.Remote("bad", "counter")
	back := func() {
		eventually(t, "it is back", func() bool {
			v, err := server.Call(patient(t), counter, add{N: 1})
			return err == nil && v == 1
		})
	}
	_, err = server.Call(patient(t), counter, fault{Kind: "panic"})
	failed := assert.ErrorAs[*kista.PanicError](t, err)
	assert.True(t, strings.Contains(failed.Error(), "boom"), "%v", failed)
	back()
	for range 20 {
		_, err = server.Call(patient(t), counter, fault{Kind: "goexit"})
		assert.ErrorAs[*kista.CallError](t, err)
		back()
	}
}

// sour panics when it is asked to and when it ends.
type sour struct{}

func (sour) Init(*kista.Self) error { return nil }

func (sour) Handle(_ *kista.Self, msg any) error {
	if q, is := msg.(kista.Request); is {
		return q.From.Reply(true)
	}
	panic("sour")
}

func (sour) Terminate(*kista.Self, error) error { panic("bitter") }

var lemon = peer.Register("lemon", func(int) kista.Program {
	o := kista.SpawnOpts{Name: "sour", TrapExits: true}
	return supervisor.Program(supervisor.Spec{Children: []supervisor.Child{
		{ID: "sour", Start: kista.BehaviourProgram(o, "sour", func() (kista.Behaviour, error) { return sour{}, nil })},
	}}, supervisor.Opts{})
})

func TestMatrix_Peer_TerminatePanics(t *testing.T) {
	n, log, _ := setup(t)
	pid, err := lemon.Start(patient(t), n, 0, peer.Spec{Name: "bad"}, peer.Opts{})
	assert.NoError(t, err)
	at := n.Remote("bad", "sour")
	assert.NoError(t, kista.Send(at, note{Text: "fail"}))
	log.await(t, "peer=bad", "bitter")
	eventually(t, "it is back", func() bool {
		_, err := kista.Call(patient(t), at, note{})
		return err == nil
	})
	assert.NoError(t, peer.Shutdown(patient(t), pid, nil))
}

// Two that call each other across: both are free when the time is up.
func TestMatrix_Peer_MutualCalls(t *testing.T) {
	n, _, _ := setup(t)
	pid := start(t, n, peer.Spec{Name: "bad"})
	root, err := peer.Root(ctx, pid)
	assert.NoError(t, err)
	here, err := server.Start(patient(t), n, server.Of(counter, initial), 0, server.Opts{Name: "here"})
	assert.NoError(t, err)
	a := server.Begin(ctx, root, fault{Kind: "call", Arg: "parent here"})
	b := server.Begin(ctx, here, fault{Kind: "call", Arg: "bad counter"})
	for _, call := range []*server.Pending[bool]{a, b} {
		_, err := call.Wait(patient(t))
		t.Log(err)
	}
	for _, to := range []kista.PID{root, here} {
		_, err := server.Call(patient(t), to, add{N: 1})
		assert.NoError(t, err)
	}
	assert.NoError(t, server.Shutdown(patient(t), here, nil))
}

func TestMatrix_Peer_KilledFromOutside(t *testing.T) {
	n, _, _ := setup(t)
	pid := start(t, n, peer.Spec{Name: "bad"})
	root, err := peer.Root(ctx, pid)
	assert.NoError(t, err)
	heard := make(chan error, 3)
	ready := make(chan struct{})
	n.Spawn(func(s *kista.Self) error {
		s.TrapExits(true)
		_ = s.Link(root)
		s.Monitor(root)
		s.Monitor(pid)
		close(ready)
		for range 3 {
			switch m, _ := s.Receive(); m := m.(type) {
			case kista.Exited:
				heard <- m.Reason
			case kista.Down:
				heard <- m.Reason
			}
		}
		return nil
	})
	<-ready
	i, err := peer.Inspect(ctx, pid)
	assert.NoError(t, err)
	assert.NoError(t, syscall.Kill(i.PID, syscall.SIGKILL))
	for range 3 {
		d := assert.ErrorAs[*peer.DeathError](t, assert.Within(t, long, heard))
		assert.True(t, d.Cause == peer.CauseSignal && d.Signal == syscall.SIGKILL && d.PID == i.PID, "%+v", d)
	}
	_, err = server.Call(ctx, root, add{N: 1})
	assert.ErrorIs(t, err, kista.ErrNoProcess)
	assert.NoError(t, kista.Send(root, "to nobody"))
}

func TestMatrix_Peer_StandsStill(t *testing.T) {
	n, _, _ := setup(t)
	pid := start(t, n, peer.Spec{Name: "bad", Heartbeat: 20 * time.Millisecond, Patience: 500 * time.Millisecond})
	i, err := peer.Inspect(ctx, pid)
	assert.NoError(t, err)
	assert.NoError(t, syscall.Kill(i.PID, syscall.SIGSTOP))
	d := assert.ErrorAs[*peer.DeathError](t, ends(t, pid))
	assert.True(t, d.Cause == peer.CauseSilent && d.Silent > 500*time.Millisecond, "%+v", d)
}

// A callback that spins or blocks is a zombie in the peer, as at L1, and gone with
// the peer.
func TestMatrix_Peer_DoesNotReturn(t *testing.T) {
	for _, kind := range []string{"spin", "block"} {
		t.Run(kind, func(t *testing.T) {
			n, _, _ := setup(t)
			pid, err := tree.Start(patient(t), n, 0, peer.Spec{Name: "bad", Grace: 100 * time.Millisecond}, peer.Opts{})
			assert.NoError(t, err)
			for range 2 * runtime.GOMAXPROCS(0) {
				more, err := nameless.Spawn(patient(t), pid, 0)
				assert.NoError(t, err)
				_ = server.Begin(ctx, more, fault{Kind: kind})
			}
			call := server.Begin(ctx, n.Remote("bad", "counter"), fault{Kind: kind})
			began := time.Now()
			assert.NoError(t, peer.Shutdown(patient(t), pid, nil))
			t.Logf("stopped in %v", time.Since(began))
			_, err = call.Wait(patient(t))
			assert.True(t, err != nil, "it has answered")
			assert.Equal(t, n.Stats().Zombies, 0)
		})
	}
}

func TestMatrix_Peer_FloodsItsParent(t *testing.T) {
	n, _, _ := setup(t)
	stuck := make(chan struct{})
	sink, err := n.SpawnWith(kista.SpawnOpts{Name: "sink", Mailbox: kista.MailboxLimit{Messages: 1000}}, func(*kista.Self) error {
		<-stuck
		return nil
	})
	assert.NoError(t, err)
	defer close(stuck)
	pid := start(t, n, peer.Spec{Name: "bad", Buffer: 1 << 20})
	_ = kista.Send(pid, note{}) // so that it is up
	call := server.Begin(ctx, pid, fault{Kind: "flood"})
	eventually(t, "the sink is full", func() bool {
		i, ok := n.Info(sink)
		return ok && i.MailboxLen >= 1000
	})
	i, _ := n.Info(sink)
	assert.Equal(t, i.MailboxLen, 1000)
	assert.NoError(t, kista.Exit(pid, kista.Kill))
	_, err = call.Wait(patient(t))
	assert.True(t, err != nil, "it has answered")
}

// A peer that does not read: whoever sends to it is refused, and does not wait.
func TestMatrix_Peer_IsFlooded(t *testing.T) {
	n, _, _ := setup(t)
	pid := start(t, n, peer.Spec{Name: "bad", Buffer: 1 << 20, Patience: -1})
	root, err := peer.Root(ctx, pid)
	assert.NoError(t, err)
	i, err := peer.Inspect(ctx, pid)
	assert.NoError(t, err)
	assert.NoError(t, syscall.Kill(i.PID, syscall.SIGSTOP))
	var full *kista.MailboxFullError
	refused := 0
	for range 3000 {
		if err := kista.Send(root, note{Text: strings.Repeat("x", 1000)}); errors.As(err, &full) {
			refused++
		} else {
			assert.NoError(t, err)
		}
	}
	assert.True(t, refused > 500, "%d of 3000 were refused", refused)
	i, err = peer.Inspect(ctx, pid)
	assert.NoError(t, err)
	assert.True(t, i.Waiting <= 1<<20, "%d bytes wait", i.Waiting)
	assert.NoError(t, kista.Exit(pid, kista.Kill))
}

func TestMatrix_Peer_ManyDeaths(t *testing.T) {
	n, _, _ := setup(t)
	sup, err := supervisor.Start(patient(t), n, supervisor.Spec{Intensity: 3, Period: time.Hour, Children: []supervisor.Child{
		{ID: "bad", Start: single.Program(0, peer.Spec{Name: "bad"}, peer.Opts{})},
	}}, supervisor.Opts{})
	assert.NoError(t, err)
	reason := make(chan error, 1)
	go func() { r, _ := kista.Wait(ctx, sup); reason <- r }()
	for range 4 {
		eventually(t, "it is there", func() bool {
			v, err := server.Call(patient(t), n.Remote("bad", "counter"), add{N: 1})
			return err == nil && v == 1
		})
		_, err := server.Call(patient(t), n.Remote("bad", "counter"), fault{Kind: "exit"})
		assert.ErrorAs[*peer.DeathError](t, err)
	}
	assert.Equal(t, assert.ErrorAs[*peer.DeathError](t, assert.Within(t, long, reason)).Code, 3)
}

// nameless is an entry of one server without a name.
var nameless = peer.Register("nameless", func(n int) kista.Program {
	return server.Child(server.Of(counter, initial), n, server.Opts{})
})

// moody is an entry that fails as its argument, a file, says.
var moody = peer.Register("moody", func(file string) kista.Program {
	text, _ := os.ReadFile(file)
	switch string(text) {
	case "panic":
		panic("moody")
	case "exit":
		os.Exit(4)
	case "nothing":
		return kista.Program{}
	}
	return server.Child(server.Of(counter, initial), 0, server.Opts{Name: "counter", TrapExits: true})
})

func TestMatrix_Peer_CannotBeStartedAgain(t *testing.T) {
	n, _, _ := setup(t)
	file := filepath.Join(t.TempDir(), "mood")
	for mood, says := range map[string]string{"panic": "moody", "exit": "status 4", "nothing": "describes nothing"} {
		assert.NoError(t, os.WriteFile(file, []byte(mood), 0o600))
		_, err := moody.Start(patient(t), n, file, peer.Spec{Name: "bad"}, peer.Opts{})
		assert.True(t, err != nil && strings.Contains(err.Error(), says), "%s: %v", mood, err)
	}
	assert.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := supervisor.Start(patient(t), n, supervisor.Spec{Intensity: 1000, Period: time.Hour, Children: []supervisor.Child{
		{ID: "bad", Start: moody.Program(file, peer.Spec{Name: "bad"}, peer.Opts{Name: "bad"})},
	}}, supervisor.Opts{})
	assert.NoError(t, err)
	assert.NoError(t, os.WriteFile(file, []byte("panic"), 0o600))
	_, err = server.Call(patient(t), n.Remote("bad", "counter"), fault{Kind: "exit"})
	assert.ErrorAs[*peer.DeathError](t, err)
	eventually(t, "it is away", func() bool { _, there := n.WhereIs("bad"); return !there })
	assert.NoError(t, os.WriteFile(file, nil, 0o600))
	eventually(t, "it is back", func() bool {
		_, err := server.Call(patient(t), n.Remote("bad", "counter"), add{N: 1})
		return err == nil
	})
}

func TestMatrix_Peer_TheDead(t *testing.T) {
	n, _, _ := setup(t)
	pid := start(t, n, peer.Spec{Name: "bad"})
	root, err := peer.Root(ctx, pid)
	assert.NoError(t, err)
	assert.NoError(t, peer.Shutdown(patient(t), pid, nil))
	for _, to := range []kista.Addr{pid, root} {
		_, err = server.Call(ctx, to, add{N: 1})
		assert.ErrorIs(t, err, kista.ErrNoProcess)
	}
	_, err = server.Call(ctx, n.Remote("bad", "counter"), add{N: 1})
	assert.ErrorIs(t, err, kista.ErrNoConnection)
	alive := start(t, n, peer.Spec{Name: "other"})
	_, err = server.Call(ctx, n.Remote("other", "nobody"), add{N: 1})
	assert.ErrorIs(t, err, kista.ErrNoProcess)
	assert.NoError(t, peer.Shutdown(patient(t), alive, nil))
}

func TestMatrix_Peer_TheSupervisorCrashes(t *testing.T) {
	n, _, _ := setup(t)
	inner := supervisor.Program(supervisor.Spec{Children: []supervisor.Child{
		{ID: "b", Start: single.Program(0, peer.Spec{Name: "b"}, peer.Opts{Name: "b"})},
	}}, supervisor.Opts{Name: "inner"})
	_, err := supervisor.Start(patient(t), n, supervisor.Spec{Children: []supervisor.Child{{ID: "inner", Start: inner}}}, supervisor.Opts{})
	assert.NoError(t, err)
	before, _ := n.WhereIs("b")
	sup, _ := n.WhereIs("inner")
	assert.NoError(t, kista.Exit(sup, kista.Kill))
	_ = ends(t, before)
	eventually(t, "it is back", func() bool {
		v, err := server.Call(patient(t), n.Remote("b", "counter"), add{N: 1})
		return err == nil && v == 1
	})
}

// What a peer starts dies with it, however far it spreads.
func TestMatrix_Peer_LeavesNothingBehind(t *testing.T) {
	hop := `echo >>$1; setsid sh -c "$2" $0 "$1" "$2" &`
	for name, script := range map[string]string{
		"a child":                 `sh -c "sleep 1000; :" $0 &`,
		"a daemon":                `setsid sh -c 'sh -c "sleep 1000; :" $0 </dev/null >/dev/null 2>&1 & exit' $0`,
		"forks without end":       `hop='` + hop + `'; for i in 1 2 3 4; do sh -c "$hop" $0 /dev/null "$hop"; done`,
		"and kills its parent":    `setsid sh -c 'sh -c "sleep 1000; :" $0 </dev/null >/dev/null 2>&1 & exit' $0; kill -9 $(cut -d" " -f4 /proc/$PPID/stat)`,
		"and stops its own group": `sh -c "sleep 1000; :" $0 & kill -STOP $PPID`,
	} {
		t.Run(name, func(t *testing.T) {
			n, _, word := setup(t)
			pid := start(t, n, peer.Spec{Name: "bad", Grace: 100 * time.Millisecond})
			call := server.Begin(ctx, pid, fault{Kind: "script", Arg: script, Mark: word})
			if strings.Contains(script, "sleep") {
				eventually(t, "it runs", func() bool { return len(running(word)) > 0 || !n.Alive(pid) })
			}
			if !strings.Contains(name, "parent") {
				assert.NoError(t, kista.Exit(pid, kista.Kill))
			}
			_ = ends(t, pid)
			_, _ = call.Wait(patient(t))
			eventually(t, "all are gone", func() bool { return len(running(word)) == 0 })
		})
	}
}

// childNode is a program that starts a peer and waits: see TestMain.
func childNode(word string) {
	n, err := kista.Start(kista.Config{Name: "parent"})
	if err != nil {
		os.Exit(1)
	}
	pid, err := single.Start(ctx, n, 0, peer.Spec{Name: "it", Standby: true}, peer.Opts{})
	if err != nil {
		os.Exit(1)
	}
	_, _ = server.Call(ctx, pid, fault{Kind: "script", Arg: `sh -c "sleep 1000; :" $0 & setsid sh -c 'sh -c "sleep 1000; :" $0 </dev/null >/dev/null 2>&1 & exit' $0`, Mark: word})
	select {}
}

// The parent is killed: its peers die with it, and what they have started.
func TestMatrix_Peer_TheParentIsKilled(t *testing.T) {
	word := "kista-peer-test-" + strconv.Itoa(os.Getpid()) + "-parent"
	exe, err := os.Executable()
	assert.NoError(t, err)
	cmd := exec.Command(exe, word)
	cmd.Env = append(os.Environ(), childNodeEnv+"="+word)
	assert.NoError(t, cmd.Start())
	eventually(t, "it and what it started", func() bool { return len(running(word)) >= 3 })
	children := descendants(cmd.Process.Pid)
	assert.True(t, len(children) > 0, "it has no children")
	assert.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	eventually(t, "all are gone", func() bool {
		for _, pid := range children {
			if syscall.Kill(pid, 0) == nil {
				return false
			}
		}
		return len(running(word)) == 0
	})
}

// descendants lists the children of an OS process, and theirs.
func descendants(pid int) (all []int) {
	lists, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/children")
	for _, name := range lists {
		text, _ := os.ReadFile(name)
		for _, word := range strings.Fields(string(text)) {
			child, _ := strconv.Atoi(word)
			all = append(append(all, child), descendants(child)...)
		}
	}
	return all
}

func TestMatrix_Peer_Many(t *testing.T) {
	n, _, _ := setup(t)
	many := 10
	if testing.Short() {
		many = 3
	}
	before := len(descendants(os.Getpid()))
	for range many {
		pid := start(t, n, peer.Spec{})
		v, err := server.Call(patient(t), pid, add{N: 1})
		assert.NoError(t, err)
		assert.Equal(t, v, 1)
		assert.NoError(t, peer.Shutdown(patient(t), pid, nil))
	}
	eventually(t, "they are gone", func() bool { return len(descendants(os.Getpid())) <= before })
}
