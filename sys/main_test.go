package sys_test

import (
	"context"
	"errors"
	"testing"

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
