package kista_test

import (
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
)

func TestS084_SendAfterDelivers(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			began := time.Now()
			data := []int{1}
			timer := kista.SendAfter(3*time.Second, s.PID(), data)
			data[0] = 2
			kista.SendAfter(time.Second, s.Alias(kista.Reply), "alias")
			assert.Equal(t, receive[string](t, s), "alias")
			assert.Equal(t, receive[[]int](t, s), []int{1})
			assert.Equal(t, time.Since(began), 3*time.Second)
			assert.NoError(t, timer.Err())
			assert.ErrorAs[*kista.DataError](t, kista.SendAfter(0, s.PID(), make(chan int)).Err())
		})
		assert.Equal(t, n.Stats().Timers, int64(0))
	})
}

func TestS085_CancelAndLeft(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			timer := kista.SendAfter(5*time.Second, s.PID(), 1)
			time.Sleep(2 * time.Second)
			left, ok := timer.Left()
			assert.True(t, ok && left == 3*time.Second, "%v %v", left, ok)
			left, ok = timer.Cancel()
			assert.True(t, ok && left == 3*time.Second, "%v %v", left, ok)
			_, ok = timer.Cancel()
			_, has := timer.Left()
			assert.True(t, !ok && !has, "over")
			timer = kista.SendAfter(0, s.PID(), 1)
			receive[int](t, s)
			_, ok = timer.Cancel()
			_, has = timer.Left()
			assert.True(t, !ok && !has, "fired")
		})
	})
}

// Differs from OTP: negative counts as zero; times are durations only.
func TestS087_NegativeIsNow(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			began := time.Now()
			kista.SendAfter(-time.Hour, s.PID(), 1)
			receive[int](t, s)
			assert.Equal(t, time.Since(began), time.Duration(0))
		})
	})
}

func TestS088_TimersDieWithTheirProcess(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		pid := n.Spawn(idle)
		var timers []*kista.Timer
		for range 10 {
			timers = append(timers, kista.SendAfter(time.Hour, pid, 1))
		}
		assert.Equal(t, n.Stats().Timers, int64(10))
		_ = kista.Exit(pid, kista.Kill)
		assert.Equal(t, n.Stats().Timers, int64(0))
		_, ok := timers[0].Cancel()
		assert.True(t, !ok, "it lives")
		assert.NoError(t, kista.SendAfter(time.Hour, pid, 1).Err())
		kista.SendAfter(time.Second, n.Name("it"), "found") // nobody yet
		kista.SendAfter(time.Second, n.Name("nobody"), "lost")
		within(t, n, func(s *kista.Self) {
			assert.NoError(t, s.Register("it"))
			assert.Equal(t, receive[string](t, s), "found")
		})
		time.Sleep(time.Second)
		assert.Equal(t, n.Stats().Timers, int64(0))
	})
}

func TestS089_NoMessageAfterCancel(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			for range 500 {
				timer := kista.SendAfter(time.Second, s.PID(), 1)
				time.Sleep(time.Second) // they race
				if _, ok := timer.Cancel(); !ok {
					receive[int](t, s)
				}
			}
			settle()
			empty(t, s)
		})
	})
}

func TestS090_NeverEarly(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			began := time.Now()
			for i := range 50 {
				kista.SendAfter(time.Duration(50-i)*time.Millisecond, s.PID(), 50-i)
			}
			for i := range 50 {
				assert.Equal(t, receive[int](t, s), i+1)
				assert.Equal(t, time.Since(began), time.Duration(i+1)*time.Millisecond)
			}
		})
	})
}
