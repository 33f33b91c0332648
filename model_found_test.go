package kista_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
)

// What the model has found, each in a few lines.

// A process that is told to end while it waits in StartMonitor hears why from
// it, as from any operation, and has time to clean up.
func TestStartMonitorReturnsTheExitReason(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		slow := program(kista.SpawnOpts{}, counter{init: func(s *kista.Self) error {
			_, err := s.Receive()
			return err
		}})
		got := make(chan error, 1)
		pid := n.Spawn(func(s *kista.Self) error {
			_, _, err := s.StartMonitor(s, slow)
			got <- err
			return err
		})
		settle()
		assert.NoError(t, kista.Exit(pid, errBoom))
		assert.ErrorIs(t, wait(t, pid), errBoom)
		select {
		case err := <-got:
			assert.ErrorIs(t, err, errBoom)
		default:
			t.Error("StartMonitor has not returned")
		}
	})
}

// A deterministic node stops although a process does not care: time goes on for
// those who wait outside, too.
func TestStopOfADeterministicNodeGoesOn(t *testing.T) {
	for range 50 {
		clock := kista.NewVirtualClock(epoch)
		n := start(t, kista.Config{Name: "a", Clock: clock, Pick: func(int) int { return 0 }})
		up := make(chan struct{})
		pid, err := n.SpawnWith(kista.SpawnOpts{TrapExits: true}, func(s *kista.Self) error {
			close(up)
			_, err := kista.Receive[red](s)
			return err
		})
		assert.NoError(t, err)
		<-up
		assert.NoError(t, n.Stop(context.Background()))
		if reason := wait(t, pid); !errors.Is(reason, kista.ErrKilled) || clock.Now().Sub(epoch) < kista.DefaultGrace {
			t.Fatalf("it ended at %v: %v", clock.Now(), reason)
		}
	}
}

// What is due at the same moment is due before anybody acts on any of it, with or
// without the race detector.
func TestVirtualClockFiresAMomentAtOnce(t *testing.T) {
	clock := kista.NewVirtualClock(epoch)
	var fired []int
	var never kista.Stopper
	for i := range 3 {
		clock.AfterFunc(time.Second, func() {
			fired = append(fired, i)
			never.Stop()
			clock.AfterFunc(0, func() { fired = append(fired, 10+i) })
		})
	}
	never = clock.AfterFunc(time.Second, func() { t.Error("it was stopped in the same moment") })
	clock.AfterFunc(2*time.Second, func() { fired = append(fired, 100) })
	for _, want := range [][]int{{0, 1, 2}, {0, 1, 2, 10, 11, 12}, {0, 1, 2, 10, 11, 12, 100}} {
		assert.True(t, clock.Advance(), "nothing was due")
		assert.Equal(t, fired, want)
	}
	assert.True(t, !clock.Advance() && clock.Now().Equal(epoch.Add(2*time.Second)), "it is %v", clock.Now())
}
