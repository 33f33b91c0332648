package kista_test

import (
	"testing"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
)

func TestS071_AnAliasIsAnAddress(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			for range 3 {
				alias := s.Alias(kista.ExplicitUnalias)
				s.Spawn(func(o *kista.Self) error { return o.Send(alias, "hi") })
				assert.Equal(t, receive[string](t, s), "hi")
			}
		})
	})
}

func TestS072_Unalias(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			alias := s.Alias(kista.ExplicitUnalias)
			_ = s.Send(alias, "before")
			assert.True(t, s.Unalias(alias) && !s.Unalias(alias) && !s.Unalias(kista.Ref{}), "once")
			_ = s.Send(alias, "after")
			assert.Equal(t, receive[string](t, s), "before")
			empty(t, s)
		})
	})
}

func TestS073_ReplyAliasTakesOneMessage(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			alias := s.Alias(kista.Reply)
			for i := range 3 {
				assert.NoError(t, s.Send(alias, i))
			}
			assert.Equal(t, receive[int](t, s), 0)
			empty(t, s)
			assert.True(t, !s.Unalias(alias), "still active")
		})
	})
}

func TestS074_ReplyEndsMonitorAndAlias(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			other := s.Spawn(idle)
			ref, err := s.MonitorWith(other, kista.MonitorOpts{Alias: kista.ReplyWithMonitor})
			assert.NoError(t, err)
			_ = s.Send(ref, "reply")
			_ = s.Send(ref, "late")
			assert.Equal(t, receive[string](t, s), "reply")
			info, _ := n.Info(other)
			assert.Equal(t, len(info.MonitoredBy), 0)
			_ = s.Exit(other, kista.Kill)
			settle()
			empty(t, s)

			other = s.Spawn(idle)
			ref, _ = s.MonitorWith(other, kista.MonitorOpts{Alias: kista.ReplyWithMonitor})
			_ = s.Exit(other, kista.Kill)
			assert.Equal(t, receive[kista.Down](t, s).Ref, ref)
			_ = s.Send(ref, "late")
			empty(t, s)
		})
	})
}

func TestS075_AliasAndMonitorLives(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			for _, c := range []struct {
				mode  kista.AliasMode
				after bool // whether the alias outlives the monitor
			}{{kista.WithMonitor, false}, {kista.ExplicitUnalias, true}, {kista.Reply, true}} {
				ref, _ := s.MonitorWith(s.Spawn(idle), kista.MonitorOpts{Alias: c.mode})
				assert.True(t, s.Demonitor(ref), "the monitor was there")
				_ = s.Send(ref, "x")
				assert.Equal(t, took(s), c.after)

				ref, _ = s.MonitorWith(kista.PID{}, kista.MonitorOpts{Alias: c.mode})
				receive[kista.Down](t, s)
				_ = s.Send(ref, "x")
				assert.Equal(t, took(s), c.after)
			}
			ref, _ := s.MonitorWith(s.Spawn(idle), kista.MonitorOpts{Alias: kista.WithMonitor})
			_, _ = s.Send(ref, 1), s.Send(ref, 2)
			assert.Equal(t, receive[int](t, s)+receive[int](t, s), 3)
			ref = s.Monitor(s.Spawn(idle)) // NoAlias
			_ = s.Send(ref, "x")
			empty(t, s)
		})
	})
}

// took tells whether there was a string in the mailbox.
func took(s *kista.Self) (was bool) {
	_ = s.Select(kista.On(func(string) error { was = true; return nil }), kista.After(0, nil))
	return was
}

func TestS077_ReferencesThatAreNoAlias(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		var alias kista.Ref
		within(t, n, func(s *kista.Self) {
			alias = s.Alias(kista.ExplicitUnalias)
			assert.NoError(t, s.Send(s.Monitor(s.PID()), "x"))
			empty(t, s)
		})
		assert.NoError(t, kista.Send(alias, "its process has ended"))
	})
}
