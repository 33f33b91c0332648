package kista_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
)

// A name that an orphan still has is waited for; one that anybody else has is
// refused at once.
func TestNameOfAnOrphanIsInherited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, err := kista.Start(kista.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer n.Stop(context.Background())
		slow := kista.BodyProgram(kista.SpawnOpts{Name: "x", TrapExits: true}, true, func(s *kista.Self) error {
			if err := s.Started(); err != nil {
				return err
			}
			if _, err := kista.Receive[kista.Exited](s); err != nil {
				return err
			}
			return s.Select(kista.After(time.Minute, nil)) // it takes its time to stop
		})
		up := make(chan struct{})
		parent := n.Spawn(func(s *kista.Self) error {
			if _, err := s.StartLink(context.Background(), slow); err != nil {
				return err
			}
			close(up)
			_, err := s.Receive()
			return err
		})
		<-up
		first, _ := n.WhereIs("x")
		var taken *kista.NameTakenError
		if _, err := n.Start(context.Background(), slow); !errors.As(err, &taken) || taken.PID != first {
			t.Fatalf("while its parent lives: %v", err)
		}
		_ = kista.Exit(parent, kista.Kill)
		began := time.Now()
		second, err := n.Start(context.Background(), slow)
		if err != nil || second == first {
			t.Fatalf("got %v, %v", second, err)
		}
		if d := time.Since(began); d != time.Minute {
			t.Errorf("waited %v, want a minute", d)
		}
		if who, _ := n.WhereIs("x"); who != second {
			t.Errorf("x is %v, want %v", who, second)
		}
		_ = kista.Exit(second, kista.Kill)
	})
}

// TestHeirDiesWithItsOrphan ends both at once: the name is free then, and not a
// dead process's for ever.
func TestHeirDiesWithItsOrphan(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // nobody wakes between the two
	synctest.Test(t, func(t *testing.T) {
		n := stepNode(t)
		program := func() kista.Program {
			return kista.BehaviourProgram(kista.SpawnOpts{Name: "joe"}, "stepper", func() (kista.Behaviour, error) {
				return &stepper{did: make(chan string, 9)}, nil
			})
		}
		for range 100 {
			var orphan, heir kista.PID
			n.Spawn(func(s *kista.Self) error {
				orphan, _, _ = s.StartChild(program())
				_ = s.Unlink(orphan)
				return nil
			})
			synctest.Wait()
			n.Spawn(func(s *kista.Self) error {
				heir, _, _ = s.StartChild(program())
				_ = s.Unlink(heir)
				_, err := s.Receive()
				return err
			})
			synctest.Wait()
			assert.True(t, n.Alive(orphan) && n.Alive(heir), "one does not wait for the other")
			assert.NoError(t, kista.Exit(orphan, kista.Kill))
			assert.NoError(t, kista.Exit(heir, kista.Kill))
			synctest.Wait()
			if pid, taken := n.WhereIs("joe"); taken {
				t.Fatalf("the name is taken by %v, who is alive: %v", pid, n.Alive(pid))
			}
		}
	})
}
