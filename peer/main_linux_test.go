package peer_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/peer"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/supervisor"
)

func TestMain(m *testing.M) {
	peer.Main()
	if word := os.Getenv(childNodeEnv); word != "" {
		childNode(word)
	}
	goleak.VerifyTestMain(m)
}

// childNodeEnv makes the test binary a program that has a peer.
const childNodeEnv = "KISTA_PEER_TEST_NODE"

var ctx = context.Background()

// long bounds what must happen, on a machine that has other things to do.
const long = 60 * time.Second

// patient is a context for what must happen.
func patient(t testing.TB) context.Context {
	t.Helper()
	c, cancel := context.WithTimeout(ctx, long)
	t.Cleanup(cancel)
	return c
}

// node is a node whose records are kept. It is stopped at the test's end, and must leave nothing.
func node(t testing.TB) (*kista.Node, *records) {
	t.Helper()
	l := new(records)
	n, err := kista.Start(kista.Config{Name: "parent", Logger: slog.New(l)})
	assert.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, n.Stop(ctx))
		if s := n.Stats(); s.Processes != 0 || s.Executions != 0 || s.Zombies != 0 || s.Names != 0 {
			t.Errorf("after stop: %+v", s)
		}
	})
	return n, l
}

// records keeps records.
type records struct {
	mu    sync.Mutex
	lines []string
	told  chan struct{}
}

func (l *records) Enabled(context.Context, slog.Level) bool { return true }
func (l *records) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *records) WithGroup(string) slog.Handler            { return l }

func (l *records) Handle(_ context.Context, rec slog.Record) error {
	var b strings.Builder
	b.WriteString(rec.Level.String() + " " + rec.Message)
	rec.Attrs(func(a slog.Attr) bool {
		b.WriteString(" " + a.Key + "=" + a.Value.String())
		return true
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, b.String())
	if l.told != nil {
		close(l.told)
		l.told = nil
	}
	return nil
}

// await waits for a record in which all the words are.
func (l *records) await(t testing.TB, words ...string) string {
	t.Helper()
	limit := time.NewTimer(long)
	defer limit.Stop()
	for {
		l.mu.Lock()
		for _, line := range l.lines {
			all := true
			for _, w := range words {
				all = all && strings.Contains(line, w)
			}
			if all {
				l.mu.Unlock()
				return line
			}
		}
		if l.told == nil {
			l.told = make(chan struct{})
		}
		told := l.told
		l.mu.Unlock()
		select {
		case <-told:
		case <-limit.C:
			l.mu.Lock()
			defer l.mu.Unlock()
			t.Fatalf("no record with %q in:\n%s", words, strings.Join(l.lines, "\n"))
		}
	}
}

// The messages of these tests.
type (
	add struct {
		server.Replies[int]
		N int
	}
	note struct {
		Text string
		From kista.PID
	}
	fault struct {
		server.Replies[bool]
		Kind, Arg, Mark string
	}
	echo struct {
		server.Replies[any]
		V any
	}
)

func init() { peer.RegisterType(add{}, note{}, fault{}, echo{}) }

var errBoom = errors.New("boom")

func init() { kista.RegisterError(errBoom) }

// counter is a server that counts, and does what it must not.
var counter = func() *server.Mux[int] {
	m := new(server.Mux[int])
	server.OnCall(m, func(_ *server.Ctx, s *int, q add) (int, error) {
		*s += q.N
		return *s, nil
	})
	server.OnCall(m, func(_ *server.Ctx, _ *int, q echo) (any, error) { return q.V, nil })
	server.OnCall(m, func(c *server.Ctx, _ *int, q fault) (bool, error) { return true, commit(c, q) })
	server.OnInfo(m, func(c *server.Ctx, _ *int, n note) error {
		return c.Send(n.From, note{Text: "got " + n.Text, From: c.PID()})
	})
	return m
}()

func initial(_ *server.Ctx, n int) (*int, error) { return &n, nil }

// single is an entry of one server, tree one of a supervisor with a server that has a name.
var (
	single = peer.Register("single", func(n int) kista.Program {
		return server.Child(server.Of(counter, initial), n, server.Opts{Name: "counter"})
	})
	tree = peer.Register("tree", func(n int) kista.Program {
		return supervisor.Program(supervisor.Spec{Intensity: 100, Children: []supervisor.Child{
			{ID: "counter", Start: server.Child(server.Of(counter, initial), n, server.Opts{Name: "counter"})},
		}}, supervisor.Opts{})
	})
)

func start(t testing.TB, n *kista.Node, spec peer.Spec) kista.PID {
	t.Helper()
	pid, err := single.Start(patient(t), n, 0, spec, peer.Opts{})
	assert.NoError(t, err)
	return pid
}

// ends waits for the end of a process, which is to come.
func ends(t testing.TB, pid kista.PID) error {
	t.Helper()
	reason, err := kista.Wait(patient(t), pid)
	assert.NoError(t, err)
	return reason
}
