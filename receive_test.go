package kista_test

import (
	"errors"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
)

func TestS026_SelectiveReceiveKeepsOrder(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			for _, m := range []any{1, "a", 2, 3.5, "b", 3} {
				_ = s.Send(s.PID(), m)
			}
			assert.Equal(t, receive[float64](t, s), 3.5)
			var took []any
			either := []kista.Clause{
				kista.On(func(m string) error { took = append(took, m); return nil }),
				kista.OnIf(func(m int) bool { return m > 1 }, func(m int) error { took = append(took, m); return nil }),
			}
			for range 4 {
				assert.NoError(t, s.Select(either...))
			}
			assert.Equal(t, took, []any{"a", 2, "b", 3})
			assert.Equal(t, receive[any](t, s), any(1))
			_ = s.Send(s.PID(), 7)
			assert.ErrorIs(t, s.Select(kista.On(func(int) error { return errBoom })), errBoom)
			_ = s.Send(s.PID(), 8)
			assert.NoError(t, s.Select(kista.On[int](nil)))
			empty(t, s)
		})
	})
}

// A clause or guard that panics takes nothing away that it has not taken.
func TestS026_PanicInAGuardLosesNothing(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			for i := range 3 {
				_ = s.Send(s.PID(), i)
			}
			func() {
				defer func() { assert.Equal(t, recover(), any("guard")) }()
				_ = s.Select(kista.OnIf(func(i int) bool {
					if i == 1 {
						panic("guard")
					}
					return false
				}, nil))
			}()
			for i := range 3 {
				assert.Equal(t, receive[int](t, s), i)
			}
		})
	})
}

func TestS027_AfterZero(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			_ = s.Send(s.PID(), "unmatched")
			_ = s.Send(s.PID(), 1)
			late := false
			polls := []kista.Clause{kista.On[int](nil), kista.After(0, func() error { late = true; return nil })}
			assert.NoError(t, s.Select(polls...))
			assert.True(t, !late, "there was a message")
			assert.NoError(t, s.Select(polls...))
			assert.True(t, late, "there was none")
			assert.Equal(t, receive[string](t, s), "unmatched")
		})
	})
}

func TestS028_AfterAlone(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			began := time.Now()
			_ = s.Send(s.PID(), 1)
			assert.ErrorIs(t, s.Select(kista.After(time.Hour, func() error { return errBoom })), errBoom)
			assert.Equal(t, time.Since(began), time.Hour)
			assert.NoError(t, s.Select(kista.After(2*time.Second, nil), kista.After(time.Second, nil), kista.After(-1, nil)))
			assert.Equal(t, time.Since(began), time.Hour+time.Second)
		})
		pid := n.Spawn(func(s *kista.Self) error { return s.Select(kista.After(-1, nil)) })
		time.Sleep(1000 * time.Hour)
		assert.True(t, n.Alive(pid), "never fired")
	})
}

// Differs from OTP: any Duration is a timeout, a negative one never fires.
func TestS029_LongTimeouts(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			began := time.Now()
			const long = 60 * 24 * time.Hour // longer than OTP's 49 days
			assert.NoError(t, s.Select(kista.After(long, nil)))
			assert.Equal(t, time.Since(began), long)
		})
	})
}

func TestS030_OtherMessagesDoNotRestartTheTimeout(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			for i := range 9 {
				kista.SendAfter(time.Duration(i)*time.Second, s.PID(), "noise")
			}
			began := time.Now()
			err := s.Select(kista.On[int](nil), kista.After(5*time.Second, func() error { return errBoom }))
			assert.ErrorIs(t, err, errBoom)
			assert.Equal(t, time.Since(began), 5*time.Second)
		})
	})
}

// An answer is found whatever lies in the mailbox: calls do not scan it.
func TestS031_CallsDoNotScanTheMailbox(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		server := serve(t, n, counter{})
		within(t, n, func(s *kista.Self) {
			for i := range 50_000 {
				_ = s.Send(s.PID(), i)
			}
			for range 2000 {
				_, err := kista.Call(s, server, "x")
				assert.NoError(t, err)
			}
			assert.Equal(t, receive[int](t, s), 0)
		})
	})
}

// A behaviour may receive inside its handler; what it passes over comes later.
func TestReceiveInsideAHandler(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		got := make(chan any, 9)
		pid := serve(t, n, counter{handle: func(s *kista.Self, msg any) error {
			got <- msg
			if msg == "wait for a number" {
				i, err := kista.Receive[int](s)
				got <- i
				return err
			}
			return nil
		}})
		for _, m := range []any{"wait for a number", "a", "b", 1, "c"} {
			_ = kista.Send(pid, m)
		}
		for _, want := range []any{"wait for a number", 1, "a", "b", "c"} {
			assert.Equal(t, <-got, want)
		}
	})
}

// Whoever holds a Self that is not his own is refused or served, never ended.
func TestLeakedSelfReceives(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		leak := make(chan *kista.Self, 1)
		gate := make(chan struct{})
		pid := n.Spawn(func(s *kista.Self) error { leak <- s; <-gate; return nil })
		s := <-leak
		foreign := make(chan error, 2)
		go func() { _, err := s.Receive(); foreign <- err }()
		settle()
		_, err := s.Receive()
		assert.ErrorIs(t, err, kista.ErrBusy)
		close(gate)
		err = <-foreign // the process ended under it
		assert.True(t, errors.Is(err, kista.Stop{}), "%v", err)
		for range 3 {
			_, err = s.Receive()
			assert.True(t, errors.Is(err, kista.Stop{}), "%v", err)
			assert.True(t, s.Send(pid, 1) != nil, "a dead process sent")
		}
	})
}
