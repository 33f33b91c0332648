package kista_test

import (
	"context"
	"strings"
	"testing"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
)

// A killed process whose code does not return is told of: who it was, how it ended,
// and, since it runs a body, where it stands.
func TestZombiesAreTold(t *testing.T) {
	n := node(t)
	gate := make(chan struct{})
	inside := make(chan struct{})
	pid, err := n.SpawnWith(kista.SpawnOpts{Name: "stubborn"}, func(*kista.Self) error {
		close(inside)
		standsHere(gate)
		return nil
	})
	assert.NoError(t, err)
	<-inside
	assert.Equal(t, len(n.Zombies(10)), 0)
	assert.NoError(t, kista.Exit(pid, kista.Kill))
	all := n.Zombies(10)
	assert.Equal(t, len(all), 1)
	z := all[0]
	assert.True(t, z.PID == pid && z.Kind == "body" && z.Name == "stubborn" && z.Callback == "body", "%+v", z)
	assert.ErrorIs(t, z.Reason, kista.ErrKilled)
	assert.True(t, z.Since >= 0 && z.Stack == "", "%+v", z)
	stack := n.ZombieStacks(10)[0].Stack
	assert.True(t, strings.Contains(stack, "kista_test.standsHere"), "its stack is %q", stack)
	assert.Equal(t, len(n.Zombies(0)), 0)
	close(gate)
	eventually(t, "it has returned", func() bool { return len(n.Zombies(10)) == 0 })
}

//go:noinline
func standsHere(gate chan struct{}) { <-gate }

// Whoever returns at once when it is killed is not among those who do not.
func TestStopCallsNobodyAZombieWhoReturns(t *testing.T) {
	n, err := kista.Start(kista.Config{Logger: newLogger(&handler{})})
	assert.NoError(t, err)
	gate := make(chan struct{})
	inside := make(chan struct{}, 100)
	for range 100 {
		_, _ = n.SpawnWith(kista.SpawnOpts{Shutdown: kista.NoTimeout, TrapExits: true}, func(s *kista.Self) error {
			inside <- struct{}{}
			<-s.Done() // it is deaf to anything but death, and then returns
			return nil
		})
	}
	stuck, err := n.SpawnWith(kista.SpawnOpts{Name: "stuck"}, func(*kista.Self) error { inside <- struct{}{}; <-gate; return nil })
	assert.NoError(t, err)
	for range 101 {
		<-inside
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	e := assert.ErrorAs[*kista.StopError](t, n.Stop(ctx))
	assert.Equal(t, e.Running, 1)
	assert.True(t, len(e.Names) == 1 && strings.Contains(e.Names[0], "stuck"), "%v of %v", e.Names, stuck)
	close(gate)
	eventually(t, "it has returned", func() bool { return n.Stats().Executions == 0 })
}
