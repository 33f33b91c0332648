package event_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/event"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
)

func TestS167_AHandlerGoesWithItsOwner(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
		j := new(journal)
		m := manager(t, n, j.hand("other"))
		for _, reason := range []error{nil, errBoom} {
			owner := n.Spawn(func(s *kista.Self) error {
				if err := event.AddSup(s, m, j.hand("a")); err != nil {
					return err
				}
				if err := event.AddSup(s, m, j.hand("b")); err != nil {
					return err
				}
				_, err := s.Receive()
				if err != nil {
					return err
				}
				return reason
			})
			synctest.Wait()
			assert.Equal(t, which(t, m), "[b a other]")
			info, _ := n.Info(owner)
			assert.True(t, len(info.Links) == 1 && info.Links[0] == m, "linked with %v", info.Links)
			assert.NoError(t, kista.Send(owner, "end"))
			text := "<nil>"
			if reason != nil {
				text = "boom"
			}
			assert.Equal(t, j.take(), []string{
				"b leaves: orphaned <nil> " + text + " ", "a leaves: orphaned <nil> " + text + " ", "other exit " + text,
			})
			assert.Equal(t, which(t, m), "[other]")
		}
		for _, msg := range log.Messages() {
			assert.Equal(t, msg, "process crashed") // the owner's, once
		}
	})
}

// An owner that has ended before the manager comes to it.
func TestS167_AnOwnerThatIsDead(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		j := new(journal)
		gate := make(chan struct{})
		m := manager(t, n, j.hand("slow", func(h *hand) {
			h.what = map[string]func(*event.Ctx) error{"wait": func(*event.Ctx) error { <-gate; return nil }}
		}))
		assert.NoError(t, event.Notify(m, do{"wait"}))
		owner := n.Spawn(func(s *kista.Self) error { return event.AddSup(s, m, j.hand("a")) })
		synctest.Wait()
		assert.NoError(t, kista.Exit(owner, kista.Kill))
		close(gate)
		assert.Equal(t, j.take(), []string{
			"slow event {wait}", "a leaves: orphaned <nil> kista: no such process ", "slow exit kista: no such process",
		})
		assert.Equal(t, which(t, m), "[slow]")
	})
}

// If the manager crashes, its link tells the owners.
func TestS167_TheManagersEndReachesTheOwner(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		j := new(journal)
		m := manager(t, n)
		owner := n.Spawn(func(s *kista.Self) error {
			if err := event.AddSup(s, m, j.hand("a")); err != nil {
				return err
			}
			_, err := s.Receive()
			return err
		})
		synctest.Wait()
		assert.NoError(t, kista.Exit(m, kista.Kill))
		reason, err := kista.Wait(t.Context(), owner)
		assert.NoError(t, err)
		assert.ErrorIs(t, reason, kista.ErrKilled)
	})
}

