package kista_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/internal/ready"
)

// stepper continues as often as it was told, and tells what it did.
type stepper struct {
	left int
	did  chan string
	gate chan struct{} // not nil: Init waits for it
	fail error
	at   chan struct{} // not nil: Continue waits for it
}

func (b *stepper) Init(*kista.Self) error {
	if b.gate != nil {
		<-b.gate
	}
	return nil
}

func (b *stepper) Handle(_ *kista.Self, msg any) error {
	if n, ok := msg.(int); ok {
		b.left = n
	}
	if q, ok := msg.(kista.Request); ok {
		return q.From.Reply(nil)
	}
	b.did <- "mail"
	return nil
}

func (b *stepper) More() bool { return b.left > 0 }

func (b *stepper) Continue(*kista.Self) error {
	b.did <- "step"
	b.left--
	if b.at != nil {
		<-b.at
	}
	return b.fail
}

func (b *stepper) Terminate(_ *kista.Self, reason error) error {
	b.did <- "end"
	return nil
}

func stepping(b *stepper) kista.Program {
	return kista.BehaviourProgram(kista.SpawnOpts{Name: "stepper"}, "stepper", func() (kista.Behaviour, error) { return b, nil })
}

func stepNode(t *testing.T) *kista.Node {
	t.Helper()
	n, err := kista.Start(kista.Config{Logger: slog.New(slog.DiscardHandler)})
	assert.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, n.Stop(context.Background())) })
	return n
}

func stepsOf(ch chan string) (out []string) {
	for len(ch) > 0 {
		out = append(out, <-ch)
	}
	return out
}

func TestS113_ContinueBeforeMail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := stepNode(t)
		b := &stepper{left: 2, did: make(chan string, 9), gate: make(chan struct{})}
		up := make(chan kista.PID)
		go func() {
			pid, _ := n.Start(t.Context(), stepping(b))
			up <- pid
		}()
		synctest.Wait()
		assert.NoError(t, kista.Send(n.Name("stepper"), 1)) // while Init runs
		close(b.gate)
		pid := <-up
		synctest.Wait()
		assert.Equal(t, stepsOf(b.did), []string{"step", "step", "mail", "step"})
		assert.NoError(t, kista.Send(pid, 0))
		synctest.Wait()
		assert.Equal(t, stepsOf(b.did), []string{"mail"})
	})
}

func TestContinueFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := stepNode(t)
		boom := errors.New("boom")
		b := &stepper{left: 5, did: make(chan string, 9), fail: boom}
		pid, err := n.Start(t.Context(), stepping(b)) // Init itself went well
		assert.NoError(t, err)
		synctest.Wait()
		assert.True(t, !n.Alive(pid), "it lives")
		assert.Equal(t, stepsOf(b.did), []string{"step", "end"})
	})
}

// TestContinueStops ends a process whose Continue would go on for ever.
func TestContinueStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := stepNode(t)
		b := &stepper{left: 1 << 40, did: make(chan string, 9), at: make(chan struct{})}
		pid, err := n.Start(t.Context(), stepping(b))
		assert.NoError(t, err)
		synctest.Wait()
		assert.NoError(t, kista.Exit(pid, kista.Kill))
		b.at <- struct{}{}
		synctest.Wait()
		assert.Equal(t, stepsOf(b.did), []string{"step"})
		assert.Equal(t, n.Stats().Zombies, int64(0))
	})
}

func TestS112_StartMonitor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := stepNode(t)
		boom := errors.New("boom")
		result := make(chan error, 1)
		n.Spawn(func(s *kista.Self) error {
			defer close(result)
			b := &stepper{did: make(chan string, 9)}
			pid, ref, err := s.StartMonitor(t.Context(), stepping(b))
			if err != nil {
				result <- err
				return nil
			}
			_ = s.Exit(pid, boom)
			d, err := kista.Receive[kista.Down](s)
			if err != nil || d.Ref != ref || !errors.Is(d.Reason, boom) {
				result <- errors.Join(errors.New("wrong DOWN"), err, d.Reason)
				return nil
			}
			// A start that fails leaves no DOWN.
			bad := kista.BehaviourProgram(kista.SpawnOpts{}, "bad", func() (kista.Behaviour, error) { return nil, boom })
			_, ref, err = s.StartMonitor(t.Context(), bad)
			if !errors.Is(err, boom) || !ref.IsZero() {
				result <- errors.Join(errors.New("a failed start"), err)
			}
			// Nor does one that takes too long.
			ctx, cancel := context.WithTimeout(s, time.Second)
			defer cancel()
			gate := make(chan struct{})
			defer close(gate)
			_, _, err = s.StartMonitor(ctx, stepping(&stepper{gate: gate}))
			if !errors.Is(err, context.DeadlineExceeded) {
				result <- errors.Join(errors.New("a slow start"), err)
			}
			_ = s.Select(
				kista.On(func(d kista.Down) error { result <- errors.New("a DOWN too many"); return nil }),
				kista.After(time.Minute, nil))
			return nil
		})
		for err := range result {
			t.Error(err)
		}
	})
}

// TestNotify puts each call into the queue once, however its end and the notice
// race.
func TestNotify(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const calls = 500
		n := stepNode(t)
		pid, err := n.Start(t.Context(), kista.BehaviourProgram(kista.SpawnOpts{}, "echo", func() (kista.Behaviour, error) { return &stepper{}, nil }))
		assert.NoError(t, err)
		var q ready.Queue
		var wg sync.WaitGroup
		for i := range calls {
			wg.Go(func() {
				c := kista.Begin(t.Context(), pid, i)
				c.Notify(&q, i)
			})
		}
		wg.Wait()
		synctest.Wait()
		seen := map[any]bool{}
		for v, ok := q.Take(); ok; v, ok = q.Take() {
			assert.True(t, !seen[v], "%v twice", v)
			seen[v] = true
		}
		assert.Equal(t, len(seen), calls)
	})
}

func TestSelfName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := stepNode(t)
		names := make(chan string, 2)
		n.Spawn(func(s *kista.Self) error {
			names <- s.Name()
			err := s.Register("it")
			names <- s.Name()
			return err
		})
		synctest.Wait()
		assert.Equal(t, stepsOf(names), []string{"", "it"})
	})
}
