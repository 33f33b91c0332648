package kista_test

import (
	"runtime"
	"testing"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
)

func TestS032_LinksAreSymmetricAndSingle(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			s.TrapExits(true)
			other := s.Spawn(idle)
			assert.NoError(t, s.Link(other))
			assert.NoError(t, s.Link(other))
			info, _ := n.Info(other)
			assert.Equal(t, len(info.Links), 1)
			_ = kista.Exit(other, errBoom)
			assert.Equal(t, receive[kista.Exited](t, s).PID, other)
			empty(t, s)
		})
		var theirs kista.PID
		within(t, n, func(s *kista.Self) {
			theirs, _ = n.SpawnWith(kista.SpawnOpts{TrapExits: true}, func(o *kista.Self) error {
				if receive[kista.Exited](t, o).PID != s.PID() {
					return errBoom
				}
				return nil
			})
			assert.NoError(t, s.Link(theirs))
		})
		assert.NoError(t, wait(t, theirs))
	})
}

func TestS033_LinkToOneself(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			assert.NoError(t, s.Link(s.PID()))
			info, _ := n.Info(s.PID())
			assert.Equal(t, len(info.Links), 0)
			assert.NoError(t, s.Unlink(s.PID()))
		})
	})
}

func TestS034_LinkToTheDead(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		dead := n.Spawn(ends(nil))
		settle()
		within(t, n, func(s *kista.Self) {
			for _, pid := range []kista.PID{dead, {}} {
				s.TrapExits(false)
				assert.ErrorIs(t, s.Link(pid), kista.ErrNoProcess)
				s.TrapExits(true)
				assert.NoError(t, s.Link(pid))
				assert.Equal(t, receive[kista.Exited](t, s), kista.Exited{PID: pid, Reason: kista.ErrNoProcess})
			}
		})
	})
}

func TestS035_LinkToTheDeadElsewhere(t *testing.T) {
	pair(t, func(t *testing.T, a, b *kista.Node, _ func()) {
		dead := b.Spawn(ends(nil))
		settle()
		seen := carryOver(t, b, a, dead)
		within(t, a, func(s *kista.Self) {
			s.TrapExits(true)
			assert.NoError(t, s.Link(seen))
			assert.Equal(t, receive[kista.Exited](t, s), kista.Exited{PID: seen, Reason: kista.ErrNoProcess})
		})
		pid := a.Spawn(func(s *kista.Self) error {
			if err := s.Link(seen); err != nil {
				return err
			}
			return idle(s)
		})
		assert.ErrorIs(t, wait(t, pid), kista.ErrNoProcess)
	})
}

func TestS036_LinkOutOfReach(t *testing.T) {
	pair(t, func(t *testing.T, a, b *kista.Node, cut func()) {
		seen := carryOver(t, b, a, b.Spawn(idle))
		cut()
		within(t, a, func(s *kista.Self) {
			s.TrapExits(true)
			assert.NoError(t, s.Link(seen))
			assert.Equal(t, receive[kista.Exited](t, s), kista.Exited{PID: seen, Reason: kista.ErrNoConnection})
		})
	})
}

func TestS037_UnlinkDropsWhatIsLate(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			s.TrapExits(true)
			assert.NoError(t, s.Unlink(kista.PID{}))
			other := s.SpawnLink(idle)
			assert.NoError(t, s.Unlink(other))
			_ = kista.Exit(other, kista.Kill)
			settle()
			empty(t, s)
			other = s.SpawnLink(idle)
			_ = kista.Exit(other, kista.Kill)
			assert.NoError(t, s.Unlink(other)) // too late: the message stays
			assert.Equal(t, receive[kista.Exited](t, s).PID, other)
		})
	})
}

func TestS038_RelinkIsAFreshLink(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			s.TrapExits(true)
			other := s.SpawnLink(idle)
			for range 3 {
				assert.NoError(t, s.Unlink(other))
				assert.NoError(t, s.Link(other))
			}
			_ = kista.Exit(other, errBoom)
			assert.ErrorIs(t, receive[kista.Exited](t, s).Reason, errBoom)
			empty(t, s)
		})
	})
}

func TestS039_NormalEndOfALinked(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			_ = s.SpawnLink(ends(nil))
			settle()
			empty(t, s)
			s.TrapExits(true)
			child := s.SpawnLink(ends(nil))
			assert.Equal(t, receive[kista.Exited](t, s), kista.Exited{PID: child})
		})
	})
}