func TestS168_OwnersAreToldWhy(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		j := new(journal)
		kistatest.Within(t, n, func(s *kista.Self) {
			m := manager(t, n)
			swaps := func(h *hand) {
				h.what = map[string]func(*event.Ctx) error{
					"swap": func(*event.Ctx) error { return event.SwapFor(nil, j.hand("next")) },
					"fail": func(*event.Ctx) error {
						return event.SwapFor(nil, event.New(id("none"), func(*event.Ctx, int) (event.Handler, error) { return nil, errBoom }, 0))
					},
				}
			}
			add := func() {
				t.Helper()
				assert.NoError(t, event.AddSup(s, m, j.hand("a", swaps)))
			}
			told := func(want event.HandlerExited, reason error) {
				t.Helper()
				got := kistatest.Receive[event.HandlerExited](t, s)
				assert.ErrorIs(t, got.Reason, reason)
				got.Reason, want.Manager = nil, m
				assert.Equal(t, got, want)
			}

			add()
			_, err := event.Delete(s, m, id("a"), nil)
			assert.NoError(t, err)
			told(event.HandlerExited{Handler: id("a"), Cause: event.Deleted}, nil)

			add()
			assert.NoError(t, event.Notify(m, do{"remove"}))
			told(event.HandlerExited{Handler: id("a"), Cause: event.Removed}, nil)

			add()
			assert.NoError(t, event.Notify(m, do{"panic"}))
			told(event.HandlerExited{Handler: id("a"), Cause: event.Failed}, errBoom)

			add()
			_, err = event.Call(s, m, id("a"), ask{What: "goexit"})
			assert.ErrorIs(t, err, kista.ErrGoexit)
			told(event.HandlerExited{Handler: id("a"), Cause: event.Failed}, kista.ErrGoexit)

			// Swapped by others: the successor keeps the owner, who is told of both.
			add()
			assert.NoError(t, event.Swap(context.Background(), m, id("a"), nil, j.hand("b")))
			told(event.HandlerExited{Handler: id("a"), Cause: event.Swapped, Next: id("b"), Owner: s.PID()}, nil)
			_, err = event.Delete(s, m, id("b"), nil)
			assert.NoError(t, err)
			told(event.HandlerExited{Handler: id("b"), Cause: event.Deleted}, nil)

			// By itself.
			add()
			assert.NoError(t, event.Notify(m, do{"swap"}))
			told(event.HandlerExited{Handler: id("a"), Cause: event.Swapped, Next: id("next"), Owner: s.PID()}, nil)
			_, err = event.Delete(s, m, id("next"), nil)
			assert.NoError(t, err)
			told(event.HandlerExited{Handler: id("next"), Cause: event.Deleted}, nil)

			// The successor of one that was swapped by itself is not made.
			add()
			assert.NoError(t, event.Notify(m, do{"fail"}))
			told(event.HandlerExited{Handler: id("a"), Cause: event.Swapped, Next: id("none"), Owner: s.PID()}, nil)
			told(event.HandlerExited{Handler: id("none"), Cause: event.Failed}, errBoom)

			// By another owner, who has it from then on.
			add()
			kistatest.Within(t, n, func(other *kista.Self) {
				assert.NoError(t, event.SwapSup(other, m, id("a"), nil, j.hand("c")))
				told(event.HandlerExited{Handler: id("a"), Cause: event.Swapped, Next: id("c"), Owner: other.PID()}, nil)
				_, err = event.Delete(other, m, id("c"), nil)
				assert.NoError(t, err)
				assert.Equal(t, kistatest.Receive[event.HandlerExited](t, other).Handler, id("c"))
			})
			// Of nobody's.
			assert.NoError(t, event.Add(s, m, j.hand("d")))
			assert.NoError(t, event.SwapSup(s, m, id("d"), nil, j.hand("e")))
			kistatest.Empty(t, s)

			// The manager stops, and then nothing comes through the link.
			s.TrapExits(true)
			assert.NoError(t, event.Shutdown(context.Background(), m, errOther))
			told(event.HandlerExited{Handler: id("e"), Cause: event.Stopped}, kista.ErrShutdown)
			synctest.Wait()
			kistatest.Empty(t, s)
		})
	})
}

// An owner whose mailbox is full is told when there is room.
func TestS168_AFullMailboxLosesNoNews(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		j := new(journal)
		m := manager(t, n)
		gate, told := make(chan struct{}), make(chan event.HandlerExited, 1)
		owner, err := n.SpawnWith(kista.SpawnOpts{Mailbox: kista.MailboxLimit{Messages: 1}}, func(s *kista.Self) error {
			if err := event.AddSup(s, m, j.hand("a")); err != nil {
				return err
			}
			<-gate
			if _, err := kista.Receive[string](s); err != nil {
				return err
			}
			e, err := kista.Receive[event.HandlerExited](s)
			told <- e
			return err
		})
		assert.NoError(t, err)
		synctest.Wait()
		assert.NoError(t, kista.Send(owner, "full"))
		_, err = event.Delete(t.Context(), m, id("a"), nil)
		assert.NoError(t, err)
		close(gate)
		assert.Equal(t, (<-told).Cause, event.Deleted)
	})
}
