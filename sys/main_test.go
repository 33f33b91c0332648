package sys_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pids lets PIDs be compared.
var pids = cmpopts.EquateComparable(kista.PID{})

var errBoom = errors.New("boom")

// node starts a node that is stopped, and must leave nothing, at the test's end.
func node(t testing.TB) (*kista.Node, *records) {
	t.Helper()
	r := new(records)
	n, err := kista.Start(kista.Config{Name: "a", Logger: slog.New(r)})
	assert.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, n.Stop(context.Background()))
		if s := n.Stats(); s.Processes != 0 || s.Executions != 0 || s.Zombies != 0 || s.Timers != 0 || s.Names != 0 {
			t.Errorf("after stop: %+v", s)
		}
	})
	return n, r
}

// bubble runs a test with a node of its own in virtual time.
func bubble(t *testing.T, f func(t *testing.T, n *kista.Node, log *records)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n, log := node(t)
		f(t, n, log)
	})
}

// records keeps what a node logs.
type records struct {
	mu  sync.Mutex
	all []slog.Record
}

func (r *records) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelInfo }
func (r *records) WithAttrs([]slog.Attr) slog.Handler           { return r }
func (r *records) WithGroup(string) slog.Handler                { return r }
func (r *records) Handle(_ context.Context, rec slog.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, rec)
	return nil
}

func (r *records) messages() (out []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rec := range r.all {
		out = append(out, rec.Message)
	}
	return out
}

// counter is a server's state in its first version, v2 in its second.
type (
	counter struct{ N int }
	v2      struct {
		Sum   int
		Calls int
		By    map[string]int
	}
	add struct { // answered with the sum
		server.Replies[int]
		N int
	}
	version struct{ server.Replies[string] } // answered with the code's own idea of it
	block   struct {                         // handled until the gate opens
		server.Replies[int]
		kista.Immutable
		gate <-chan struct{}
	}
	crash struct{ server.Replies[int] }
)

func counter1() *server.Mux[counter] {
	m := &server.Mux[counter]{Version: "counter/1"}
	server.OnCall(m, func(_ *server.Ctx, s *counter, q add) (int, error) { s.N += q.N; return s.N, nil })
	server.OnCast(m, func(_ *server.Ctx, s *counter, q add) error { s.N += q.N; return nil })
	server.OnCall(m, func(*server.Ctx, *counter, version) (string, error) { return "one", nil })
	server.OnCall(m, func(_ *server.Ctx, s *counter, q block) (int, error) { <-q.gate; return s.N, nil })
	server.OnCall(m, func(*server.Ctx, *counter, crash) (int, error) { panic(errBoom) })
	return m
}

func counter2() *server.Mux[v2] {
	m := &server.Mux[v2]{Version: "counter/2"}
	server.OnCall(m, func(_ *server.Ctx, s *v2, q add) (int, error) { s.Sum += q.N; s.Calls++; return s.Sum, nil })
	server.OnCast(m, func(_ *server.Ctx, s *v2, q add) error { s.Sum += q.N; return nil })
	server.OnCall(m, func(*server.Ctx, *v2, version) (string, error) { return "two", nil })
	server.OnCall(m, func(*server.Ctx, *v2, crash) (int, error) { panic(errBoom) })
	return m
}

func up(_ kista.CodeChange, s *counter) (*v2, error) {
	return &v2{Sum: s.N, By: map[string]int{"old": s.N}}, nil
}

func down(_ kista.CodeChange, s *v2) (*counter, error) { return &counter{N: s.Sum}, nil }

func newCounter(_ *server.Ctx, n int) (*counter, error) { return &counter{N: n}, nil }

func start(t testing.TB, n *kista.Node, args int, o server.Opts) kista.PID {
	t.Helper()
	pid, err := server.Start(context.Background(), n, server.Of(counter1(), newCounter), args, o)
	assert.NoError(t, err)
	return pid
}

func call(t testing.TB, to kista.Addr, n int) int {
	t.Helper()
	sum, err := server.Call(t.Context(), to, add{N: n})
	assert.NoError(t, err)
	return sum
}

// within runs body as a process of n and waits until it has returned.
func within(t *testing.T, n *kista.Node, body func(s *kista.Self)) {
	t.Helper()
	ran := false
	reason, err := kista.Wait(context.Background(), n.Spawn(func(s *kista.Self) error {
		body(s)
		ran = true
		return nil
	}))
	assert.NoError(t, err)
	assert.True(t, ran, "the process did not get to its end: %v", reason)
}

func pass(d time.Duration) {
	time.Sleep(d) // sleep: time is virtual
	synctest.Wait()
}
