package kista_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
)

// stuck starts a process that takes nothing until gate is closed.
func stuck(t *testing.T, n *kista.Node, l kista.MailboxLimit) (pid kista.PID, gate chan struct{}) {
	gate = make(chan struct{})
	pid, err := n.SpawnWith(kista.SpawnOpts{Mailbox: l, TrapExits: true}, func(s *kista.Self) error { <-gate; return idle(s) })
	assert.NoError(t, err)
	settle()
	return pid, gate
}

func TestMailboxRefuses(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		pid, gate := stuck(t, n, kista.MailboxLimit{Messages: 10})
		for range 10 {
			assert.NoError(t, kista.Send(pid, 1))
		}
		e := assert.ErrorAs[*kista.MailboxFullError](t, kista.Send(pid, 1))
		assert.True(t, e.PID == pid && e.Messages == 10, "%+v", e)
		_, err := kista.Call(context.Background(), pid, 1)
		assert.ErrorAs[*kista.MailboxFullError](t, err)
		close(gate)
		settle()
		assert.NoError(t, kista.Send(pid, 1))
	})
}

func TestMailboxBytes(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		pid, gate := stuck(t, n, kista.MailboxLimit{Bytes: 10_000})
		sent := 0
		for kista.Send(pid, make([]byte, 1000)) == nil {
			sent++
		}
		assert.Equal(t, sent, 9)
		assert.NoError(t, kista.Send(pid, 1)) // a small one still fits
		close(gate)
		settle()
		assert.NoError(t, kista.Send(pid, make([]byte, 1<<20))) // alone, any message fits
		assert.ErrorAs[*kista.DataError](t, kista.Send(pid, make([]byte, 65<<20)))
	})
}

func TestMailboxKillsTheReceiver(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		pid, gate := stuck(t, n, kista.MailboxLimit{Messages: 10, Policy: kista.KillReceiver})
		defer close(gate)
		within(t, n, func(s *kista.Self) {
			s.Monitor(pid)
			for range 11 {
				assert.NoError(t, s.Send(pid, 1))
			}
			e := assert.ErrorAs[*kista.MailboxFullError](t, receive[kista.Down](t, s).Reason)
			assert.Equal(t, e.Messages, 10)
		})
	})
}

func TestMailboxDropsTheNewest(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		pid, gate := stuck(t, n, kista.MailboxLimit{Messages: 10, Policy: kista.DropNewest})
		for range 15 {
			assert.NoError(t, kista.Send(pid, 1))
		}
		info, _ := n.Info(pid)
		assert.Equal(t, info.MailboxLen, 10)
		assert.Equal(t, n.Stats().DroppedMessages, int64(5))
		_, err := kista.Call(context.Background(), pid, 1) // who waits is told
		assert.ErrorAs[*kista.MailboxFullError](t, err)
		close(gate)
	})
}

func TestMailboxNeverRefusesSignals(t *testing.T) {
	for _, policy := range []kista.Policy{kista.Refuse, kista.KillReceiver, kista.DropNewest} {
		bubble(t, func(t *testing.T, n *kista.Node) {
			server := serve(t, n, counter{})
			got := make(chan any, 100)
			gate := make(chan struct{})
			pid, err := n.SpawnWith(kista.SpawnOpts{Mailbox: kista.MailboxLimit{Messages: 3, Policy: policy}, TrapExits: true}, func(s *kista.Self) error {
				s.Monitor(s.SpawnLink(func(o *kista.Self) error { <-gate; return errBoom }))
				<-gate
				time.Sleep(time.Second)
				if _, err := kista.Call(s, server, 1); err != nil { // the reply comes
					return err
				}
				for {
					m, err := s.Receive()
					if err != nil {
						return err
					}
					got <- m
				}
			})
			assert.NoError(t, err)
			settle()
			for range 3 {
				assert.NoError(t, kista.Send(pid, 1))
			}
			kista.SendAfter(0, pid, "timeout")
			_ = kista.Exit(pid, errOther)
			close(gate)
			time.Sleep(2 * time.Second)
			var down, exits, timeouts int
			for len(got) > 0 {
				switch m := (<-got).(type) {
				case kista.Down:
					down++
				case kista.Exited:
					exits++
				case string:
					timeouts++
				default:
					assert.Equal(t, m, any(1))
				}
			}
			assert.True(t, down == 1 && exits == 2 && timeouts == 1, "%d %d %d", down, exits, timeouts)
		})
	}
}

