package statem_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/statem"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errBoom  = errors.New("boom")
	errOther = errors.New("other")
)

func start[S comparable, A any](t testing.TB, n *kista.Node, f statem.Factory[S, A], args A, o statem.Opts) kista.PID {
	t.Helper()
	pid, err := statem.Start(context.Background(), n, f, args, o)
	assert.NoError(t, err)
	return pid
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

// journal keeps what machines did, for the test to read meanwhile.
type journal struct {
	mu  sync.Mutex
	all []any
}

func (j *journal) add(v any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.all = append(j.all, v)
}

// take returns what was added since the last time, once all has come to rest.
func (j *journal) take() (out []any) {
	synctest.Wait()
	j.mu.Lock()
	defer j.mu.Unlock()
	out, j.all = j.all, nil
	return out
}

// ask is a request for any answer.
type ask struct {
	server.Replies[string]
	What string
}

type (
	ctx  = statem.Ctx[string]
	none = struct{}
)
