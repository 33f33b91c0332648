package kista_test

import (
	"context"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
)

func TestS057_EachMonitorFiresOnce(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			other := s.Spawn(idle)
			refs := map[kista.Ref]bool{}
			for range 5 {
				refs[s.Monitor(other)] = true
			}
			assert.Equal(t, len(refs), 5)
			_ = s.Exit(other, errBoom)
			for range 5 {
				d := receive[kista.Down](t, s)
				assert.True(t, refs[d.Ref], "twice, or unknown: %v", d.Ref)
				delete(refs, d.Ref)
			}
			settle()
			empty(t, s)
		})
	})
}

func TestS058_DownSaysWhatWasMonitored(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			other, _, _ := s.SpawnWith(kista.SpawnOpts{Name: "it"}, idle)
			as := []kista.Addr{other, n.Name("it"), n.Remote("a", "it")}
			var refs []kista.Ref
			for _, a := range as {
				refs = append(refs, s.Monitor(a))
			}
			_ = s.Exit(other, kista.Kill)
			for i := range as {
				assert.Equal(t, receive[kista.Down](t, s), kista.Down{Ref: refs[i], Addr: as[i], Reason: kista.ErrKilled})
			}
		})
	})
}

func TestS059_MonitorOfNobody(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		dead := n.Spawn(ends(nil))
		settle()
		within(t, n, func(s *kista.Self) {
			for _, as := range []kista.Addr{dead, kista.PID{}, n.Name("nobody"), n.Remote("a", "nobody")} {
				ref := s.Monitor(as)
				assert.True(t, !ref.IsZero(), "no reference")
				assert.Equal(t, receive[kista.Down](t, s), kista.Down{Ref: ref, Addr: as, Reason: kista.ErrNoProcess})
			}
			ref := s.Monitor(n.Remote("nowhere", "x"))
			assert.Equal(t, receive[kista.Down](t, s), kista.Down{Ref: ref, Addr: n.Remote("nowhere", "x"), Reason: kista.ErrNoConnection})
		})
	})
}

func TestS060_MonitorOfOneself(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			ref := s.Monitor(s.PID())
			empty(t, s)
			assert.True(t, s.Demonitor(ref), "it was there")
			s.Monitor(s.PID())
		})
	})
}

func TestS062_EndOfTheWatcherIsSilent(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		other := n.Spawn(idle)
		within(t, n, func(s *kista.Self) {
			s.Monitor(other)
			info, _ := n.Info(other)
			assert.True(t, len(info.MonitoredBy) == 1 && info.MonitoredBy[0] == s.PID(), "%v", info.MonitoredBy)
		})
		settle() // it tells its own watchers first
		info, _ := n.Info(other)
		assert.True(t, len(info.MonitoredBy) == 0 && info.MailboxLen == 0, "%+v", info)
	})
}

func TestS063_MonitorByNameStaysWithTheProcess(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			first, _, _ := s.SpawnWith(kista.SpawnOpts{Name: "it"}, idle)
			s.Monitor(n.Name("it"))
			assert.NoError(t, n.Unregister("it"))
			second, _, _ := s.SpawnWith(kista.SpawnOpts{Name: "it"}, idle)
			_ = s.Exit(second, kista.Kill)
			settle()
			empty(t, s)
			_ = s.Exit(first, errBoom)
			assert.ErrorIs(t, receive[kista.Down](t, s).Reason, errBoom)
		})
	})
}

func TestS064_DemonitorOfWhatIsNone(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			assert.True(t, !s.Demonitor(kista.Ref{}) && !s.Demonitor(s.Alias(kista.Reply)), "it was none")
		})
	})
}

func TestS065_FlushRemovesTheDown(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			_ = s.Send(s.PID(), "other mail")
			_, ref := s.SpawnMonitor(ends(nil))
			settle()
			assert.True(t, !s.DemonitorFlush(ref), "it had fired")
			tagged, err := s.MonitorWith(kista.PID{}, kista.MonitorOpts{Tag: "t"})
			assert.NoError(t, err)
			assert.True(t, !s.DemonitorFlush(tagged), "it had fired")
			assert.Equal(t, receive[any](t, s), any("other mail"))
			empty(t, s)
		})
	})
}

func TestS066_DemonitorTellsWhetherItWasThere(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			ref := s.Monitor(s.Spawn(idle))
			assert.True(t, s.Demonitor(ref) && !s.Demonitor(ref) && !s.DemonitorFlush(ref), "once")
			_, ref = s.SpawnMonitor(ends(nil))
			settle()
			assert.True(t, !s.Demonitor(ref), "it had fired")
			assert.Equal(t, receive[kista.Down](t, s).Ref, ref)
		})
	})
}

func TestS067_NoDownAfterDemonitor(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			for range 300 {
				other := s.Spawn(idle)
				ref := s.Monitor(other)
				go func() { _ = kista.Exit(other, kista.Kill) }()
				s.DemonitorFlush(ref)
			}
			settle()
			empty(t, s)
		})
	})
}

func TestS068_Tag(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			tag := []int{1}
			ref, err := s.MonitorWith(s.Spawn(ends(errBoom)), kista.MonitorOpts{Tag: tag})
			assert.NoError(t, err)
			tag[0] = 2
			got := receive[kista.Tagged](t, s)
			assert.Equal(t, got.Tag, any([]int{1}))
			assert.True(t, got.Down.Ref == ref, "reference")
			_, err = s.MonitorWith(kista.PID{}, kista.MonitorOpts{Tag: make(chan int)})
			assert.ErrorAs[*kista.DataError](t, err)
			settle()
			empty(t, s)
		})
	})
}

// Wait is a monitor for anybody.
func TestWait(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		pid, _ := n.SpawnWith(kista.SpawnOpts{Name: "it"}, idle)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err := kista.Wait(ctx, pid)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		time.AfterFunc(time.Second, func() { _ = kista.Exit(pid, errBoom) })
		reason, err := kista.Wait(context.Background(), n.Name("it"))
		assert.NoError(t, err)
		assert.ErrorIs(t, reason, errBoom)
		reason, err = kista.Wait(context.Background(), pid) // nobody comes too late
		assert.NoError(t, err)
		assert.ErrorIs(t, reason, errBoom)
		for _, to := range []kista.Addr{n.Name("it"), kista.PID{}} {
			reason, err = kista.Wait(context.Background(), to)
			assert.NoError(t, err)
			assert.ErrorIs(t, reason, kista.ErrNoProcess)
		}
	})
}
