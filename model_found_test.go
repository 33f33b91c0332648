package kista_test

import (
	"context"
	"errors"
	"testing"

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
