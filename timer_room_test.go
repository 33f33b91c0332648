package kista_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
)

// Timers count against the mailbox like any message (law 8). What is refused
// comes when there is room, and can be lost only with the process.
func TestTimersWaitForRoom(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		const limit, sent = 3, 20
		work, done := make(chan struct{}), make(chan int, 1)
		pid, err := n.SpawnWith(kista.SpawnOpts{Mailbox: kista.MailboxLimit{Messages: limit}}, func(s *kista.Self) error {
			<-work
			sum := 0
			for range sent {
				v, err := kista.Receive[int](s)
				if err != nil {
					return err
				}
				sum += v
			}
			done <- sum
			_, err := s.Receive()
			return err
		})
		assert.NoError(t, err)
		for range sent {
			assert.NoError(t, kista.SendAfter(0, pid, 1).Err())
		}
		time.Sleep(time.Second) // sleep: virtual time
		synctest.Wait()
		info, _ := n.Info(pid)
		assert.Equal(t, info.MailboxLen, limit)
		assert.Equal(t, n.Stats().Timers, int64(sent-limit))
		close(work)
		assert.Equal(t, <-done, sent)
		assert.Equal(t, n.Stats().Timers, int64(0))

		stuck := make(chan struct{})
		defer close(stuck)
		pid, err = n.SpawnWith(kista.SpawnOpts{Mailbox: kista.MailboxLimit{Messages: 1}}, func(*kista.Self) error { <-stuck; return nil })
		assert.NoError(t, err)
		for range sent {
			kista.SendAfter(0, pid, 1)
		}
		time.Sleep(time.Second) // sleep: virtual time
		_ = kista.Exit(pid, kista.Kill)
		synctest.Wait()
		assert.Equal(t, n.Stats().Timers, int64(0))
	})
}
