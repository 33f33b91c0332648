package kista_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
)

func TestS079_RegisterRefuses(t *testing.T) {
	pair(t, func(t *testing.T, n, other *kista.Node, _ func()) {
		pid, second := n.Spawn(idle), n.Spawn(idle)
		dead := n.Spawn(ends(nil))
		settle()
		assert.ErrorIs(t, n.Register("", pid), kista.ErrBadName)
		assert.ErrorIs(t, n.Register("x", kista.PID{}), kista.ErrNoProcess)
		assert.ErrorIs(t, n.Register("x", dead), kista.ErrNoProcess)
		assert.ErrorIs(t, n.Register("x", other.Spawn(idle)), kista.ErrRemote)
		assert.ErrorIs(t, n.Register("x", carryOver(t, other, n, other.Spawn(idle))), kista.ErrRemote)
		assert.NoError(t, n.Register("x", pid))
		assert.ErrorIs(t, n.Register("y", pid), kista.ErrHasName)
		e := assert.ErrorAs[*kista.NameTakenError](t, n.Register("x", second))
		assert.True(t, e.Name == "x" && e.PID == pid, "%+v", e)
		_, err := n.SpawnWith(kista.SpawnOpts{Name: "x"}, idle)
		assert.ErrorAs[*kista.NameTakenError](t, err)
	})
}

func TestS080_WhereIsAndUnregister(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		_, there := n.WhereIs("x")
		assert.True(t, !there, "found nobody")
		assert.ErrorAs[*kista.NameError](t, n.Unregister("x"))
		pid, _ := n.SpawnWith(kista.SpawnOpts{Name: "x"}, idle)
		found, there := n.WhereIs("x")
		assert.True(t, there && found == pid, "%v", found)
		assert.NoError(t, n.Unregister("x"))
		assert.NoError(t, n.Register("y", pid)) // free for another
	})
}

func TestS081_OneNamePerProcess(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			info, _ := n.Info(s.PID())
			assert.Equal(t, info.Name, "")
			assert.NoError(t, s.Register("x"))
			assert.ErrorIs(t, s.Register("y"), kista.ErrHasName)
			info, _ = n.Info(s.PID())
			assert.Equal(t, info.Name, "x")
		})
	})
}

func TestS082_AllNames(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		var want []string
		for i := range 20 {
			want = append(want, fmt.Sprintf("n%02d", i))
			_, err := n.SpawnWith(kista.SpawnOpts{Name: want[i]}, idle)
			assert.NoError(t, err)
		}
		got := n.Names()
		slices.Sort(got)
		assert.Equal(t, got, want)
		assert.Equal(t, n.Stats().Names, 20)
	})
}

// Whoever is found under a name was alive, and takes the message or has a Down.
func TestS083_NamesNeverMapToTheDead(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		stop := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				pid, err := n.SpawnWith(kista.SpawnOpts{Name: "it"}, idle)
				if err == nil {
					_ = kista.Exit(pid, kista.Kill)
					if again, there := n.WhereIs("it"); there && again == pid {
						t.Error("a killed process still has its name")
						return
					}
				}
			}
		})
		for i := range 2000 {
			pid := n.Spawn(idle)
			_ = n.Register("other", pid)
			_ = kista.Exit(pid, kista.Kill)
			if _, there := n.WhereIs("other"); there {
				t.Fatalf("round %d: the name is still there", i)
			}
			_ = n.Unregister("it")
		}
		close(stop)
		wg.Wait()
	})
}
