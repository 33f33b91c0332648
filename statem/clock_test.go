package statem_test

import (
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/statem"
)

// A wrong clock is a node's clock that is an hour late.
type wrongClock struct{}

func (wrongClock) Now() time.Time { return time.Now().Add(-time.Hour) }
func (wrongClock) AfterFunc(d time.Duration, f func()) kista.Stopper {
	return time.AfterFunc(d, f)
}

// Points in time are those of the node's clock.
func TestS149_TheNodesClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, err := kista.Start(kista.Config{Name: "a", Clock: wrongClock{}, Logger: slog.New(new(kistatest.Log))})
		assert.NoError(t, err)
		defer kistatest.Stop(t, n)
		var got journal
		m := mux()
		statem.OnTimeout(m.In("one"), statem.StateTimeout, func(*ctx, *int, any) error { got.add("timeout"); return nil })
		start(t, n, statem.Of(m, func(c *ctx, _ int) (string, *int, error) {
			c.SetTimeoutAt(statem.StateTimeout, n.Now().Add(time.Minute), nil)
			return "one", nil, nil
		}), 0, statem.Opts{})
		kistatest.Pass(59 * time.Second)
		assert.Equal(t, len(got.take()), 0)
		kistatest.Pass(2 * time.Second)
		assert.Equal(t, got.take(), []any{"timeout"})
	})
}

// A point in time that is past comes behind what is in the mailbox; a negative
// duration is one of zero.
func TestS148_S149_ThePast(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		var got journal
		m := mux()
		statem.OnEvent(m.In("one"), func(c *ctx, _ *int, ev statem.Event) error {
			got.add(ev.String())
			if ev.Msg == 1 {
				c.SetTimeoutAt(statem.StateTimeout, n.Now().Add(-time.Minute), nil)
				c.SetTimeout(statem.Named("t"), -time.Minute, nil)
			}
			return nil
		})
		pid := start(t, n, statem.Of(m, counting), 0, statem.Opts{})
		system(t, pid, kista.Suspend{})
		assert.NoError(t, server.Cast(pid, 1))
		assert.NoError(t, server.Cast(pid, "a"))
		system(t, pid, kista.Resume{})
		kistatest.Pass(0)
		assert.Equal(t, got.take(), []any{"cast int", "timeout t", "cast string", "state timeout"})
	})
}

// A timeout without end is none: it takes the place of what was set before, and
// never comes.
func TestS145_S147_NoTimeoutCancels(t *testing.T) {
	for _, which := range []statem.Timeout{statem.StateTimeout, statem.EventTimeout, statem.Named("t")} {
		kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
			var got journal
			h := statem.HandlerFunc[string](func(c *ctx, ev statem.Event) error {
				got.add(ev.String())
				c.SetTimeout(which, time.Second, nil)
				if ev.Msg == 1 {
					c.SetTimeout(which, kista.NoTimeout, nil)
				}
				return nil
			})
			pid := start(t, n, func(*ctx, int) (string, statem.Handler[string], error) { return "one", h, nil }, 0, statem.Opts{})
			assert.NoError(t, server.Cast(pid, "a"))
			kistatest.Pass(0)
			assert.NoError(t, server.Cast(pid, 1))
			kistatest.Pass(time.Hour)
			assert.Equal(t, got.take(), []any{"cast string", "cast int"})
			assert.Equal(t, n.Stats().Timers, 0)
		})
	}
}

// Timeouts that are cancelled, or whose machine has ended, hold no timer.
func TestNoTimerIsLeft(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		m := mux()
		statem.OnCast(m.Any(), func(c *ctx, _ *int, what string) error {
			switch what {
			case "set":
				c.SetTimeout(statem.StateTimeout, time.Hour, nil)
				c.SetTimeout(statem.EventTimeout, time.Hour, nil)
				for i := range 10 {
					c.SetTimeout(statem.Named(i), time.Hour, nil)
				}
			case "again":
				c.SetTimeout(statem.Named(1), time.Hour, nil)
			case "go":
				c.NextState("two")
				for i := range 5 {
					c.CancelTimeout(statem.Named(i))
				}
			}
			return nil
		})
		pid := start(t, n, statem.Of(m, counting), 0, statem.Opts{})
		for _, step := range []struct {
			cast string
			want int64
		}{{"set", 12}, {"again", 11}, {"go", 5}} {
			assert.NoError(t, server.Cast(pid, step.cast))
			kistatest.Pass(0)
			assert.Equal(t, n.Stats().Timers, step.want)
		}
		assert.NoError(t, statem.Shutdown(t.Context(), pid, nil))
		assert.Equal(t, n.Stats().Timers, int64(0))
	})
}

// More timers than the node may have end the machine, with that reason.
func TestTooManyTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, err := kista.Start(kista.Config{Name: "a", MaxTimers: 10, Logger: slog.New(new(kistatest.Log))})
		assert.NoError(t, err)
		defer kistatest.Stop(t, n)
		m := mux()
		statem.OnCast(m.Any(), func(c *ctx, _ *int, _ string) error {
			for i := range 11 {
				c.SetTimeout(statem.Named(i), time.Hour, nil)
			}
			return nil
		})
		pid := start(t, n, statem.Of(m, counting), 0, statem.Opts{})
		end := endOf(n, pid)
		assert.NoError(t, server.Cast(pid, "go"))
		if reason := <-end; !errors.Is(reason, kista.ErrSystemLimit) {
			t.Errorf("it ended with %v", reason)
		}
	})
}

// A PID can name a timeout, and what a timeout says stays in the process as it is.
func TestS147_AnyValueNamesATimeout(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		var got journal
		ch := make(chan int) // no data, and not copied
		m := mux()
		statem.OnEvent(m.Any(), func(c *ctx, _ *int, ev statem.Event) error {
			if ev.Type == statem.TimeoutEvent {
				got.add(ev.Timeout.Name())
				assert.True(t, ev.Msg == ch, "its message has become %v", ev.Msg)
				return nil
			}
			c.SetTimeout(statem.Named(c.PID()), 2*time.Second, ch)
			c.SetTimeout(statem.Named(nil), time.Second, ch)
			c.SetTimeout(statem.Named([2]int{1, 2}), 3*time.Second, ch)
			return nil
		})
		pid := start(t, n, statem.Of(m, counting), 0, statem.Opts{})
		assert.NoError(t, server.Cast(pid, "go"))
		kistatest.Pass(time.Minute)
		if names := got.take(); len(names) != 3 || names[0] != nil || names[1] != pid || names[2] != [2]int{1, 2} {
			t.Errorf("the names are %v", names)
		}
	})
}
