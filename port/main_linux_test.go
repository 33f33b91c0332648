package port_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/port"
)

// childEnv says which program of these tests the test binary is.
const childEnv = "KISTA_PORT_TEST_CHILD"

func TestMain(m *testing.M) {
	if child := children[os.Getenv(childEnv)]; child != nil {
		child()
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

var ctx = context.Background()

// long bounds what must happen, on a machine that has other things to do.
const long = 30 * time.Second

// node is a node whose records are kept. It is stopped at the test's end, and must
// leave nothing.
func node(t testing.TB) (*kista.Node, *records) {
	t.Helper()
	log := new(records)
	n, err := kista.Start(kista.Config{Logger: slog.New(log)})
	assert.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, n.Stop(ctx))
		if s := n.Stats(); s.Processes != 0 || s.Executions != 0 || s.Zombies != 0 || s.Timers != 0 || s.Names != 0 {
			t.Errorf("after stop: %+v", s)
		}
	})
	return n, log
}

var markers atomic.Int64

// mark makes a word by which every process of a test can be told from all others,
// and checks that none is left at the test's end.
func mark(t testing.TB) string {
	t.Helper()
	word := fmt.Sprintf("kista-test-%d-%d", os.Getpid(), markers.Add(1))
	t.Cleanup(func() {
		if left := running(word); len(left) > 0 {
			t.Errorf("processes are left: %v", left)
		}
	})
	return word
}

// running lists, from outside, the processes with that word among their arguments.
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

// shell is a spec that runs a script, with word as $0 so that it can be found.
func shell(word, script string) port.Spec {
	return port.Spec{Path: "sh", Args: []string{"-c", script, word}, Env: []string{"PATH=" + os.Getenv("PATH")}, Framing: port.Lines}
}

// child is a spec that runs one of the children of these tests.
func child(t testing.TB, word, name string) port.Spec {
	t.Helper()
	exe, err := os.Executable()
	assert.NoError(t, err)
	return port.Spec{Path: exe, Args: []string{word}, Env: []string{childEnv + "=" + name}, Framing: port.Lines}
}

func start(t testing.TB, n *kista.Node, spec port.Spec) kista.PID {
	t.Helper()
	pid, err := port.Start(ctx, n, spec, port.Opts{})
	assert.NoError(t, err)
	return pid
}

// shutdown stops a port in the time that a loaded machine may take.
func shutdown(t testing.TB, pid kista.PID) {
	t.Helper()
	slow, cancel := context.WithTimeout(ctx, long)
	defer cancel()
	assert.NoError(t, port.Shutdown(slow, pid, nil))
}

// shutdownIfThere is shutdown for a port that may have ended.
func shutdownIfThere(pid kista.PID) {
	slow, cancel := context.WithTimeout(ctx, long)
	defer cancel()
	_ = port.Shutdown(slow, pid, nil)
}

// endOf tells, now that it lives, how a process will end.
func endOf(n *kista.Node, pid kista.PID) <-chan error {
	ch := make(chan error, 1)
	watching := make(chan struct{})
	n.Spawn(func(s *kista.Self) error {
		s.Monitor(pid)
		close(watching)
		d, err := kista.Receive[kista.Down](s)
		if err == nil {
			ch <- d.Reason
		}
		return err
	})
	<-watching
	return ch
}

// eventually waits until what another process does has become true.
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

// innocent starts a program that only echoes, and calls it all the time until the
// test is over: whatever the test's other programs do, it must answer.
func innocent(t testing.TB, n *kista.Node) {
	t.Helper()
	pid := start(t, n, port.Spec{Path: "cat", Framing: port.Frames2})
	stop := make(chan struct{})
	var probe sync.WaitGroup
	probe.Go(func() {
		for i := 0; ; i++ {
			want := strconv.Itoa(i)
			got, err := port.Call(ctx, pid, []byte(want))
			if err != nil || string(got) != want {
				t.Errorf("the innocent one answered %q, %v; want %q", got, err, want)
			}
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
			}
		}
	})
	t.Cleanup(func() {
		close(stop)
		probe.Wait()
	})
}

// setup is what a row of the crash matrix has: a node with an innocent port, and a
// word for the others.
func setup(t testing.TB) (n *kista.Node, log *records, word string) {
	t.Helper()
	word = mark(t) // before the node, so that it is checked after its stop
	n, log = node(t)
	innocent(t, n)
	return n, log, word
}

// inbox is a process that keeps what it gets.
type inbox struct {
	pid kista.PID
	ch  chan any
}

func newInbox(t testing.TB, n *kista.Node) *inbox {
	t.Helper()
	return newBox(n)
}

func newBox(n *kista.Node) *inbox {
	b := &inbox{ch: make(chan any, 10_000)}
	b.pid = n.Spawn(func(s *kista.Self) error {
		for {
			m, err := s.Receive()
			if err != nil {
				return err
			}
			b.ch <- m
		}
	})
	return b
}

func (b *inbox) next(t testing.TB) any {
	t.Helper()
	return assert.Within(t, long, b.ch)
}

// text is the next message, which must be data.
func (b *inbox) text(t testing.TB) string {
	t.Helper()
	m := b.next(t)
	d, ok := m.(port.Data)
	assert.True(t, ok, "got %T %v, want data", m, m)
	return string(d.Bytes)
}

// records is a log handler that keeps records.
type records struct {
	mu  sync.Mutex
	all []slog.Record
}

func (r *records) Enabled(context.Context, slog.Level) bool { return true }
func (r *records) WithAttrs([]slog.Attr) slog.Handler       { return r }
func (r *records) WithGroup(string) slog.Handler            { return r }

func (r *records) Handle(_ context.Context, rec slog.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, rec)
	return nil
}

// with returns the attributes of the records with that message.
func (r *records) with(message string) (out []map[string]any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rec := range r.all {
		if rec.Message != message {
			continue
		}
		m := map[string]any{}
		rec.Attrs(func(a slog.Attr) bool {
			m[a.Key] = a.Value.Any()
			return true
		})
		out = append(out, m)
	}
	return out
}

// hostileNode is a node whose log handler calls do.
func hostileNode(t testing.TB, do func()) *kista.Node {
	t.Helper()
	n, err := kista.Start(kista.Config{Logger: slog.New(handler(do))})
	assert.NoError(t, err)
	return n
}

type handler func()

func (h handler) Enabled(context.Context, slog.Level) bool { return true }
func (h handler) WithAttrs([]slog.Attr) slog.Handler       { return h }
func (h handler) WithGroup(string) slog.Handler            { return h }

func (h handler) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "port: standard error" {
		h()
	}
	return nil
}