// The wave goes on with the same reason, and a million links are no recursion.
func TestS040_TheWaveGoesOn(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		const chain = 10_000
		last := make(chan kista.PID, 1)
		var grow func(left int) kista.Body
		grow = func(left int) kista.Body {
			return func(s *kista.Self) error {
				if left == 0 {
					last <- s.PID()
				} else {
					s.SpawnLink(grow(left - 1))
				}
				return idle(s)
			}
		}
		first := n.Spawn(grow(chain))
		end := <-last
		reason := make(chan error, 1)
		go func() { r, _ := kista.Wait(t.Context(), first); reason <- r }()
		settle()
		_ = kista.Exit(end, errBoom)
		assert.ErrorIs(t, <-reason, errBoom)
		settle()
		assert.Equal(t, n.Stats().Processes, 0)
	})
}

func TestS041_KillAsOnesOwnReasonIsNotKilled(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			s.TrapExits(true)
			_ = s.SpawnLink(ends(kista.Kill))
			assert.Equal(t, receive[kista.Exited](t, s).Reason, kista.Kill)
			_, ref := s.SpawnMonitor(func(o *kista.Self) error { o.SpawnLink(ends(kista.Kill)); return idle(o) })
			d := receive[kista.Down](t, s)
			assert.True(t, d.Ref == ref && d.Reason == kista.Kill, "%v", d.Reason)
		})
	})
}

func TestS042_KilledIsWhatLinksSee(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			s.TrapExits(true)
			child := s.SpawnLink(idle)
			_ = s.Exit(child, kista.Kill)
			assert.Equal(t, receive[kista.Exited](t, s), kista.Exited{PID: child, Reason: kista.ErrKilled})
		})
	})
}

func TestS043_LinkEntriesAreGoneAfterwards(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			s.TrapExits(true)
			_ = s.SpawnLink(ends(errBoom))
			receive[kista.Exited](t, s)
			info, _ := n.Info(s.PID())
			assert.Equal(t, len(info.Links), 0)
		})
	})
}

func TestS044_LostConnectionEndsLinksOnBothSides(t *testing.T) {
	pair(t, func(t *testing.T, a, b *kista.Node, cut func()) {
		heard := make(chan kista.Exited, 2)
		there, err := b.SpawnWith(kista.SpawnOpts{TrapExits: true}, func(s *kista.Self) error {
			for range 2 {
				heard <- receive[kista.Exited](t, s)
			}
			return nil
		})
		assert.NoError(t, err)
		seen := carryOver(t, b, a, there)
		here, err := a.SpawnWith(kista.SpawnOpts{TrapExits: true}, func(s *kista.Self) error {
			_ = s.Link(seen)
			receive[string](t, s)
			heard <- receive[kista.Exited](t, s)
			return nil
		})
		assert.NoError(t, err)
		settle()
		cut()
		cut() // twice is fine
		settle()
		_ = kista.Send(here, "go")
		for range 2 {
			assert.Equal(t, (<-heard).Reason, kista.ErrNoConnection)
		}
		assert.True(t, b.Alive(there), "it died of the connection")
		_ = kista.Exit(there, errBoom)
		assert.ErrorIs(t, (<-heard).Reason, errBoom)
	})
}

func TestS045_OneLinkPerPair(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			s.TrapExits(true)
			other := s.SpawnLink(func(o *kista.Self) error { _ = o.Link(o.Parent()); return idle(o) })
			_ = s.Link(other)
			settle()
			assert.NoError(t, s.Unlink(other)) // one unlink undoes all
			_ = kista.Exit(other, errBoom)
			settle()
			empty(t, s)
		})
	})
}

// A process that was linked dies of the reason, also if it links again while the
// signal is on its way.
func TestLinkWhileTheExitIsOnItsWay(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		for range 300 {
			within(t, n, func(s *kista.Self) {
				s.TrapExits(true)
				child := s.SpawnLink(func(o *kista.Self) error { return idle(o) })
				go func() { _ = kista.Exit(child, kista.Kill) }()
				for n.Alive(child) {
					_ = s.Link(child)
					runtime.Gosched()
				}
				_ = s.Link(child)
				assert.Equal(t, receive[kista.Exited](t, s).Reason, kista.ErrKilled)
			})
		}
	})
}
