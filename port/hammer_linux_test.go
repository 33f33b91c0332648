package port_test

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/port"
)

// Everything at once: ports are started, called, flooded, unsubscribed, killed
// from inside and outside and stopped by many. In the end nothing may be left, and
// meanwhile the innocent one answers.
func TestHammer(t *testing.T) {
	word := mark(t)
	n, _ := node(t)
	innocent(t, n)
	scripts := []string{
		`while read x; do echo $x; done`, `yes`, `sleep 1000`, spread, `exit 3`, `echo x; sleep 1000 & exit 0`,
		`exec 1>&-; sleep 1000`, `exec 0<&-; yes`, `kill -9 $$`, `trap "" TERM; cat`,
	}
	sink := n.Spawn(func(s *kista.Self) error {
		for {
			m, err := s.Receive()
			if err != nil {
				return err
			}
			if p, ok := m.(port.Paused); ok {
				_ = port.Activate(p.Port, 10)
			}
		}
	})
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(worker), 1))
			for range rounds {
				spec := shell(word, scripts[random.IntN(len(scripts))])
				spec.Grace, spec.Drain, spec.Active = 20*time.Millisecond, 20*time.Millisecond, 1+random.IntN(20)
				if random.IntN(2) == 0 {
					spec.Subscriber = sink
				}
				if random.IntN(3) == 0 {
					spec.Sandbox = &port.Sandbox{}
				}
				pid, err := port.Start(ctx, n, spec, port.Opts{})
				if err != nil {
					t.Errorf("start: %v", err)
					continue
				}
				end := endOf(n, pid)
				var callers sync.WaitGroup
				for range 3 {
					callers.Go(func() { _, _ = port.Call(ctx, pid, []byte("hello")) })
				}
				i, err := port.Inspect(ctx, pid)
				switch act := random.IntN(5); {
				case act == 0:
					_ = kista.Exit(pid, kista.Kill)
				case act == 1 && err == nil && i.PID > 0:
					_ = syscall.Kill(i.PID, syscall.SIGKILL)
				case act == 2:
					_ = port.Subscribe(ctx, pid, nil, 0)
					_ = kista.Exit(pid, kista.ErrShutdown)
				default:
					shutdownIfThere(pid)
				}
				select {
				case <-end:
				case <-time.After(long):
					t.Errorf("no end within %v", long)
				}
				callers.Wait()
			}
		})
	}
	all.Wait()
	eventually(t, "all are gone", func() bool { return len(running(word)) == 0 })
}

// Many start at once, and all are gone when the node is.
func TestTheNodeStopsThemAll(t *testing.T) {
	word := mark(t)
	n, err := kista.Start(kista.Config{})
	assert.NoError(t, err)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { _, _ = port.Start(ctx, n, shell(word, spread), port.Opts{}) })
	}
	all.Wait()
	assert.True(t, len(running(word)) >= 20, "%d run", len(running(word)))
	assert.NoError(t, n.Stop(ctx))
	assert.Equal(t, len(running(word)), 0)
}

// A node that stops while ports start leaves nothing of them either.
func TestTheNodeStopsWhileTheyStart(t *testing.T) {
	for range 5 {
		word := mark(t)
		n, err := kista.Start(kista.Config{Logger: slog.New(slog.DiscardHandler)})
		assert.NoError(t, err)
		begun := make(chan struct{}, 8)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				begun <- struct{}{}
				_, _ = port.Start(ctx, n, shell(word, spread), port.Opts{})
			})
		}
		<-begun
		soon, cancel := context.WithTimeout(ctx, 20*time.Millisecond) // then it kills
		_ = n.Stop(soon)
		cancel()
		all.Wait()
		// A start that was cut off may still be on its way to find that out.
		eventually(t, "no code runs", func() bool { return n.Stats().Executions == 0 })
		eventually(t, "no guardian runs", func() bool { return guardians(t) == 0 })
		assert.Equal(t, len(running(word)), 0)
	}
}

// guardians counts the guardians of this OS process.
func guardians(t testing.TB) (many int) {
	t.Helper()
	for _, warden := range running("kista-port-warden") {
		for _, pid := range running("kista-port-guardian") {
			if parent(pid) == warden && parent(warden) == os.Getpid() {
				many++
			}
		}
	}
	return many
}