func TestMailboxDefaultsOfTheNode(t *testing.T) {
	bubble(t, func(t *testing.T, _ *kista.Node) {
		n := start(t, kista.Config{Mailbox: kista.MailboxLimit{Messages: 2, Policy: kista.DropNewest}})
		pid, gate := stuck(t, n, kista.MailboxLimit{Messages: 5})
		for range 7 {
			assert.NoError(t, kista.Send(pid, 1))
		}
		info, _ := n.Info(pid)
		assert.Equal(t, info.MailboxLen, 5)
		close(gate)
		for _, bad := range []kista.Config{{MaxProcesses: -1}, {MaxTimers: -1}, {ZombieAfter: -1}, {Mailbox: kista.MailboxLimit{Bytes: -1}}} {
			_, err := kista.Start(bad)
			assert.True(t, err != nil, "%+v", bad)
		}
	})
}

// From may be handed on; the first answer counts.
func TestS120_AnyProcessMayAnswerOnce(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		helper := n.Spawn(func(s *kista.Self) error {
			from := receive[kista.From](t, s)
			assert.NoError(t, from.Reply("helper"))
			assert.NoError(t, from.Reply("again"))
			from.Fail(errBoom)
			return idle(s)
		})
		server := serve(t, n, counter{handle: func(s *kista.Self, msg any) error { return s.Send(helper, msg.(kista.Request).From) }})
		v, err := kista.Call(context.Background(), server, 1)
		assert.NoError(t, err)
		assert.Equal(t, v, any("helper"))
		info, _ := n.Info(server)
		assert.Equal(t, info.Requests, 0)
	})
}

func TestCalls(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		kept := make(chan kista.From, 9)
		server := serve(t, n, counter{handle: func(_ *kista.Self, msg any) error { kept <- msg.(kista.Request).From; return nil }})
		began := time.Now()
		_, err := kista.Call(context.Background(), server, 1)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Since(began), kista.DefaultCallTimeout)
		assert.NoError(t, (<-kept).Reply("late"))
		_, err = kista.CallFor(context.Background(), time.Minute, server, 1)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		c := kista.Begin(context.Background(), server, 1)
		_, err = c.WaitFor(context.Background(), 0)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		settle()
		<-kept
		from := <-kept
		assert.True(t, from.PID().IsZero(), "an outsider has no PID")
		assert.ErrorAs[*kista.DataError](t, from.Reply(make(chan int)))
		from.Fail(errBoom)
		_, err = c.Wait(context.Background()) // wait again
		assert.ErrorIs(t, err, errBoom)
		info, _ := n.Info(server)
		assert.Equal(t, info.Requests, 0) // what was given up is forgotten
		within(t, n, func(s *kista.Self) {
			_, err := kista.Call(s, s.PID(), 1)
			assert.ErrorIs(t, err, kista.ErrCallingSelf)
			c := kista.Begin(s, server, 1)
			assert.Equal(t, (<-kept).PID(), s.PID())
			c.Cancel()
			_, err = c.Wait(s)
			assert.ErrorIs(t, err, context.Canceled)
		})
		caller := n.Spawn(func(s *kista.Self) error { // freed by an exit signal
			_, err := kista.CallFor(s, kista.NoTimeout, server, 1)
			return errors.Join(errOther, err)
		})
		settle()
		_ = kista.Exit(caller, errBoom)
		assert.ErrorIs(t, wait(t, caller), errBoom)
		_, err = kista.Call(context.Background(), server, make(chan int))
		assert.ErrorAs[*kista.DataError](t, err)
	})
}
